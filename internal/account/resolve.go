package account

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/google/uuid"

	"lectern/internal/errs"
	"lectern/internal/lti"
)

// ErrRequired means that the consumer shows content only to people with an
// account of their own, and the learner is not linked to one.
var ErrRequired = errs.New(errs.Forbidden, "account_required", "",
	"This content is only for learners who have an account on this site, and your course "+
		"account is not linked to one yet. Please ask your course team for access.",
	"The consumer has \"Require user account\" on. Link the learner to an account, or use a consumer without it.")

// ErrDisabled means that an operator closed the account.
var ErrDisabled = errs.New(errs.Forbidden, "account_disabled", "",
	"Your account on this site is closed. Please contact your course team.",
	"The account is disabled in the console.")

// usernameLength and usernameAlphabet are Open edX's for anonymous learners.
const (
	usernameLength   = 30
	usernameAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	usernameTries    = 5
)

// Directory is what resolving a launch needs of the store. ByLink and Create
// fail with an error that matches notFound and conflict of [Resolver].
type Directory interface {
	ByLink(ctx context.Context, consumerID, ltiUserID string) (*Account, error)
	ByID(ctx context.Context, id string) (*Account, error)
	Create(ctx context.Context, a *Account) error
	Link(ctx context.Context, l Link) (accountID string, err error)
}

// Resolver turns launches into accounts.
type Resolver struct {
	EmailDomain string // of generated addresses, e.g. "lti.example.com"; nothing is ever sent there
	Clock       func() time.Time
	Absent      error // what Directory returns for "no such link"
	Taken       error // what Directory returns for a taken username
}

// Resolve returns the account of the launch's user, creating an anonymous one
// on first sight. Two first launches at once end in one account: the link is
// inserted once and everybody follows it. It fails with [ErrRequired] or
// [ErrDisabled] and then leaves dir untouched.
func (r *Resolver) Resolve(ctx context.Context, dir Directory, launch *lti.Launch) (*Account, error) {
	consumer := launch.Consumer
	a, err := dir.ByLink(ctx, consumer.ID, launch.User.ID)
	if err != nil && !errors.Is(err, r.Absent) {
		return nil, err
	}
	linked := err == nil
	// An anonymous link from before the option was set proves nobody.
	if consumer.RequireUserAccount && (!linked || a.Kind == Anonymous) {
		return nil, ErrRequired
	}
	if !linked {
		if a, err = r.anonymous(ctx, dir, consumer.ID, launch.User.ID); err != nil {
			return nil, err
		}
	}
	if !a.Enabled {
		return nil, ErrDisabled
	}
	return a, nil
}

// anonymous creates an account that nobody was asked about, and links it.
func (r *Resolver) anonymous(ctx context.Context, dir Directory, consumerID, ltiUserID string) (*Account, error) {
	a, err := r.create(ctx, dir)
	if err != nil {
		return nil, err
	}
	winner, err := dir.Link(ctx, Link{
		ConsumerID: consumerID, LTIUserID: ltiUserID, AccountID: a.ID, How: "launch", CreatedAt: a.CreatedAt,
	})
	if err != nil {
		return nil, err
	}
	if winner != a.ID {
		return dir.ByID(ctx, winner)
	}
	return a, nil
}

func (r *Resolver) create(ctx context.Context, dir Directory) (*Account, error) {
	for range usernameTries {
		id, err := uuid.NewV7()
		if err != nil {
			return nil, err
		}
		name := RandomUsername()
		a := &Account{
			ID: id.String(), Username: name, Email: name + "@" + r.EmailDomain,
			Kind: Anonymous, Enabled: true, CreatedAt: r.Clock(),
		}
		err = dir.Create(ctx, a)
		if err == nil {
			return a, nil
		}
		if !errors.Is(err, r.Taken) {
			return nil, err
		}
	}
	return nil, errors.New("no free random username")
}

// RandomUsername returns 30 random letters and digits, as Open edX names
// learners who come by LTI.
func RandomUsername() string {
	var b [2 * usernameLength]byte
	rand.Read(b[:]) // never fails
	name := make([]byte, usernameLength)
	for i := range name {
		// 16 bits over 62 letters: the bias is below one in a thousand, the
		// name still has more than 178 bits.
		name[i] = usernameAlphabet[(int(b[2*i])<<8|int(b[2*i+1]))%len(usernameAlphabet)]
	}
	return string(name)
}
