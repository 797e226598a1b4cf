// Package session is the right to use what a launch opened.
//
// Every launch has a session of its own, so two frames of two learners in one
// browser never mix. Its ID is public and stands in the address
// /learn/{launch}/; the credential is a random 256-bit token of which the
// database holds only the SHA-256. The token travels in a cookie scoped to that
// path or, where no cookie comes back, in the path itself:
//
//	launch ──303──▶ /learn/{launch}/?h=<handle>        handle: 60 s, one use, bound to the User-Agent
//	  cookie came back  ──303──▶ /learn/{launch}/              cookie mode
//	  no cookie         ──303──▶ /learn/{launch}/~<token>/     token mode
//
// Where learners' pages are on a host of their own, the first request sets the
// cookie and asks once more whether it came back.
//
// What resulted stays: Back and reload never post the launch again.
package session

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"lectern/internal/account"
	"lectern/internal/credential"
	"lectern/internal/errs"
	"lectern/internal/lti"
	"lectern/internal/store"
)

// How long things live. A learner may watch a long video without a request.
const (
	HandleLife = time.Minute
	idleLife   = 4 * time.Hour
	totalLife  = 12 * time.Hour
	seenEvery  = 5 * time.Minute
)

// ErrOver means that there is no session behind a request: it ended, was never
// there, or the credential did not come along.
var ErrOver = errs.New(errs.Forbidden, "session_over", "",
	"This page is no longer open. Please open it again from your course.",
	"The launch session ended, or the browser sent neither its cookie nor its token.")

// ErrHandle means that a one-time handle was used twice, too late, or by
// another browser.
var ErrHandle = errs.New(errs.Forbidden, "session_handle_used", "",
	"This link was already used or is too old. Please open it again from your course.",
	"A launch's one-time handle works once, for a minute, in the browser that launched.")

// Session is a live launch session with the people behind it.
type Session struct {
	store.Session
	Consumer       *lti.Consumer
	Account        *account.Account
	Base           string   // path its pages live under; ends with "/"
	FrameAncestors []string // origins that may frame its pages, 'self' apart

	// Opened is what its pages depend on, as [Sessions.Find] read it; nil elsewhere.
	Opened *store.Opened
}

// Sessions opens and finds launch sessions. Do not copy it.
type Sessions struct {
	Store store.Store
	Clock func() time.Time

	recent recent
}

// Ticket is what the launch's answer carries: the only copy of its credentials.
type Ticket struct {
	Handle string // one-time, for the address
	Token  string // for the cookie
}

// Open adds a session for s to the launch's transaction. It sets the
// credentials and times of s.
func (m *Sessions) Open(ctx context.Context, tx store.Tx, s *store.Session, userAgent string) (Ticket, error) {
	s.ExpiresAt = m.Clock().Add(totalLife)
	return m.create(ctx, tx, s, userAgent)
}

// create adds a session that ends when s says.
func (m *Sessions) create(ctx context.Context, tx store.Tx, s *store.Session, userAgent string) (Ticket, error) {
	t := newTicket()
	now := m.Clock()
	s.HandleHash, s.HandleUntil = credential.Hash(t.Handle), now.Add(HandleLife)
	s.TokenHash, s.UserAgent = credential.Hash(t.Token), credential.Hash(userAgent)
	s.CreatedAt, s.SeenAt = now, now
	return t, tx.Launches().Create(ctx, s)
}

// HandOver opens a session of its own for the same launch, for a window outside
// the frame: the frame's cookie does not get there, and its token had better
// not. pass is what the page in the frame holds. The new session ends when the
// old one would. Its error is [ErrOver].
func (m *Sessions) HandOver(ctx context.Context, id, pass, userAgent string) (newID string, t Ticket, err error) {
	made, err := uuid.NewV7()
	if err != nil {
		return "", Ticket{}, err
	}
	newID = made.String()
	err = m.Store.Update(ctx, func(tx store.Tx) error {
		s, err := tx.Launches().ByID(ctx, id)
		if err != nil {
			return notFound(err, ErrOver)
		}
		if !credential.Same([]byte(passOf(s)), []byte(pass)) || !credential.Same(s.UserAgent, credential.Hash(userAgent)) || m.over(s) {
			return ErrOver
		}
		if err := m.people(ctx, tx, &Session{Session: *s}); err != nil {
			return err
		}
		s.ID = newID
		t, err = m.create(ctx, tx, s, userAgent)
		return err
	})
	return newID, t, err
}

// Pass lets the page in a frame open another session, see [Sessions.HandOver].
func (s *Session) Pass() string { return passOf(&s.Session) }

// passOf returns what the page in a frame holds to open a window. It is made
// of the session's credential, so that it changes and ends with it, and is no
// credential itself: it opens a new session in the same browser, no more.
func passOf(s *store.Session) string {
	mac := hmac.New(sha256.New, s.TokenHash)
	mac.Write([]byte("open in a new window\n" + s.ID))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// over reports whether s has ended, or was not used for too long.
func (m *Sessions) over(s *store.Session) bool {
	now := m.Clock()
	return now.After(s.ExpiresAt) || now.After(s.SeenAt.Add(idleLife))
}

// Reopen answers a repeat of the launch that made session id: a double click.
// It works only until the handle is redeemed, within its minute, and in the
// same browser; otherwise it fails with [ErrHandle] and writes nothing.
func (m *Sessions) Reopen(ctx context.Context, tx store.Tx, id, userAgent string) (Ticket, error) {
	s, err := tx.Launches().ByID(ctx, id)
	if err != nil {
		return Ticket{}, notFound(err, ErrHandle)
	}
	if !m.Clock().Before(s.CreatedAt.Add(HandleLife)) || !credential.Same(s.UserAgent, credential.Hash(userAgent)) {
		return Ticket{}, ErrHandle
	}
	t := newTicket()
	err = tx.Launches().Rehandle(ctx, id, credential.Hash(t.Handle), credential.Hash(t.Token), s.HandleUntil)
	return t, notFound(err, ErrHandle)
}

// Land redeems the handle of session id. It returns the token to carry in the
// path, or "" when the cookie came back and is the credential: the one that the
// launch set, or one that [Offer] made and whose offer came along.
func (m *Sessions) Land(ctx context.Context, id, handle, cookie, offered, userAgent string) (token string, err error) {
	err = m.Store.Update(ctx, func(tx store.Tx) error {
		token = ""
		s, err := tx.Launches().ByID(ctx, id)
		if err != nil {
			return notFound(err, ErrHandle)
		}
		if !credential.Same(s.UserAgent, credential.Hash(userAgent)) {
			return ErrHandle
		}
		hash := credential.Hash(cookie)
		if !credential.Same(s.TokenHash, hash) && (cookie == "" || !credential.Same([]byte(offerOf(hash)), []byte(offered))) {
			token = credential.New()
			hash = credential.Hash(token)
		}
		return notFound(tx.Launches().Redeem(ctx, id, credential.Hash(handle), hash, m.Clock()), ErrHandle)
	})
	return token, err
}

// Offer returns a token for a cookie, and what goes with it into an address to
// find out whether the browser keeps the cookie.
func Offer() (token, offer string) {
	token = credential.New()
	return token, offerOf(credential.Hash(token))
}

func offerOf(hash []byte) string { return base64.RawURLEncoding.EncodeToString(hash) }

// Find returns the live session id if token is its credential. userAgent is
// checked only where the token came in the path, which is easier to leak than a
// cookie.
func (m *Sessions) Find(ctx context.Context, id, token string, inPath bool, userAgent string) (*Session, error) {
	found := &Session{}
	err := m.Store.Look(ctx, func(tx store.Tx) error {
		known, err := m.recent.get(ctx, tx, id)
		if err != nil {
			return notFound(err, ErrOver)
		}
		if inPath && !credential.Same(known.UserAgent, credential.Hash(userAgent)) {
			return ErrOver
		}
		o, err := tx.Launches().Opened(ctx, *known, credential.Hash(token))
		if err != nil {
			return notFound(err, ErrOver)
		}
		if m.over(o.Session) {
			return ErrOver
		}
		*found = Session{
			Session: *o.Session, Consumer: o.Consumer, Account: o.Account, Opened: o,
			FrameAncestors: slices.Concat(o.Origins, o.Consumer.FrameOrigins),
		}
		return m.enabled(found)
	})
	if err != nil {
		return nil, err
	}
	now := m.Clock()
	found.Base = "/learn/" + id + "/"
	if inPath {
		found.Base += "~" + token + "/"
	}
	if now.Sub(found.SeenAt) > seenEvery {
		err = m.Store.Update(ctx, func(tx store.Tx) error { return tx.Launches().Seen(ctx, id, now) })
	}
	return found, err
}

// people fills in who is behind a session, and ends it when the operator
// disabled one of them.
func (m *Sessions) people(ctx context.Context, tx store.Tx, s *Session) error {
	var err error
	if s.Consumer, err = tx.Consumers().ByID(ctx, s.ConsumerID); err != nil {
		return notFound(err, ErrOver)
	}
	if s.Account, err = tx.Accounts().ByID(ctx, s.AccountID); err != nil {
		return notFound(err, ErrOver)
	}
	if err := m.enabled(s); err != nil {
		return err
	}
	learned, err := tx.Consumers().Origins(ctx, s.ConsumerID)
	s.FrameAncestors = append(learned, s.Consumer.FrameOrigins...)
	return err
}

// enabled ends a session when the operator disabled somebody behind it.
func (m *Sessions) enabled(s *Session) error {
	if !s.Consumer.Enabled || s.Consumer.Ended(m.Clock()) || !s.Account.Enabled {
		return ErrOver.With("consumer or account disabled")
	}
	return nil
}

func newTicket() Ticket { return Ticket{Handle: credential.New(), Token: credential.New()} }

// notFound turns an absent row into the error a person should read.
func notFound(err error, instead *errs.Error) error {
	if errors.Is(err, store.ErrNotFound) {
		return instead.Wrap(err)
	}
	return err
}
