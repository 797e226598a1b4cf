package sqlstore

import (
	"context"

	"lectern/internal/lti"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

type boxes struct{ *tx }

func (t boxes) All(ctx context.Context) ([]store.Box, error) {
	secrets, err := t.q.BoxSecrets(ctx)
	if err != nil {
		return nil, t.wrap(err, "sealed secrets")
	}
	waiting, err := t.q.BoxContinuations(ctx)
	if err != nil {
		return nil, t.wrap(err, "sealed continuations")
	}
	list := make([]store.Box, 0, len(secrets)+len(waiting))
	for _, s := range secrets {
		list = append(list, store.Box{ConsumerID: s.ConsumerID, Slot: lti.SecretSlot(s.Slot), Sealed: s.Box})
	}
	for _, w := range waiting {
		list = append(list, store.Box{ContinuationID: w.ID, Sealed: w.Box})
	}
	return list, nil
}

func (t boxes) Replace(ctx context.Context, b store.Box, fresh []byte) error {
	if b.ContinuationID != "" {
		rows, err := t.q.BoxContinuationReplace(ctx, db.BoxContinuationReplaceParams{
			Fresh: blob(fresh), ID: b.ContinuationID, Box: blob(b.Sealed),
		})
		return t.one(rows, err, "seal continuation anew", store.ErrConflict)
	}
	rows, err := t.q.BoxSecretReplace(ctx, db.BoxSecretReplaceParams{
		Fresh: blob(fresh), ConsumerID: b.ConsumerID, Slot: string(b.Slot), Box: blob(b.Sealed),
	})
	return t.one(rows, err, "seal secret anew", store.ErrConflict)
}
