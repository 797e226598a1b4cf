package storetest

import (
	"errors"
	"fmt"
	"sync"

	"lectern/internal/store"
)

// testTogether lets many records come at once, of which some fail, some meet a
// conflict, and some refer to nobody: each must have its own outcome, and only
// what succeeded may be there.
func testTogether(s suite) {
	const rounds, each = 4, 12
	lms := s.consumer("LMS")
	refusal := errors.New("refused")
	var kept, taken, refused, missing sync.Map
	var all sync.WaitGroup
	for r := range rounds {
		for i := range each {
			all.Go(func() {
				id := fmt.Sprintf("launch-%d-%d", r, i)
				nonce := []byte(id)
				if i%6 == 1 { // all such of a round use one nonce
					nonce = fmt.Appendf(nil, "shared-%d", r)
				}
				var other *store.Nonce
				err := s.Record(s.ctx, func(tx store.Tx) (err error) {
					other, err = tx.Launches().UseNonce(s.ctx, store.Nonce{Hash: nonce, LaunchID: id, At: now()})
					if err != nil || other != nil {
						return err
					}
					entry := store.LaunchEntry{ID: id, At: now(), Code: "ok", ConsumerID: lms.ID}
					if err := tx.LaunchLog().Append(s.ctx, entry); err != nil {
						return err
					}
					switch i % 6 {
					case 3:
						return tx.Launches().Create(s.ctx, &store.Session{ID: id, ConsumerID: lms.ID, AccountID: "nobody"})
					case 5:
						return refusal
					}
					return tx.Settings().Put(s.ctx, id, "kept")
				})
				switch {
				case errors.Is(err, refusal):
					refused.Store(id, true)
				case errors.Is(err, store.ErrNotFound):
					missing.Store(id, true)
				case err != nil:
					s.Errorf("%s: %v", id, err)
				case other != nil:
					taken.Store(id, true)
				default:
					kept.Store(id, true)
				}
			})
		}
	}
	all.Wait()
	count := func(m *sync.Map) (n int) {
		m.Range(func(any, any) bool { n++; return true })
		return n
	}
	for what, got := range map[string][2]int{
		"kept":    {count(&kept), rounds * (each*3/6 + 1)}, // of those with one nonce, one a round
		"taken":   {count(&taken), rounds * (each/6 - 1)},
		"refused": {count(&refused), rounds * each / 6},
		"missing": {count(&missing), rounds * each / 6},
	} {
		equal(s, what, got[0], got[1])
	}
	log := s.log(store.LaunchFilter{})
	equal(s, "rows of the log", len(log), count(&kept))
	for _, entry := range log {
		if _, ok := kept.Load(entry.ID); !ok {
			s.Errorf("%s is in the log, but was not kept", entry.ID)
		}
	}
}
