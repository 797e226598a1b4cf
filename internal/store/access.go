package store

import (
	"context"
	"time"
)

// AccessState says what became of a request for access.
type AccessState string

// The states. A request is decided once.
const (
	AccessWaiting  AccessState = "waiting"
	AccessApproved AccessState = "approved"
	AccessDeclined AccessState = "declined"
)

// AccessRequest is what somebody at an LMS without a consumer asks for. Nobody
// vouches for anything in it.
type AccessRequest struct {
	ID      string // of the page on which it was written
	LMS     string // SHA-256 of what tells LMSs apart, in hex
	State   AccessState
	AskedAt time.Time
	Repeats int64 // more requests from the same LMS while it waited

	// What the person wrote.
	Name, Institution, Email, Message string

	// What the refused launch said.
	ConsumerKey                 string
	LMSName, LMSGUID, LMSFamily string
	ContextTitle, LinkTitle     string
	CourseKey, UsageKey         string
	LaunchID                    string // its row in the launch log

	DecidedAt  time.Time
	DecidedBy  string // account ID
	Answer     string // why it was declined
	ConsumerID string // "" until approved; the consumer may be gone
}

// AccessRequests keeps requests for access.
type AccessRequests interface {
	// ByID returns a request in whatever state.
	ByID(ctx context.Context, id string) (*AccessRequest, error)
	// Create inserts r as waiting. It fails with ErrConflict when there is one with
	// the same ID, or one of the same LMS that waits.
	Create(ctx context.Context, r *AccessRequest) error
	// Repeat counts one more request of an LMS that has one waiting. It fails with
	// ErrNotFound when it has none.
	Repeat(ctx context.Context, lms string) error
	// Waiting counts those that wait.
	Waiting(ctx context.Context) (int, error)
	// List returns at most limit, those that wait first, the newest of each first.
	List(ctx context.Context, limit int) ([]AccessRequest, error)
	// Decide keeps State, DecidedAt, DecidedBy, Answer and ConsumerID of r. It fails
	// with ErrNotFound unless the request waits.
	Decide(ctx context.Context, r *AccessRequest) error
	// Delete fails with ErrNotFound when there is none.
	Delete(ctx context.Context, id string) error
	// Prune deletes at most limit of those that were decided before one moment, or
	// asked before another and never decided.
	Prune(ctx context.Context, decided, asked time.Time, limit int) (int64, error)
}
