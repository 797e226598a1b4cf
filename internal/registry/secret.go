package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"lectern/internal/lti"
	"lectern/internal/store"
)

// ByKey returns the consumer with this key and its live secrets, the current
// one first. It is what verifying a launch needs.
func (r *Registry) ByKey(ctx context.Context, key string) (*lti.Consumer, []lti.Secret, error) {
	c, secrets, _, err := r.byKey(ctx, key)
	return c, secrets, err
}

// notFound turns an absent row into the error a person should read.
func notFound(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrUnknown
	}
	return err
}

// Credentials returns a consumer and its live secrets, the one that the LMS
// last signed with first: it is the one that it knows. While nobody knows, that
// is the previous one, which somebody has yet to replace there. It is what
// signing a message to the LMS needs.
func (r *Registry) Credentials(ctx context.Context, id string) (*lti.Consumer, []lti.Secret, error) {
	var c *lti.Consumer
	var secrets []lti.Secret
	err := r.Store.View(ctx, func(tx store.Tx) (err error) {
		if c, err = byID(ctx, tx, id); err != nil {
			return err
		}
		if secrets, err = r.open(ctx, tx, id); err != nil || len(secrets) < 2 {
			return err
		}
		boxes, err := tx.Consumers().Secrets(ctx, id)
		used := map[lti.SecretSlot]time.Time{}
		for _, b := range boxes {
			used[b.Slot] = b.LastUsedAt
		}
		if !used[lti.Current].After(used[lti.Previous]) {
			slices.Reverse(secrets)
		}
		return err
	})
	return c, secrets, err
}

// Reveal returns the current secret for an operator who asked for it; the
// audit keeps that they did.
func (r *Registry) Reveal(ctx context.Context, who, id string) (string, error) {
	secret := ""
	err := r.Store.Update(ctx, func(tx store.Tx) error {
		if _, err := byID(ctx, tx, id); err != nil {
			return err
		}
		secrets, err := r.open(ctx, tx, id)
		if err != nil {
			return err
		}
		if len(secrets) > 0 {
			secret = secrets[0].Value
		}
		return r.audit(ctx, tx, who, "consumer.reveal", id, nil, nil)
	})
	return secret, err
}

func (r *Registry) open(ctx context.Context, tx store.Tx, id string) ([]lti.Secret, error) {
	boxes, err := tx.Consumers().Secrets(ctx, id)
	if err != nil {
		return nil, err
	}
	return r.unseal(id, boxes)
}

func (r *Registry) unseal(id string, boxes []store.SealedSecret) ([]lti.Secret, error) {
	var current, previous []lti.Secret
	for _, b := range boxes {
		value, err := r.Keys.Open(store.SecretAAD(id, b.Slot), b.Box)
		if err != nil {
			return nil, fmt.Errorf("open the %s secret of consumer %s: %w", b.Slot, id, err)
		}
		s := lti.Secret{Slot: b.Slot, Value: string(value)}
		if b.Slot == lti.Current {
			current = append(current, s)
		} else {
			previous = append(previous, s)
		}
	}
	return append(current, previous...), nil
}

func (r *Registry) putSecret(ctx context.Context, tx store.Tx, id, secret string) error {
	return tx.Consumers().PutSecret(ctx, store.SealedSecret{
		ConsumerID: id, Slot: lti.Current, CreatedAt: r.Clock(),
		Box: r.Keys.Seal(store.SecretAAD(id, lti.Current), []byte(secret)),
	})
}
