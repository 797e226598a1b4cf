package sqlstore

import (
	"context"
	"time"

	"lectern/internal/lti"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

type launches struct{ *tx }

func (t launches) ByID(ctx context.Context, id string) (*store.Session, error) {
	if !storable(id) {
		return nil, store.ErrNotFound
	}
	row, err := t.q.SessionByID(ctx, id)
	if err != nil {
		return nil, t.wrap(err, "launch session")
	}
	return session(row), nil
}

func session(row db.LaunchSession) *store.Session {
	return &store.Session{
		ID: row.ID, ConsumerID: row.ConsumerID, AccountID: row.AccountID, PlacementID: row.PlacementID,
		CourseKey: row.CourseKey, UsageKey: row.UsageKey, Scope: row.Scope, Staff: row.Staff, ScoreHost: row.ScoreHost,
		ReturnURL: row.ReturnURL, Locale: row.Locale, Query: row.Query,
		TokenHash: row.TokenHash, HandleHash: row.HandleHash, HandleUntil: moment(row.HandleUntil),
		UserAgent: row.UserAgent,
		CreatedAt: moment(row.CreatedAt), SeenAt: moment(row.SeenAt), ExpiresAt: moment(row.ExpiresAt),
	}
}

func (t launches) Create(ctx context.Context, s *store.Session) error {
	if s.ID == "" {
		s.ID = newID()
	}
	rows, err := t.q.SessionCreate(ctx, db.SessionCreateParams{
		ID: s.ID, ConsumerID: s.ConsumerID, AccountID: s.AccountID, PlacementID: s.PlacementID,
		CourseKey: s.CourseKey, UsageKey: s.UsageKey, Scope: s.Scope, Staff: s.Staff, ScoreHost: clean(s.ScoreHost),
		ReturnURL: clean(s.ReturnURL), Locale: clean(s.Locale), Query: clean(s.Query),
		TokenHash: s.TokenHash, HandleHash: s.HandleHash, HandleUntil: micros(s.HandleUntil),
		UserAgent: blob(s.UserAgent),
		CreatedAt: micros(s.CreatedAt), SeenAt: micros(s.SeenAt), ExpiresAt: micros(s.ExpiresAt),
	})
	return t.one(rows, err, "create launch session", store.ErrConflict)
}

func (t launches) Redeem(ctx context.Context, id string, handleHash, tokenHash []byte, now time.Time) error {
	rows, err := t.q.SessionRedeem(ctx, db.SessionRedeemParams{
		TokenHash: tokenHash, ID: id, HandleHash: blob(handleHash), Now: micros(now),
	})
	return t.one(rows, err, "redeem handle", store.ErrNotFound)
}

func (t launches) Rehandle(ctx context.Context, id string, handleHash, tokenHash []byte, until time.Time) error {
	rows, err := t.q.SessionRehandle(ctx, db.SessionRehandleParams{
		HandleHash: blob(handleHash), TokenHash: tokenHash, HandleUntil: micros(until), ID: id,
	})
	return t.one(rows, err, "renew handle", store.ErrNotFound)
}

func (t launches) Seen(ctx context.Context, id string, at time.Time) error {
	rows, err := t.q.SessionSeen(ctx, micros(at), id)
	return t.one(rows, err, "use launch session", store.ErrNotFound)
}

func (t launches) UseNonce(ctx context.Context, n store.Nonce) (*store.Nonce, error) {
	rows, err := t.q.NonceInsert(ctx, db.NonceInsertParams{
		Hash: blob(n.Hash), Fingerprint: blob(n.Fingerprint), LaunchID: n.LaunchID,
		UsedAt: micros(n.At), ExpiresAt: micros(n.ExpiresAt),
	})
	if err != nil || rows == 1 {
		return nil, t.wrap(err, "use nonce")
	}
	row, err := t.q.NonceByHash(ctx, blob(n.Hash))
	if err != nil {
		return nil, t.wrap(err, "used nonce")
	}
	return &store.Nonce{
		Hash: row.Hash, Fingerprint: row.Fingerprint, LaunchID: row.LaunchID,
		At: moment(row.UsedAt), ExpiresAt: moment(row.ExpiresAt),
	}, nil
}

func (t launches) Known(ctx context.Context, k store.KnownKey) (*store.Known, error) {
	if !nameable(k.LTIUserID, k.ContextID, k.LinkKey, k.Origin, k.CourseKey) {
		return nil, ErrText
	}
	row, err := t.q.LaunchKnown(ctx, db.LaunchKnownParams{
		CourseKey: k.CourseKey, Origin: k.Origin, ContextID: k.ContextID, LinkKey: k.LinkKey,
		LTIUserID: k.LTIUserID, ConsumerID: k.ConsumerID,
	})
	if err != nil {
		return nil, t.wrap(err, "what is known of a launch")
	}
	known := &store.Known{
		Consumer: consumer(row.Consumer), Boxes: [2][]byte{row.CurrentBox, row.PreviousBox}, VersionID: row.VersionID,
		OriginAt: moment(row.OriginAt), Linked: row.AccountID != "",
	}
	if row.PlacementID != "" {
		known.Placement = &store.Placement{
			ID: row.PlacementID, ConsumerID: k.ConsumerID, LinkKey: k.LinkKey,
			LMSContext: lti.Context{ID: k.ContextID, Title: row.ContextTitle, Label: row.ContextLabel},
			Title:      row.PlacementTitle, CourseKey: row.PlacementCourse, UsageKey: row.PlacementUsage,
			LastLaunchAt: moment(row.PlacementAt),
		}
	}
	return known, nil
}

func (t launches) Prune(ctx context.Context, now time.Time, limit int) (int64, error) {
	nonces, err := t.q.NoncePrune(ctx, micros(now), maxRows(limit))
	if err != nil {
		return 0, t.wrap(err, "prune nonces")
	}
	sessions, err := t.q.SessionPrune(ctx, micros(now), maxRows(limit))
	return nonces + sessions, t.wrap(err, "prune launch sessions")
}
