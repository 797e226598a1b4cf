package storetest

import (
	"errors"
	"testing"

	"lectern/internal/account"
	"lectern/internal/lti"
	"lectern/internal/store"
)

func testKnown(s suite) {
	lms, other := s.consumer("LMS"), s.consumer("other")
	known := func(k store.KnownKey) *store.Known {
		s.Helper()
		return read(s, func(tx store.Tx) (*store.Known, error) { return tx.Launches().Known(s.ctx, k) })
	}
	k := store.KnownKey{
		ConsumerID: lms.ID, LTIUserID: "U", ContextID: "ctx", LinkKey: "link", Origin: "https://lms.example",
		CourseKey: "course-v1:o+c+r",
	}
	equal(s, "a first launch", known(k), &store.Known{Consumer: lms})

	p := store.Placement{
		ConsumerID: lms.ID, LinkKey: "link", LMSContext: lti.Context{ID: "ctx", Title: "T", Label: "L"}, Title: "First",
		CourseKey: k.CourseKey, UsageKey: "u1", LastLaunchAt: after(1),
	}
	v := Large("version", 5)
	k.CourseKey = v.Course.Key.String()
	s.update(func(tx store.Tx) (err error) {
		if p.ID, err = tx.Placements().Upsert(s.ctx, p); err != nil {
			return err
		}
		_, published := tx.Courses().Publish(s.ctx, v)
		return errors.Join(published,
			tx.Consumers().LearnOrigin(s.ctx, lms.ID, k.Origin, after(2)),
			tx.Consumers().PutSecret(s.ctx, store.SealedSecret{ConsumerID: lms.ID, Slot: lti.Current, Box: []byte("now")}),
			tx.Consumers().PutSecret(s.ctx, store.SealedSecret{ConsumerID: lms.ID, Slot: lti.Previous, Box: []byte("then")}),
			tx.Consumers().PutSecret(s.ctx, store.SealedSecret{ConsumerID: other.ID, Slot: lti.Current, Box: []byte("other")}))
	})
	a := s.person("a")
	link := account.Link{ConsumerID: lms.ID, LTIUserID: "U", AccountID: a.ID, How: account.ByLaunch, CreatedAt: now()}
	s.update(func(tx store.Tx) error {
		_, err := tx.Accounts().Link(s.ctx, link)
		return err
	})
	equal(s, "a second launch", known(k), &store.Known{
		Consumer: lms, Boxes: [2][]byte{[]byte("now"), []byte("then")}, VersionID: "version", Placement: &p,
		OriginAt: after(2), Linked: true,
	})
	elsewhere := store.KnownKey{ConsumerID: other.ID, LTIUserID: "U", ContextID: "ctx", LinkKey: "link", Origin: k.Origin}
	equal(s, "the other LMS", known(elsewhere), &store.Known{Consumer: other, Boxes: [2][]byte{[]byte("other"), nil}})
	s.fails(store.ErrNotFound, func(tx store.Tx) error {
		_, err := tx.Launches().Known(s.ctx, store.KnownKey{ConsumerID: "nobody"})
		return err
	})

	s.view(func(tx store.Tx) error {
		l, who, err := tx.Accounts().Linked(s.ctx, lms.ID, "U")
		equal(s, "link", l, &link)
		equal(s, "account", who, a)
		_, _, absent := tx.Accounts().Linked(s.ctx, other.ID, "U")
		if !errors.Is(absent, store.ErrNotFound) {
			s.Errorf("somebody unknown: %v", absent)
		}
		return err
	})
}

func testCount(s suite) {
	lms := s.consumer("LMS")
	p := store.Placement{ConsumerID: lms.ID, LinkKey: "link", FirstAt: now(), LastLaunchAt: now()}
	p.ID = write(s, func(tx store.Tx) (string, error) { return tx.Placements().Upsert(s.ctx, p) })
	s.update(func(tx store.Tx) error {
		return errors.Join(tx.Placements().Count(s.ctx, p.ID, 3, after(9)), tx.Placements().Count(s.ctx, p.ID, 2, after(4)))
	})
	p.Launches, p.LastLaunchAt = 6, after(9)
	equal(s, "placement", read(s, func(tx store.Tx) ([]store.Placement, error) {
		return tx.Placements().List(s.ctx, lms.ID, "")
	}), []store.Placement{p})
	s.update(func(tx store.Tx) error { return tx.Placements().Count(s.ctx, "nobody's", 1, now()) })
}

// testAim compares with PutTarget, which tells the ID.
func testAim(s suite) {
	lms, a := s.consumer("LMS"), s.person("a")
	g := gradeTarget(lms.ID, a.ID, "l")
	s.update(func(tx store.Tx) error { return tx.Placements().Aim(s.ctx, g, true) })
	g.ID = write(s, func(tx store.Tx) (string, error) { return tx.Placements().PutTarget(s.ctx, g) })
	s.update(func(tx store.Tx) error { return tx.Owed().Owe(s.ctx, store.Debt{TargetID: g.ID, At: now()}) })
	owed := func() *store.OwedScore {
		s.Helper()
		return read(s, func(tx store.Tx) (*store.OwedScore, error) { return tx.Owed().ForLink(s.ctx, lms.ID, a.ID, "l") })
	}
	s.update(func(tx store.Tx) error {
		list, err := tx.Owed().Claim(s.ctx, now(), "w", lease, 1)
		if err != nil || len(list) != 1 {
			s.Fatalf("claimed %d, %v", len(list), err)
		}
		c := list[0].OwedScore
		c.State, c.LastError = store.Parked, "gone"
		return tx.Owed().Finish(s.ctx, c, "w", store.Attempt{})
	})
	equal(s, "state", owed().State, store.Parked)
	moved := g
	moved.Outcome.ServiceURL, moved.Refused = "https://new.example", "refused"
	s.update(func(tx store.Tx) error { return tx.Placements().Aim(s.ctx, moved, false) })
	equal(s, "state at an address that is refused", owed().State, store.Parked)
	moved.Refused, moved.UpdatedAt = "", after(5)
	s.update(func(tx store.Tx) error { return tx.Placements().Aim(s.ctx, moved, false) })
	equal(s, "target", read(s, func(tx store.Tx) (*lti.GradeTarget, error) { return tx.Placements().Target(s.ctx, g.ID) }), &moved)
	equal(s, "state at the new address", owed().State, store.Waiting)
	equal(s, "due", owed().NextAt, after(5))
}

// testRecord holds Record against what it promises: the outcome of an update,
// whatever its function was told on the way.
func testRecord(s suite) {
	lms, runs := s.consumer("LMS"), 0
	use := func(launch string) (taken *store.Nonce) {
		err := s.Record(s.ctx, func(tx store.Tx) (err error) {
			runs++
			if taken, err = tx.Launches().UseNonce(s.ctx, store.Nonce{Hash: []byte("h"), LaunchID: launch, At: now()}); err != nil || taken != nil {
				return err
			}
			return tx.LaunchLog().Append(s.ctx, store.LaunchEntry{ID: launch, Code: "ok", ConsumerID: lms.ID})
		})
		if err != nil {
			s.Fatal(err)
		}
		return taken
	}
	if taken := use("first"); taken != nil || runs != 1 {
		s.Errorf("first use: taken %v, %d runs", taken, runs)
	}
	if taken := use("second"); taken == nil || taken.LaunchID != "first" {
		s.Errorf("second use: taken %+v", taken)
	}
	equal(s, "rows of the log", len(s.log(store.LaunchFilter{})), 1)

	refusal := errors.New("refused")
	for name, f := range map[string]func(tx store.Tx) error{
		"a function that fails": func(tx store.Tx) error {
			return errors.Join(tx.LaunchLog().Append(s.ctx, store.LaunchEntry{ID: "x"}), refusal)
		},
		"a reference to nobody": func(tx store.Tx) error {
			if err := tx.LaunchLog().Append(s.ctx, store.LaunchEntry{ID: "y"}); err != nil {
				return err
			}
			return tx.Launches().Create(s.ctx, &store.Session{ID: "s", ConsumerID: lms.ID, AccountID: "nobody"})
		},
	} {
		err := s.Record(s.ctx, f)
		if !errors.Is(err, refusal) && !errors.Is(err, store.ErrNotFound) {
			s.Errorf("%s: %v", name, err)
		}
	}
	equal(s, "rows of the log after failures", len(s.log(store.LaunchFilter{})), 1)
	s.update(func(tx store.Tx) error { return tx.Settings().Put(s.ctx, "still", "works") })
}

// RunRecords runs the tests of what launches and answers write, for a store whose
// every update is a record.
func RunRecords(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	for name, test := range map[string]func(suite){
		"linking at once": testLinkRace, "nonces": testNonces, "placements": testPlacements, "grade targets": testTargets,
		"owing at once": testOweRace, "learner states": testLearnerStates, "cancelled updates": testCancelledUpdates,
		"aiming": testAim,
	} {
		t.Run(name, func(t *testing.T) { test(suite{T: t, Store: open(t), ctx: t.Context()}) })
	}
}
