// Package linktest lets an operator try an LTI link without an LMS.
//
// A test is one launch, kept in the database: who launches which link of which
// consumer, as which LMS would, with which fault. [Service.Form] signs it with
// the consumer's real secret, always the same way, so that the page that posts
// it may be loaded again. The launch goes through the front door like every
// other. It says which test it is in the parameter [Param]; a launch of a known
// test counts as one ([Known]): it teaches the site nothing about the LMS, its
// learner is marked, and no statistic counts it.
//
// Its scores go to [Host], which is no host: [Gradebook] answers for it inside
// the process that sends them, and keeps what was said. So no request leaves
// the machine, nothing listens, and the guard on outgoing addresses stays as it
// is.
package linktest

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"lectern/internal/errs"
	"lectern/internal/fakelms"
	"lectern/internal/locale"
	"lectern/internal/lti"
	"lectern/internal/oauth1"
	"lectern/internal/registry"
	"lectern/internal/store"
)

// Host is where scores of tests go: a name that never resolves [RFC6761 §6.4].
const Host = "gradebook.invalid"

// Param is the parameter in which a launch says which test it is.
const Param = "custom_lectern_test"

// Prefix stands before every id that a test sends: nobody in an LMS has it.
const Prefix = "lectern-test-"

// link is the one link of a test's LMS.
const link = "test"

// Life is how long a test's launch can be posted, and Kept how long what came of
// it is there.
const (
	Life = time.Hour
	Kept = 7 * 24 * time.Hour
)

// ErrSettings means that a test cannot be made as it was asked for.
var ErrSettings = errs.New(errs.Invalid, "test_settings_invalid", "",
	"This launch cannot be tried. Please choose a consumer, a link and the rest from the lists.",
	"Consumer, content, person, LMS and faults must be ones that the page offers.")

// ErrUnknown means that there is no such test.
var ErrUnknown = errs.New(errs.NotFound, "test_unknown", "", "There is no such test. It may have been too long ago.",
	"Tests are kept for a week.")

// Service makes tests.
type Service struct {
	Store     store.Store
	Registry  *registry.Registry
	PublicURL *url.URL
	// LaunchURL is the address of a link.
	LaunchURL func(courseKey, usageKey string) (string, error)
	Clock     func() time.Time
}

// People lists who may launch, by name and title.
func People() []fakelms.Fault {
	return []fakelms.Fault{{Value: "ana", Title: locale.Text("Learner")}, {Value: "ben", Title: locale.Text("Another learner")}, {Value: "carla", Title: locale.Text("Teacher")}}
}

// LaunchFaults lists what can be wrong with the launch of a test. Sending it
// twice needs no fault.
func LaunchFaults() []fakelms.Fault {
	return slices.DeleteFunc(fakelms.LaunchFaults(), func(f fakelms.Fault) bool { return f.Value == string(fakelms.Replay) })
}

// Make keeps a new test of the operator who. It fails with [ErrSettings].
func (s *Service) Make(ctx context.Context, who string, l store.TestLaunch) (*store.TestLaunch, error) {
	_, known := fakelms.Named(l.LMS)
	has := func(list []fakelms.Fault, value string) bool {
		return slices.ContainsFunc(list, func(f fakelms.Fault) bool { return f.Value == value })
	}
	if !known || !has(People(), l.Person) || l.Fault != "" && !has(LaunchFaults(), l.Fault) ||
		l.OutcomeFault != "" && !has(fakelms.OutcomeFaults(), l.OutcomeFault) {
		return nil, ErrSettings
	}
	if _, err := s.LaunchURL(l.CourseKey, l.UsageKey); err != nil {
		return nil, ErrSettings.Wrap(err)
	}
	l.MadeAt, l.MadeBy = s.Clock(), who
	err := s.Store.Update(ctx, func(tx store.Tx) error {
		c, err := tx.Consumers().ByID(ctx, l.ConsumerID)
		if err != nil {
			return ErrSettings.Wrap(err)
		}
		l.ID = ""
		if err := tx.TestLaunches().Create(ctx, &l); err != nil {
			return err
		}
		return tx.Audit().Append(ctx, store.AuditEntry{
			At: l.MadeAt, Who: who, Act: "consumer.test", Subject: c.ID, After: l.UsageKey + " as " + l.Person,
		})
	})
	return &l, err
}

// lms returns the LMS of a test, with what its gradebook holds.
func (s *Service) lms(ctx context.Context, l *store.TestLaunch) (*fakelms.LMS, error) {
	c, secrets, err := s.Registry.Credentials(ctx, l.ConsumerID)
	if err != nil {
		return nil, err
	}
	if len(secrets) == 0 {
		return nil, ErrSettings.With("consumer %s has no secret", c.ID)
	}
	to, err := s.LaunchURL(l.CourseKey, l.UsageKey)
	if err != nil {
		return nil, ErrSettings.Wrap(err)
	}
	personality, ok := fakelms.Named(l.LMS)
	if !ok {
		return nil, ErrSettings.With("LMS %q", l.LMS)
	}
	lms, err := fakelms.New(fakelms.Options{
		Personality: &personality, ConsumerName: "Test of " + c.Name, Key: c.Key, Secret: secrets[0].Value,
		BaseURL: s.PublicURL.String() + "/admin/test/" + l.ID, OutcomeBaseURL: "https://" + Host + "/" + l.ID,
		Prefix: Prefix, Extra: []fakelms.Pair{{Name: Param, Value: l.ID}},
		Links: []fakelms.Link{{ID: link, Title: "Test", LaunchURL: to, Graded: true}},
		Now:   func() time.Time { return l.MadeAt },
	})
	if err != nil {
		return nil, err
	}
	if l.Grade != "" {
		lms.SetGrade(l.Person, link, l.Grade)
	}
	return lms, nil
}

// Form returns the launch of a test, signed: the same each time.
func (s *Service) Form(ctx context.Context, l *store.TestLaunch) (fakelms.Form, error) {
	lms, err := s.lms(ctx, l)
	if err != nil {
		return fakelms.Form{}, err
	}
	return lms.LaunchWith(l.Person, link, fakelms.LaunchFault(l.Fault))
}

// Known returns the ID of the test that a message says it is, or "". Most
// messages say nothing and cost nothing.
func Known(ctx context.Context, db store.Store, clock func() time.Time, form []oauth1.Pair) string {
	id := ""
	for _, p := range form {
		if p.Name == Param && len(p.Value) == 36 {
			id = p.Value
		}
	}
	if id == "" {
		return ""
	}
	var l *store.TestLaunch
	err := db.View(ctx, func(tx store.Tx) (err error) {
		l, err = tx.TestLaunches().ByID(ctx, id)
		return err
	})
	if err != nil || clock().Sub(l.MadeAt) > Life {
		return ""
	}
	return id
}

// Mark says in a verified launch of a known test that it is one. Only the ids of
// tests are: whoever holds a consumer's secret could name a test in anybody's
// launch.
func Mark(l *lti.Launch) bool {
	l.Test = strings.HasPrefix(l.User.ID, Prefix)
	return l.Test
}

// Owns reports whether an address is that of a test's gradebook.
func Owns(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Scheme == "https" && u.Host == Host && u.User == nil
}
