package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"
	"time"
)

// How records share transactions.
const (
	shareMost = 64                             // records in one transaction
	shareLock = "SET LOCAL lock_timeout = 100" // milliseconds
	shareTime = 20 * time.Second               // until a server that does not answer is given up
)

// errAlone means that a record has to be committed on its own: one of those that
// it shared a transaction with did not do what was expected.
var errAlone = errors.New("a shared transaction was undone")

// sharer commits records together that come while another commit is on its way:
// the more they are, the less each costs the server. A lone record is sent at
// once, and nobody is waited for.
//
// Who shares a transaction, or comes after it, waits for the locks of all. So one
// that finds a row locked for longer than [shareLock] is undone, and only the
// records that need the row go on waiting. And a connection on which no answer
// comes is given up, with what is on it, so that the next ones have another.
type sharer struct {
	db    *postgres
	pool  *sql.DB // of one connection, so that only that one prepares its many statements; or the store's
	forms forms
	most  time.Duration // for one transaction

	mu      sync.Mutex
	waiting []*sharing
	busy    bool // run is running
}

// sharing is a record that waits for its commit.
type sharing struct {
	writes []*queued
	since  time.Time
	done   chan error
}

// commit commits what a record wrote. Its error is errAlone when nothing was
// written and that has to be tried without others.
func (s *sharer) commit(writes []*queued) error {
	own := &sharing{writes: writes, since: time.Now(), done: make(chan error, 1)}
	s.mu.Lock()
	s.waiting = append(s.waiting, own)
	idle := !s.busy
	s.busy = true
	s.mu.Unlock()
	if idle {
		go s.run()
	}
	return <-own.done
}

// run commits until nobody waits.
func (s *sharer) run() {
	for list := s.next(); list != nil; list = s.next() {
		err := s.together(list)
		for _, one := range list {
			one.done <- err
		}
	}
}

// next returns the records of the next transaction, nil for none.
func (s *sharer) next() []*sharing {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := min(len(s.waiting), shareMost)
	list := s.waiting[:n:n]
	s.waiting = s.waiting[n:]
	s.busy = n > 0
	if n == 0 {
		s.waiting = nil
		return nil
	}
	return list
}

// together commits records in one transaction.
func (s *sharer) together(list []*sharing) error {
	ctx, end := context.WithTimeout(context.Background(), s.most) // it belongs to several requests
	defer end()
	q := &pgQueue{db: s.db, pool: s.pool, shared: true, queue: append([]*queued{{query: shareLock}}, s.merge(list)...)}
	defer q.end(ctx)
	for _, one := range list[1:] { // the first waits for the connection
		s.db.metrics.waited(one.since)
	}
	began := time.Now()
	err := q.commit(ctx)
	if err == nil {
		s.db.metrics.committed(len(list), began)
	}
	if errors.Is(err, errGuess) {
		return errAlone
	}
	return err
}

// merge returns the writes of several records: those of each in their order, and
// rows for the same table, where the orders allow it, by one statement.
func (s *sharer) merge(list []*sharing) []*queued {
	var all []*rows
	for _, one := range list {
		at := 0 // where the record's next write may stand at the earliest
		for _, w := range one.writes {
			if i := slices.IndexFunc(all[at:], func(r *rows) bool { return r.takes(w) }); i >= 0 {
				at += i
				all[at].add(w)
			} else {
				all = slices.Insert(all, at, &rows{form: s.forms.of(w), first: w, args: w.args, n: 1})
			}
			at++
		}
	}
	var writes []*queued
	for _, r := range all {
		writes = append(writes, r.writes()...)
	}
	return writes
}
