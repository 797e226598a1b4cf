package signin

import (
	"context"
	"errors"
	"strings"
	"time"

	"lectern/internal/account"
	"lectern/internal/credential"
	"lectern/internal/errs"
	"lectern/internal/store"
)

// resetLife is how long a link by e-mail works.
const resetLife = time.Hour

// resets is how many links by e-mail one address gets within failuresSpan, and
// how often one network may ask.
const resets = 5

// ErrPassword is a wrong password of somebody who is signed in.
var ErrPassword = errs.New(errs.Forbidden, "password_wrong", "", "This is not your password.", "")

// Confirm asks somebody who is signed in for their password again. Somebody
// without one passes. Its errors are [ErrPassword] and [ErrThrottled].
func (s *Service) Confirm(ctx context.Context, accountID, password string) error {
	keys := []string{"confirm:" + accountID}
	var who *account.Account
	var tries int
	err := s.Store.View(ctx, func(tx store.Tx) (err error) {
		if tries, err = tx.Console().Throttled(ctx, keys, s.Clock()); err != nil {
			return err
		}
		who, err = tx.Accounts().ByID(ctx, accountID)
		return err
	})
	switch {
	case err != nil:
		return err
	case who.PasswordHash == "":
		return nil
	case tries >= failures:
		return ErrThrottled
	}
	ok, err := s.Passwords.Check(ctx, password, who.PasswordHash)
	if err != nil || ok {
		return err
	}
	if err := s.failed(ctx, keys); !errors.Is(err, ErrWrong) {
		return err
	}
	return ErrPassword
}

// ChangePassword sets a new password by the old one, ends every session of the
// account and opens a new one.
func (s *Service) ChangePassword(ctx context.Context, accountID, old, password string) (token string, err error) {
	if err := s.Confirm(ctx, accountID, old); err != nil {
		return "", err
	}
	if err := s.SetPassword(ctx, accountID, accountID, password); err != nil {
		return "", err
	}
	return s.open(ctx, accountID, nil)
}

// Open signs somebody in whom an identity provider vouches for.
func (s *Service) Open(ctx context.Context, accountID string) (token string, err error) {
	return s.open(ctx, accountID, nil)
}

// Reset is a link for somebody who forgot their password.
type Reset struct {
	Account *account.Account
	Token   string
}

// Forgot makes links for the accounts with this e-mail address that may sign
// in: usually one, often none. Callers must answer alike in every case. Links
// made by operators stay. It fails with [ErrThrottled] only because of where
// the request comes from, which says nothing about the address.
func (s *Service) Forgot(ctx context.Context, email, address string) ([]Reset, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	var list []Reset
	var flooded bool
	err := s.Store.Update(ctx, func(tx store.Tx) error {
		list, flooded = nil, false
		from, err := tx.Console().Throttle(ctx, []string{"forgot from:" + address}, s.Clock(), failuresSpan)
		if err != nil {
			return err
		}
		if flooded = from > 4*resets; flooded { // a campus may share one address
			return nil
		}
		asked, err := tx.Console().Throttle(ctx, []string{"forgot:" + email}, s.Clock(), failuresSpan)
		if err != nil || asked > resets || email == "" {
			return err
		}
		list, err = s.resets(ctx, tx, email)
		return err
	})
	if err == nil && flooded {
		return nil, ErrThrottled
	}
	return list, err
}

func (s *Service) resets(ctx context.Context, tx store.Tx, email string) ([]Reset, error) {
	const most = 3
	accounts, err := tx.Accounts().ByEmail(ctx, email, 0)
	if err != nil {
		return nil, err
	}
	var list []Reset
	for _, a := range accounts {
		if a.Kind != account.Local || !a.Enabled || len(list) == most {
			continue
		}
		r := Reset{a, credential.New()}
		err := tx.Console().CreateSetupLink(ctx, store.SetupLink{
			TokenHash: credential.Hash(r.Token), AccountID: a.ID, ExpiresAt: s.Clock().Add(resetLife),
		})
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}
