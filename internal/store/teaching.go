package store

import (
	"context"
	"time"

	"lectern/internal/account"
	"lectern/internal/course"
)

// Given is a score that a teacher gave in the place of the one that grading
// made. It stays until it is withdrawn.
type Given struct {
	Earned   float64   `json:"earned"`
	Possible float64   `json:"possible"`
	By       string    `json:"by"` // account ID
	Why      string    `json:"why"`
	At       time.Time `json:"at"`
}

// Counts returns the points that count, and whether there are any: a teacher's,
// else what grading made.
func (s *LearnerState) Counts() (earned, possible float64, counts bool) {
	if s.Given != nil {
		return s.Given.Earned, s.Given.Possible, true
	}
	return s.Earned, s.Possible, s.Answered
}

// Member is a learner of an LMS's course.
type Member struct {
	AccountID string
	Username  string
	Name      string // as the account has it
	Kind      account.Kind
	LTIUserID string // at the consumer of the course
	Since     time.Time
}

// Members keeps who has launched something from which LMS course.
type Members interface {
	// Seen notes that an account launched a placement; staff are no learners.
	Seen(ctx context.Context, placementID, accountID string, staff bool, at time.Time) error
	// List returns learners of the placement's LMS course after an account ID, in
	// its order.
	List(ctx context.Context, placementID, after string, limit int) ([]Member, error)
	Count(ctx context.Context, placementID string) (int64, error)
	// States returns what its learners did with one block, in the same order.
	States(ctx context.Context, placementID, after string, k LearnerKey, limit int) ([]LearnerState, error)
	// Takes reports whether an account launched something from an LMS course that
	// has a link to a course.
	Takes(ctx context.Context, accountID, courseKey string) (bool, error)
}

// RescoreState says how far grading again is.
type RescoreState string

// The states.
const (
	RescorePreview   RescoreState = "preview" // finding out who changes
	RescoreReady     RescoreState = "ready"   // known; nothing is changed yet
	RescoreApply     RescoreState = "apply"   // changing scores
	RescoreDone      RescoreState = "done"
	RescoreCancelled RescoreState = "cancelled"
)

// Rescore is grading again what was answered to a problem.
type Rescore struct {
	ID         string
	CourseKey  string
	Ref        course.Ref
	AccountID  string // "" for all who answered
	Scope      string // of that one
	OnlyHigher bool
	State      RescoreState
	AskedBy    string
	AskedAt    time.Time
	FinishedAt time.Time
	DueAt      time.Time // zero: nobody works on it
	After      RescoreKey
	Seen       int64 // learners looked at
	Raised     int64
	Lowered    int64
	Failed     int64
	Cells      int64 // gradebook cells of those who change
	Applied    int64
}

// RescoreKey is a learner in the order in which they are graded again.
type RescoreKey struct{ AccountID, Scope string }

// RescoreRow is a learner whose score changes, or could not be found out.
type RescoreRow struct {
	RescoreKey
	Username               string // set by Rows
	OldEarned, OldPossible float64
	NewEarned, NewPossible float64
	Outcome                string // changes, failed, applied, same
	Detail                 string
}

// Rescores keeps what is graded again.
type Rescores interface {
	// Create inserts r as a preview that is due.
	Create(ctx context.Context, r Rescore) error
	ByID(ctx context.Context, id string) (*Rescore, error)
	List(ctx context.Context, courseKey string, limit int) ([]Rescore, error) // newest first
	// Due reports whether one is due at now.
	Due(ctx context.Context, now time.Time) (bool, error)
	// Claim returns one that is due at now, and is its caller's until until; it
	// fails with ErrNotFound when none is due and ErrConflict when somebody was
	// faster.
	Claim(ctx context.Context, now, until time.Time) (*Rescore, error)
	// Save writes how far r is. claimed is the DueAt that the claim came with; it
	// fails with ErrConflict when the claim is somebody else's by now.
	Save(ctx context.Context, r Rescore, claimed time.Time) error
	// Move changes the state of one that is in the state from, starts over its
	// cursor and, with a due time, has it worked on. It fails with ErrConflict
	// when it is in another state.
	Move(ctx context.Context, id string, from, to RescoreState, due, finished time.Time) error
	PutRow(ctx context.Context, id string, r RescoreRow) error
	Rows(ctx context.Context, id string, after RescoreKey, limit int) ([]RescoreRow, error)
}
