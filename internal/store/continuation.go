package store

import (
	"context"
	"time"
)

// ContinuationState says how far a waiting launch is.
type ContinuationState string

// The states. Only a confirmed one can be used, and only once.
const (
	ContinuationWaiting   ContinuationState = "waiting"
	ContinuationConfirmed ContinuationState = "confirmed"
	ContinuationUsed      ContinuationState = "used"
)

// Continuation is a verified launch that waits until its learner has signed in
// in another window. The ID is public; the frame holds the credential.
type Continuation struct {
	ID         string
	ConsumerID string
	TokenHash  []byte // SHA-256 of the frame's credential
	UserAgent  []byte // SHA-256 of the User-Agent that launched
	CodeHash   []byte // SHA-256 of the short code that the frame shows
	Tries      int    // codes given so far
	State      ContinuationState
	AccountID  string // who confirmed it
	Other      string // masked address of who gave the right code but is somebody else
	Box        []byte // package sealed; additional data is ContinuationAAD
	CreatedAt  time.Time
	ExpiresAt  time.Time
}

// ContinuationAAD binds a sealed launch to its row.
func ContinuationAAD(id string) string { return "continuation/" + id }

// Continuations keeps launches that wait.
type Continuations interface {
	// ByID returns a continuation in whatever state, expired or not.
	ByID(ctx context.Context, id string) (*Continuation, error)
	// Create inserts c as waiting, without tries.
	Create(ctx context.Context, c *Continuation) error
	// Try counts a code that is about to be judged. It fails with ErrNotFound
	// unless the continuation waits, is not over at now, and has seen fewer
	// than most. Of tries at once the later ones wait for the earlier.
	Try(ctx context.Context, id string, most int, now time.Time) error
	// Other notes who gave the right code without being the learner, and takes
	// the try back.
	Other(ctx context.Context, id, masked string) error
	// Confirm fails with ErrNotFound unless the continuation waits.
	Confirm(ctx context.Context, id, accountID string) error
	// Use fails with ErrNotFound unless the continuation is confirmed, not over
	// at now and unused.
	Use(ctx context.Context, id string, now time.Time) error
	// Prune deletes at most limit of those that ended before now.
	Prune(ctx context.Context, now time.Time, limit int) (int64, error)
}
