// Package signin lets people with an account of their own into the site: a
// password, a session in a cookie, and one-time links that set a password, the
// very first administrator's too.
package signin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"lectern/internal/account"
	"lectern/internal/credential"
	"lectern/internal/errs"
	"lectern/internal/store"
)

// How long things live, and how many failures are allowed.
const (
	SessionLife  = 12 * time.Hour
	setupLife    = 24 * time.Hour
	failures     = 5  // of one user name
	addressMost  = 50 // from one address: a lecture hall may share one
	failuresSpan = 15 * time.Minute
)

// FirstAdmin is the user name of the administrator that a new site starts with.
const FirstAdmin = "admin"

// What can go wrong when signing in.
var (
	ErrWrong = errs.New(errs.Forbidden, "signin_wrong", "",
		"User name and password do not match.", "lectern user password sets a new password.")
	ErrThrottled = errs.New(errs.TooMany, "signin_throttled", "",
		"Too many tries. Please wait a quarter of an hour and try again.",
		"Five failures of one user name, or fifty from one address, within 15 minutes.")
	ErrSession = errs.New(errs.Forbidden, "signin_required", "", "Please sign in.", "")
	ErrLink    = errs.New(errs.NotFound, "signin_link_used", "",
		"This link was already used or is too old.", "lectern user password prints a new link.")
	ErrUser      = errs.New(errs.NotFound, "user_unknown", "", "There is no such user.", "lectern user list shows them.")
	ErrUserTaken = errs.New(errs.Conflict, "user_taken", "", "This user name is taken.", "")
	ErrUserName  = errs.New(errs.Invalid, "user_name_malformed", "",
		"A user name has 1 to 150 letters, digits or the characters @ . + - _", "")
)

// Service signs people in. It is safe for concurrent use.
type Service struct {
	Store     store.Store
	Passwords *account.Passwords
	Clock     func() time.Time
}

// SignIn checks a password and opens a session; token goes into a cookie.
// address is where the request comes from, for the throttle. Its errors are
// [ErrWrong] and [ErrThrottled].
func (s *Service) SignIn(ctx context.Context, username, password, address string) (token string, err error) {
	username = strings.TrimSpace(username)
	name, from := []string{"name:" + strings.ToLower(username)}, []string{"address:" + address}
	var who *account.Account
	var ofName, ofAddress int
	like := ""
	err = s.Store.View(ctx, func(tx store.Tx) (err error) {
		if ofName, err = tx.Console().Throttled(ctx, name, s.Clock()); err != nil {
			return err
		}
		if ofAddress, err = tx.Console().Throttled(ctx, from, s.Clock()); err != nil {
			return err
		}
		who, err = tx.Accounts().ByUsername(ctx, username)
		if errors.Is(err, store.ErrNotFound) {
			who, err = &account.Account{}, nil
		}
		if err != nil {
			return err
		}
		like, err = foreign(ctx, tx)
		return err
	})
	if err != nil {
		return "", err
	}
	if ofName >= failures || ofAddress >= addressMost {
		return "", ErrThrottled
	}
	ok, err := s.Passwords.CheckWith(ctx, password, who.PasswordHash, like)
	if err != nil {
		return "", err
	}
	if !ok || !who.Enabled {
		return "", s.failed(ctx, append(name, from...))
	}
	if err := s.upgrade(ctx, who, password); err != nil {
		return "", err
	}
	return s.open(ctx, who.ID, name) // what others failed from there still counts
}

func (s *Service) failed(ctx context.Context, keys []string) error {
	err := s.Store.Update(ctx, func(tx store.Tx) error {
		_, err := tx.Console().Throttle(ctx, keys, s.Clock(), failuresSpan)
		return err
	})
	if err != nil {
		return err
	}
	return ErrWrong
}

func (s *Service) open(ctx context.Context, accountID string, throttled []string) (string, error) {
	token := credential.New()
	now := s.Clock()
	return token, s.Store.Update(ctx, func(tx store.Tx) error {
		if len(throttled) > 0 {
			if err := tx.Console().Unthrottle(ctx, throttled); err != nil {
				return err
			}
		}
		return tx.Console().CreateSession(ctx, store.ConsoleSession{
			TokenHash: credential.Hash(token), AccountID: accountID, CreatedAt: now, ExpiresAt: now.Add(SessionLife),
		})
	})
}

// SignOut ends the session.
func (s *Service) SignOut(ctx context.Context, token string) error {
	return s.Store.Update(ctx, func(tx store.Tx) error {
		return tx.Console().DeleteSession(ctx, credential.Hash(token))
	})
}

// Link makes a one-time link token that lets its holder set the password of an
// account. Older links of the account end.
func (s *Service) Link(ctx context.Context, accountID string) (token string, err error) {
	return s.LinkBy(ctx, "", accountID)
}

// LinkBy is [Service.Link] for somebody, whom the audit names.
func (s *Service) LinkBy(ctx context.Context, by, accountID string) (token string, err error) {
	token = credential.New()
	return token, s.Store.Update(ctx, func(tx store.Tx) error {
		if by != "" {
			if err := s.audit(ctx, tx, by, "user.sign_in_link", accountID); err != nil {
				return err
			}
		}
		if err := tx.Console().DeleteSetupLinks(ctx, accountID); err != nil {
			return err
		}
		return tx.Console().CreateSetupLink(ctx, store.SetupLink{
			TokenHash: credential.Hash(token), AccountID: accountID, ExpiresAt: s.Clock().Add(setupLife),
		})
	})
}

// LinkOwner returns whose password a link sets, without using it up, or
// [ErrLink].
func (s *Service) LinkOwner(ctx context.Context, token string) (*account.Account, error) {
	var who *account.Account
	err := s.Store.View(ctx, func(tx store.Tx) error {
		link, err := tx.Console().PeekSetupLink(ctx, credential.Hash(token), s.Clock())
		if err != nil {
			return err
		}
		who, err = tx.Accounts().ByID(ctx, link.AccountID)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrLink
	}
	return who, err
}

// Redeem sets the password by a link, ends the link and the account's other
// sessions, and signs in.
func (s *Service) Redeem(ctx context.Context, linkToken, password string) (token string, err error) {
	who, err := s.LinkOwner(ctx, linkToken)
	if err != nil {
		return "", err
	}
	if err := s.SetPassword(ctx, who.ID, who.ID, password); err != nil {
		return "", err
	}
	return s.open(ctx, who.ID, nil)
}

// SetPassword sets an account's password and ends its sessions and links. by
// is who does it, for the audit.
func (s *Service) SetPassword(ctx context.Context, by, accountID, password string) error {
	phc, err := s.Passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	return s.Store.Update(ctx, func(tx store.Tx) error {
		who, err := tx.Accounts().ByID(ctx, accountID)
		if err != nil {
			return err
		}
		had := who.PasswordHash != ""
		who.PasswordHash = phc
		if err := tx.Accounts().Update(ctx, who); err != nil {
			return err
		}
		if err := tx.Console().DeleteSetupLinks(ctx, accountID); err != nil {
			return err
		}
		if err := tx.Console().DeleteSessions(ctx, accountID); err != nil {
			return err
		}
		return store.Note(ctx, tx, store.Act{
			At: s.Clock(), Who: by, Name: "user.password", Subject: accountID,
			Before: map[string]bool{"has_password": had}, After: map[string]bool{"has_password": true},
		})
	})
}

// AddAdmin creates an administrator without a password.
func (s *Service) AddAdmin(ctx context.Context, by, username, email string) (*account.Account, error) {
	if !ValidName(username) {
		return nil, ErrUserName
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("account id: %w", err)
	}
	a := &account.Account{
		ID: id.String(), Username: username, Email: strings.ToLower(strings.TrimSpace(email)),
		Kind: account.Local, Admin: true, Enabled: true, CreatedAt: s.Clock(),
	}
	err = s.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.Accounts().Create(ctx, a); err != nil {
			return err
		}
		return s.audit(ctx, tx, by, "user.create", a.ID)
	})
	if errors.Is(err, store.ErrConflict) {
		return nil, ErrUserTaken
	}
	return a, err
}

// Admins lists the people who may use the console.
func (s *Service) Admins(ctx context.Context) ([]*account.Account, error) {
	var out []*account.Account
	err := s.Store.View(ctx, func(tx store.Tx) error {
		all, err := tx.Accounts().Admins(ctx)
		out = all
		return err
	})
	return out, err
}

// FirstRun makes the first administrator and returns the token of a one-time
// link to set the password, as long as nobody on the site can sign in; else it
// returns "".
func (s *Service) FirstRun(ctx context.Context) (linkToken string, err error) {
	admins, err := s.Admins(ctx)
	if err != nil {
		return "", err
	}
	var first *account.Account
	for _, a := range admins {
		if a.PasswordHash != "" && a.Enabled {
			return "", nil
		}
		if a.Username == FirstAdmin {
			first = a
		}
	}
	if first == nil {
		first, err = s.AddAdmin(ctx, "first start", FirstAdmin, "")
		if errors.Is(err, ErrUserTaken) { // another replica was faster and prints the link
			return "", nil
		}
		if err != nil {
			return "", err
		}
	}
	return s.Link(ctx, first.ID)
}

// Find returns the user with this name, or [ErrUser].
func (s *Service) Find(ctx context.Context, username string) (*account.Account, error) {
	var who *account.Account
	err := s.Store.View(ctx, func(tx store.Tx) (err error) {
		who, err = tx.Accounts().ByUsername(ctx, username)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrUser
	}
	return who, err
}

func (s *Service) audit(ctx context.Context, tx store.Tx, by, act, subject string) error {
	return store.Note(ctx, tx, store.Act{At: s.Clock(), Who: by, Name: act, Subject: subject})
}

// ValidName reports whether name can be a user name.
func ValidName(name string) bool {
	if name == "" || len(name) > 150 {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && !strings.ContainsRune("@.+-_", r)
	})
}
