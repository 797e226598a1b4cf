package store

import (
	"context"
	"time"

	"lectern/internal/course"
)

// DateLevel says what a rule about dates is for.
type DateLevel string

// The levels, from the farthest to the nearest. The nearest rule counts.
const (
	DatesOfCourse   DateLevel = "course"   // subject: a course key
	DatesOfConsumer DateLevel = "consumer" // subject: a consumer ID
	DatesOfLink     DateLevel = "link"     // subject: a placement ID
)

// DateSetting is a rule about dates and who made it.
type DateSetting struct {
	Level   DateLevel
	Subject string
	Rule    course.DateRule
	By      string // account ID, or "command line"
	At      time.Time
}

// Allowance is extra time or attempts of one learner. Key.Ref is zero for the
// whole course.
type Allowance struct {
	Key      LearnerKey
	Time     time.Duration
	Attempts int
	Why      string
	By       string // account ID
	At       time.Time
}

// Terms are what changes the dates and limits of a course for one learner at one
// link: the rule that counts, and what the learner gets beyond it.
type Terms struct {
	Rule  course.DateRule
	Level DateLevel // that the rule is from; "" for the site's default, to obey
	Extra []course.Extra
}

// TermsKey names a learner at a link. What is empty has no rule of its own.
type TermsKey struct {
	CourseKey, ConsumerID, PlacementID string
	AccountID, Scope                   string
}

// Dates keeps what becomes of courses' dates.
type Dates interface {
	// Terms reads all that counts for k in one statement.
	Terms(ctx context.Context, k TermsKey) (*Terms, error)
	// Setting returns one rule, or ErrNotFound where there is none.
	Setting(ctx context.Context, level DateLevel, subject string) (*DateSetting, error)
	Put(ctx context.Context, s DateSetting) error
	// Drop removes a rule; that there is none is no error.
	Drop(ctx context.Context, level DateLevel, subject string) error

	// Allowances returns what was given to a learner in a course.
	Allowances(ctx context.Context, accountID, scope, courseKey string) ([]Allowance, error)
	// Allow replaces what was given for the same block.
	Allow(ctx context.Context, a Allowance) error
	// Disallow fails with ErrNotFound when nothing was given for k.
	Disallow(ctx context.Context, k LearnerKey) error
}
