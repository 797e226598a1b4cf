// Package people is what administrators do with accounts, and people with
// their own: create, change, close, link to LMS users, merge, take home, delete.
// Console, account pages and command line go through it, so rules and audit are
// the same for all: who, when, before and after.
package people

import (
	"context"
	"errors"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"lectern/internal/account"
	"lectern/internal/errs"
	"lectern/internal/signin"
	"lectern/internal/store"
)

// maxField is the longest name or address, in characters.
const maxField = 254

// What can be wrong with an account, in the words of its form.
var (
	ErrEmail      = errs.New(errs.Invalid, "user_email_malformed", "", "This is not an e-mail address.", "")
	ErrEmailTaken = errs.New(errs.Conflict, "user_email_taken", "",
		"Another account that signs in here has this e-mail address.", "")
	ErrNameLong  = errs.New(errs.Invalid, "user_name_too_long", "", "A name has at most 254 characters.", "")
	ErrLastAdmin = errs.New(errs.Conflict, "user_last_administrator", "",
		"This is the last administrator who can sign in. Make somebody else one first.", "")
	ErrNotLocal = errs.New(errs.Conflict, "user_not_local", "",
		"Only people with an account of their own can be administrators; this one was made by a launch.", "")
	ErrLinkUnknown = errs.New(errs.NotFound, "user_link_unknown", "",
		"That LMS has no such user here.", "The page of the account lists its links.")
	ErrLTIUser = errs.New(errs.Invalid, "user_link_malformed", "",
		"Enter the user ID that the LMS sends, at most 255 characters.", "")
	ErrMergeSame = errs.New(errs.Invalid, "user_merge_same", "", "An account cannot be merged into itself.", "")
	ErrMergeFrom = errs.New(errs.Conflict, "user_merge_from", "",
		"Only an account that nobody signs in to, and without rights, can be merged into another one.", "")
	ErrMergeInto = errs.New(errs.Conflict, "user_merge_closed", "",
		"The account to merge into is closed.", "Enable it first.")
)

// adminsChanged is the setting that changes of administrators write, so that
// two of them at once wait for each other and each counts who is left.
const adminsChanged = "administrators changed"

// Service manages accounts. It is safe for concurrent use.
type Service struct {
	Store store.Store
	Clock func() time.Time
}

// New is what an administrator says about a new account.
type New struct {
	Username string
	Email    string
	Name     string
	Admin    bool
}

// Add creates an account of somebody's own, without a password. by is who does
// it, for the audit.
func (s *Service) Add(ctx context.Context, by string, n New) (*account.Account, error) {
	var a *account.Account
	err := s.Store.Update(ctx, func(tx store.Tx) (err error) {
		a, err = s.add(ctx, tx, by, n)
		return err
	})
	return a, err
}

func (s *Service) add(ctx context.Context, tx store.Tx, by string, n New) (*account.Account, error) {
	a := &account.Account{
		ID: uuid.Must(uuid.NewV7()).String(), Kind: account.Local, Admin: n.Admin, Enabled: true,
		CreatedAt: s.Clock(),
	}
	if err := describe(ctx, tx, a, n.Username, n.Email, n.Name); err != nil {
		return nil, err
	}
	if err := tx.Accounts().Create(ctx, a); err != nil {
		return nil, named(err)
	}
	return a, s.audit(ctx, tx, by, "user.create", a.ID, nil, a)
}

// describe sets what people may change about an account, if it is right.
func describe(ctx context.Context, tx store.Tx, a *account.Account, username, email, name string) error {
	username, name = strings.TrimSpace(username), strings.TrimSpace(name)
	email = strings.ToLower(strings.TrimSpace(email))
	switch {
	case username != a.Username && !signin.ValidName(username):
		return signin.ErrUserName
	case email != a.Email && email != "" && !validEmail(email):
		return ErrEmail
	case utf8.RuneCountInString(name) > maxField:
		return ErrNameLong
	}
	if email != a.Email && email != "" && a.Kind == account.Local {
		others, err := tx.Accounts().ByEmail(ctx, email, 0)
		if err != nil {
			return err
		}
		for _, other := range others {
			if other.ID != a.ID && other.Kind == account.Local {
				return ErrEmailTaken
			}
		}
	}
	a.Username, a.Email, a.Name = username, email, name
	return nil
}

func validEmail(s string) bool {
	at, err := mail.ParseAddress(s)
	return err == nil && at.Address == s && at.Name == "" && len(s) <= maxField
}

// named says in the words of the form that a user name is taken.
func named(err error) error {
	if errors.Is(err, store.ErrConflict) {
		return signin.ErrUserTaken
	}
	return err
}

// change applies do to an account and audits it.
func (s *Service) change(
	ctx context.Context, by, act, id string, do func(tx store.Tx, a *account.Account) error,
) (*account.Account, error) {
	var a *account.Account
	err := s.Store.Update(ctx, func(tx store.Tx) error {
		var err error
		if a, err = find(ctx, tx, id); err != nil {
			return err
		}
		before := *a
		if err := do(tx, a); err != nil {
			return err
		}
		if err := tx.Accounts().Update(ctx, a); err != nil {
			return named(err)
		}
		return s.audit(ctx, tx, by, act, id, &before, a)
	})
	return a, err
}

func find(ctx context.Context, tx store.Tx, id string) (*account.Account, error) {
	a, err := tx.Accounts().ByID(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, signin.ErrUser
	}
	return a, err
}

// Edit changes user name, e-mail address and name.
func (s *Service) Edit(ctx context.Context, by, id, username, email, name string) error {
	_, err := s.change(ctx, by, "user.change", id, func(tx store.Tx, a *account.Account) error {
		return describe(ctx, tx, a, username, email, name)
	})
	return err
}

// SetEnabled closes an account, which ends all it has open, or opens it again.
// The last administrator stays: [ErrLastAdmin].
func (s *Service) SetEnabled(ctx context.Context, by, id string, on bool) error {
	act := map[bool]string{true: "user.enable", false: "user.disable"}[on]
	_, err := s.change(ctx, by, act, id, func(tx store.Tx, a *account.Account) error {
		a.Enabled = on
		if on {
			return nil
		}
		if err := s.keepAdmin(ctx, tx, a); err != nil {
			return err
		}
		return end(ctx, tx, id)
	})
	return err
}

// keepAdmin refuses to lose the last administrator who can sign in, when a
// stops being one.
func (s *Service) keepAdmin(ctx context.Context, tx store.Tx, a *account.Account) error {
	if err := tx.Settings().Put(ctx, adminsChanged, s.Clock().Format(time.RFC3339)); err != nil {
		return err
	}
	admins, err := tx.Accounts().Admins(ctx)
	if err != nil {
		return err
	}
	was := false
	for _, other := range admins {
		if other.ID == a.ID {
			was = true
			continue
		}
		signsIn, err := tx.Accounts().SignsIn(ctx, other.ID)
		if err != nil || signsIn && other.Enabled {
			return err
		}
	}
	if !was {
		return nil
	}
	return ErrLastAdmin
}

func end(ctx context.Context, tx store.Tx, id string) error {
	return errors.Join(tx.Console().DeleteSessions(ctx, id), tx.Console().DeleteSetupLinks(ctx, id),
		tx.People().EndLaunches(ctx, id))
}

// Delete removes an account and all that belongs to it; the audit keeps its ID.
func (s *Service) Delete(ctx context.Context, by, id string) error {
	return s.Store.Update(ctx, func(tx store.Tx) error {
		a, err := find(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.keepAdmin(ctx, tx, a); err != nil {
			return err
		}
		if err := tx.People().Delete(ctx, id); err != nil {
			return err
		}
		return s.note(ctx, tx, by, "user.delete", id, nil, nil)
	})
}

// audited is an account as the audit keeps it: no secret.
type audited struct {
	Username string       `json:"username"`
	Email    string       `json:"email"`
	Name     string       `json:"name"`
	Kind     account.Kind `json:"kind"`
	Role     account.Role `json:"role"`
	Enabled  bool         `json:"enabled"`
	Password bool         `json:"has_password"`
}

func (s *Service) audit(
	ctx context.Context, tx store.Tx, by, act, id string, before, after *account.Account,
) error {
	show := func(a *account.Account) any {
		if a == nil {
			return nil
		}
		return audited{a.Username, a.Email, a.Name, a.Kind, a.ConsoleRole(), a.Enabled, a.PasswordHash != ""}
	}
	return s.note(ctx, tx, by, act, id, show(before), show(after))
}

// note appends to the audit; nil is "".
func (s *Service) note(ctx context.Context, tx store.Tx, by, act, subject string, before, after any) error {
	return store.Note(ctx, tx, store.Act{
		At: s.Clock(), Who: by, Name: act, Subject: subject, Before: before, After: after,
	})
}
