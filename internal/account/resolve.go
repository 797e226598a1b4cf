package account

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lectern/internal/errs"
	"lectern/internal/lti"
)

// ErrRequired means that the consumer shows content only to people with an
// account of their own, and that no proven link says whose the learner's is.
var ErrRequired = errs.New(errs.Forbidden, "account_required", "",
	"This content is available only to people who are signed in to this site. "+
		"Please sign in with your account here; the content then opens by itself.",
	"The consumer has \"Require user account\" on. The learner signs in once, with the e-mail address that the LMS "+
		"sends; or link the learner to an account; or use a consumer without the option.")

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

// Directory is what resolving a launch needs of the store. Its methods fail
// with errors that match Absent and Taken of [Resolver].
type Directory interface {
	ByID(ctx context.Context, id string) (*Account, error)
	ByUsername(ctx context.Context, username string) (*Account, error)
	ByEmail(ctx context.Context, email string, limit int) ([]*Account, error)
	SignsIn(ctx context.Context, id string) (bool, error)
	Create(ctx context.Context, a *Account) error
	Update(ctx context.Context, a *Account) error
	Discard(ctx context.Context, id string) error
	FindLink(ctx context.Context, consumerID, ltiUserID string) (*Link, error)
	Linked(ctx context.Context, consumerID, ltiUserID string) (*Link, *Account, error)
	Link(ctx context.Context, l Link) (accountID string, err error)
	Links(ctx context.Context, accountID string) ([]Link, error)
	NoteLink(ctx context.Context, consumerID, ltiUserID, note string, at time.Time) error
	SeenLink(ctx context.Context, consumerID, ltiUserID string, at time.Time) error
}

// Consumers tells which consumers are trusted with an e-mail address.
type Consumers interface {
	ByID(ctx context.Context, id string) (*lti.Consumer, error)
}

// Resolver turns launches into accounts. The first row that applies decides:
//
//	linked already?    Require user account   Use lti pii   result
//	proven             any                    any           the linked account
//	otherwise          on                     any           [ErrRequired]
//	by launch or pii   off                    any           the linked account
//	no                 off                    on            an account with the launch's name and address; an
//	                                                        existing one only where the consumer is trusted
//	no                 off                    off           a new anonymous account
//
// Whoever the browser is signed in as plays no part: a launch never changes
// that, and never uses it without a word from the learner. Options count when a
// link is made; turning one on or off changes no link and no account.
type Resolver struct {
	EmailDomain string // of generated addresses, e.g. "lti.example.com"; nothing is ever sent there
	Clock       func() time.Time
	Absent      error // what Directory returns for "no such link"
	Taken       error // what Directory returns for a taken username
}

// Resolve returns the account of the launch's user, creating one on first
// sight. Two first launches at once end in one account: the link is inserted
// once and everybody follows it. It fails with [ErrRequired] or [ErrDisabled]
// and then leaves dir untouched.
func (r *Resolver) Resolve(
	ctx context.Context, dir Directory, consumers Consumers, launch *lti.Launch,
) (*Account, error) {
	link, a, err := dir.Linked(ctx, launch.Consumer.ID, launch.User.ID)
	if errors.Is(err, r.Absent) {
		a, _, err := r.Welcome(ctx, dir, consumers, launch)
		return a, err
	}
	if err != nil {
		return nil, err
	}
	return a, r.Admit(ctx, dir, launch, link, a)
}

// Admit is [Resolver.Resolve] for somebody whose link and account were read.
func (r *Resolver) Admit(ctx context.Context, dir Directory, launch *lti.Launch, link *Link, a *Account) error {
	switch {
	case launch.Consumer.RequireUserAccount && !link.Proven():
		return ErrRequired.With("%s", missing(link, launch.User.Email))
	case !a.Enabled:
		return ErrDisabled
	}
	if err := r.seen(ctx, dir, link); err != nil {
		return err
	}
	return r.refresh(ctx, dir, launch, link, a)
}

// Welcome is [Resolver.Resolve] for somebody who has no link yet. fresh reports
// that the account was made for them just now.
func (r *Resolver) Welcome(
	ctx context.Context, dir Directory, consumers Consumers, launch *lti.Launch,
) (a *Account, fresh bool, err error) {
	if launch.Consumer.RequireUserAccount {
		return nil, false, ErrRequired.With("%s", missing(nil, launch.User.Email))
	}
	link, made, err := r.first(ctx, dir, consumers, launch)
	if err != nil {
		return nil, false, err
	}
	if made != nil && made.ID == link.AccountID {
		return made, true, nil
	}
	if a, err = dir.ByID(ctx, link.AccountID); err != nil {
		return nil, false, err
	}
	return a, false, r.Admit(ctx, dir, launch, link, a)
}

// seenEvery is how far apart two records of a learner's presence are.
const seenEvery = 24 * time.Hour

// seen keeps that somebody was here, so that it is known who has not been for
// long.
func (r *Resolver) seen(ctx context.Context, dir Directory, link *Link) error {
	last, now := link.SeenAt, r.Clock()
	if last.Before(link.CreatedAt) {
		last = link.CreatedAt
	}
	if now.Sub(last) < seenEvery {
		return nil
	}
	return dir.SeenLink(ctx, link.ConsumerID, link.LTIUserID, now)
}

// missing says to operators what a learner lacks who has to sign in.
func missing(link *Link, email string) string {
	switch {
	case email == "":
		return "the launch carried no e-mail address"
	case link != nil:
		return "the link was made by a launch and proves nobody"
	}
	return "the learner is not linked to an account"
}

// refresh keeps up with what the LMS says of somebody who was there before.
func (r *Resolver) refresh(ctx context.Context, dir Directory, launch *lti.Launch, link *Link, a *Account) error {
	switch {
	case link.Proven():
		return r.noteAddress(ctx, dir, launch, link, a)
	case link.How == ByPII && launch.Consumer.UseLTIPII && a.Kind == FromLMS && !a.HasRights():
		return r.refreshPII(ctx, dir, launch, a)
	}
	return nil
}

// noteAddress tells operators that the LMS sends another address than that of
// the proven account, or none any more. It unlinks nobody: addresses change.
func (r *Resolver) noteAddress(ctx context.Context, dir Directory, launch *lti.Launch, link *Link, a *Account) error {
	note := ""
	switch email := launch.User.Email; {
	case !launch.Consumer.RequireUserAccount || SameAddress(email, a.Email):
	case email == "":
		note = "The LMS sends no e-mail address any more."
	default:
		note = fmt.Sprintf("The LMS sends another e-mail address now: %s.", MaskAddress(email))
	}
	if note == link.Note || note == "" && !launch.Consumer.RequireUserAccount {
		return nil
	}
	at := r.Clock()
	if note == "" {
		at = time.Time{}
	}
	return dir.NoteLink(ctx, link.ConsumerID, link.LTIUserID, note, at)
}

// first makes the link of somebody who was never here before, and an account
// unless they follow to one that is there.
func (r *Resolver) first(
	ctx context.Context, dir Directory, consumers Consumers, launch *lti.Launch,
) (link *Link, made *Account, err error) {
	link = &Link{ConsumerID: launch.Consumer.ID, LTIUserID: launch.User.ID, How: ByLaunch, CreatedAt: r.Clock()}
	made = &Account{Kind: Anonymous}
	var names []string // wished for
	switch {
	case launch.Test:
		link.How, made.Kind, made.Name = ByTest, Test, storedName(launch.User)
		names = []string{"test-" + RandomUsername()[:10]}
	case launch.Consumer.UseLTIPII:
		known, err := r.trusted(ctx, dir, consumers, launch)
		if err != nil {
			return nil, nil, err
		}
		if known != nil {
			link.How, link.AccountID = ByEmail, known.ID
			link, err = r.follow(ctx, dir, link)
			return link, nil, err
		}
		link.How, made.Kind = ByPII, FromLMS
		made.Email, made.Name = storedAddress(launch.User.Email), storedName(launch.User)
		if names, err = r.wishes(ctx, dir, launch.User.ID); err != nil {
			return nil, nil, err
		}
	}
	if err := r.create(ctx, dir, made, names); err != nil {
		return nil, nil, err
	}
	link.AccountID = made.ID
	followed, err := r.follow(ctx, dir, link)
	if err == nil && followed.AccountID != made.ID { // another launch of the same learner was faster
		err = dir.Discard(ctx, made.ID)
	}
	return followed, made, err
}

// follow inserts a link, or returns the one that was there first.
func (r *Resolver) follow(ctx context.Context, dir Directory, link *Link) (*Link, error) {
	winner, err := dir.Link(ctx, *link)
	if err != nil || winner == link.AccountID {
		return link, err
	}
	return dir.FindLink(ctx, link.ConsumerID, link.LTIUserID)
}

// create adds an account under the first of the names that is free, else under
// a random one. It gives up after a few tries: what clashes then is no name.
func (r *Resolver) create(ctx context.Context, dir Directory, a *Account, names []string) error {
	for range usernameTries {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		next := RandomUsername()
		if len(names) > 0 {
			next, names = names[0], names[1:]
		}
		a.ID, a.Username, a.Enabled, a.CreatedAt = id.String(), next, true, r.Clock().Truncate(time.Microsecond) // as it is stored
		generated := a.Email == ""
		if generated {
			a.Email = r.generatedAddress(a.Username)
		}
		err = dir.Create(ctx, a)
		if err == nil || !errors.Is(err, r.Taken) {
			return err
		}
		if generated {
			a.Email = ""
		}
	}
	return errors.New("no free random username")
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
