// Package storetest is the suite that every [store.Store] passes: one set of
// tests, one line per engine. It says in code what package store says in words.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lectern/internal/account"
	"lectern/internal/lti"
	"lectern/internal/store"
)

// Run runs the suite. open returns an empty store, migrated, that is closed when
// its test ends.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	for _, group := range []struct {
		name string
		test func(suite)
	}{
		{"transactions", testTransactions},
		{"concurrent updates", testConcurrentUpdates},
		{"cancelled updates", testCancelledUpdates},
		{"consumers", testConsumers},
		{"consumer conflicts", testConsumerConflicts},
		{"consumer search", testConsumerSearch},
		{"secrets and origins", testSecretsAndOrigins},
		{"deleting a consumer", testConsumerDelete},
		{"accounts", testAccounts},
		{"roles", testRoles},
		{"account links", testAccountLinks},
		{"linking at once", testLinkRace},
		{"proven links", testProvenLinks},
		{"e-mail addresses", testAddresses},
		{"retiring grade targets", testRetire},
		{"launches that wait", testContinuations},
		{"codes at once", testTries},
		{"requests for content", testSelections},
		{"requests for access", testAccess},
		{"staged imports", testStaged},
		{"use of a course", testUse},
		{"identities", testIdentities},
		{"history and audit of a person", testHistory},
		{"merging people", testMerge},
		{"deleting people", testDeletePerson},
		{"launch sessions", testSessions},
		{"opened sessions", testOpened},
		{"nonces", testNonces},
		{"pruning launches", testLaunchPrune},
		{"launch log", testLaunchLog},
		{"launch log of strangers", testLaunchLogCap},
		{"causes in the launch log", testLaunchCauses},
		{"test launches", testTestLaunches},
		{"placements", testPlacements},
		{"arriving launches", testKnown},
		{"counting launches", testCount},
		{"aiming", testAim},
		{"records", testRecord}, {"records together", testTogether},
		{"grade targets", testTargets},
		{"owing", testOwe},
		{"owing while sending", testOweWhileSending},
		{"finishing", testFinish},
		{"leases", testLeases},
		{"leases overtaken", testOvertaken},
		{"hurrying", testHurry},
		{"a clock set back", testTurnBack},
		{"launching while sending", testReviveWhileSending},
		{"claiming at once", testClaimRace},
		{"owing at once", testOweRace},
		{"targets that came from elsewhere", testMovedTargets},
		{"limits of consumers", testRails},
		{"resending", testResend},
		{"listing owed scores", testOwedList},
		{"comparing", testChecks},
		{"paging owed scores", testOwedPages},
		{"two secrets", testRotation},
		{"sealing anew", testBoxes},
		{"courses", testCourses},
		{"course versions", testCourseVersions},
		{"large courses", testLargeCourse},
		{"learner states", testLearnerStates},
		{"score history", testScoreHistory},
		{"dates", testDates},
		{"allowances", testAllowances},
		{"given scores", testGiven},
		{"learners of a block", testOfBlock},
		{"members of LMS courses", testMembers},
		{"rescores", testRescores},
		{"going back and clearing up", testVersions},
		{"votes", testTallies},
		{"votes at once", testTallyRace},
		{"console sessions", testConsoleSessions},
		{"throttle", testThrottle},
		{"audit and settings", testAuditAndSettings},
		{"hostile text", testHostileText},
	} {
		t.Run(group.name, func(t *testing.T) {
			group.test(suite{T: t, Store: open(t), ctx: t.Context()})
		})
	}
}

// suite is one test with a store of its own.
type suite struct {
	*testing.T
	store.Store
	ctx context.Context
}

// now is when tests happen, with microseconds.
func now() time.Time { return time.Date(2026, 11, 23, 9, 30, 0, 123456000, time.UTC) }

// after returns a moment some seconds after now.
func after(seconds int) time.Time { return now().Add(time.Duration(seconds) * time.Second) }

// update runs f in an update that must succeed.
func (s suite) update(f func(tx store.Tx) error) {
	s.Helper()
	if err := s.Update(s.ctx, f); err != nil {
		s.Fatalf("update: %v", err)
	}
}

// view runs f in a view that must succeed.
func (s suite) view(f func(tx store.Tx) error) {
	s.Helper()
	if err := s.View(s.ctx, f); err != nil {
		s.Fatalf("view: %v", err)
	}
}

// fails runs f in an update that must fail with want.
func (s suite) fails(want error, f func(tx store.Tx) error) {
	s.Helper()
	if err := s.Update(s.ctx, f); !errors.Is(err, want) {
		s.Errorf("update: got %v, want %v", err, want)
	}
}

// equal compares, taking empty and nil lists for the same.
func equal[V any](s suite, what string, got, want V) {
	s.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		s.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// read returns what f reads.
func read[V any](s suite, f func(tx store.Tx) (V, error)) V {
	s.Helper()
	var v V
	s.view(func(tx store.Tx) (err error) {
		v, err = f(tx)
		return err
	})
	return v
}

// write returns what f returns inside an update.
func write[V any](s suite, f func(tx store.Tx) (V, error)) V {
	s.Helper()
	var v V
	s.update(func(tx store.Tx) (err error) {
		v, err = f(tx)
		return err
	})
	return v
}

// atOnce runs f n times at once and waits.
func atOnce(n int, f func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	all.Wait()
}

// consumer creates a consumer called name.
func (s suite) consumer(name string) *lti.Consumer {
	s.Helper()
	c := &lti.Consumer{Name: name, Key: "key of " + name, Enabled: true, CreatedAt: now(), UpdatedAt: now()}
	s.update(func(tx store.Tx) error { return tx.Consumers().Create(s.ctx, c) })
	return c
}

// person creates an account.
func (s suite) person(username string) *account.Account {
	s.Helper()
	a := &account.Account{
		Username: username, Email: username + "@example.com", Kind: account.Anonymous, Enabled: true, CreatedAt: now(),
	}
	s.update(func(tx store.Tx) error { return tx.Accounts().Create(s.ctx, a) })
	return a
}

// targets creates n grade targets of a new consumer and learner, for the links
// l0, l1 …, and returns their IDs.
func (s suite) targets(n int) []string {
	s.Helper()
	c, a := s.consumer("LMS"), s.person("learner")
	var ids []string
	for i := range n {
		ids = append(ids, write(s, func(tx store.Tx) (string, error) {
			return tx.Placements().PutTarget(s.ctx, gradeTarget(c.ID, a.ID, fmt.Sprintf("l%d", i)))
		}))
	}
	return ids
}

func gradeTarget(consumerID, accountID, link string) lti.GradeTarget {
	return lti.GradeTarget{
		ConsumerID: consumerID, AccountID: accountID, LinkKey: link,
		CourseKey: "course-v1:o+c+r", UsageKey: "block-v1:o+c+r+type@problem+block@" + link,
		Outcome:   lti.Outcome{ServiceURL: "https://lms.example/outcome", SourcedID: "cell " + link},
		UpdatedAt: now(),
	}
}
