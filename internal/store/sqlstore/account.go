package sqlstore

import (
	"context"

	"lectern/internal/account"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

type accounts struct{ *tx }

func (t accounts) ByID(ctx context.Context, id string) (*account.Account, error) {
	row, err := t.q.AccountByID(ctx, id)
	return t.found(row, err, "account by ID")
}

func (t accounts) ByUsername(ctx context.Context, username string) (*account.Account, error) {
	if !nameable(username) {
		return nil, store.ErrNotFound
	}
	row, err := t.q.AccountByUsername(ctx, fold(username))
	return t.found(row, err, "account by user name")
}

func (t accounts) ByLink(ctx context.Context, consumerID, ltiUserID string) (*account.Account, error) {
	if !nameable(ltiUserID) {
		return nil, store.ErrNotFound
	}
	row, err := t.q.AccountByLink(ctx, consumerID, ltiUserID)
	return t.found(row, err, "account by link")
}

func (t accounts) found(row db.Account, err error, what string) (*account.Account, error) {
	if err != nil {
		return nil, t.wrap(err, what)
	}
	return person(row), nil
}

func (t accounts) List(ctx context.Context, search string, limit int) ([]*account.Account, error) {
	rows, err := t.q.AccountList(ctx, pattern(search), maxRows(limit))
	return people(rows), t.wrap(err, "list accounts")
}

func (t accounts) Admins(ctx context.Context) ([]*account.Account, error) {
	rows, err := t.q.AccountAdmins(ctx)
	return people(rows), t.wrap(err, "list administrators")
}

func (t accounts) Create(ctx context.Context, a *account.Account) error {
	if !nameable(a.Username) {
		return ErrText
	}
	if a.ID == "" {
		a.ID = newID()
	}
	name := clean(a.Name)
	rows, err := t.q.AccountCreate(ctx, db.AccountCreateParams{
		ID: a.ID, Username: a.Username, UsernameFolded: fold(a.Username), Email: a.Email, Name: name,
		Search: folded(a.Username, a.Email, name), Kind: string(a.Kind), Admin: a.Admin, Role: string(a.Role), Enabled: a.Enabled,
		PasswordHash: a.PasswordHash, CreatedAt: micros(a.CreatedAt),
	})
	return t.one(rows, err, "create account", store.ErrConflict)
}

func (t accounts) Update(ctx context.Context, a *account.Account) error {
	if !nameable(a.Username) {
		return ErrText
	}
	name := clean(a.Name)
	rows, err := t.q.AccountUpdate(ctx, db.AccountUpdateParams{
		Username: a.Username, UsernameFolded: fold(a.Username), Email: a.Email, Name: name,
		Search: folded(a.Username, a.Email, name), Kind: string(a.Kind), Admin: a.Admin, Role: string(a.Role), Enabled: a.Enabled,
		PasswordHash: a.PasswordHash, ID: a.ID,
	})
	if err == nil && rows == 0 { // gone, or the name is somebody else's
		if _, err := t.ByID(ctx, a.ID); err != nil {
			return err
		}
	}
	return t.one(rows, err, "update account", store.ErrConflict)
}

func (t accounts) Link(ctx context.Context, l account.Link) (string, error) {
	if !nameable(l.LTIUserID) {
		return "", ErrText
	}
	rows, err := t.q.LinkCreate(ctx, db.LinkCreateParams{
		ConsumerID: l.ConsumerID, LTIUserID: l.LTIUserID, AccountID: l.AccountID,
		How: l.How, CreatedAt: micros(l.CreatedAt),
	})
	if err != nil || rows == 1 {
		return l.AccountID, t.wrap(err, "link account")
	}
	first, err := t.q.LinkAccount(ctx, l.ConsumerID, l.LTIUserID)
	return first, t.wrap(err, "linked account")
}

func (t accounts) Links(ctx context.Context, accountID string) ([]account.Link, error) {
	rows, err := t.q.LinkList(ctx, accountID)
	list := make([]account.Link, 0, len(rows))
	for _, row := range rows {
		list = append(list, linkOf(row))
	}
	return list, t.wrap(err, "links of account")
}

func (t accounts) Unlink(ctx context.Context, consumerID, ltiUserID string) error {
	rows, err := t.q.LinkDelete(ctx, consumerID, ltiUserID)
	return t.one(rows, err, "unlink account", store.ErrNotFound)
}

func person(row db.Account) *account.Account {
	return &account.Account{
		ID: row.ID, Username: row.Username, Email: row.Email, Name: row.Name, Kind: account.Kind(row.Kind),
		Admin: row.Admin, Role: account.Role(row.Role), Enabled: row.Enabled, PasswordHash: row.PasswordHash, CreatedAt: moment(row.CreatedAt),
	}
}

func people(rows []db.Account) []*account.Account {
	list := make([]*account.Account, 0, len(rows))
	for _, row := range rows {
		list = append(list, person(row))
	}
	return list
}
