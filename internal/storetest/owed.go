package storetest

import (
	"errors"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lectern/internal/lti"
	"lectern/internal/store"
)

const lease = 30 * time.Second

func testTargets(s suite) {
	lms, other := s.consumer("LMS"), s.consumer("other")
	a, b := s.person("a"), s.person("b")
	put := func(g lti.GradeTarget) string {
		s.Helper()
		return write(s, func(tx store.Tx) (string, error) { return tx.Placements().PutTarget(s.ctx, g) })
	}
	g := gradeTarget(lms.ID, a.ID, "l")
	g.Outcome.SourcedID = "opaque \xff\x00 bytes"
	g.ID = put(g)
	get := func() lti.GradeTarget {
		s.Helper()
		return *read(s, func(tx store.Tx) (*lti.GradeTarget, error) { return tx.Placements().Target(s.ctx, g.ID) })
	}
	equal(s, "target", get(), g)

	moved := g
	moved.ID, moved.CourseKey, moved.UsageKey, moved.Scope = "", "c2", "u2", "ctx"
	moved.Outcome = lti.Outcome{ServiceURL: "https://new.example", SourcedID: "new"}
	moved.Refused, moved.UpdatedAt = "outbound address refused", after(9)
	equal(s, "ID of the second launch", put(moved), g.ID)
	moved.ID = g.ID
	equal(s, "re-pointed", get(), moved)
	put(g)

	same := gradeTarget(other.ID, a.ID, "l") // the same block from another LMS
	same.ID = put(same)
	scoped, hers := gradeTarget(lms.ID, a.ID, "scoped"), gradeTarget(lms.ID, b.ID, "l")
	scoped.Scope = "ctx"
	put(scoped)
	put(hers)
	for _, tt := range []struct {
		name   string
		scope  string
		usages []string
		want   []lti.GradeTarget
	}{
		{"of the block", "", []string{"elsewhere", g.UsageKey}, []lti.GradeTarget{g, same}},
		{"other scope", "ctx", []string{g.UsageKey}, nil},
		{"other block", "", []string{"elsewhere"}, nil},
		{"no blocks", "", nil, nil},
	} {
		got := read(s, func(tx store.Tx) ([]lti.GradeTarget, error) {
			return tx.Placements().Targets(s.ctx, a.ID, tt.scope, g.CourseKey, tt.usages)
		})
		byID := cmpopts.SortSlices(func(x, y lti.GradeTarget) bool { return x.ID < y.ID })
		if diff := cmp.Diff(tt.want, got, byID, cmpopts.EquateEmpty()); diff != "" {
			s.Errorf("targets %s (-want +got):\n%s", tt.name, diff)
		}
	}
	s.fails(store.ErrNotFound, func(tx store.Tx) error {
		_, err := tx.Placements().Target(s.ctx, "nobody")
		return err
	})
}

// The verbs of the outbox, at moments in seconds after now.

func (s suite) owe(target string, at int, delay time.Duration) {
	s.Helper()
	s.update(func(tx store.Tx) error {
		return tx.Owed().Owe(s.ctx, store.Debt{TargetID: target, At: after(at), Delay: delay})
	})
}

func (s suite) claim(at int, by string, limit int) []store.Claimed {
	s.Helper()
	return write(s, func(tx store.Tx) ([]store.Claimed, error) {
		return tx.Owed().Claim(s.ctx, after(at), by, lease, limit)
	})
}

// claimOne claims the one row that must be due.
func (s suite) claimOne(at int, by string) store.Claimed {
	s.Helper()
	list := s.claim(at, by, 10)
	if len(list) != 1 {
		s.Fatalf("%d rows are due at +%d s, want 1", len(list), at)
	}
	return list[0]
}

// finish ends the try of a claim, as of c's wanted version. next is for Retrying.
func (s suite) finish(c store.Claimed, by string, state store.OwedState, at, next int) {
	s.Helper()
	row := c.OwedScore
	row.State, row.NextAt, row.Attempts = state, after(next), c.Attempts+1
	if state != store.Delivered {
		row.LastError = "no"
	}
	a := store.Attempt{At: after(at), Took: time.Millisecond, Version: c.WantedVersion, Score: 0.5, Class: "c", Status: 200}
	s.update(func(tx store.Tx) error { return tx.Owed().Finish(s.ctx, row, by, a) })
}

func (s suite) row(target string) store.OwedScore {
	s.Helper()
	for _, r := range read(s, func(tx store.Tx) ([]store.OwedRow, error) {
		return tx.Owed().List(s.ctx, store.OwedFilter{})
	}) {
		if r.TargetID == target {
			return r.OwedScore
		}
	}
	s.Fatalf("nothing is owed to %s", target)
	return store.OwedScore{}
}

// nextDue checks when the next row is due; "" when none is.
func (s suite) nextDue(want string) {
	s.Helper()
	var due time.Time
	err := s.View(s.ctx, func(tx store.Tx) (err error) {
		due, err = tx.Owed().NextDue(s.ctx)
		return err
	})
	got := ""
	if err == nil {
		got = due.Sub(now()).String()
	} else if !errors.Is(err, store.ErrNotFound) {
		s.Errorf("next due: %v", err)
	}
	if got != want {
		s.Errorf("next due after %q, want %q", got, want)
	}
}

func testOwe(s suite) {
	s.nextDue("")
	id := s.targets(1)[0]
	s.owe(id, 0, time.Minute)
	row := s.row(id)
	equal(s, "first change", row, store.OwedScore{
		ID: row.ID, TargetID: id, WantedVersion: 1, State: store.Waiting, FirstChangeAt: now(), NextAt: after(60),
	})
	s.owe(id, 50, time.Minute) // a burst is one message, not put off by its last change
	s.owe(id, 59, time.Minute)
	s.nextDue("1m0s")
	s.owe(id, 5, time.Second) // an earlier due time wins
	s.nextDue("6s")
	row.WantedVersion, row.NextAt = 4, after(6)
	equal(s, "burst", s.row(id), row)
	if list := s.claim(5, "w", 10); len(list) != 0 {
		s.Errorf("claimed before it is due: %v", list)
	}
	c := s.claimOne(6, "w")
	equal(s, "claimed version", c.WantedVersion, 4)
	equal(s, "claimed target", c.Target.Outcome.SourcedID, "cell l0")
	equal(s, "lease", c.LeaseUntil, after(36))
	s.nextDue("36s")
	s.finish(c, "w", store.Delivered, 7, 0)
	s.nextDue("")
	half := 0.5
	row.DeliveredVersion, row.State, row.Attempts, row.NextAt = 4, store.Delivered, 1, time.Time{}
	row.DeliveredAt, row.LastScore = after(7), &half
	equal(s, "delivered", s.row(id), row)

	s.owe(id, 100, time.Minute) // starts anew
	row.WantedVersion, row.State, row.Attempts, row.FirstChangeAt, row.NextAt = 5, store.Waiting, 0, after(100), after(160)
	equal(s, "owed again", s.row(id), row)
	s.fails(store.ErrNotFound, func(tx store.Tx) error {
		return tx.Owed().Owe(s.ctx, store.Debt{TargetID: "nobody", At: now()})
	})
}

// testOweWhileSending changes a score while it is on its way: the change is
// never lost and never early.
func testOweWhileSending(s suite) {
	for i, id := range s.targets(4) {
		at := i * 1000
		s.owe(id, at, 0)
		c := s.claimOne(at, "w")
		s.owe(id, at+2, time.Minute) // during the send
		s.owe(id, at+3, time.Minute)
		if list := s.claim(at+10, "v", 10); len(list) != 0 {
			s.Fatalf("a row under lease was claimed again: %v", list)
		}
		row := s.row(id)
		if row.State != store.Sending || row.WantedVersion != 3 || row.LeaseBy != "w" {
			s.Errorf("while sending: %+v", row)
		}
		want := row
		want.State, want.LeaseBy, want.LeaseUntil = store.Waiting, "", time.Time{}
		half := 0.5
		switch i {
		case 0: // a minute after the first change during the send
			s.finish(c, "w", store.Delivered, at+4, at)
			want.NextAt, want.FirstChangeAt, want.DeliveredVersion = after(at+62), after(at+2), 1
			want.DeliveredAt, want.LastScore = after(at+4), &half
		case 1: // the failure is later than the change: its pause is kept
			s.finish(c, "w", store.Retrying, at+4, at+500)
			want.NextAt, want.Attempts, want.LastError = after(at+500), 1, "no"
		case 2: // the pause is shorter
			s.finish(c, "w", store.Retrying, at+4, at+30)
			want.NextAt, want.Attempts, want.LastError = after(at+62), 1, "no"
		case 3: // given up, but there is a new score
			s.finish(c, "w", store.Parked, at+4, at)
			want.NextAt, want.FirstChangeAt, want.LastError = after(at+62), after(at+2), "no"
		}
		equal(s, "finished while wanted anew", s.row(id), want)
		c = s.claimOne(at+500, "w")
		equal(s, "version of the second send", c.WantedVersion, 3)
		s.finish(c, "w", store.Delivered, at+501, 0)
		equal(s, "then", s.row(id).State, store.Delivered)
	}
}

func testFinish(s suite) {
	id := s.targets(1)[0]
	s.owe(id, 0, 0)
	c := s.claimOne(0, "w")
	s.finish(c, "w", store.Retrying, 1, 31)
	row := s.row(id)
	if row.State != store.Retrying || row.Attempts != 1 || row.LastError != "no" || !row.NextAt.Equal(after(31)) {
		s.Errorf("retrying: %+v", row)
	}
	s.owe(id, 5, 0) // a new answer does not wait for the pause
	row = s.row(id)
	if row.State != store.Waiting || row.Attempts != 0 || !row.NextAt.Equal(after(5)) || !row.FirstChangeAt.Equal(now()) {
		s.Errorf("changed while retrying: %+v", row)
	}
	c = s.claimOne(6, "w")
	s.finish(c, "w", store.Parked, 7, 0)
	s.nextDue("")
	row = s.row(id)
	if row.State != store.Parked || !row.NextAt.IsZero() {
		s.Errorf("parked: %+v", row)
	}
	target := *read(s, func(tx store.Tx) (*lti.GradeTarget, error) { return tx.Placements().Target(s.ctx, id) })
	target.UpdatedAt, target.Refused = after(50), "no such network"
	put := func() {
		s.update(func(tx store.Tx) error {
			_, err := tx.Placements().PutTarget(s.ctx, target)
			return err
		})
	}
	put()
	s.nextDue("") // nothing can be sent there
	target.Refused = ""
	put()
	row = s.row(id)
	if row.State != store.Waiting || row.Attempts != 0 || !row.NextAt.Equal(after(50)) || !row.FirstChangeAt.Equal(after(50)) {
		s.Errorf("revived by a launch: %+v", row)
	}
	c = s.claimOne(50, "w")
	s.fails(errBroken, func(tx store.Tx) error { // an update that fails keeps the lease
		return errors.Join(tx.Owed().Finish(s.ctx, c.OwedScore, "w", store.Attempt{}), errBroken)
	})
	bad := c.OwedScore
	bad.State = store.Sending
	if err := s.Update(s.ctx, func(tx store.Tx) error {
		return tx.Owed().Finish(s.ctx, bad, "w", store.Attempt{})
	}); err == nil {
		s.Error("a try ended in state sending")
	}
	s.finish(c, "w", store.Delivered, 51, 0)
	s.attempts(row.ID)
}

func (s suite) attempts(owedID string) {
	s.Helper()
	list := read(s, func(tx store.Tx) ([]store.Attempt, error) { return tx.Owed().Attempts(s.ctx, owedID) })
	var at []time.Time
	for _, a := range list {
		at = append(at, a.At)
	}
	equal(s, "attempts, newest first", at, []time.Time{after(51), after(7), after(1)})
	want := store.Attempt{
		ID: list[0].ID, OwedID: owedID, At: after(51), Took: time.Millisecond, Version: 2, Score: 0.5, Class: "c", Status: 200,
	}
	equal(s, "attempt", list[0], want)
}

func (s suite) backlog() store.Backlog {
	s.Helper()
	return read(s, func(tx store.Tx) (store.Backlog, error) { return tx.Owed().Backlog(s.ctx) })
}

func testLeases(s suite) {
	equal(s, "empty backlog", s.backlog(), store.Backlog{Count: map[store.OwedState]int{}})
	ids := s.targets(5)
	for i, id := range ids {
		s.owe(id, 10-i, 0) // the last one is due first
	}
	equal(s, "backlog", s.backlog(), store.Backlog{Count: map[store.OwedState]int{store.Waiting: 5}, Oldest: after(6)})
	var order []string
	for _, c := range s.claim(10, "w1", 2) {
		order = append(order, c.TargetID)
	}
	equal(s, "oldest first", order, []string{ids[4], ids[3]})
	equal(s, "no room", s.claim(10, "w2", 0), nil)
	rest := s.claim(10, "w2", 10)
	equal(s, "the rest", len(rest), 3)
	equal(s, "nothing left", s.claim(10, "w3", 10), nil)

	by := func(by string, c store.Claimed) func(tx store.Tx) error {
		c.State = store.Delivered
		return func(tx store.Tx) error {
			return tx.Owed().Finish(s.ctx, c.OwedScore, by, store.Attempt{At: after(11), Version: 1})
		}
	}
	s.fails(store.ErrConflict, by("w1", rest[0]))
	s.fails(store.ErrConflict, func(tx store.Tx) error { return tx.Owed().Release(s.ctx, rest[0].ID, "w1", now()) })
	s.update(func(tx store.Tx) error { return tx.Owed().Release(s.ctx, rest[0].ID, "w2", after(20)) })
	s.fails(store.ErrConflict, by("w2", rest[0])) // given back
	again := s.claimOne(20, "w2")
	equal(s, "released row", again.ID, rest[0].ID)

	late := s.claim(41, "w2", 10) // the leases of moment 10 ran out
	equal(s, "leases that ran out", len(late), 4)
	s.fails(store.ErrConflict, by("w1", late[0]))
	old := rest[1] // the same worker, but an earlier lease
	s.fails(store.ErrConflict, by("w2", old))
	for _, c := range append(late, again) {
		s.update(by("w2", c))
	}
	s.nextDue("")
	equal(s, "backlog when all is delivered", len(s.backlog().Count), 0)
	s.fails(store.ErrConflict, by("w2", again)) // done already

	s.owe(ids[0], 100, 0) // a release after a change while sending keeps the change
	c := s.claimOne(100, "w")
	s.owe(ids[0], 101, 0)
	s.update(func(tx store.Tx) error { return tx.Owed().Release(s.ctx, c.ID, "w", after(200)) })
	equal(s, "version after release", s.claimOne(200, "w").WantedVersion, 3)
}
