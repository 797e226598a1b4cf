package launch

import (
	"context"
	"sync"
	"time"

	"lectern/internal/store"
)

// How often what is the same at every launch is written.
const (
	markEvery   = time.Second // that a link, an LMS, a secret is in use
	originEvery = time.Minute // that an origin is
	marksMost   = 10000       // links and LMSs in use at once; more are written oftener
)

// marks spares launches a write to rows that all of them share: the counts of
// launches of a link, and when an LMS was last in use. One launch a second writes
// in its own transaction; the others are added up and written together soon
// after, so that launches of one link never wait for each other. The zero value
// needs a store.
type marks struct {
	store store.Store

	mu      sync.Mutex
	written map[string]time.Time // by what; when a launch last wrote it
	counts  map[string]count     // by placement
	timer   *time.Timer          // runs while there are counts
}

// count is how many launches are to be added, and when the last was.
type count struct {
	n  int64
	at time.Time
}

// first reports whether a launch has to write what itself: nobody has within a
// second. last is what the database says.
func (m *marks) first(what string, now, last time.Time) bool {
	if since := now.Sub(last); since >= 0 && since < markEvery {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if since := now.Sub(m.written[what]); since >= 0 && since < markEvery {
		return false
	}
	if m.written == nil || len(m.written) >= marksMost {
		m.written = map[string]time.Time{}
	}
	m.written[what] = now
	return true
}

// add counts a launch of a placement that did not write it.
func (m *marks) add(placement string, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.counts == nil {
		m.counts = map[string]count{}
	}
	m.counts[placement] = count{m.counts[placement].n + 1, now}
	if m.timer == nil {
		m.timer = time.AfterFunc(markEvery, func() { _ = m.flush(context.Background()) })
	}
}

// flush writes what was counted. What cannot be written is counted on.
func (m *marks) flush(ctx context.Context) error {
	m.mu.Lock()
	counts := m.counts
	m.counts = nil
	if m.timer != nil {
		m.timer.Stop()
		m.timer = nil
	}
	m.mu.Unlock()
	if len(counts) == 0 {
		return nil
	}
	err := m.store.Update(ctx, func(tx store.Tx) error {
		for id, c := range counts {
			if err := tx.Placements().Count(ctx, id, c.n, c.at); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, c := range counts {
		if m.counts == nil {
			m.counts = map[string]count{}
		}
		m.counts[id] = count{m.counts[id].n + c.n, c.at}
	}
	return err
}

// Flush writes the launches that were counted and not yet written. It is called
// when no more launches come.
func (h *Handler) Flush(ctx context.Context) error { return h.marks.flush(ctx) }
