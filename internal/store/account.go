package store

import (
	"context"
	"time"

	"lectern/internal/account"
)

// Accounts keeps people and how LMS users are linked to them.
type Accounts interface {
	ByID(ctx context.Context, id string) (*account.Account, error)
	ByUsername(ctx context.Context, username string) (*account.Account, error) // ignoring case
	// ByLink returns the account of a consumer's user.
	ByLink(ctx context.Context, consumerID, ltiUserID string) (*account.Account, error)
	List(ctx context.Context, search string, limit int) ([]*account.Account, error)
	// Admins lists the accounts that may use the console, by user name.
	Admins(ctx context.Context) ([]*account.Account, error)
	// WithRole lists the accounts that have a role in the console without being
	// administrators, by user name.
	WithRole(ctx context.Context) ([]*account.Account, error)
	// Courses returns the keys of the courses whose team an account is in, in order.
	Courses(ctx context.Context, id string) ([]string, error)
	// SetCourses makes courseKeys the only courses whose team an account is in.
	SetCourses(ctx context.Context, id string, courseKeys []string, at time.Time) error
	// JoinCourse adds one; Team lists who is in a course's team, by user name.
	JoinCourse(ctx context.Context, id, courseKey string, at time.Time) error
	Team(ctx context.Context, courseKey string) ([]*account.Account, error)
	// ByEmail returns accounts with this address, in lower case; those with a
	// password first. LMSs may claim any address, so several may have it.
	ByEmail(ctx context.Context, email string, limit int) ([]*account.Account, error)
	// Create fails with ErrConflict when the username is taken.
	Create(ctx context.Context, a *account.Account) error
	Update(ctx context.Context, a *account.Account) error
	// Discard deletes an account that nothing refers to yet.
	Discard(ctx context.Context, id string) error
	// Link inserts l and returns its account ID. When the user is linked
	// already it changes nothing and returns the account linked first.
	Link(ctx context.Context, l account.Link) (accountID string, err error)
	// SignsIn reports whether somebody can sign in to an account: it has a
	// password, or an identity at a provider.
	SignsIn(ctx context.Context, id string) (bool, error)
	// Prove links l's user to l's account, whoever they were linked to before,
	// and keeps that account's ID in the link.
	Prove(ctx context.Context, l account.Link) error
	// Linked returns the link of a consumer's user and the account behind it.
	Linked(ctx context.Context, consumerID, ltiUserID string) (*account.Link, *account.Account, error)
	// FindLink returns the link of a consumer's user.
	FindLink(ctx context.Context, consumerID, ltiUserID string) (*account.Link, error)
	// CountLinks counts a consumer's links by how they came to be.
	CountLinks(ctx context.Context, consumerID string) (map[string]int64, error)
	// NoteLink says something about a link to operators; "" takes it back.
	NoteLink(ctx context.Context, consumerID, ltiUserID, note string, at time.Time) error
	// SeenLink keeps that a consumer's user was here; callers throttle it.
	SeenLink(ctx context.Context, consumerID, ltiUserID string, at time.Time) error
	Links(ctx context.Context, accountID string) ([]account.Link, error)
	Unlink(ctx context.Context, consumerID, ltiUserID string) error
}

// ConsoleSession is a signed-in administrator's browser.
type ConsoleSession struct {
	TokenHash []byte
	AccountID string
	CreatedAt time.Time
	ExpiresAt time.Time
}

// SetupLink is a one-time link that lets its holder set the password of an
// account.
type SetupLink struct {
	TokenHash []byte
	AccountID string
	ExpiresAt time.Time
}

// Console keeps what signing in to the console needs.
type Console interface {
	Session(ctx context.Context, tokenHash []byte, now time.Time) (*ConsoleSession, error)
	CreateSession(ctx context.Context, s ConsoleSession) error
	// DeleteSession ends one session; DeleteSessions all of an account.
	DeleteSession(ctx context.Context, tokenHash []byte) error
	DeleteSessions(ctx context.Context, accountID string) error

	CreateSetupLink(ctx context.Context, l SetupLink) error
	// PeekSetupLink returns a link that is still good, without using it up.
	PeekSetupLink(ctx context.Context, tokenHash []byte, now time.Time) (*SetupLink, error)
	DeleteSetupLinks(ctx context.Context, accountID string) error

	// Throttle counts a failure under each key (an address, a user name)
	// within window and returns the largest count.
	Throttle(ctx context.Context, keys []string, now time.Time, window time.Duration) (int, error)
	// Throttled returns the largest current count of the keys.
	Throttled(ctx context.Context, keys []string, now time.Time) (int, error)
	Unthrottle(ctx context.Context, keys []string) error
	Prune(ctx context.Context, now time.Time) error
}

// AuditEntry is one act of an operator, kept for ever.
type AuditEntry struct {
	ID      string
	At      time.Time
	Who     string // account ID, or "command line"
	Act     string // e.g. "consumer.create"
	Subject string // e.g. a consumer ID
	Before  string // JSON without secrets; "" when it did not exist
	After   string // JSON without secrets; "" when it is gone
}

// Audit keeps who changed what.
type Audit interface {
	Append(ctx context.Context, e AuditEntry) error
	List(ctx context.Context, limit int) ([]AuditEntry, error) // newest first
	// Before returns the entries before one, newest first; with a subject only
	// those about it.
	Before(ctx context.Context, e AuditEntry, subject string, limit int) ([]AuditEntry, error)
}

// Settings keeps site-wide values by name.
type Settings interface {
	Value(ctx context.Context, name string) (string, error)
	Put(ctx context.Context, name, value string) error
}
