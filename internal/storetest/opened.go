package storetest

import (
	"errors"
	"time"

	"lectern/internal/account"
	"lectern/internal/course"
	"lectern/internal/lti"
	"lectern/internal/store"
)

// opened reads a session and its facts as a request does.
func (s suite) opened(id string) (o *store.Opened, f *store.Facts) {
	s.Helper()
	err := s.Look(s.ctx, func(tx store.Tx) (err error) {
		if o, err = tx.Launches().Opened(s.ctx, id); err != nil {
			return err
		}
		f, err = tx.Launches().Facts(s.ctx, o.Session)
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	return o, f
}

// testOpened asserts that reading everything at once says what the methods for
// each thing say, and that the stamps tell when something is different.
func testOpened(s suite) {
	in := s.session("L1")
	s.update(func(tx store.Tx) error { return tx.Launches().Create(s.ctx, in) })
	o, f := s.opened("L1")
	want := *in
	want.HandleHash, want.HandleUntil, want.CreatedAt = nil, time.Time{}, time.Time{}
	equal(s, "session", o.Session, &want)
	equal(s, "no course", o.VersionID, "")
	equal(s, "no facts", f, &store.Facts{States: map[course.Ref]*store.LearnerState{}, Stamp: f.Stamp})
	err := s.Look(s.ctx, func(tx store.Tx) error { _, err := tx.Launches().Opened(s.ctx, "L2"); return err })
	if !errors.Is(err, store.ErrNotFound) {
		s.Errorf("a session that there is not: %v", err)
	}

	terms := store.TermsKey{
		CourseKey: in.CourseKey, ConsumerID: in.ConsumerID, PlacementID: in.PlacementID, AccountID: in.AccountID, Scope: in.Scope,
	}
	for _, step := range append(s.learnerSteps(in), s.siteSteps(in)...) {
		s.update(step.do)
		o2, f2 := s.opened("L1")
		equal(s, "the stamps after "+step.what, o2.Stamp == o.Stamp && f2.Stamp == f.Stamp, step.same)
		o, f = o2, f2
		again, facts := s.opened("L1")
		equal(s, "the stamps without a change after "+step.what, [2]uint64{again.Stamp, facts.Stamp}, [2]uint64{o.Stamp, f.Stamp})
	}
	equal(s, "origins", f.Origins, read(s, func(tx store.Tx) ([]string, error) { return tx.Consumers().Origins(s.ctx, in.ConsumerID) }))
	equal(s, "terms", &f.Terms, s.terms(terms))
	equal(s, "states", f.States, read(s, func(tx store.Tx) (map[course.Ref]*store.LearnerState, error) {
		return tx.Learners().States(s.ctx, in.AccountID, in.Scope, in.CourseKey)
	}))
	owed := read(s, func(tx store.Tx) (*store.OwedScore, error) {
		return tx.Owed().ForLink(s.ctx, in.ConsumerID, in.AccountID, "rl")
	})
	equal(s, "owed", f.Owed, []store.OwedScore{{TargetID: owed.TargetID, State: owed.State, NextAt: owed.NextAt, DeliveredAt: owed.DeliveredAt}})
	equal(s, "consumer", o.Consumer, &lti.Consumer{
		ID: in.ConsumerID, Name: "Renamed", UseLTIPII: true, Enabled: true, FrameOrigins: []string{"https://c.example"},
		Rails: lti.Rails{EndsAt: after(99)},
	})
	a := read(s, func(tx store.Tx) (*account.Account, error) { return tx.Accounts().ByID(s.ctx, in.AccountID) })
	equal(s, "account", o.Account, &account.Account{
		ID: a.ID, Username: a.Username, Email: "moved@test.example", Name: "Møved", Kind: a.Kind, Enabled: a.Enabled,
	})
}

// openedStep is something that happens to what a session depends on.
type openedStep struct {
	what string
	same bool // for pages
	do   func(tx store.Tx) error
}

func (s suite) learnerSteps(in *store.Session) []openedStep {
	key := store.LearnerKey{AccountID: in.AccountID, Scope: in.Scope, CourseKey: in.CourseKey, Ref: course.Ref{Type: "problem", ID: "p"}}
	state := store.LearnerState{Key: key, State: `{"a":"☃"}`, Answered: true, Earned: 1.0 / 3, Possible: 2, UpdatedAt: now()}
	return []openedStep{
		{"an origin", true, func(tx store.Tx) error {
			return tx.Consumers().LearnOrigin(s.ctx, in.ConsumerID, "https://b.example", now())
		}},
		{"a later origin", true, func(tx store.Tx) error {
			return tx.Consumers().LearnOrigin(s.ctx, in.ConsumerID, "https://a.example", after(1))
		}},
		{"use", true, func(tx store.Tx) error { return tx.Launches().Seen(s.ctx, "L1", after(2)) }},
		{"a launch", true, func(tx store.Tx) error { return tx.Consumers().Launched(s.ctx, in.ConsumerID, "", after(3)) }},
		{"a new token", false, func(tx store.Tx) error {
			return tx.Launches().Rehandle(s.ctx, "L1", []byte("h2"), []byte("t2"), after(120))
		}},
		{"a state", false, func(tx store.Tx) error { return tx.Learners().Put(s.ctx, &state) }},
		{"another state", false, func(tx store.Tx) error {
			again := state
			again.Version, again.Given = 1, &store.Given{Earned: 2, Possible: 2, By: "t", Why: "☃", At: now()}
			return tx.Learners().Put(s.ctx, &again)
		}},
		{"somebody else's state", true, func(tx store.Tx) error {
			other := state
			other.Key.Scope = "elsewhere"
			return tx.Learners().Put(s.ctx, &other)
		}},
	}
}

func (s suite) siteSteps(in *store.Session) []openedStep {
	key := store.LearnerKey{AccountID: in.AccountID, Scope: in.Scope, CourseKey: in.CourseKey, Ref: course.Ref{Type: "problem", ID: "p"}}
	target := lti.GradeTarget{
		ConsumerID: in.ConsumerID, AccountID: in.AccountID, LinkKey: "rl", CourseKey: in.CourseKey, UsageKey: in.UsageKey,
		Scope: in.Scope, Outcome: lti.Outcome{ServiceURL: "https://lms.example/o", SourcedID: "1"}, UpdatedAt: now(),
	}
	return []openedStep{
		{"a rule", false, func(tx store.Tx) error {
			return tx.Dates().Put(s.ctx, store.DateSetting{Level: store.DatesOfCourse, Subject: in.CourseKey, Rule: course.DateRule{Mode: course.Ignore}, At: now()})
		}},
		{"a nearer rule", false, func(tx store.Tx) error {
			return tx.Dates().Put(s.ctx, store.DateSetting{Level: store.DatesOfLink, Subject: "p", Rule: course.DateRule{Mode: course.Shift, Days: -3, Starts: after(9)}, At: now()})
		}},
		{"an allowance", false, func(tx store.Tx) error {
			return tx.Dates().Allow(s.ctx, store.Allowance{Key: key, Time: time.Hour, Attempts: 2, Why: "ill", At: now()})
		}},
		{"a target", true, func(tx store.Tx) (err error) { target.ID, err = tx.Placements().PutTarget(s.ctx, target); return err }},
		{"a score owed", false, func(tx store.Tx) error { return tx.Owed().Owe(s.ctx, store.Debt{TargetID: target.ID, At: now()}) }},
		{"a consumer's name", false, func(tx store.Tx) error {
			c, err := tx.Consumers().ByID(s.ctx, in.ConsumerID)
			if err != nil {
				return err
			}
			c.Name, c.UseLTIPII, c.FrameOrigins, c.EndsAt = "Renamed", true, []string{"https://c.example"}, after(99)
			return tx.Consumers().Update(s.ctx, c)
		}},
		{"an address", false, func(tx store.Tx) error {
			a, err := tx.Accounts().ByID(s.ctx, in.AccountID)
			if err != nil {
				return err
			}
			a.Email, a.Name = "moved@test.example", "Møved"
			return tx.Accounts().Update(s.ctx, a)
		}},
	}
}
