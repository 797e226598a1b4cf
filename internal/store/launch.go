package store

import (
	"context"
	"time"

	"lectern/internal/lti"
)

// Session is one verified launch and the right to use what it opened. The ID
// is public and part of addresses; the token is the credential.
type Session struct {
	ID          string
	ConsumerID  string
	AccountID   string
	PlacementID string
	CourseKey   string
	UsageKey    string // as mapped into the course
	Scope       string // learner state scope
	Staff       bool
	ScoreHost   string // host of the launch's outcome address; "" when it named none
	ReturnURL   string
	Locale      string
	Query       string // raw query of the launch: show_title, view
	TokenHash   []byte // SHA-256 of the session token
	HandleHash  []byte // SHA-256 of the one-time handle; nil once redeemed
	HandleUntil time.Time
	UserAgent   []byte // SHA-256 of the User-Agent that launched
	CreatedAt   time.Time
	SeenAt      time.Time
	ExpiresAt   time.Time // absolute end of life
}

// Nonce is a used (consumer key, timestamp, nonce), [OAuth1 §3.3].
type Nonce struct {
	Hash        []byte // SHA-256 of the triple
	Fingerprint []byte // SHA-256 of all parameters and the target
	LaunchID    string
	At          time.Time
	ExpiresAt   time.Time // past + future window + 60 s after receipt
}

// Launches keeps launch sessions and used nonces.
type Launches interface {
	ByID(ctx context.Context, id string) (*Session, error)
	// Opened reads what a page of a session depends on in one statement. Of s, which
	// may have been read long ago, it uses what never changes. It fails with
	// ErrNotFound when the session is gone or has another token.
	Opened(ctx context.Context, s Session, tokenHash []byte) (*Opened, error)
	Create(ctx context.Context, s *Session) error
	// Redeem takes the handle away and sets the session token. It fails with
	// ErrNotFound unless the handle is there, unredeemed and younger than now.
	Redeem(ctx context.Context, id string, handleHash, tokenHash []byte, now time.Time) error
	// Rehandle gives a session that was never redeemed a new one-time handle
	// and token. It fails with ErrNotFound when it was redeemed already.
	Rehandle(ctx context.Context, id string, handleHash, tokenHash []byte, until time.Time) error
	// Seen moves the time of last use; callers throttle it.
	Seen(ctx context.Context, id string, at time.Time) error

	// UseNonce inserts n and returns nil, or, when the hash is taken, inserts
	// nothing and returns the row that is there.
	UseNonce(ctx context.Context, n Nonce) (taken *Nonce, err error)
	// Known returns what is known about a launch that arrives. It fails with
	// ErrNotFound when the consumer is gone.
	Known(ctx context.Context, k KnownKey) (*Known, error)
	// Prune deletes nonces and sessions that ended before now, at most limit
	// of each, and returns how many rows went.
	Prune(ctx context.Context, now time.Time, limit int) (int64, error)
}

// KnownKey names what a launch is about.
type KnownKey struct {
	ConsumerID string
	LTIUserID  string
	ContextID  string // the LMS's; "" when it sends none
	LinkKey    string
	Origin     string // where the launch came from
	CourseKey  string
}

// Known is what is known about a launch that arrives.
type Known struct {
	Consumer  *lti.Consumer
	Boxes     [2][]byte  // the sealed secrets, current and previous; nil for none
	VersionID string     // the published version of the course; "" when there is none
	Placement *Placement // nil for a link that was never launched; without FirstAt and Launches
	OriginAt  time.Time  // when the origin was last learned; zero for never
	Linked    bool       // the learner was here before
}

// LaunchEntry is a row of the launch log: one launch, good or refused. It
// holds no personal data, secret or signature.
type LaunchEntry struct {
	ID          string
	At          time.Time
	Code        string // "ok" or an error code; learners see it with a code made of the ID
	Verified    bool   // the signature was good
	ConsumerID  string // "" when unknown
	ConsumerKey string // as sent, cut to 255 characters
	CourseKey   string
	UsageKey    string
	Detail      string // a line for the operator
	Repeats     int64  // further refusals folded into this row

	Cause    string         // of a refusal: those with the same one have one cure
	Skew     *time.Duration // whole seconds: our clock minus the LMS's; nil while unproven
	Evidence string         // JSON of package launchlog, masked
	TestID   string         // of the test launch that this is; "" for real ones
}

// Key is where a page that starts after e begins.
func (e LaunchEntry) Key() LaunchKey { return LaunchKey{e.At, e.ID} }

// LaunchKey is a place in the launch log.
type LaunchKey struct {
	At time.Time
	ID string
}

// LaunchFilter selects launch-log rows; zero fields select all.
type LaunchFilter struct {
	ConsumerID string
	Code       string
	CourseKey  string
	Failed     bool      // only refusals
	Opened     bool      // only launches that worked
	Text       string    // part of key, content, code or detail, ignoring the case of ASCII
	Reference  string    // the last characters of the ID; Text and Before are not looked at
	TestID     string    // the launches of a test; nothing but Limit is looked at
	Before     LaunchKey // only rows after this place, which are older
	Limit      int       // 0 means 100
}

// LaunchCause is what several refusals have in common.
type LaunchCause struct {
	ConsumerID  string // "" for those of unknown LMSs, which are one
	ConsumerKey string // one of the keys that were sent
	Code        string
	Cause       string
	Count       int64
	First, Last time.Time
	Newest      string // ID of the latest row
}

// LaunchLog keeps what happened at the front door.
type LaunchLog interface {
	Append(ctx context.Context, e LaunchEntry) error
	// AppendUnverified is Append for requests nobody vouches for: when limit
	// unverified rows are newer than since already, the newest row with the
	// same code and key is counted up instead, or, when there is none, nothing
	// is written.
	AppendUnverified(ctx context.Context, e LaunchEntry, since time.Time, limit int) error
	List(ctx context.Context, f LaunchFilter) ([]LaunchEntry, error) // newest first
	// Causes groups the refusals since a moment, the most frequent first. Tests
	// do not count.
	Causes(ctx context.Context, since time.Time, limit int) ([]LaunchCause, error)
	// Counts returns how many launches were good and how many were refused since
	// a moment. Tests do not count.
	Counts(ctx context.Context, since time.Time) (good, refused int64, err error)
	// Skews returns how far a consumer's clock was from ours, by the newest of
	// its proven launches since a moment. Tests do not count.
	Skews(ctx context.Context, consumerID string, since time.Time, limit int) ([]time.Duration, error)
	Prune(ctx context.Context, before time.Time, limit int) (int64, error)
}
