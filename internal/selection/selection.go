// Package selection lets a teacher choose content inside the LMS.
//
// An LMS posts a signed request for content [DL1 §3.1]; web/launch verifies it
// and opens a selection for it. What the LMS asked for is kept, sealed, while the
// teacher looks around; the credential travels in the page's address, because
// the page is in a frame where cookies may not come back. What was chosen goes
// back to the LMS in a form that the consumer's secret signs: the one that the
// request was signed with, as long as it is live.
package selection

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"lectern/internal/credential"
	"lectern/internal/errs"
	"lectern/internal/lti"
	"lectern/internal/lti/lti11"
	"lectern/internal/oauth1"
	"lectern/internal/registry"
	"lectern/internal/store"
)

// How long things live: a page to choose in, and a request whose page nobody
// saw, which may come twice by a double click.
const (
	Life      = 2 * time.Hour
	RenewLife = time.Minute
)

// ErrOver means that there is no selection behind a request.
var ErrOver = errs.New(errs.Forbidden, "selection_over", "",
	"This page is no longer open. Please choose content again from your course.",
	"A page for choosing content stays open for two hours, in the browser that asked for it.")

// Request is what is kept of a verified request for content.
type Request struct {
	Item    lti11.ItemRequest
	Secret  []byte // SHA-256 of the secret that the LMS signed with
	Method  oauth1.Method
	Context string // name of the LMS's course
	Locale  string
	// Refused says, in a sentence, why there is nothing to choose; "" when
	// there is.
	Refused string
	Code    string // of the refusal, for the LMS's log
}

// Selection is a request while somebody chooses.
type Selection struct {
	Request
	ID             string
	Consumer       *lti.Consumer
	FrameAncestors []string // origins that may frame its pages, 'self' apart
}

// Service keeps selections. It is safe for concurrent use.
type Service struct {
	Store    store.Store
	Registry *registry.Registry
	Clock    func() time.Time
}

// Open adds a selection to the transaction of its request and returns the token
// that its pages' addresses carry.
func (s *Service) Open(ctx context.Context, tx store.Tx, id, consumerID string, r *Request, userAgent string) (token string, err error) {
	plain, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("selection: %w", err)
	}
	token = credential.New()
	now := s.Clock()
	return token, tx.Selections().Create(ctx, &store.Selection{
		ID: id, ConsumerID: consumerID, TokenHash: credential.Hash(token), UserAgent: credential.Hash(userAgent),
		Box: s.Registry.Keys.Seal(store.SelectionAAD(id), plain), CreatedAt: now, ExpiresAt: now.Add(Life),
	})
}

// Mark returns what tells the secret in a consumer's slot from others, also after
// a rotation has moved it.
func (s *Service) Mark(ctx context.Context, consumerKey string, slot lti.SecretSlot) ([]byte, error) {
	_, secrets, err := s.Registry.ByKey(ctx, consumerKey)
	for _, live := range secrets {
		if live.Slot == slot {
			return credential.Hash(live.Value), err
		}
	}
	return nil, err
}

// Renew answers the very same request again: a double click. It works until
// somebody saw the page, for a minute, in the same browser; otherwise it fails
// with [ErrOver].
func (s *Service) Renew(ctx context.Context, tx store.Tx, id, userAgent string) (token string, err error) {
	row, err := tx.Selections().ByID(ctx, id)
	if err != nil {
		return "", over(err)
	}
	if !s.Clock().Before(row.CreatedAt.Add(RenewLife)) || !credential.Same(row.UserAgent, credential.Hash(userAgent)) {
		return "", ErrOver
	}
	token = credential.New()
	return token, over(tx.Selections().Renew(ctx, id, credential.Hash(token)))
}

// Find returns the selection that a page's address names, or [ErrOver]. The
// token is bound to the browser that asked.
func (s *Service) Find(ctx context.Context, id, token, userAgent string) (*Selection, error) {
	if _, err := uuid.Parse(id); err != nil {
		return nil, ErrOver
	}
	var row *store.Selection
	found := &Selection{ID: id}
	err := s.Store.View(ctx, func(tx store.Tx) (err error) {
		if row, err = tx.Selections().ByID(ctx, id); err != nil {
			return over(err)
		}
		if !credential.Same(row.TokenHash, credential.Hash(token)) ||
			!credential.Same(row.UserAgent, credential.Hash(userAgent)) || !s.Clock().Before(row.ExpiresAt) {
			return ErrOver
		}
		if found.Consumer, err = tx.Consumers().ByID(ctx, row.ConsumerID); err != nil {
			return over(err)
		}
		if !found.Consumer.Enabled {
			return ErrOver.With("consumer disabled")
		}
		learned, err := tx.Consumers().Origins(ctx, row.ConsumerID)
		found.FrameAncestors = append(learned, found.Consumer.FrameOrigins...)
		return err
	})
	if err != nil {
		return nil, err
	}
	plain, err := s.Registry.Keys.Open(store.SelectionAAD(id), row.Box)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(plain, &found.Request); err != nil {
		return nil, fmt.Errorf("selection: %w", err)
	}
	if row.OpenedAt.IsZero() {
		now := s.Clock()
		err = s.Store.Update(ctx, func(tx store.Tx) error { return tx.Selections().Opened(ctx, id, now) })
	}
	return found, err
}

// Answer returns the signed form that takes an answer to the LMS.
func (s *Service) Answer(ctx context.Context, sel *Selection, a lti11.ItemAnswer) ([]oauth1.Pair, error) {
	c, secrets, err := s.Registry.ByKey(ctx, sel.Consumer.Key)
	if err != nil {
		return nil, err
	}
	if len(secrets) == 0 {
		return nil, ErrOver.With("consumer %s has no secret", c.ID)
	}
	secret := secrets[0]
	for _, live := range secrets {
		if credential.Same(credential.Hash(live.Value), sel.Secret) {
			secret = live
		}
	}
	return a.Form(&sel.Item, oauth1.Signer{Key: c.Key, Secret: secret.Value, Method: sel.Method, Clock: s.Clock})
}

// over turns an absent row into what the person should read.
func over(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrOver.Wrap(err)
	}
	return err
}
