package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"lectern/internal/account"
	"lectern/internal/lti"
	"lectern/internal/store"
)

func testConsumers(s suite) {
	c := &lti.Consumer{
		Name: "Canvas, production", Key: "k1", RequireUserAccount: true, Enabled: true, StrictLTI: true,
		GradeStaff: true, TrustedDomains: []string{"a.example", "b.example"}, FrameOrigins: []string{"https://p.example"},
		MovedFrom: lti.OpenEdX, Rails: lti.Rails{
			Courses: []string{"course-v1:a+b+c", "x/y/z"}, StartsAt: after(1), EndsAt: after(2), LaunchesPerMinute: 60, KeepDays: 30,
		},
		CreatedAt: now(), UpdatedAt: now(),
	}
	s.update(func(tx store.Tx) error { return tx.Consumers().Create(s.ctx, c) })
	if c.ID == "" {
		s.Fatal("no ID was made")
	}
	byID := func() *lti.Consumer {
		s.Helper()
		return read(s, func(tx store.Tx) (*lti.Consumer, error) { return tx.Consumers().ByID(s.ctx, c.ID) })
	}
	equal(s, "consumer by ID", byID(), c)
	equal(s, "consumer by key", read(s, func(tx store.Tx) (*lti.Consumer, error) {
		return tx.Consumers().ByKey(s.ctx, "k1")
	}), c)

	s.update(func(tx store.Tx) error { return tx.Consumers().Launched(s.ctx, c.ID, "", after(1)) })
	s.update(func(tx store.Tx) error { return tx.Consumers().Launched(s.ctx, c.ID, "GUID-1", after(2)) })
	s.update(func(tx store.Tx) error { return tx.Consumers().Launched(s.ctx, c.ID, "GUID-2", after(3)) })
	c.InstanceGUID, c.InstanceGUIDAt, c.LastLaunchAt = "GUID-1", after(2), after(3)
	equal(s, "after launches", byID(), c)

	form := *c // what an operator may change, and what not
	form.Name, form.Key, form.UseLTIPII, form.Enabled, form.UpdatedAt = "Canvas", "k2", true, false, after(9)
	form.InstanceGUID, form.LastLaunchAt = "typed", now()
	form.GradeStaff, form.TrustedDomains, form.FrameOrigins = false, nil, []string{"https://q.example", "http://localhost"}
	form.Rails = lti.Rails{Courses: []string{"course-v1:d+e+f"}, EndsAt: after(3)}
	s.update(func(tx store.Tx) error { return tx.Consumers().Update(s.ctx, &form) })
	form.InstanceGUID, form.LastLaunchAt = c.InstanceGUID, c.LastLaunchAt
	equal(s, "updated", byID(), &form)

	s.fails(store.ErrNotFound, func(tx store.Tx) error {
		_, err := tx.Consumers().ByKey(s.ctx, "k1")
		return err
	})
	s.fails(store.ErrNotFound, func(tx store.Tx) error { return tx.Consumers().Delete(s.ctx, "nobody") })
	s.fails(store.ErrNotFound, func(tx store.Tx) error { return tx.Consumers().Launched(s.ctx, "nobody", "g", now()) })
	s.fails(store.ErrNotFound, func(tx store.Tx) error {
		return tx.Consumers().Update(s.ctx, &lti.Consumer{ID: "nobody", Name: "new", Key: "new"})
	})
}

// testConsumerConflicts also checks that a function may go on after a conflict.
func testConsumerConflicts(s suite) {
	first, second := s.consumer("Übung"), s.consumer("Second")
	s.update(func(tx store.Tx) error {
		for _, c := range []lti.Consumer{
			{Name: "ÜBUNG", Key: "other"},       // the name, ignoring case
			{Name: "other", Key: first.Key},     // the key
			{ID: first.ID, Name: "x", Key: "x"}, // the ID
		} {
			if err := tx.Consumers().Create(s.ctx, &c); !errors.Is(err, store.ErrConflict) {
				s.Errorf("create %q: got %v, want ErrConflict", c.Name, err)
			}
		}
		for _, c := range []lti.Consumer{
			{ID: second.ID, Name: "übung", Key: "key of Second"},
			{ID: second.ID, Name: "Second", Key: first.Key},
		} {
			if err := tx.Consumers().Update(s.ctx, &c); !errors.Is(err, store.ErrConflict) {
				s.Errorf("update to %q, %q: got %v, want ErrConflict", c.Name, c.Key, err)
			}
		}
		upper := lti.Consumer{ID: second.ID, Name: "SECOND", Key: strings.ToUpper(first.Key)} // keys differ by case
		return tx.Consumers().Update(s.ctx, &upper)
	})
	won := make(chan string, 8)
	atOnce(8, func(i int) {
		err := s.Update(s.ctx, func(tx store.Tx) error {
			return tx.Consumers().Create(s.ctx, &lti.Consumer{Name: "same", Key: fmt.Sprint(i)})
		})
		if err == nil {
			won <- fmt.Sprint(i)
		} else if !errors.Is(err, store.ErrConflict) {
			s.Errorf("create at once: %v", err)
		}
	})
	if len(won) != 1 {
		s.Errorf("%d consumers got one name", len(won))
	}
}

func testConsumerSearch(s suite) {
	for _, name := range []string{"moodle β", "Canvas", "100% Blackboard", "a_b"} {
		s.consumer(name)
	}
	s.update(func(tx store.Tx) error {
		c, err := tx.Consumers().ByKey(s.ctx, "key of Canvas")
		if err != nil {
			return err
		}
		return tx.Consumers().Launched(s.ctx, c.ID, "Guid.Éxample", now())
	})
	for _, tt := range []struct {
		search string
		want   []string
	}{
		{"", []string{"100% Blackboard", "a_b", "Canvas", "moodle β"}},
		{"CANVAS", []string{"Canvas"}},
		{"Β", []string{"moodle β"}},        // capital beta
		{"guid.éx", []string{"Canvas"}},    // the GUID
		{"of a_B", []string{"a_b"}},        // the key
		{"%", []string{"100% Blackboard"}}, // no wildcard
		{"_", []string{"a_b"}},
		{`\`, nil},
		{"nothing like it", nil},
	} {
		list := read(s, func(tx store.Tx) ([]*lti.Consumer, error) { return tx.Consumers().List(s.ctx, tt.search) })
		var names []string
		for _, c := range list {
			names = append(names, c.Name)
		}
		equal(s, "search "+tt.search, names, tt.want)
	}
}

func testSecretsAndOrigins(s suite) {
	c := s.consumer("LMS")
	secret := store.SealedSecret{ConsumerID: c.ID, Slot: lti.Current, Box: []byte{0, 1, 255}, CreatedAt: now()}
	old := store.SealedSecret{ConsumerID: c.ID, Slot: lti.Previous, Box: []byte("old"), CreatedAt: after(-9), LastUsedAt: now()}
	s.update(func(tx store.Tx) error {
		return errors.Join(tx.Consumers().PutSecret(s.ctx, old), tx.Consumers().PutSecret(s.ctx, secret))
	})
	secret.Box, secret.LastUsedAt = []byte("new"), after(1)
	s.update(func(tx store.Tx) error { return tx.Consumers().PutSecret(s.ctx, secret) })
	equal(s, "secrets", read(s, func(tx store.Tx) ([]store.SealedSecret, error) {
		return tx.Consumers().Secrets(s.ctx, c.ID)
	}), []store.SealedSecret{secret, old})
	stray := store.SealedSecret{ConsumerID: "nobody", Slot: lti.Current, Box: []byte("x")}
	s.fails(store.ErrNotFound, func(tx store.Tx) error { return tx.Consumers().PutSecret(s.ctx, stray) })

	learn := func(origin string, at int) {
		s.update(func(tx store.Tx) error { return tx.Consumers().LearnOrigin(s.ctx, c.ID, origin, after(at)) })
	}
	origins := func() []string {
		return read(s, func(tx store.Tx) ([]string, error) { return tx.Consumers().Origins(s.ctx, c.ID) })
	}
	learn("https://a.example", 1)
	learn("https://b.example", 2)
	learn("https://a.example", 3)
	equal(s, "origins", origins(), []string{"https://a.example", "https://b.example"})
	for i := range 100 {
		learn(fmt.Sprintf("https://%d.example", i), 10+i)
	}
	if list := origins(); len(list) > 50 || list[0] != "https://99.example" || slices.Contains(list, "https://a.example") {
		s.Errorf("after 100 origins %d are kept: %v", len(list), list)
	}
}

func testConsumerDelete(s suite) {
	gone, stays := s.consumer("gone"), s.consumer("stays")
	a := s.person("learner")
	for i, c := range []*lti.Consumer{gone, stays} {
		s.populate(c, a, i)
	}
	usage := func(id string) store.ConsumerUsage {
		return read(s, func(tx store.Tx) (store.ConsumerUsage, error) { return tx.Consumers().Usage(s.ctx, id) })
	}
	full := store.ConsumerUsage{Learners: 1, Launches: 2, Targets: 1, OwedScores: 1}
	equal(s, "usage", usage(gone.ID), full)
	s.update(func(tx store.Tx) error { return tx.Consumers().Delete(s.ctx, gone.ID) })
	equal(s, "usage after deletion", usage(gone.ID), store.ConsumerUsage{})
	equal(s, "usage of the other", usage(stays.ID), full)

	s.view(func(tx store.Tx) error {
		if _, err := tx.Accounts().ByID(s.ctx, a.ID); err != nil {
			s.Errorf("the account went too: %v", err)
		}
		if _, err := tx.Launches().ByID(s.ctx, "session 0"); !errors.Is(err, store.ErrNotFound) {
			s.Errorf("the session stayed: %v", err)
		}
		if _, err := tx.Owed().ForLink(s.ctx, gone.ID, a.ID, "link"); !errors.Is(err, store.ErrNotFound) {
			s.Errorf("the owed score stayed: %v", err)
		}
		secrets, err := tx.Consumers().Secrets(s.ctx, gone.ID)
		origins, err2 := tx.Consumers().Origins(s.ctx, gone.ID)
		places, err3 := tx.Placements().List(s.ctx, gone.ID, "")
		if len(secrets)+len(origins)+len(places) > 0 {
			s.Errorf("left: %v %v %v", secrets, origins, places)
		}
		log, err4 := tx.LaunchLog().List(s.ctx, store.LaunchFilter{ConsumerID: gone.ID})
		if len(log) != 1 {
			s.Errorf("%d rows of the launch log stayed, want 1", len(log))
		}
		return errors.Join(err, err2, err3, err4)
	})
}

// populate gives a consumer one of everything.
func (s suite) populate(c *lti.Consumer, a *account.Account, i int) {
	s.Helper()
	s.update(func(tx store.Tx) error {
		cs, ps := tx.Consumers(), tx.Placements()
		link := account.Link{ConsumerID: c.ID, LTIUserID: "u", AccountID: a.ID, How: "launch", CreatedAt: now()}
		_, linked := tx.Accounts().Link(s.ctx, link)
		place := store.Placement{ConsumerID: c.ID, LinkKey: "link", CourseKey: "c", UsageKey: "u", LastLaunchAt: now()}
		_, placed := ps.Upsert(s.ctx, place)
		_, again := ps.Upsert(s.ctx, place)
		id, targeted := ps.PutTarget(s.ctx, gradeTarget(c.ID, a.ID, "link"))
		return errors.Join(linked, placed, again, targeted,
			cs.PutSecret(s.ctx, store.SealedSecret{ConsumerID: c.ID, Slot: lti.Current, Box: []byte("x")}),
			cs.LearnOrigin(s.ctx, c.ID, "https://lms.example", now()),
			tx.Launches().Create(s.ctx, &store.Session{
				ID: fmt.Sprintf("session %d", i), ConsumerID: c.ID, AccountID: a.ID, ExpiresAt: after(60),
			}),
			tx.LaunchLog().Append(s.ctx, store.LaunchEntry{At: now(), Code: "ok", ConsumerID: c.ID}),
			tx.Owed().Owe(s.ctx, store.Debt{TargetID: id, At: now()}))
	})
	claimed := write(s, func(tx store.Tx) ([]store.Claimed, error) {
		return tx.Owed().Claim(s.ctx, after(1), "w", after(60).Sub(now()), 1)
	})
	if len(claimed) != 1 {
		s.Fatalf("claimed %d scores, want 1", len(claimed))
	}
	done := claimed[0].OwedScore
	done.State = store.Retrying
	done.NextAt = after(3600)
	s.update(func(tx store.Tx) error {
		return tx.Owed().Finish(s.ctx, done, "w", store.Attempt{At: after(2), Version: 1, Class: "transient"})
	})
}
