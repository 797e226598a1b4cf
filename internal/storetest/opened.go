package storetest

import (
	"errors"
	"time"

	"lectern/internal/account"
	"lectern/internal/course"
	"lectern/internal/lti"
	"lectern/internal/store"
)

// opened reads a session with token as a request does.
func (s suite) opened(in *store.Session, token string) (o *store.Opened, err error) {
	s.Helper()
	err = s.Look(s.ctx, func(tx store.Tx) (err error) {
		o, err = tx.Launches().Opened(s.ctx, *in, []byte(token))
		return err
	})
	return o, err
}

// testOpened asserts that reading everything at once says what the methods for
// each thing say, and that the stamps tell when something is different.
func testOpened(s suite) {
	in := s.session("L1")
	s.update(func(tx store.Tx) error { return tx.Launches().Create(s.ctx, in) })
	token := string(in.TokenHash)
	o, err := s.opened(in, token)
	if err != nil {
		s.Fatal(err)
	}
	equal(s, "session", o.Session, in)
	equal(s, "no course", o.VersionID, "")
	equal(s, "nothing done", o.States, map[course.Ref]*store.LearnerState{})
	for _, c := range []struct{ what, id, token string }{{"no session", "L2", token}, {"no token", "L1", ""}, {"a wrong token", "L1", "t0"}} {
		other := *in
		other.ID = c.id
		if _, err := s.opened(&other, c.token); !errors.Is(err, store.ErrNotFound) {
			s.Errorf("%s: %v", c.what, err)
		}
	}

	terms := store.TermsKey{
		CourseKey: in.CourseKey, ConsumerID: in.ConsumerID, PlacementID: in.PlacementID, AccountID: in.AccountID, Scope: in.Scope,
	}
	for _, step := range append(s.learnerSteps(in), s.siteSteps(in)...) {
		s.update(step.do)
		if step.token != "" {
			if _, err := s.opened(in, token); !errors.Is(err, store.ErrNotFound) {
				s.Errorf("the old token after %s: %v", step.what, err)
			}
			token = step.token
		}
		var list [2]*store.Opened
		for i := range list {
			if list[i], err = s.opened(in, token); err != nil {
				s.Fatal(err)
			}
		}
		equal(s, "the stamp after "+step.what, list[0].Stamp == o.Stamp, step.same)
		equal(s, "the stamp without a change after "+step.what, list[1].Stamp, list[0].Stamp)
		o = list[1]
	}
	equal(s, "last use", o.Session.SeenAt, after(2))
	equal(s, "origins", o.Origins, read(s, func(tx store.Tx) ([]string, error) { return tx.Consumers().Origins(s.ctx, in.ConsumerID) }))
	equal(s, "terms", &o.Terms, s.terms(terms))
	equal(s, "states", o.States, read(s, func(tx store.Tx) (map[course.Ref]*store.LearnerState, error) {
		return tx.Learners().States(s.ctx, in.AccountID, in.Scope, in.CourseKey)
	}))
	owed := read(s, func(tx store.Tx) (*store.OwedScore, error) {
		return tx.Owed().ForLink(s.ctx, in.ConsumerID, in.AccountID, "rl")
	})
	equal(s, "owed", o.Owed, []store.OwedScore{{TargetID: owed.TargetID, State: owed.State, NextAt: owed.NextAt, DeliveredAt: owed.DeliveredAt}})
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
	what  string
	same  bool // for pages
	do    func(tx store.Tx) error
	token string // the session has from then on
}

func (s suite) learnerSteps(in *store.Session) []openedStep {
	key := store.LearnerKey{AccountID: in.AccountID, Scope: in.Scope, CourseKey: in.CourseKey, Ref: course.Ref{Type: "problem", ID: "p"}}
	state := store.LearnerState{Key: key, State: `{"a":"☃"}`, Answered: true, Earned: 1.0 / 3, Possible: 2, UpdatedAt: now()}
	return []openedStep{
		{what: "an origin", same: true, do: func(tx store.Tx) error {
			return tx.Consumers().LearnOrigin(s.ctx, in.ConsumerID, "https://b.example", now())
		}},
		{what: "a later origin", same: true, do: func(tx store.Tx) error {
			return tx.Consumers().LearnOrigin(s.ctx, in.ConsumerID, "https://a.example", after(1))
		}},
		{what: "use", same: true, do: func(tx store.Tx) error { return tx.Launches().Seen(s.ctx, "L1", after(2)) }},
		{what: "a launch", same: true, do: func(tx store.Tx) error { return tx.Consumers().Launched(s.ctx, in.ConsumerID, "", after(3)) }},
		{what: "a new token", same: false, do: func(tx store.Tx) error {
			return tx.Launches().Rehandle(s.ctx, "L1", []byte("h2"), []byte("t2"), after(120))
		}, token: "t2"},
		{what: "a state", same: false, do: func(tx store.Tx) error { return tx.Learners().Put(s.ctx, &state) }},
		{what: "another state", same: false, do: func(tx store.Tx) error {
			again := state
			again.Version, again.Given = 1, &store.Given{Earned: 2, Possible: 2, By: "t", Why: "☃", At: now()}
			return tx.Learners().Put(s.ctx, &again)
		}},
		{what: "somebody else's state", same: true, do: func(tx store.Tx) error {
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
		{what: "a rule", same: false, do: func(tx store.Tx) error {
			return tx.Dates().Put(s.ctx, store.DateSetting{Level: store.DatesOfCourse, Subject: in.CourseKey, Rule: course.DateRule{Mode: course.Ignore}, At: now()})
		}},
		{what: "a nearer rule", same: false, do: func(tx store.Tx) error {
			return tx.Dates().Put(s.ctx, store.DateSetting{Level: store.DatesOfLink, Subject: "p", Rule: course.DateRule{Mode: course.Shift, Days: -3, Starts: after(9)}, At: now()})
		}},
		{what: "an allowance", same: false, do: func(tx store.Tx) error {
			return tx.Dates().Allow(s.ctx, store.Allowance{Key: key, Time: time.Hour, Attempts: 2, Why: "ill", At: now()})
		}},
		{what: "a target", same: true, do: func(tx store.Tx) (err error) { target.ID, err = tx.Placements().PutTarget(s.ctx, target); return err }},
		{what: "a score owed", same: false, do: func(tx store.Tx) error { return tx.Owed().Owe(s.ctx, store.Debt{TargetID: target.ID, At: now()}) }},
		{what: "a consumer's name", same: false, do: func(tx store.Tx) error {
			c, err := tx.Consumers().ByID(s.ctx, in.ConsumerID)
			if err != nil {
				return err
			}
			c.Name, c.UseLTIPII, c.FrameOrigins, c.EndsAt = "Renamed", true, []string{"https://c.example"}, after(99)
			return tx.Consumers().Update(s.ctx, c)
		}},
		{what: "an address", same: false, do: func(tx store.Tx) error {
			a, err := tx.Accounts().ByID(s.ctx, in.AccountID)
			if err != nil {
				return err
			}
			a.Email, a.Name = "moved@test.example", "Møved"
			return tx.Accounts().Update(s.ctx, a)
		}},
	}
}
