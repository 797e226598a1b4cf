package storetest

import (
	"strconv"
	"sync"

	"lectern/internal/course"
	"lectern/internal/store"
)

func tallyKey(id string) store.TallyKey {
	return store.TallyKey{CourseKey: "c", Ref: course.Ref{Type: "poll", ID: id}}
}

func (s suite) tally(k store.TallyKey, most int, changes ...store.Tally) {
	s.Helper()
	s.update(func(tx store.Tx) error { return tx.Tallies().Add(s.ctx, k, changes, most) })
}

func (s suite) top(k store.TallyKey, limit int) []store.Tally {
	s.Helper()
	return read(s, func(tx store.Tx) ([]store.Tally, error) { return tx.Tallies().Top(s.ctx, k, limit) })
}

func (s suite) votes(k store.TallyKey) int64 {
	s.Helper()
	return read(s, func(tx store.Tx) (int64, error) { return tx.Tallies().Sum(s.ctx, k) })
}

func testTallies(s suite) {
	k := tallyKey("p")
	equal(s, "no votes", s.top(k, 0), nil)
	equal(s, "no sum", s.votes(k), 0)
	s.tally(k, 9, store.Tally{Answer: "b", Votes: 1}, store.Tally{Answer: "a", Votes: 1}, store.Tally{Question: "q", Answer: "a", Votes: 1})
	s.tally(k, 9, store.Tally{Answer: "b", Votes: 1}, store.Tally{Answer: "never", Votes: -1})
	all := []store.Tally{{Answer: "b", Votes: 2}, {Answer: "a", Votes: 1}, {Question: "q", Answer: "a", Votes: 1}}
	equal(s, "counted", s.top(k, 0), all)
	equal(s, "most given", s.top(k, 1), all[:1])
	equal(s, "sum", s.votes(k), 4)

	s.tally(k, 3, store.Tally{Answer: "late", Votes: 1}, store.Tally{Answer: "a", Votes: 1})
	equal(s, "no room for new ones", s.top(k, 0), []store.Tally{{Answer: "a", Votes: 2}, {Answer: "b", Votes: 2}, {Question: "q", Answer: "a", Votes: 1}})
	s.tally(k, 9, store.Tally{Answer: "a", Votes: -1}, store.Tally{Answer: "b", Votes: -5})
	equal(s, "taken back", s.top(k, 0), []store.Tally{{Answer: "a", Votes: 1}, {Question: "q", Answer: "a", Votes: 1}})

	other, scoped := tallyKey("other"), k
	scoped.Scope = "ctx"
	equal(s, "another block", s.top(other, 0), nil)
	equal(s, "another scope", s.votes(scoped), 0)
	hostile := "☃'\"; DROP TABLE tally; --"
	s.tally(scoped, 9, store.Tally{Answer: hostile, Votes: 3})
	equal(s, "hostile text", s.top(scoped, 0), []store.Tally{{Answer: hostile, Votes: 3}})
}

// testTallyRace votes from many sides: no vote is lost, nobody waits for ever.
func testTallyRace(s suite) {
	k := tallyKey("busy")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			err := s.Update(s.ctx, func(tx store.Tx) error {
				a, b := store.Tally{Answer: "all", Votes: 1}, store.Tally{Answer: strconv.Itoa(i % 3), Votes: 1}
				if i%2 == 0 {
					a, b = b, a
				}
				return tx.Tallies().Add(s.ctx, k, []store.Tally{a, b}, 100)
			})
			if err != nil {
				s.Errorf("vote %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	equal(s, "votes", s.top(k, 0), []store.Tally{{Answer: "all", Votes: 8}, {Answer: "0", Votes: 3}, {Answer: "1", Votes: 3}, {Answer: "2", Votes: 2}})
}
