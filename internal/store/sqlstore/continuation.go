package sqlstore

import (
	"context"
	"time"

	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

type continuations struct{ *tx }

func (t continuations) ByID(ctx context.Context, id string) (*store.Continuation, error) {
	if !storable(id) {
		return nil, store.ErrNotFound
	}
	row, err := t.q.ContinuationByID(ctx, id)
	if err != nil {
		return nil, t.wrap(err, "continuation")
	}
	return &store.Continuation{
		ID: row.ID, ConsumerID: row.ConsumerID, TokenHash: row.TokenHash, UserAgent: row.UserAgent,
		CodeHash: row.CodeHash, Tries: int(row.Tries), State: store.ContinuationState(row.State),
		AccountID: row.AccountID, Other: row.Other, Box: row.Box,
		CreatedAt: moment(row.CreatedAt), ExpiresAt: moment(row.ExpiresAt),
	}, nil
}

func (t continuations) Create(ctx context.Context, c *store.Continuation) error {
	if c.ID == "" {
		c.ID = newID()
	}
	c.State = store.ContinuationWaiting
	rows, err := t.q.ContinuationCreate(ctx, db.ContinuationCreateParams{
		ID: c.ID, ConsumerID: c.ConsumerID, TokenHash: blob(c.TokenHash), UserAgent: blob(c.UserAgent),
		CodeHash: blob(c.CodeHash), Box: blob(c.Box), CreatedAt: micros(c.CreatedAt), ExpiresAt: micros(c.ExpiresAt),
	})
	return t.one(rows, err, "create continuation", store.ErrConflict)
}

func (t continuations) Try(ctx context.Context, id string, most int, now time.Time) error {
	rows, err := t.q.ContinuationTry(ctx, db.ContinuationTryParams{ID: id, Most: int64(most), Now: micros(now)})
	return t.one(rows, err, "try code", store.ErrNotFound)
}

func (t continuations) Other(ctx context.Context, id, masked string) error {
	rows, err := t.q.ContinuationOther(ctx, clean(masked), id)
	return t.one(rows, err, "note other account", store.ErrNotFound)
}

func (t continuations) Confirm(ctx context.Context, id, accountID string) error {
	rows, err := t.q.ContinuationConfirm(ctx, accountID, id)
	return t.one(rows, err, "confirm continuation", store.ErrNotFound)
}

func (t continuations) Use(ctx context.Context, id string, now time.Time) error {
	rows, err := t.q.ContinuationUse(ctx, id, micros(now))
	return t.one(rows, err, "use continuation", store.ErrNotFound)
}

func (t continuations) Prune(ctx context.Context, now time.Time, limit int) (int64, error) {
	rows, err := t.q.ContinuationPrune(ctx, micros(now), maxRows(limit))
	return rows, t.wrap(err, "prune continuations")
}
