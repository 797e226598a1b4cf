package store

import (
	"context"
	"time"

	"lectern/internal/lti"
)

// Placement is a link in an LMS course that has been launched.
type Placement struct {
	ID           string
	ConsumerID   string
	LinkKey      string // resource link ID, or the usage key without one
	LMSContext   lti.Context
	Title        string
	CourseKey    string
	UsageKey     string
	FirstAt      time.Time
	LastLaunchAt time.Time
	Launches     int64
	CopiedFrom   string // ID of the placement that the LMS says it was copied from
}

// PlacementUse is how much one consumer uses one block.
type PlacementUse struct {
	UsageKey     string
	ConsumerID   string
	Links        int64 // placements
	Launches     int64
	LastLaunchAt time.Time
}

// Placements keeps links that LMSs use and the gradebook cells behind them.
type Placements interface {
	// Upsert records a launch of (consumer, context, link key) and returns the
	// placement's ID; the newest launch wins for every other field but FirstAt.
	// Launches is counted here.
	Upsert(ctx context.Context, p Placement) (id string, err error)
	// List returns placements, the latest launch first; "" selects all.
	List(ctx context.Context, consumerID, courseKey string) ([]Placement, error)
	// Copied notes that a new link was copied from another one of its consumer,
	// found by the first of the link keys that is known. It returns that one's ID,
	// or "" when there is none or the link has one already.
	Copied(ctx context.Context, id, consumerID string, linkKeys []string) (from string, err error)
	// Use counts the links to each block of a course, by consumer.
	Use(ctx context.Context, courseKey string) ([]PlacementUse, error)
	// ByID returns a placement; Find that of a link in an LMS course.
	ByID(ctx context.Context, id string) (*Placement, error)
	Find(ctx context.Context, consumerID, contextID, linkKey string) (*Placement, error)
	// PutTarget inserts or re-points the grade target of (consumer, account,
	// link key) and returns its ID. When it re-points a target whose owed score
	// is parked, that score is owed again at once, unless t.Refused says why no
	// score can be sent.
	PutTarget(ctx context.Context, t lti.GradeTarget) (id string, err error)
	// Count adds launches to a placement, the last of them at a time.
	Count(ctx context.Context, id string, more int64, at time.Time) error
	// Aim is PutTarget for who does not ask for the ID. first says that the
	// account is new, so that nothing can be owed there.
	Aim(ctx context.Context, t lti.GradeTarget, first bool) error
	// Retire says of the target of (consumer, account, link key), if there is
	// one, why no score goes there any more.
	Retire(ctx context.Context, consumerID, accountID, linkKey, why string) error
	// Rename gives the target of (consumer, account, link key from) the link key
	// to, unless there is another target with that one, or none with the first.
	Rename(ctx context.Context, consumerID, accountID, from, to string) error
	// Admit forgets why no score could be sent to a target's address: the
	// operator admits it now.
	Admit(ctx context.Context, id string) error
	Target(ctx context.Context, id string) (*lti.GradeTarget, error)
	// Targets returns the targets of an account and scope that point at one of
	// the usages of a course.
	Targets(ctx context.Context, accountID, scope, courseKey string, usageKeys []string) ([]lti.GradeTarget, error)
	// Aimed returns the targets of an account and scope that point into a course.
	Aimed(ctx context.Context, accountID, scope, courseKey string) ([]Aimed, error)
}

// Aimed is a grade target by its ID and what it points at.
type Aimed struct{ ID, UsageKey string }

// OwedState is where a score is on its way to the LMS.
type OwedState string

// The states. See package outcome for what moves a row between them.
const (
	Waiting   OwedState = "waiting"   // due at NextAt
	Sending   OwedState = "sending"   // leased until LeaseUntil
	Retrying  OwedState = "retrying"  // failed; due again at NextAt
	Delivered OwedState = "delivered" // the LMS has the wanted version
	Parked    OwedState = "parked"    // given up with a reason; revived by resend or a new launch
	Unowed    OwedState = "none"      // in lists and filters: no score was ever owed to the place in the gradebook
)

// OwedScore is the one row that says what we owe a grade target.
type OwedScore struct {
	ID               string
	TargetID         string
	WantedVersion    int64
	DeliveredVersion int64
	State            OwedState
	Attempts         int       // since the score last changed or was resent
	FirstChangeAt    time.Time // of the changes not delivered yet
	NextAt           time.Time
	LeaseUntil       time.Time
	LeaseBy          string
	LastError        string
	LastScore        *float64 // ratio last delivered
	DeliveredAt      time.Time
}

// Debt says that the score behind a target changed.
type Debt struct {
	TargetID string
	At       time.Time     // of the change
	Delay    time.Duration // 0 for leaves; composites gather changes this long
}

// Claimed is an owed score under lease, with all that sending needs.
type Claimed struct {
	OwedScore
	Target lti.GradeTarget
}

// OwedFilter selects owed scores; zero fields select all.
type OwedFilter struct {
	ConsumerID string
	CourseKey  string
	AccountID  string
	Learner    string // account ID, user name, or the LMS's user ID
	Link       string // link key or usage key
	State      OwedState
	Verdict    Verdict // of the last comparison with the LMS
	ID         string  // Resend and Ask: this score alone, by its ID or its target's; other fields do not count
	Before     OwedKey // List only: rows after this one
	Limit      int     // 0 means no limit
}

// OwedKey is a place in the list of owed scores; the zero value is its start.
type OwedKey struct {
	At time.Time // first change; zero among places that nothing was owed to
	ID string
}

// OwedRow is an owed score as lists show it, or a place in a gradebook that
// nothing was ever owed to: its State is [Unowed] and its ID that of the target.
type OwedRow struct {
	OwedScore
	ConsumerID   string
	ConsumerName string
	AccountID    string
	Username     string
	LTIUserID    string
	CourseKey    string
	UsageKey     string
	LinkKey      string
	Scope        string
	ServiceURL   string // where the score goes; may hold keys
	Check        Check  // with the LMS; zero when it was never asked
}

// Key is where the row is in the list.
func (r OwedRow) Key() OwedKey { return OwedKey{At: r.FirstChangeAt, ID: r.ID} }

// Attempt is one try to deliver a score.
type Attempt struct {
	ID      string
	OwedID  string
	At      time.Time
	Took    time.Duration
	Version int64
	Score   float64 // ratio sent
	Class   string  // done, transient, config, permanent, refused
	Status  int     // HTTP status; 0 when no answer came
	Detail  string  // what the LMS said, at most 500 bytes
}

// Backlog is what has not reached the LMSs.
type Backlog struct {
	Count  map[OwedState]int // without Delivered
	Oldest time.Time         // first change of the oldest row still to be sent; zero when there is none
}

// Limits are the longest times that the outbox deals in.
type Limits struct {
	Slack time.Duration // how far clocks of processes may differ
	Pause time.Duration // until a row is tried again
	Lease time.Duration
}

// Owed is the outbox of scores.
type Owed interface {
	// Owe raises the wanted version of the target's owed score, creating it if
	// needed. A row that waits or retries keeps the earlier of its due times; a
	// delivered or parked one becomes due at At+Delay. While a row is sent the
	// change is noted, and Finish puts the row back.
	Owe(ctx context.Context, d Debt) error
	// Settle says of a target without an owed score that nothing is owed: whoever
	// was in our place before has sent it. It is delivered, at no known time.
	Settle(ctx context.Context, targetID string, at time.Time) error
	// Claim leases up to limit due rows to by, oldest first. Rows whose lease
	// ran out are due.
	Claim(ctx context.Context, now time.Time, by string, lease time.Duration, limit int) ([]Claimed, error)
	// Finish writes the outcome a of a try of the claim c: its state, attempts,
	// last error and next time, and a.Version as delivered when the state is
	// Delivered. When a newer version is wanted by then, the row goes back to
	// Waiting, due when that change asks but not before c.NextAt. Without a.At
	// no attempt is kept. It fails with ErrConflict when by no longer holds the
	// lease that c came with.
	Finish(ctx context.Context, c OwedScore, by string, a Attempt) error
	// Release gives a lease back without a try, due again at next. It fails
	// with ErrConflict when by no longer holds the lease.
	Release(ctx context.Context, id, by string, next time.Time) error
	// Overtaken keeps the try a, whose lease ran out while it was made, and owes
	// the score again as d says: somebody else may have sent meanwhile, and whose
	// message came last is not known. A try kept already changes nothing.
	Overtaken(ctx context.Context, a Attempt, d Debt) error
	// Hurry makes rows that retry due now, where they go to addresses that begin
	// with origin; with putOff those that wait as well. It returns how many.
	Hurry(ctx context.Context, origin string, putOff bool, now time.Time) (int64, error)
	// TurnBack makes due now what waits for a time that a clock set back has put
	// out of reach: rows changed later than now plus slack, or due later than any
	// pause. Leases of others than by that are longer than any lease end after
	// one. It returns how many rows it touched.
	TurnBack(ctx context.Context, now time.Time, by string, l Limits) (int64, error)
	// NextDue returns when the next row is due, or ErrNotFound.
	NextDue(ctx context.Context) (time.Time, error)
	Backlog(ctx context.Context) (Backlog, error)
	// Resend makes matching rows due now, delivered and parked ones too, and
	// returns how many. What is being sent is sent once more.
	Resend(ctx context.Context, f OwedFilter, now time.Time) (int64, error)
	// BacklogOf is Backlog for the scores of one consumer.
	BacklogOf(ctx context.Context, consumerID string) (Backlog, error)
	// List returns matching rows, the latest change first, then the places that
	// nothing was ever owed to, the youngest first.
	List(ctx context.Context, f OwedFilter) ([]OwedRow, error)
	// Row returns one row by the ID of the score or of its target.
	Row(ctx context.Context, id string) (OwedRow, error)
	Attempts(ctx context.Context, owedID string) ([]Attempt, error) // newest first
	// ForLink returns the owed score of an account for a consumer's link.
	ForLink(ctx context.Context, consumerID, accountID, linkKey string) (*OwedScore, error)
}
