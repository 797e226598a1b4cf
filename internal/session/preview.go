package session

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"lectern/internal/lti"
	"lectern/internal/registry"
	"lectern/internal/store"
)

// previewConsumer is the consumer that previews belong to: it is on no list, has
// no secret, and so launches nothing.
const previewConsumer = "preview"

// previewScope keeps what somebody tries in a preview apart from what they do as
// a learner.
const previewScope = "preview"

// Preview opens a session for somebody of the console who wants to see a block as
// learners do. No LMS is behind it, so no score goes anywhere.
func (m *Sessions) Preview(ctx context.Context, tx store.Tx, accountID, courseKey, usageKey, userAgent string) (id string, t Ticket, err error) {
	if _, err := tx.Consumers().ByID(ctx, previewConsumer); errors.Is(err, store.ErrNotFound) {
		now := m.Clock()
		err = tx.Consumers().Create(ctx, &lti.Consumer{
			ID: previewConsumer, Name: "Preview (built in)", Key: "preview-" + registry.NewKey(), Enabled: true, CreatedAt: now, UpdatedAt: now,
		})
		if err != nil && !errors.Is(err, store.ErrConflict) { // somebody else previews for the first time, too
			return "", Ticket{}, err
		}
	} else if err != nil {
		return "", Ticket{}, err
	}
	made, err := uuid.NewV7()
	if err != nil {
		return "", Ticket{}, err
	}
	t, err = m.Open(ctx, tx, &store.Session{
		ID: made.String(), ConsumerID: previewConsumer, AccountID: accountID, CourseKey: courseKey, UsageKey: usageKey,
		Scope: previewScope, Staff: true,
	}, userAgent)
	return made.String(), t, err
}

// IsPreview reports whether no LMS is behind the session.
func (s *Session) IsPreview() bool { return s.ConsumerID == previewConsumer }
