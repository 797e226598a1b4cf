package store

import (
	"context"

	"lectern/internal/lti"
)

// Box is something sealed, as it rests in the database, and its row: that of a
// consumer's secret or that of a continuation.
type Box struct {
	ConsumerID     string
	Slot           lti.SecretSlot
	ContinuationID string // set when it is not a secret
	Sealed         []byte
}

// AAD returns the additional data that binds the box to its row.
func (b Box) AAD() string {
	if b.ContinuationID != "" {
		return ContinuationAAD(b.ContinuationID)
	}
	return SecretAAD(b.ConsumerID, b.Slot)
}

// Boxes is everything that is sealed, so that the sealing key can be changed.
type Boxes interface {
	All(ctx context.Context) ([]Box, error)
	// Replace writes b sealed anew. It fails with ErrConflict when the row is
	// gone or holds another box by now.
	Replace(ctx context.Context, b Box, fresh []byte) error
}
