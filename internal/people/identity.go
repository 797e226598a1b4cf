package people

import (
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"

	"lectern/internal/account"
	"lectern/internal/errs"
	"lectern/internal/identity"
	"lectern/internal/signin"
	"lectern/internal/store"
)

// What stands between an identity and an account.
var (
	// ErrConnect means that an account with a password or with rights has the
	// address: whoever it is has to sign in to it first.
	ErrConnect = errs.New(errs.Conflict, "identity_needs_password", "",
		"There is an account with your e-mail address here already. Sign in to it with its password once to connect both.", "")
	// ErrIdentityTaken means that the account with the address belongs to
	// somebody else at the same provider.
	ErrIdentityTaken = errs.New(errs.Conflict, "identity_taken", "",
		"The account with your e-mail address belongs to somebody else at the identity provider. Please ask the site's operator.",
		"The provider gave the address to a second person. Remove the identity from the account, or change its address.")
)

// identityTries is how often a first sign-in is tried when another one is faster.
const identityTries = 3

// identified is an identity as the audit keeps it.
type identified struct {
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
}

// ByIdentity returns the account of somebody whom an identity provider vouches
// for. On first sight that is an account of their own that waits under their
// verified address, without password and rights, or else a new one, never an
// administrator's. Its errors are [ErrConnect], [ErrIdentityTaken] and
// [account.ErrDisabled].
//
// Accounts that launches made are never found by address: an LMS may claim any
// address, and its user would share the account.
func (s *Service) ByIdentity(ctx context.Context, c *identity.Claims) (a *account.Account, err error) {
	for range identityTries { // two first sign-ins at once: the slower one finds what the other made
		if a, err = s.byIdentity(ctx, c); !errors.Is(err, store.ErrConflict) {
			break
		}
	}
	if err == nil && !a.Enabled {
		return nil, account.ErrDisabled
	}
	return a, err
}

func (s *Service) byIdentity(ctx context.Context, c *identity.Claims) (*account.Account, error) {
	var a *account.Account
	err := s.Store.Update(ctx, func(tx store.Tx) (err error) {
		a, err = tx.People().ByIdentity(ctx, c.Issuer, c.Subject)
		if err == nil || !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if a, err = waiting(ctx, tx, c); err != nil {
			return err
		}
		if a == nil {
			if a, err = s.newcomer(ctx, tx, c); err != nil {
				return err
			}
		}
		return s.identify(ctx, tx, c, a)
	})
	return a, err
}

// waiting returns the account that was made for somebody with this address, or
// nil.
func waiting(ctx context.Context, tx store.Tx, c *identity.Claims) (*account.Account, error) {
	a, err := owner(ctx, tx, c)
	if err != nil || a == nil {
		return nil, err
	}
	list, err := tx.People().Identities(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	for _, i := range list {
		switch {
		case i.Issuer == c.Issuer && i.Subject == c.Subject:
			return nil, store.ErrConflict // connected while we looked
		case i.Issuer == c.Issuer:
			return nil, ErrIdentityTaken
		}
	}
	if a.PasswordHash != "" || a.HasRights() || len(list) > 0 {
		return nil, ErrConnect
	}
	return a, nil
}

// owner returns the account of somebody's own with a verified address, or nil.
func owner(ctx context.Context, tx store.Tx, c *identity.Claims) (*account.Account, error) {
	if c.Email == "" {
		return nil, nil
	}
	list, err := tx.Accounts().ByEmail(ctx, c.Email, 0)
	for _, a := range list {
		if a.Kind == account.Local {
			return a, err
		}
	}
	return nil, err
}

// newcomer creates an account under the first name that is free.
func (s *Service) newcomer(ctx context.Context, tx store.Tx, c *identity.Claims) (*account.Account, error) {
	name := []rune(strings.ToValidUTF8(strings.TrimSpace(c.Name), "\uFFFD"))
	email := c.Email
	if !validEmail(email) {
		email = ""
	}
	for _, username := range []string{c.Username, email, account.RandomUsername()} {
		if !signin.ValidName(username) || strings.EqualFold(username, signin.FirstAdmin) {
			continue // the first start needs that name
		}
		a := &account.Account{
			ID: uuid.Must(uuid.NewV7()).String(), Username: username, Email: email, Kind: account.Local,
			Name: string(name[:min(len(name), maxField)]), Enabled: true, CreatedAt: s.Clock(),
		}
		err := tx.Accounts().Create(ctx, a)
		if err == nil {
			return a, s.audit(ctx, tx, "identity provider", "user.create", a.ID, nil, a)
		}
		if !errors.Is(err, store.ErrConflict) {
			return nil, err
		}
	}
	return nil, signin.ErrUserTaken
}

func (s *Service) identify(ctx context.Context, tx store.Tx, c *identity.Claims, a *account.Account) error {
	err := tx.People().PutIdentity(ctx, store.Identity{
		Issuer: c.Issuer, Subject: c.Subject, AccountID: a.ID, Email: c.Email, CreatedAt: s.Clock(),
	})
	if err != nil {
		return err
	}
	return s.note(ctx, tx, a.ID, "user.identity", a.ID, nil, identified{c.Issuer, c.Subject})
}

// Connect gives an identity to the account that somebody has just signed in to
// with its password. The account must have the address that the provider has
// verified, so that nobody is talked into connecting another person's identity;
// else it fails with [ErrConnect].
func (s *Service) Connect(ctx context.Context, c *identity.Claims, accountID string) error {
	return s.Store.Update(ctx, func(tx store.Tx) error {
		a, err := find(ctx, tx, accountID)
		if err != nil {
			return err
		}
		if c.Email == "" || a.Email != c.Email || a.Kind != account.Local {
			return ErrConnect
		}
		list, err := tx.People().Identities(ctx, accountID)
		if err != nil {
			return err
		}
		for _, i := range list {
			if i.Issuer == c.Issuer {
				return ErrIdentityTaken
			}
		}
		err = s.identify(ctx, tx, c, a)
		if errors.Is(err, store.ErrConflict) {
			return ErrIdentityTaken
		}
		return err
	})
}

// Disconnect takes an identity from an account. Whoever it was may sign in by
// password, or starts anew.
func (s *Service) Disconnect(ctx context.Context, by, accountID, issuer, subject string) error {
	return s.Store.Update(ctx, func(tx store.Tx) error {
		err := tx.People().DeleteIdentity(ctx, store.Identity{AccountID: accountID, Issuer: issuer, Subject: subject})
		if errors.Is(err, store.ErrNotFound) {
			return ErrLinkUnknown
		}
		if err != nil {
			return err
		}
		if err := tx.Console().DeleteSessions(ctx, accountID); err != nil {
			return err
		}
		return s.note(ctx, tx, by, "user.no_identity", accountID, identified{issuer, subject}, nil)
	})
}
