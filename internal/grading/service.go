package grading

import (
	"time"

	"lectern/internal/course"
	"lectern/internal/store"
)

// Who is the learner in front of a page.
type Who struct {
	AccountID string
	Scope     string // of learner state, see lti.Consumer.FreshState
	Staff     bool   // sees answers and what is hidden from learners
}

// At is the place in a course where something happens.
type At struct {
	Course *course.Course
	Block  *course.Block
}

// Waker is told that a score is owed. *outcome.Deliverer is one.
type Waker interface{ Wake() }

// Service grades answers and keeps what learners did. It is safe for
// concurrent use.
type Service struct {
	Store          store.Store
	Outcome        Waker            // nil: nobody is told
	Clock          func() time.Time // nil: time.Now
	AggregateDelay time.Duration    // how long composite scores gather changes
}
