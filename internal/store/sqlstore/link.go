package sqlstore

import (
	"context"
	"time"

	"lectern/internal/account"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

func (t accounts) ByEmail(ctx context.Context, email string, limit int) ([]*account.Account, error) {
	if email == "" || !storable(email) {
		return nil, nil
	}
	rows, err := t.q.AccountsByEmail(ctx, email, maxRows(limit))
	return people(rows), t.wrap(err, "accounts by e-mail")
}

func (t accounts) SignsIn(ctx context.Context, id string) (bool, error) {
	yes, err := t.q.AccountSignsIn(ctx, id)
	return yes, t.wrap(err, "whether an account signs in")
}

func (t accounts) Discard(ctx context.Context, id string) error {
	rows, err := t.q.AccountDiscard(ctx, id)
	return t.one(rows, err, "discard account", store.ErrNotFound)
}

func (t accounts) FindLink(ctx context.Context, consumerID, ltiUserID string) (*account.Link, error) {
	if !storable(ltiUserID) {
		return nil, store.ErrNotFound
	}
	row, err := t.q.LinkGet(ctx, consumerID, ltiUserID)
	if err != nil {
		return nil, t.wrap(err, "account link")
	}
	l := linkOf(row)
	return &l, nil
}

func (t accounts) Linked(ctx context.Context, consumerID, ltiUserID string) (*account.Link, *account.Account, error) {
	if !storable(ltiUserID) {
		return nil, nil, store.ErrNotFound
	}
	row, err := t.q.LinkedAccount(ctx, consumerID, ltiUserID)
	if err != nil {
		return nil, nil, t.wrap(err, "linked account")
	}
	l := linkOf(row.AccountLink)
	return &l, person(row.Account), nil
}

func (t accounts) Prove(ctx context.Context, l account.Link) error {
	return t.wrap(t.q.LinkProve(ctx, db.LinkProveParams{
		ConsumerID: l.ConsumerID, LTIUserID: l.LTIUserID, AccountID: l.AccountID,
		How: l.How, CreatedAt: micros(l.CreatedAt),
	}), "prove account link")
}

func (t accounts) NoteLink(ctx context.Context, consumerID, ltiUserID, note string, at time.Time) error {
	rows, err := t.q.LinkNote(ctx, db.LinkNoteParams{
		Note: clean(note), NotedAt: micros(at), ConsumerID: consumerID, LTIUserID: ltiUserID,
	})
	return t.one(rows, err, "note on account link", store.ErrNotFound)
}

func (t accounts) CountLinks(ctx context.Context, consumerID string) (map[string]int64, error) {
	rows, err := t.q.LinkCount(ctx, consumerID)
	counts := map[string]int64{}
	for _, row := range rows {
		counts[row.How] = row.Links
	}
	return counts, t.wrap(err, "count links")
}

func linkOf(row db.AccountLink) account.Link {
	return account.Link{
		ConsumerID: row.ConsumerID, LTIUserID: row.LTIUserID, AccountID: row.AccountID,
		How: row.How, CreatedAt: moment(row.CreatedAt),
		SeenAt: moment(row.SeenAt), PreviousAccountID: row.PreviousAccountID, Note: row.Note, NotedAt: moment(row.NotedAt),
	}
}

func (t placements) Retire(ctx context.Context, consumerID, accountID, linkKey, why string) error {
	return t.wrap(t.q.TargetRetire(ctx, db.TargetRetireParams{
		Refused: clean(why), ConsumerID: consumerID, AccountID: accountID, LinkKey: linkKey,
	}), "retire grade target")
}
