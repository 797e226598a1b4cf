package storetest

import (
	"errors"
	"fmt"
	"sync"

	"lectern/internal/lti"
	"lectern/internal/store"
)

// testClaimRace lets workers claim at once: no row is ever leased twice, and
// every row is.
func testClaimRace(s suite) {
	const rows, workers = 60, 6
	for _, id := range s.targets(rows) {
		s.owe(id, 0, 0)
	}
	var mu sync.Mutex
	seen := map[string]string{}
	atOnce(workers, func(i int) {
		by := fmt.Sprintf("worker %d", i)
		for misses := 0; misses < 3; {
			var list []store.Claimed
			err := s.Update(s.ctx, func(tx store.Tx) (err error) {
				list, err = tx.Owed().Claim(s.ctx, after(1), by, lease, 4)
				return err
			})
			if err != nil {
				s.Errorf("claim: %v", err)
				return
			}
			if len(list) == 0 {
				misses++
			}
			mu.Lock()
			for _, c := range list {
				if other, taken := seen[c.ID]; taken {
					s.Errorf("row %s is leased to %s and to %s", c.ID, other, by)
				}
				seen[c.ID] = by
			}
			mu.Unlock()
		}
	})
	for _, c := range s.claim(1, "sweeper", rows) { // rows that were locked at every look
		seen[c.ID] = "sweeper"
	}
	if len(seen) != rows {
		s.Errorf("%d of %d rows were claimed", len(seen), rows)
	}
}

// testOweRace changes one score many times at once, while a worker delivers it:
// the last version always arrives, and nothing is counted twice.
func testOweRace(s suite) {
	const changes = 60
	id := s.targets(1)[0]
	deliver := func() bool {
		claimed := s.claim(1_000_000, "w", 1)
		if len(claimed) == 0 {
			return false
		}
		s.finish(claimed[0], "w", store.Delivered, 1, 0)
		return true
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		atOnce(changes, func(i int) {
			err := s.Update(s.ctx, func(tx store.Tx) error {
				return tx.Owed().Owe(s.ctx, store.Debt{TargetID: id, At: after(i)})
			})
			if err != nil {
				s.Errorf("owe: %v", err)
			}
		})
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		deliver()
	}
	for deliver() {
	}
	row := s.row(id)
	if row.WantedVersion != changes || row.DeliveredVersion != changes || row.State != store.Delivered {
		s.Errorf("after %d changes: %+v", changes, row)
	}
}

func testResend(s suite) {
	ids := s.targets(5)
	for _, id := range ids[:4] {
		s.owe(id, 0, 0)
	}
	claimed := s.claim(0, "w", 10)
	s.finish(claimed[0], "w", store.Delivered, 1, 0)
	s.finish(claimed[1], "w", store.Parked, 1, 0)
	s.finish(claimed[2], "w", store.Retrying, 1, 9999)
	sending := claimed[3]
	s.owe(ids[4], 5000, 0)

	resend := func(f store.OwedFilter, at int) int64 {
		s.Helper()
		return write(s, func(tx store.Tx) (int64, error) { return tx.Owed().Resend(s.ctx, f, after(at)) })
	}
	equal(s, "of nobody", resend(store.OwedFilter{AccountID: "nobody"}, 10), 0)
	equal(s, "parked", resend(store.OwedFilter{State: store.Parked}, 10), 1)
	row := s.row(claimed[1].TargetID)
	if row.State != store.Waiting || !row.NextAt.Equal(after(10)) || row.Attempts != 0 || !row.FirstChangeAt.Equal(after(10)) {
		s.Errorf("resent: %+v", row)
	}
	equal(s, "limited", resend(store.OwedFilter{Limit: 2}, 10), 2)
	equal(s, "all", resend(store.OwedFilter{CourseKey: "course-v1:o+c+r"}, 10), 5)
	equal(s, "due", len(s.claim(10, "v", 10)), 4)

	s.finish(sending, "w", store.Delivered, 11, 0) // it was being sent: it goes out once more
	again := s.claimOne(11, "w")
	equal(s, "sent again", again.ID, sending.ID)
	s.finish(again, "w", store.Delivered, 12, 0)
	equal(s, "in the end", s.row(again.TargetID).State, store.Delivered)
}

func testOwedList(s suite) {
	lms, other := s.consumer("LMS"), s.consumer("other")
	a, b := s.person("a"), s.person("b")
	s.link(lms.ID, "U-a", a.ID)
	s.link(other.ID, "elsewhere", a.ID)
	var ids []string
	for i, g := range []lti.GradeTarget{
		gradeTarget(lms.ID, a.ID, "l"), gradeTarget(lms.ID, b.ID, "l"), gradeTarget(other.ID, a.ID, "l"),
	} {
		g.Scope = fmt.Sprint("scope ", i)
		if i == 1 {
			g.CourseKey = "other course"
		}
		id := write(s, func(tx store.Tx) (string, error) { return tx.Placements().PutTarget(s.ctx, g) })
		ids = append(ids, id)
		s.owe(id, i, 0)
	}
	c := s.claim(0, "w", 1)[0]
	s.finish(c, "w", store.Delivered, 1, 0)
	for _, tt := range []struct {
		name string
		f    store.OwedFilter
		want []string
	}{
		{"all, latest change first", store.OwedFilter{}, []string{ids[2], ids[1], ids[0]}},
		{"limit", store.OwedFilter{Limit: 2}, []string{ids[2], ids[1]}},
		{"consumer", store.OwedFilter{ConsumerID: lms.ID}, []string{ids[1], ids[0]}},
		{"account", store.OwedFilter{AccountID: a.ID}, []string{ids[2], ids[0]}},
		{"course", store.OwedFilter{CourseKey: "other course"}, []string{ids[1]}},
		{"state", store.OwedFilter{State: store.Delivered}, []string{ids[0]}},
		{"together", store.OwedFilter{State: store.Waiting, ConsumerID: lms.ID, AccountID: a.ID}, nil},
	} {
		var got []string
		for _, r := range read(s, func(tx store.Tx) ([]store.OwedRow, error) { return tx.Owed().List(s.ctx, tt.f) }) {
			got = append(got, r.TargetID)
		}
		equal(s, tt.name, got, tt.want)
	}
	first := read(s, func(tx store.Tx) ([]store.OwedRow, error) {
		return tx.Owed().List(s.ctx, store.OwedFilter{State: store.Delivered})
	})[0]
	equal(s, "row", first, store.OwedRow{
		OwedScore: s.row(ids[0]), ConsumerID: lms.ID, ConsumerName: "LMS", AccountID: a.ID, Username: "a", LTIUserID: "U-a",
		LinkKey: "l", ServiceURL: "https://lms.example/outcome",
		CourseKey: "course-v1:o+c+r", UsageKey: gradeTarget("", "", "l").UsageKey, Scope: "scope 0",
	})
	got := read(s, func(tx store.Tx) (*store.OwedScore, error) { return tx.Owed().ForLink(s.ctx, lms.ID, a.ID, "l") })
	equal(s, "for link", *got, s.row(ids[0]))
	err := s.View(s.ctx, func(tx store.Tx) error {
		_, err := tx.Owed().ForLink(s.ctx, lms.ID, a.ID, "L")
		return err
	})
	if !errors.Is(err, store.ErrNotFound) {
		s.Errorf("for an unknown link: %v", err)
	}
}
