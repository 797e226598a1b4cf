package grading

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/problem"
	"lectern/internal/problem/script"
	"lectern/internal/store"
)

// ErrBusy means that somebody else, most likely the same learner in another
// tab, kept changing the same state.
var ErrBusy = errs.New(errs.Conflict, "answer_conflict", "",
	"Your work is open in more than one place. Please try again.",
	"Several requests changed the state of one learner on one block at once.")

// Who is the learner in front of a page.
type Who struct {
	AccountID string
	Scope     string // of learner state, see lti.Consumer.FreshState
	Staff     bool   // sees answers and what is hidden from learners

	// The link that the learner came by, whose dates count; "" for none.
	ConsumerID, PlacementID string
}

// At is the place in a course where something happens.
type At struct {
	Course *course.Course
	Block  *course.Block
	Dates  *course.Dates // as they count for the learner; nil: the course's own

	// Learner is what was read of the learner in this very request, so that it is
	// not read again; nil: it is.
	Learner *Learner
}

// Waker is told that a score is owed. *outcome.Deliverer is one.
type Waker interface{ Wake() }

// Courses knows published courses. *catalog.Catalog is one.
type Courses interface {
	Course(ctx context.Context, courseKey string) (*course.Course, error)
}

// Service grades answers and keeps what learners did. It is safe for
// concurrent use; do not copy it.
type Service struct {
	Store          store.Store
	Courses        Courses          // for [Service.TargetScore]
	Outcome        Waker            // nil: nobody is told
	Clock          func() time.Time // nil: time.Now
	AggregateDelay time.Duration    // how long composite scores gather changes
	Random         func() uint64    // nil: math/rand/v2
	Scripts        script.Runner    // of Python in problems; nil: they cannot be answered
	External       script.Runner    // of Python that needs more, see problem.Options
	// Library returns the modules that a course brings along; nil: none do.
	Library func(*course.Course) *script.Library

	// Graded is told of each answer how long it took, waiting included; result is
	// "graded", "repeated", "refused" or "failed". Nil: nobody is told.
	Graded func(block, result string, took time.Duration)

	definitions definitions
}

// graded reports an answer to the block at, which came at began.
func (s *Service) graded(at At, began time.Time, repeated bool, err error) {
	if s.Graded == nil {
		return
	}
	result := "graded"
	switch {
	case err != nil:
		result = "refused"
		if kind := errs.From(err).Kind; kind == errs.Internal || kind == errs.Unavailable {
			result = "failed"
		}
	case repeated:
		result = "repeated"
	}
	s.Graded(at.Block.Type, result, s.now().Sub(began))
}

// surroundings returns what problems of c are parsed with.
func (s *Service) surroundings(c *course.Course) problem.Options {
	o := problem.Options{Scripts: s.Scripts, External: s.External}
	if s.Library != nil {
		o.Library = s.Library(c)
	}
	return o
}

// conflictTries is how often something is done again that others interfered
// with.
const conflictTries = 5

// again calls f until it ends otherwise than with store.ErrConflict, at most
// conflictTries times. retry tells f that it lost a race: what it read in a View
// may still be what was there before, because the winner's transaction need not
// be committed yet. Reading inside an Update waits for it.
func again(f func(retry bool) error) error {
	for n := range conflictTries {
		if err := f(n > 0); !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return ErrBusy
}

func (s *Service) now() time.Time {
	if s.Clock == nil {
		return time.Now().UTC()
	}
	return s.Clock()
}

// random returns a source of chance for one use.
func (s *Service) random() *rand.Rand {
	next := s.Random
	if next == nil {
		next = rand.Uint64
	}
	return rand.New(rand.NewPCG(next(), next())) //nolint:gosec // shuffles problems, keeps no secret
}

// key names the state of who on a block.
func (w Who) key(c *course.Course, ref course.Ref) store.LearnerKey {
	return store.LearnerKey{AccountID: w.AccountID, Scope: w.Scope, CourseKey: c.Key.String(), Ref: ref}
}
