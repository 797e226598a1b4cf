package store

import (
	"context"
	"time"

	"lectern/internal/lti"
)

// Consumers keeps the registered LMSs, their sealed secrets and the origins
// seen to frame them.
type Consumers interface {
	ByID(ctx context.Context, id string) (*lti.Consumer, error)
	ByKey(ctx context.Context, key string) (*lti.Consumer, error)
	// List returns consumers, without the built-in one of previews, whose name, key or GUID contains search, ignoring
	// case; all of them for "". Ordered by name.
	List(ctx context.Context, search string) ([]*lti.Consumer, error)
	// Create fails with ErrConflict when the name or key is taken.
	Create(ctx context.Context, c *lti.Consumer) error
	// Update writes every field of c except its creation, instance GUID and last
	// launch. It fails with ErrConflict when the name or key is taken.
	Update(ctx context.Context, c *lti.Consumer) error
	// Launched records a good launch: the time, and the GUID when none is
	// captured yet.
	Launched(ctx context.Context, id, guid string, at time.Time) error
	// Delete removes the consumer and all that hangs on it. Accounts stay.
	Delete(ctx context.Context, id string) error
	// Usage counts what Delete would remove.
	Usage(ctx context.Context, id string) (ConsumerUsage, error)

	Secrets(ctx context.Context, id string) ([]SealedSecret, error)
	PutSecret(ctx context.Context, s SealedSecret) error
	// UsedSecret records that the LMS signed with a secret; a time less than a
	// minute after the one on record is not worth a write.
	UsedSecret(ctx context.Context, id string, slot lti.SecretSlot, at time.Time) error
	DeleteSecret(ctx context.Context, id string, slot lti.SecretSlot) error

	// Origins lists the origins that verified launches came from, newest first.
	// Only the newest few are kept.
	Origins(ctx context.Context, id string) ([]string, error)
	LearnOrigin(ctx context.Context, id, origin string, at time.Time) error
}

// ConsumerUsage counts what belongs to a consumer.
type ConsumerUsage struct {
	Learners   int64
	Launches   int64 // ever, over all its placements
	Targets    int64
	OwedScores int64 // not delivered yet
}

// SealedSecret is a shared secret as it rests in the database.
type SealedSecret struct {
	ConsumerID string
	Slot       lti.SecretSlot
	Box        []byte // package sealed; additional data is SecretAAD
	CreatedAt  time.Time
	LastUsedAt time.Time
}

// SecretAAD binds a sealed secret to its row.
func SecretAAD(consumerID string, slot lti.SecretSlot) string {
	return "consumer_secret/" + consumerID + "/" + string(slot)
}
