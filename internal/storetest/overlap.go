package storetest

import (
	"time"

	"lectern/internal/lti"
	"lectern/internal/store"
)

// testOvertaken ends tries whose leases ran out while they were made.
func testOvertaken(s suite) {
	ids := s.targets(3)
	for _, id := range ids {
		s.owe(id, 0, 0)
	}
	lost := s.claim(0, "w1", 10)
	late := func(c store.Claimed, id string) {
		s.Helper()
		a := store.Attempt{ID: id, OwedID: c.ID, At: after(0), Took: time.Second, Version: 1, Score: 0.5, Class: "done", Status: 200}
		s.update(func(tx store.Tx) error {
			return tx.Owed().Overtaken(s.ctx, a, store.Debt{TargetID: c.TargetID, At: after(40), Delay: 5 * time.Second})
		})
	}
	by := map[string]store.Claimed{}
	for _, c := range s.claim(31, "w2", 10) {
		by[c.TargetID] = c
	}
	equal(s, "claimed by the next", len(by), 3)
	s.finish(by[ids[0]], "w2", store.Delivered, 32, 0)
	s.finish(by[ids[2]], "w2", store.Parked, 32, 0)
	for i, c := range lost {
		late(c, "attempt-"+string(rune('a'+i)))
	}
	equal(s, "what was delivered is owed again", s.row(ids[0]).State, store.Waiting)
	equal(s, "after the delay", s.row(ids[0]).NextAt, after(45))
	equal(s, "what is sent stays so", s.row(ids[1]).State, store.Sending)
	s.finish(by[ids[1]], "w2", store.Delivered, 42, 0)
	equal(s, "and is sent once more", s.row(ids[1]).State, store.Waiting)
	equal(s, "what was parked is tried again", s.row(ids[2]).State, store.Waiting)
	list := read(s, func(tx store.Tx) ([]store.Attempt, error) { return tx.Owed().Attempts(s.ctx, by[ids[0]].ID) })
	equal(s, "attempts kept", len(list), 2)

	for _, c := range s.claim(50, "w3", 10) {
		s.finish(c, "w3", store.Delivered, 51, 0)
	}
	late(lost[0], "attempt-a") // told twice
	s.nextDue("")
}

// testHurry wakes what waits for a host.
func testHurry(s suite) {
	ids := s.targets(4)
	s.owe(ids[0], 0, 0) // will retry
	s.owe(ids[1], 0, time.Hour)
	s.owe(ids[2], 0, 0) // will be delivered
	for _, c := range s.claim(0, "w", 10) {
		if c.TargetID == ids[0] {
			s.finish(c, "w", store.Retrying, 1, 7200)
			continue
		}
		s.finish(c, "w", store.Delivered, 1, 0)
	}
	target := read(s, func(tx store.Tx) (*lti.GradeTarget, error) { return tx.Placements().Target(s.ctx, ids[0]) })
	hurry := func(origin string, putOff bool) int64 {
		s.Helper()
		return write(s, func(tx store.Tx) (int64, error) { return tx.Owed().Hurry(s.ctx, origin, putOff, after(60)) })
	}
	origin := target.Outcome.ServiceURL[:len("https://")+3]
	equal(s, "another host", hurry("https://nobody.example/", true), 0)
	equal(s, "a pattern is no host", hurry("https://%", true), 0)
	equal(s, "what retries", hurry(origin, false), 1)
	equal(s, "due now", s.row(ids[0]).NextAt, after(60))
	equal(s, "its state", s.row(ids[0]).State, store.Retrying)
	equal(s, "what was put off", hurry(origin, true), 1)
	equal(s, "due now", s.row(ids[1]).NextAt, after(60))
	equal(s, "nobody else", hurry(origin, true), 0)
}

// testTurnBack repairs what a clock set back has put out of reach.
func testTurnBack(s suite) {
	ids := s.targets(5)
	limits := store.Limits{Slack: time.Minute, Pause: time.Hour, Lease: 30 * time.Second}
	turn := func(at int, by string) int64 {
		s.Helper()
		return write(s, func(tx store.Tx) (int64, error) { return tx.Owed().TurnBack(s.ctx, after(at), by, limits) })
	}
	s.owe(ids[0], 10_000, 0)       // changed in the future
	s.owe(ids[1], -100, 0)         // will retry in the future
	s.owe(ids[2], -90, 0)          // under lease until the future
	s.owe(ids[3], 30, time.Minute) // a clock may differ so much
	s.owe(ids[4], -100, 0)         // will be delivered
	s.finish(s.claimFor(ids[1], 9_000, "w"), "w", store.Retrying, 9_000, 20_000)
	s.finish(s.claimFor(ids[4], 9_000, "w"), "w", store.Delivered, 9_000, 0)
	held := s.claimFor(ids[2], 9_000, "dead")
	equal(s, "rows touched", turn(0, "w"), 3)
	for _, n := range []int{0, 1} {
		equal(s, "due now", s.row(ids[n]).NextAt, after(0))
	}
	equal(s, "age", s.row(ids[0]).FirstChangeAt, after(0))
	equal(s, "lease", s.row(ids[2]).LeaseUntil, after(30))
	equal(s, "state under lease", s.row(ids[2]).State, store.Sending)
	equal(s, "not far enough off", s.row(ids[3]).NextAt, after(90))
	equal(s, "delivered stays so", s.row(ids[4]).State, store.Delivered)
	equal(s, "nothing left", turn(0, "w"), 0)
	s.fails(store.ErrConflict, func(tx store.Tx) error {
		row := held.OwedScore
		row.State = store.Delivered
		return tx.Owed().Finish(s.ctx, row, "dead", store.Attempt{At: after(1), Version: 1})
	})
	own := s.claimFor(ids[0], 8_000, "w")
	equal(s, "one's own lease", turn(0, "w"), 0)
	s.finish(own, "w", store.Delivered, 8_001, 0)
}

// claimFor claims the row of a target and gives the others back.
func (s suite) claimFor(target string, at int, by string) (found store.Claimed) {
	s.Helper()
	for _, c := range s.claim(at, by, 10) {
		if c.TargetID == target {
			found = c
			continue
		}
		s.update(func(tx store.Tx) error { return tx.Owed().Release(s.ctx, c.ID, by, c.NextAt) })
	}
	return found
}

// testReviveWhileSending launches while a score is on its way.
func testReviveWhileSending(s suite) {
	id := s.targets(1)[0]
	s.owe(id, 0, 0)
	c := s.claimOne(0, "w")
	g := *read(s, func(tx store.Tx) (*lti.GradeTarget, error) { return tx.Placements().Target(s.ctx, id) })
	g.Outcome.SourcedID, g.UpdatedAt = "newer", after(1)
	s.update(func(tx store.Tx) error {
		_, err := tx.Placements().PutTarget(s.ctx, g)
		return err
	})
	equal(s, "still sending", s.row(id).State, store.Sending)
	s.finish(c, "w", store.Parked, 2, 2)
	again := s.claimOne(2, "w")
	equal(s, "sent to the newer sourcedid", again.Target.Outcome.SourcedID, "newer")
	s.finish(again, "w", store.Delivered, 3, 0)
	s.nextDue("")
}
