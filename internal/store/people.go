package store

import (
	"context"
	"time"

	"lectern/internal/account"
	"lectern/internal/lti"
)

// Identity is who an account is at an identity provider. (Issuer, Subject) is
// unique [OIDC Core §5.7].
type Identity struct {
	Issuer    string
	Subject   string
	AccountID string
	Email     string // what the provider said when it was linked
	CreatedAt time.Time
}

// History is all that an account has done.
type History struct {
	States  []LearnerState
	Events  []ScoreEvent // oldest first
	Targets []lti.GradeTarget
}

// Merged says what a merge moved, and what it left.
type Merged struct {
	States  int64
	Events  int64
	Links   int64
	Targets int64
	// Kept are the blocks that both accounts had worked on: what the merged
	// account did there stays with it.
	Kept []LearnerKey
}

// People keeps what belongs to a person as a whole.
type People interface {
	// ByIdentity returns the account of somebody at an identity provider.
	ByIdentity(ctx context.Context, issuer, subject string) (*account.Account, error)
	// PutIdentity fails with ErrConflict when the identity belongs to an
	// account already.
	PutIdentity(ctx context.Context, i Identity) error
	Identities(ctx context.Context, accountID string) ([]Identity, error)
	DeleteIdentity(ctx context.Context, i Identity) error

	History(ctx context.Context, accountID string) (*History, error)
	// AuditAbout returns the entries with this subject, newest first.
	AuditAbout(ctx context.Context, subject string, limit int) ([]AuditEntry, error)

	// EndLaunches ends every launch that is open for an account.
	EndLaunches(ctx context.Context, accountID string) error
	// Merge gives into what from has: learner states where into has none, with
	// their history; LMS links, as made by an operator at at; gradebook cells
	// where into has none; identities. Launches and sessions of from end. What
	// stays with from sends no scores any more.
	Merge(ctx context.Context, from, into string, at time.Time) (*Merged, error)
	// Delete removes an account and all that belongs to it. Its ID stays in the
	// audit; what the audit said of it goes.
	Delete(ctx context.Context, accountID string) error
}
