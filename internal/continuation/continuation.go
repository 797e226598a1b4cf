// Package continuation lets a launch wait until its learner has signed in.
//
// A consumer may show content only to people with an account of their own. The
// LMS's frame and the window in which somebody signs in share no storage, so
// the launch waits here:
//
//	frame   holds a random token; shows a short code; asks every few seconds
//	window  knows the ID only; somebody signs in there, and types the code
//
// Only the right code, given by somebody signed in to an enabled account with
// the e-mail address of the launch, links the LMS's user to that account and
// lets the frame go on. The ID alone never does: else whoever sends somebody a
// sign-in link would get that person's account in a frame of their own. The
// link is the proof from then on; the launch goes on once, without being posted
// again.
package continuation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lectern/internal/account"
	"lectern/internal/credential"
	"lectern/internal/errs"
	"lectern/internal/lti"
	"lectern/internal/lti/lti11"
	"lectern/internal/sealed"
	"lectern/internal/store"
)

// Life is how long a launch waits; Tries is how many codes may be tried.
const (
	Life  = 10 * time.Minute
	Tries = 5
)

// What can go wrong.
var (
	ErrOver = errs.New(errs.Forbidden, "continuation_over", "",
		"This page waited too long or was used already. Please open the content again from your course.",
		"A launch that asks for a sign-in waits ten minutes, takes five codes and goes on once.")
	ErrCode = errs.New(errs.Forbidden, "continuation_code_wrong", "",
		"This is not the code that your course page shows. Please look at it again.", "")
	ErrAddress = errs.New(errs.Forbidden, "continuation_address_differs", "",
		"Your account here has another e-mail address than the one your course sent.",
		"The learner signed in with another account, or the account's e-mail address is not that of the LMS.")
)

// Launch is all that is needed to go on with a verified launch.
type Launch struct {
	ConsumerID string
	LTI        lti.Launch // without consumer and names
	CourseKey  string
	UsageKey   string
	Query      string   // raw query of the launch address
	Origins    []string // where the launch came from
	Nonce      lti11.Nonce
}

// Ticket is what the frame gets: the only copy of its credential.
type Ticket struct {
	ID    string
	Token string
	Code  string // as people read it, e.g. "K7F-Q2M"
}

// Waiting is a launch as its frame sees it.
type Waiting struct {
	Launch *Launch
	State  store.ContinuationState
	Code   string
	Other  string // masked address of who gave the code with another account
}

// Service keeps launches that wait. It is safe for concurrent use.
type Service struct {
	Store store.Store
	Keys  *sealed.Keyring
	Clock func() time.Time
}

// Open lets a launch wait. It writes nothing else: no nonce, no account.
func (s *Service) Open(ctx context.Context, l *Launch, userAgent string) (Ticket, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Ticket{}, fmt.Errorf("continuation id: %w", err)
	}
	kept := *l
	kept.LTI.Consumer = nil
	kept.LTI.User = lti.User{ID: l.LTI.User.ID, Email: l.LTI.User.Email}
	plain, err := json.Marshal(kept)
	if err != nil {
		return Ticket{}, fmt.Errorf("continuation: %w", err)
	}
	t := Ticket{ID: id.String(), Token: credential.New()}
	t.Code = shortCode(t.ID, t.Token)
	now := s.Clock()
	c := store.Continuation{
		ID: t.ID, ConsumerID: l.ConsumerID, TokenHash: credential.Hash(t.Token), UserAgent: credential.Hash(userAgent),
		CodeHash: codeHash(t.ID, t.Code), Box: s.Keys.Seal(store.ContinuationAAD(t.ID), plain),
		CreatedAt: now, ExpiresAt: now.Add(Life),
	}
	return t, s.Store.Update(ctx, func(tx store.Tx) error { return tx.Continuations().Create(ctx, &c) })
}

// Look returns a launch to its frame, or [ErrOver]. The token is bound to the
// browser that launched.
func (s *Service) Look(ctx context.Context, id, token, userAgent string) (*Waiting, error) {
	var w *Waiting
	err := s.Store.View(ctx, func(tx store.Tx) error {
		c, err := s.framed(ctx, tx, id, token, userAgent)
		if err != nil {
			return err
		}
		l, err := s.open(c)
		w = &Waiting{Launch: l, State: c.State, Code: shortCode(id, token), Other: c.Other}
		return err
	})
	return w, err
}

// Use takes a confirmed launch in the transaction that goes on with it: it
// works once. Its error is [ErrOver].
func (s *Service) Use(ctx context.Context, tx store.Tx, id, token, userAgent string) error {
	if _, err := s.framed(ctx, tx, id, token, userAgent); err != nil {
		return err
	}
	return over(tx.Continuations().Use(ctx, id, s.Clock()))
}

// Ask returns a launch to the window in which somebody signs in, or [ErrOver].
func (s *Service) Ask(ctx context.Context, id string) (*Launch, error) {
	var l *Launch
	err := s.Store.View(ctx, func(tx store.Tx) error {
		c, err := tx.Continuations().ByID(ctx, id)
		if err != nil {
			return over(err)
		}
		if c.State != store.ContinuationWaiting || c.Tries >= Tries || !s.Clock().Before(c.ExpiresAt) {
			return ErrOver
		}
		l, err = s.open(c)
		return err
	})
	return l, err
}

// Confirm links the launch's user to an account and lets the frame go on. Its
// errors are [ErrOver], [ErrCode], [ErrAddress] and [account.ErrDisabled].
func (s *Service) Confirm(ctx context.Context, id, accountID, code string) error {
	var refused error
	err := s.Store.Update(ctx, func(tx store.Tx) error {
		refused = nil
		now := s.Clock()
		if err := tx.Continuations().Try(ctx, id, Tries, now); err != nil {
			return over(err)
		}
		c, err := tx.Continuations().ByID(ctx, id)
		if err != nil {
			return over(err)
		}
		if !credential.Same(c.CodeHash, codeHash(id, code)) {
			if refused = ErrCode; c.Tries >= Tries {
				refused = ErrOver
			}
			return nil // the try counts
		}
		l, err := s.open(c)
		if err != nil {
			return err
		}
		who, err := tx.Accounts().ByID(ctx, accountID)
		if err != nil {
			return err
		}
		switch {
		case !who.Enabled:
			return account.ErrDisabled
		case !account.SameAddress(who.Email, l.LTI.User.Email):
			refused = ErrAddress
			return tx.Continuations().Other(ctx, id, account.MaskAddress(who.Email))
		}
		if err := tx.Continuations().Confirm(ctx, id, who.ID); err != nil {
			return over(err)
		}
		return s.link(ctx, tx, l, who, now)
	})
	return errors.Join(err, refused)
}

// link proves who the launch's user is, and keeps for the audit who it was
// before.
func (s *Service) link(ctx context.Context, tx store.Tx, l *Launch, who *account.Account, now time.Time) error {
	before, err := tx.Accounts().FindLink(ctx, l.ConsumerID, l.LTI.User.ID)
	if errors.Is(err, store.ErrNotFound) {
		before, err = nil, nil
	}
	if err != nil {
		return err
	}
	after := account.Link{
		ConsumerID: l.ConsumerID, LTIUserID: l.LTI.User.ID, AccountID: who.ID, How: account.BySignIn, CreatedAt: now,
	}
	if err := tx.Accounts().Prove(ctx, after); err != nil {
		return err
	}
	return store.Note(ctx, tx, store.Act{
		At: now, Who: who.ID, Name: "user.link", Subject: who.ID, Before: audited(before), After: audited(&after),
	})
}

// audited is a link as the audit keeps it; nil is none.
func audited(l *account.Link) any {
	if l == nil {
		return nil
	}
	return map[string]string{
		"consumer_id": l.ConsumerID, "lti_user_id": l.LTIUserID, "account_id": l.AccountID, "how": l.How,
	}
}

// framed returns a continuation whose credential token is, not over yet.
func (s *Service) framed(ctx context.Context, tx store.Tx, id, token, userAgent string) (*store.Continuation, error) {
	c, err := tx.Continuations().ByID(ctx, id)
	if err != nil {
		return nil, over(err)
	}
	if !credential.Same(c.TokenHash, credential.Hash(token)) || !credential.Same(c.UserAgent, credential.Hash(userAgent)) || !s.Clock().Before(c.ExpiresAt) {
		return nil, ErrOver
	}
	if c.State == store.ContinuationWaiting && c.Tries >= Tries {
		return nil, ErrOver
	}
	return c, nil
}

func (s *Service) open(c *store.Continuation) (*Launch, error) {
	plain, err := s.Keys.Open(store.ContinuationAAD(c.ID), c.Box)
	if err != nil {
		return nil, err
	}
	l := &Launch{}
	if err := json.Unmarshal(plain, l); err != nil {
		return nil, fmt.Errorf("continuation: %w", err)
	}
	return l, nil
}

// over turns an absent row into what the person should read.
func over(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrOver.Wrap(err)
	}
	return err
}
