package store

import (
	"context"
	"time"

	"lectern/internal/account"
)

// StaleUsage counts what goes with learners who were not here for long.
type StaleUsage struct {
	Learners int64 // links of the consumer
	Accounts int64 // of those, accounts that go with their link
}

// Rails keeps what consumers with limits need.
type Rails interface {
	// Count counts a launch of a consumer in the minute of at, and returns how
	// many there are in it.
	Count(ctx context.Context, consumerID string, at time.Time) (int, error)
	// Stale returns links of a consumer whose learners were not here since
	// before: no launch, no work. Those with a score on its way are left out.
	Stale(ctx context.Context, consumerID string, before time.Time, limit int) ([]account.Link, error)
	// StaleUsage counts what [people.Service.Expire] would delete.
	StaleUsage(ctx context.Context, consumerID string, before time.Time) (StaleUsage, error)
	// Unlink removes a link and what an account has by the consumer alone: open
	// launches and gradebook cells.
	Unlink(ctx context.Context, l account.Link) error
}
