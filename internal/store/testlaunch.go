package store

import (
	"context"
	"time"
)

// TestLaunch is a launch that an operator makes to test a link.
type TestLaunch struct {
	ID           string
	MadeAt       time.Time
	MadeBy       string // account ID
	ConsumerID   string
	CourseKey    string
	UsageKey     string
	Person       string // who launches, by the name in the test LMS
	LMS          string // which LMS the launch is like
	Fault        string // what is wrong with the launch; "" for nothing
	OutcomeFault string // what is wrong with the gradebook
	Grade        string // what the gradebook holds, as received; "" for nothing
}

// TestMessage is a message that a test's gradebook got, and its answer.
type TestMessage struct {
	ID        string
	TestID    string
	At        time.Time
	Operation string
	Score     string // as received
	Accepted  bool
	Reason    string // why not
	Status    int    // of the answer
	Request   string // masked, cut
	Answer    string // cut
}

// TestLaunches keeps test launches and their gradebooks.
type TestLaunches interface {
	ByID(ctx context.Context, id string) (*TestLaunch, error)
	// Create fails with ErrNotFound when the consumer is gone.
	Create(ctx context.Context, l *TestLaunch) error
	// List returns the newest tests, of one consumer or, for "", of all.
	List(ctx context.Context, consumerID string, limit int) ([]TestLaunch, error)
	// Receive keeps a message and what the gradebook holds after it.
	Receive(ctx context.Context, m TestMessage, grade string) error
	// Messages lists what a test's gradebook got, oldest first, at most limit of
	// the newest.
	Messages(ctx context.Context, id string, limit int) ([]TestMessage, error)
	Prune(ctx context.Context, before time.Time, limit int) (int64, error)
}
