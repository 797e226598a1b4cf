package storetest

import (
	"sync/atomic"

	"lectern/internal/store"
)

func (s suite) asked(id, lms string, seconds int) *store.AccessRequest {
	return &store.AccessRequest{
		ID: id, LMS: lms, AskedAt: after(seconds), Name: "Ána", Institution: "School", Email: "a@x", Message: "please\nso",
		ConsumerKey: "key", LMSName: "Moodle", LMSGUID: "guid", LMSFamily: "moodle", ContextTitle: "Course", LinkTitle: "Link",
		CourseKey: "course-v1:o+c+r", UsageKey: "block", LaunchID: "L1",
	}
}

func testAccess(s suite) {
	create := func(r *store.AccessRequest) func(store.Tx) error {
		return func(tx store.Tx) error { return tx.AccessRequests().Create(s.ctx, r) }
	}
	byID := func(id string) *store.AccessRequest {
		return read(s, func(tx store.Tx) (*store.AccessRequest, error) { return tx.AccessRequests().ByID(s.ctx, id) })
	}
	want := s.asked("A1", "one", 0)
	s.update(create(want))
	equal(s, "created", byID("A1"), want)
	s.fails(store.ErrConflict, create(s.asked("A1", "two", 0)))
	s.fails(store.ErrConflict, create(s.asked("A2", "one", 1))) // one at a time
	s.update(func(tx store.Tx) error { return tx.AccessRequests().Repeat(s.ctx, "one") })
	s.fails(store.ErrNotFound, func(tx store.Tx) error { return tx.AccessRequests().Repeat(s.ctx, "none") })
	want.Repeats = 1
	equal(s, "repeated", byID("A1"), want)
	s.update(create(s.asked("A3", "three", 9)))
	waiting := func() int {
		return read(s, func(tx store.Tx) (int, error) { return tx.AccessRequests().Waiting(s.ctx) })
	}
	equal(s, "waiting", waiting(), 2)

	var decided atomic.Int64
	atOnce(8, func(int) {
		err := s.Update(s.ctx, func(tx store.Tx) error {
			return tx.AccessRequests().Decide(s.ctx, &store.AccessRequest{
				ID: "A1", State: store.AccessDeclined, DecidedAt: after(20), DecidedBy: "who", Answer: "no",
			})
		})
		if err == nil {
			decided.Add(1)
		}
	})
	equal(s, "decided once", decided.Load(), int64(1))
	want.State, want.DecidedAt, want.DecidedBy, want.Answer = store.AccessDeclined, after(20), "who", "no"
	equal(s, "declined", byID("A1"), want)
	s.update(create(s.asked("A2", "one", 1))) // may ask again
	ids := func(limit int) (list []string) {
		for _, r := range read(s, func(tx store.Tx) ([]store.AccessRequest, error) { return tx.AccessRequests().List(s.ctx, limit) }) {
			list = append(list, r.ID)
		}
		return list
	}
	equal(s, "list", ids(10), []string{"A3", "A2", "A1"})
	equal(s, "a short list", ids(1), []string{"A3"})
	s.pruneAccess()
}

// pruneAccess deletes what testAccess left: A1 decided at 20, A2 asked at 1, A3 at 9.
func (s suite) pruneAccess() {
	s.Helper()
	prune := func(decided, asked, limit int) int64 {
		return write(s, func(tx store.Tx) (int64, error) {
			return tx.AccessRequests().Prune(s.ctx, after(decided), after(asked), limit)
		})
	}
	equal(s, "pruned too early", prune(20, 1, 10), int64(0))
	equal(s, "pruned one that was decided", prune(21, 1, 10), int64(1))
	equal(s, "pruned one that waited", prune(21, 2, 10), int64(1))
	s.fails(store.ErrNotFound, func(tx store.Tx) error { return tx.AccessRequests().Delete(s.ctx, "A1") })
	s.update(func(tx store.Tx) error { return tx.AccessRequests().Delete(s.ctx, "A3") })
	s.fails(store.ErrNotFound, func(tx store.Tx) error { _, err := tx.AccessRequests().ByID(s.ctx, "A3"); return err })
}
