package storetest

import (
	"slices"
	"time"

	"lectern/internal/account"
	"lectern/internal/store"
)

// testRails covers counted launches and learners who stay away.
func testRails(s suite) {
	c, other := s.consumer("LMS"), s.consumer("Other")
	count := func(consumerID string, at time.Time) int {
		s.Helper()
		return write(s, func(tx store.Tx) (int, error) { return tx.Rails().Count(s.ctx, consumerID, at) })
	}
	minute := now().Truncate(time.Minute)
	for _, tt := range []struct {
		id   string
		at   time.Time
		want int
	}{
		{c.ID, minute, 1}, {c.ID, minute.Add(59 * time.Second), 2}, {other.ID, minute, 1},
		{c.ID, minute.Add(time.Minute), 1}, {c.ID, minute.Add(time.Minute), 2},
	} {
		if got := count(tt.id, tt.at); got != tt.want {
			s.Errorf("launches in the minute: %d, want %d", got, tt.want)
		}
	}
	s.fails(store.ErrNotFound, func(tx store.Tx) error {
		_, err := tx.Rails().Count(s.ctx, "nobody", minute)
		return err
	})
	s.staleLinks(c.ID, other.ID)
}

// staleLinks asks for learners who were not here since a moment.
func (s suite) staleLinks(consumerID, otherID string) {
	s.Helper()
	ids := map[string]string{}
	for _, name := range []string{"away", "worked", "seen", "new", "twice", "owing"} {
		ids[name] = s.person(name).ID
		s.update(func(tx store.Tx) error {
			at := now()
			if name == "new" {
				at = after(100)
			}
			_, err := tx.Accounts().Link(s.ctx, account.Link{
				ConsumerID: consumerID, LTIUserID: name, AccountID: ids[name], How: account.ByLaunch, CreatedAt: at,
			})
			return err
		})
	}
	s.update(func(tx store.Tx) error {
		_, err := tx.Accounts().Link(s.ctx, account.Link{ConsumerID: otherID, LTIUserID: "t", AccountID: ids["twice"], How: account.ByLaunch, CreatedAt: now()})
		if err != nil {
			return err
		}
		if err := tx.Accounts().SeenLink(s.ctx, consumerID, "seen", after(100)); err != nil {
			return err
		}
		key := store.LearnerKey{AccountID: ids["worked"], CourseKey: "course-v1:o+c+r"}
		key.Ref.Type, key.Ref.ID = "problem", "p"
		if err := tx.Learners().Put(s.ctx, &store.LearnerState{Key: key, State: "{}", UpdatedAt: after(100)}); err != nil {
			return err
		}
		target, err := tx.Placements().PutTarget(s.ctx, gradeTarget(consumerID, ids["owing"], "l"))
		if err != nil {
			return err
		}
		return tx.Owed().Owe(s.ctx, store.Debt{TargetID: target, At: now()})
	})
	stale := func(limit int) (list []string) {
		s.Helper()
		for _, l := range read(s, func(tx store.Tx) ([]account.Link, error) {
			return tx.Rails().Stale(s.ctx, consumerID, after(50), limit)
		}) {
			list = append(list, l.LTIUserID)
		}
		return list
	}
	if got := stale(10); !slices.Equal(got, []string{"away", "twice"}) {
		s.Errorf("stale: %q", got)
	}
	if got := stale(1); !slices.Equal(got, []string{"away"}) {
		s.Errorf("stale, at most one: %q", got)
	}
	usage := read(s, func(tx store.Tx) (store.StaleUsage, error) {
		return tx.Rails().StaleUsage(s.ctx, consumerID, after(50))
	})
	equal(s, "what would go", usage, store.StaleUsage{Learners: 2, Accounts: 1})
	s.update(func(tx store.Tx) error {
		return tx.Rails().Unlink(s.ctx, account.Link{ConsumerID: consumerID, LTIUserID: "away", AccountID: ids["away"]})
	})
	if got := stale(10); !slices.Equal(got, []string{"twice"}) {
		s.Errorf("stale after unlinking: %q", got)
	}
}
