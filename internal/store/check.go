package store

import (
	"context"
	"time"

	"lectern/internal/lti"
)

// Verdict says how a score here and the result at the LMS compare.
type Verdict string

// The verdicts.
const (
	Same       Verdict = "same"
	Missing    Verdict = "missing"    // the LMS holds nothing
	Differs    Verdict = "differs"    // the LMS holds another number
	Unclear    Verdict = "unclear"    // the LMS does not say; the reason is kept
	Unanswered Verdict = "unanswered" // nothing was answered here, and the LMS holds nothing
	// Overridden: the LMS holds a number that never came from here, though it
	// took ours, or though nothing was answered here. A teacher typed it, or a
	// rule of the LMS made it.
	Overridden Verdict = "overridden"
	Wrong      Verdict = "wrong" // in filters: missing or differs
)

// Check is the comparison of one score with the LMS.
type Check struct {
	TargetID string
	AskedAt  time.Time
	AskedBy  string // account ID, for the audit
	Repair   bool   // owe the score again when the LMS lacks it
	Pending  bool   // asked, and no verdict on that yet
	Tries    int    // since it was asked

	CheckedAt time.Time // zero: never compared
	Verdict   Verdict
	Here      *float64 // ratio here when it was compared
	There     *float64 // ratio at the LMS
	Said      string   // the LMS's number as it wrote it
	Reason    string
}

// ClaimedCheck is a check under lease, with all that reading needs.
type ClaimedCheck struct {
	Check
	OwedID     string    // "" when nothing was ever owed
	State      OwedState // of the owed score when the check was claimed
	LastScore  *float64  // ratio last delivered
	Target     lti.GradeTarget
	LeaseUntil time.Time
}

// Checks keeps comparisons with LMSs: one row per grade target that was ever
// compared.
type Checks interface {
	// Ask makes matching places in gradebooks due for comparing, also those that
	// nothing was ever owed to, and returns how many.
	// What is known from before stays until there is a new verdict.
	Ask(ctx context.Context, f OwedFilter, who string, repair bool, now time.Time) (int64, error)
	// Claim leases up to limit due rows to by. Rows whose lease ran out are due.
	Claim(ctx context.Context, now time.Time, by string, lease time.Duration, limit int) ([]ClaimedCheck, error)
	// Finish writes the verdict of c. It fails with ErrConflict when by no longer
	// holds the lease, also because somebody asked anew.
	Finish(ctx context.Context, c ClaimedCheck, by string) error
	// Release gives a lease back, due again at next, and keeps c.Tries.
	Release(ctx context.Context, c ClaimedCheck, by string, next time.Time) error
	// NextDue returns when the next row is due, or ErrNotFound.
	NextDue(ctx context.Context) (time.Time, error)
	// Pending counts the rows without a verdict since they were asked.
	Pending(ctx context.Context) (int64, error)
}
