package sqlstore

import (
	"bytes"
	"context"
	"slices"
	"time"

	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

type console struct{ *tx }

func (t console) Session(ctx context.Context, tokenHash []byte, now time.Time) (*store.ConsoleSession, error) {
	row, err := t.q.ConsoleSessionByHash(ctx, blob(tokenHash), micros(now))
	if err != nil {
		return nil, t.wrap(err, "console session")
	}
	return &store.ConsoleSession{
		TokenHash: row.TokenHash, AccountID: row.AccountID,
		CreatedAt: moment(row.CreatedAt), ExpiresAt: moment(row.ExpiresAt),
	}, nil
}

func (t console) CreateSession(ctx context.Context, s store.ConsoleSession) error {
	rows, err := t.q.ConsoleSessionCreate(ctx, db.ConsoleSessionCreateParams{
		TokenHash: blob(s.TokenHash), AccountID: s.AccountID,
		CreatedAt: micros(s.CreatedAt), ExpiresAt: micros(s.ExpiresAt),
	})
	return t.one(rows, err, "create console session", store.ErrConflict)
}

func (t console) DeleteSession(ctx context.Context, tokenHash []byte) error {
	return t.wrap(t.q.ConsoleSessionDelete(ctx, blob(tokenHash)), "delete console session")
}

func (t console) DeleteSessions(ctx context.Context, accountID string) error {
	return t.wrap(t.q.ConsoleSessionDeleteAll(ctx, accountID), "delete console sessions")
}

func (t console) CreateSetupLink(ctx context.Context, l store.SetupLink) error {
	rows, err := t.q.SetupLinkCreate(ctx, db.SetupLinkCreateParams{
		TokenHash: blob(l.TokenHash), AccountID: l.AccountID, ExpiresAt: micros(l.ExpiresAt),
	})
	return t.one(rows, err, "create setup link", store.ErrConflict)
}

func (t console) PeekSetupLink(ctx context.Context, tokenHash []byte, now time.Time) (*store.SetupLink, error) {
	row, err := t.q.SetupLinkByHash(ctx, blob(tokenHash), micros(now))
	if err != nil {
		return nil, t.wrap(err, "setup link")
	}
	return &store.SetupLink{TokenHash: row.TokenHash, AccountID: row.AccountID, ExpiresAt: moment(row.ExpiresAt)}, nil
}

func (t console) DeleteSetupLinks(ctx context.Context, accountID string) error {
	return t.wrap(t.q.SetupLinkDeleteAll(ctx, accountID), "delete setup links")
}

// Throttle keeps hashes of the keys: they name people and addresses. They are
// counted in one order, so that two sign-ins never wait for each other in a
// circle.
func (t console) Throttle(ctx context.Context, keys []string, now time.Time, window time.Duration) (int, error) {
	var most int64
	for _, h := range hashes(keys) {
		n, err := t.q.ThrottleCount(ctx, db.ThrottleCountParams{
			KeyHash: h, ExpiresAt: micros(now.Add(window)), Now: micros(now),
		})
		if err != nil {
			return 0, t.wrap(err, "count failure")
		}
		most = max(most, n)
	}
	return int(most), nil
}

func (t console) Throttled(ctx context.Context, keys []string, now time.Time) (int, error) {
	var most int64
	for _, h := range hashes(keys) {
		n, err := t.q.ThrottleGet(ctx, h, micros(now))
		if err != nil && !absent(err) {
			return 0, t.wrap(err, "failures")
		}
		most = max(most, n)
	}
	return int(most), nil
}

func (t console) Unthrottle(ctx context.Context, keys []string) error {
	for _, h := range hashes(keys) {
		if err := t.q.ThrottleDelete(ctx, h); err != nil {
			return t.wrap(err, "forget failures")
		}
	}
	return nil
}

// Prune deletes what ended before now.
func (t console) Prune(ctx context.Context, now time.Time) error {
	for _, prune := range []func(context.Context, int64) error{
		t.q.ConsoleSessionPrune, t.q.SetupLinkPrune, t.q.ThrottlePrune,
	} {
		if err := prune(ctx, micros(now)); err != nil {
			return t.wrap(err, "prune console")
		}
	}
	return nil
}

// hashes returns the hashes of keys in order, each once.
func hashes(keys []string) [][]byte {
	list := make([][]byte, 0, len(keys))
	for _, k := range keys {
		list = append(list, hash(k))
	}
	slices.SortFunc(list, bytes.Compare)
	return slices.CompactFunc(list, bytes.Equal)
}

type audit struct{ *tx }

func (t audit) Append(ctx context.Context, e store.AuditEntry) error {
	if e.ID == "" {
		e.ID = newID()
	}
	rows, err := t.q.AuditAppend(ctx, db.AuditAppendParams{
		ID: e.ID, HappenedAt: micros(e.At), Who: clean(e.Who), Act: clean(e.Act), Subject: clean(e.Subject),
		Before: clean(e.Before), After: clean(e.After),
	})
	return t.one(rows, err, "append audit entry", store.ErrConflict)
}

func (t audit) List(ctx context.Context, limit int) ([]store.AuditEntry, error) {
	rows, err := t.q.AuditList(ctx, maxRows(limit))
	return entries(rows), t.wrap(err, "list audit entries")
}

func (t audit) Before(ctx context.Context, e store.AuditEntry, subject string, limit int) ([]store.AuditEntry, error) {
	if !storable(subject) || !storable(e.ID) {
		return nil, nil
	}
	at := micros(e.At)
	if subject == "" {
		rows, err := t.q.AuditBefore(ctx, db.AuditBeforeParams{BeforeAt: at, BeforeID: e.ID, MaxRows: maxRows(limit)})
		return entries(rows), t.wrap(err, "earlier audit entries")
	}
	rows, err := t.q.AuditAboutBefore(ctx, db.AuditAboutBeforeParams{Subject: subject, BeforeAt: at, BeforeID: e.ID, MaxRows: maxRows(limit)})
	return entries(rows), t.wrap(err, "earlier audit entries of one subject")
}

type settings struct{ *tx }

func (t settings) Value(ctx context.Context, name string) (string, error) {
	value, err := t.q.SettingValue(ctx, name)
	return value, t.wrap(err, "setting "+name)
}

func (t settings) Put(ctx context.Context, name, value string) error {
	return t.wrap(t.q.SettingPut(ctx, name, value), "put setting "+name)
}
