package storetest

import (
	"fmt"
	"time"

	"lectern/internal/account"
	"lectern/internal/lti"
	"lectern/internal/store"
)

// testChecks asks for comparisons, claims, finishes and releases them.
func testChecks(s suite) {
	ids := s.targets(3)
	s.owe(ids[0], 0, 0)
	s.owe(ids[1], 1, 0)
	ask := func(f store.OwedFilter, repair bool, at int) int64 {
		s.Helper()
		return write(s, func(tx store.Tx) (int64, error) { return tx.Checks().Ask(s.ctx, f, "ann", repair, after(at)) })
	}
	claim := func(at int, by string) []store.ClaimedCheck {
		s.Helper()
		return write(s, func(tx store.Tx) ([]store.ClaimedCheck, error) {
			return tx.Checks().Claim(s.ctx, after(at), by, lease, 10)
		})
	}
	pending := func() int64 {
		s.Helper()
		return read(s, func(tx store.Tx) (int64, error) { return tx.Checks().Pending(s.ctx) })
	}
	equal(s, "asked of nobody", ask(store.OwedFilter{AccountID: "nobody"}, false, 0), 0)
	s.checkUnowed(ids[2])
	equal(s, "asked of one by its target", ask(store.OwedFilter{ID: ids[0]}, false, 0), 1)
	equal(s, "asked of one by its score", ask(store.OwedFilter{ID: s.row(ids[1]).ID}, false, 0), 1)
	equal(s, "asked of one that is not there", ask(store.OwedFilter{ID: "x"}, false, 0), 0)
	equal(s, "pending", pending(), 2)
	list := claim(1, "w")
	equal(s, "claimed", len(list), 2)
	equal(s, "claimed by somebody else", len(claim(1, "other")), 0)
	equal(s, "target", list[0].Target.Outcome.ServiceURL, "https://lms.example/outcome")
	equal(s, "state", list[0].State, store.Waiting)

	here, there := 0.8, 0.5
	c := list[0]
	c.Verdict, c.Here, c.There, c.CheckedAt, c.Said, c.Reason, c.Tries = store.Differs, &here, &there, after(2), "0,5", "why", 1
	s.update(func(tx store.Tx) error { return tx.Checks().Finish(s.ctx, c, "w") })
	s.fails(store.ErrConflict, func(tx store.Tx) error { return tx.Checks().Finish(s.ctx, c, "w") })
	d := list[1]
	d.Tries = 1
	s.update(func(tx store.Tx) error { return tx.Checks().Release(s.ctx, d, "w", after(50)) })
	equal(s, "next due", read(s, func(tx store.Tx) (time.Time, error) { return tx.Checks().NextDue(s.ctx) }), after(50))
	equal(s, "not due yet", len(claim(49, "w")), 0)
	again := claim(50, "w")
	equal(s, "due again", len(again), 1)
	equal(s, "tries so far", again[0].Tries, 1)

	rows := func(v store.Verdict) []store.OwedRow {
		s.Helper()
		return read(s, func(tx store.Tx) ([]store.OwedRow, error) {
			return tx.Owed().List(s.ctx, store.OwedFilter{Verdict: v})
		})
	}
	for _, v := range []store.Verdict{store.Differs, store.Wrong} {
		got := rows(v)
		equal(s, "rows "+string(v), len(got), 1)
		want := store.Check{
			CheckedAt: after(2), Verdict: store.Differs, Here: &here, There: &there, Said: "0,5", Reason: "why",
		}
		equal(s, "check", got[0].Check, want)
	}
	equal(s, "rows missing", len(rows(store.Missing)), 0)
	over := rows(store.Overridden)
	equal(s, "rows overridden", len(over), 1)
	equal(s, "row without a score", []string{over[0].ID, string(over[0].State)}, []string{ids[2], "none"})
	equal(s, "asked of the wrong ones", ask(store.OwedFilter{Verdict: store.Wrong}, true, 60), 1)
	fresh := claim(60, "w")
	equal(s, "to repair", fresh[0].Repair, true)
	equal(s, "known from before", fresh[0].Verdict, store.Differs)
	equal(s, "asked of all", ask(store.OwedFilter{}, false, 61), 3) // anew, while it is read
	s.fails(store.ErrConflict, func(tx store.Tx) error { return tx.Checks().Finish(s.ctx, fresh[0], "w") })
	equal(s, "lease that ran out", len(claim(61, "w2")), 3)
	equal(s, "after a crash", len(claim(200, "w3")), 3)
}

// checkUnowed compares a target that nothing was ever owed to, the only one.
func (s suite) checkUnowed(target string) {
	s.Helper()
	n := write(s, func(tx store.Tx) (int64, error) {
		return tx.Checks().Ask(s.ctx, store.OwedFilter{State: store.Unowed}, "ann", false, after(0))
	})
	equal(s, "asked of what nothing is owed to", n, 1)
	none := write(s, func(tx store.Tx) ([]store.ClaimedCheck, error) {
		return tx.Checks().Claim(s.ctx, after(0), "w", lease, 10)
	})
	equal(s, "claimed without a score", len(none), 1)
	if none[0].OwedID != "" || none[0].State != store.Unowed || none[0].TargetID != target || none[0].LastScore != nil {
		s.Errorf("claimed without a score: %+v", none[0])
	}
	s.update(func(tx store.Tx) error {
		none[0].Verdict, none[0].CheckedAt = store.Overridden, after(0)
		return tx.Checks().Finish(s.ctx, none[0], "w")
	})
}

// testOwedPages walks through the list of owed scores by key.
func testOwedPages(s suite) {
	c, a := s.consumer("LMS"), s.person("learner")
	const rows, owed = 25, 18
	for i := range rows {
		id := write(s, func(tx store.Tx) (string, error) {
			return tx.Placements().PutTarget(s.ctx, gradeTarget(c.ID, a.ID, fmt.Sprintf("l%d", i)))
		})
		if i < owed {
			s.owe(id, i/5, 0) // five share a moment
		}
	}
	seen := map[string]bool{}
	f, pages := store.OwedFilter{ConsumerID: c.ID, Limit: 7}, 0
	for {
		list := read(s, func(tx store.Tx) ([]store.OwedRow, error) { return tx.Owed().List(s.ctx, f) })
		for _, r := range list {
			if seen[r.ID] {
				s.Errorf("row %s is on two pages", r.ID)
			}
			seen[r.ID] = true
			if late := len(seen) > owed; late != (r.State == store.Unowed) {
				s.Errorf("row %d is %s", len(seen), r.State)
			}
			one := read(s, func(tx store.Tx) (store.OwedRow, error) { return tx.Owed().Row(s.ctx, r.ID) })
			equal(s, "the same row by its ID", one, r)
			one = read(s, func(tx store.Tx) (store.OwedRow, error) { return tx.Owed().Row(s.ctx, r.TargetID) })
			equal(s, "the same row by its target", one, r)
		}
		if pages++; len(list) < f.Limit {
			break
		}
		f.Before = list[len(list)-1].Key()
	}
	if len(seen) != rows || pages != 4 {
		s.Errorf("%d rows on %d pages, want %d on 4", len(seen), pages, rows)
	}
	s.update(func(tx store.Tx) error {
		_, err := tx.Accounts().Link(s.ctx, account.Link{ConsumerID: c.ID, LTIUserID: "lms-user", AccountID: a.ID, How: "launch", CreatedAt: now()})
		return err
	})
	for _, tt := range []struct {
		name string
		f    store.OwedFilter
		want int
	}{
		{"account", store.OwedFilter{Learner: a.ID}, rows},
		{"user name", store.OwedFilter{Learner: "LEARNER"}, rows},
		{"user of the LMS", store.OwedFilter{Learner: "lms-user"}, rows},
		{"nobody", store.OwedFilter{Learner: "lms"}, 0},
		{"link", store.OwedFilter{Link: "l3"}, 1},
		{"another's link", store.OwedFilter{Link: "l3", Learner: "nobody"}, 0},
		{"owed", store.OwedFilter{State: store.Waiting}, owed},
		{"not owed", store.OwedFilter{State: store.Unowed}, rows - owed},
		{"a few that are not owed", store.OwedFilter{State: store.Unowed, Limit: 3}, 3},
		{"never compared", store.OwedFilter{Verdict: store.Same}, 0},
		{"course", store.OwedFilter{CourseKey: gradeTarget(c.ID, a.ID, "l3").CourseKey}, rows},
		{"another course", store.OwedFilter{CourseKey: "x"}, 0},
		{"usage", store.OwedFilter{Link: gradeTarget(c.ID, a.ID, "l3").UsageKey}, 1},
	} {
		list := read(s, func(tx store.Tx) ([]store.OwedRow, error) { return tx.Owed().List(s.ctx, tt.f) })
		equal(s, tt.name, len(list), tt.want)
	}
	s.fails(store.ErrNotFound, func(tx store.Tx) error {
		_, err := tx.Owed().Row(s.ctx, "nobody")
		return err
	})
	of := func(id string) store.Backlog {
		return read(s, func(tx store.Tx) (store.Backlog, error) { return tx.Owed().BacklogOf(s.ctx, id) })
	}
	equal(s, "backlog of the LMS", of(c.ID), store.Backlog{Count: map[store.OwedState]int{store.Waiting: owed}, Oldest: after(0)})
	equal(s, "backlog of another", of("x"), store.Backlog{Count: map[store.OwedState]int{}})
	resend := func(f store.OwedFilter) int64 {
		return write(s, func(tx store.Tx) (int64, error) { return tx.Owed().Resend(s.ctx, f, after(500)) })
	}
	equal(s, "resent: not owed", resend(store.OwedFilter{State: store.Unowed}), 0)
	equal(s, "resent: one", resend(store.OwedFilter{ID: s.rowOf(c.ID, a.ID, "l3").TargetID}), 1)
	equal(s, "resent: a link", resend(store.OwedFilter{Link: "l4", Learner: "learner"}), 1)
	equal(s, "resent: all", resend(store.OwedFilter{ConsumerID: c.ID}), owed)
}

// rowOf returns the owed score of a link.
func (s suite) rowOf(consumer, account, link string) *store.OwedScore {
	s.Helper()
	return read(s, func(tx store.Tx) (*store.OwedScore, error) { return tx.Owed().ForLink(s.ctx, consumer, account, link) })
}

// testRotation keeps two secrets apart.
func testRotation(s suite) {
	c := s.consumer("LMS")
	for _, slot := range []lti.SecretSlot{lti.Current, lti.Previous} {
		s.update(func(tx store.Tx) error {
			return tx.Consumers().PutSecret(s.ctx, store.SealedSecret{ConsumerID: c.ID, Slot: slot, Box: []byte(slot), CreatedAt: now()})
		})
	}
	used := func(slot lti.SecretSlot) time.Time {
		s.Helper()
		for _, b := range read(s, func(tx store.Tx) ([]store.SealedSecret, error) { return tx.Consumers().Secrets(s.ctx, c.ID) }) {
			if b.Slot == slot {
				return b.LastUsedAt
			}
		}
		s.Fatalf("no %s secret", slot)
		return time.Time{}
	}
	use := func(slot lti.SecretSlot, at int) {
		s.Helper()
		s.update(func(tx store.Tx) error { return tx.Consumers().UsedSecret(s.ctx, c.ID, slot, after(at)) })
	}
	use(lti.Previous, 0)
	use(lti.Previous, 30) // too soon to be worth a write
	equal(s, "used", used(lti.Previous), after(0))
	equal(s, "the other", used(lti.Current), time.Time{})
	use(lti.Previous, 90)
	equal(s, "used again", used(lti.Previous), after(90))
	s.update(func(tx store.Tx) error { return tx.Consumers().DeleteSecret(s.ctx, c.ID, lti.Previous) })
	s.fails(store.ErrNotFound, func(tx store.Tx) error { return tx.Consumers().DeleteSecret(s.ctx, c.ID, lti.Previous) })
	equal(s, "the other stays", used(lti.Current), time.Time{})
}
