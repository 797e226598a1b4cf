package registry

import (
	"context"
	"strings"
	"time"

	"lectern/internal/errs"
	"lectern/internal/lti"
	"lectern/internal/store"
)

// What can be in the way of changing secrets.
var (
	ErrRotating = errs.New(errs.Conflict, "consumer_rotating", "",
		"This consumer has two live secrets already. Drop one of them first.",
		"Drop the secret that the LMS does not use any more; the last uses tell which.")
	ErrOnlySecret = errs.New(errs.Conflict, "consumer_only_secret", "",
		"This consumer has no other secret, so it keeps this one.", "Rotate first.")
)

// SecretInfo is what may be shown of a live secret.
type SecretInfo struct {
	Slot       lti.SecretSlot
	CreatedAt  time.Time
	LastUsedAt time.Time // by a launch, to the minute; zero: never
}

// Secrets returns what may be shown of a consumer's live secrets, the current
// one first.
func (r *Registry) Secrets(ctx context.Context, id string) ([]SecretInfo, error) {
	var list []SecretInfo
	err := r.Store.View(ctx, func(tx store.Tx) error {
		boxes, err := tx.Consumers().Secrets(ctx, id)
		for _, b := range boxes { // "current" sorts before "previous"
			list = append(list, SecretInfo{b.Slot, b.CreatedAt, b.LastUsedAt})
		}
		return err
	})
	return list, err
}

// Rotate gives a consumer a second live secret and returns it; the one before
// goes on to work until it is dropped. An empty secret is generated. With two
// live secrets it fails with [ErrRotating]. who is the acting account's ID, for
// the audit.
func (r *Registry) Rotate(ctx context.Context, who, id, secret string) (string, error) {
	if strings.TrimSpace(secret) == "" {
		secret = NewSecret()
	}
	spec, err := Spec{Name: "kept", Key: "kept", Secret: secret}.clean()
	if err != nil {
		return "", err
	}
	err = r.Store.Update(ctx, func(tx store.Tx) error {
		boxes, err := r.boxes(ctx, tx, id)
		if err != nil {
			return err
		}
		if len(boxes) > 1 {
			return ErrRotating
		}
		if err := r.move(ctx, tx, boxes, lti.Current, lti.Previous); err != nil {
			return err
		}
		if err := r.putSecret(ctx, tx, id, spec.Secret); err != nil {
			return err
		}
		return r.audit(ctx, tx, who, "consumer.rotate", id, nil, nil)
	})
	return spec.Secret, err
}

// DropSecret ends one of two live secrets. When the current one is dropped the
// previous one is current again, which undoes a rotation.
func (r *Registry) DropSecret(ctx context.Context, who, id string, slot lti.SecretSlot) error {
	return r.Store.Update(ctx, func(tx store.Tx) error {
		boxes, err := r.boxes(ctx, tx, id)
		if err != nil {
			return err
		}
		if len(boxes) < 2 {
			return ErrOnlySecret
		}
		if slot == lti.Current {
			if err := r.move(ctx, tx, boxes, lti.Previous, lti.Current); err != nil {
				return err
			}
		}
		if err := tx.Consumers().DeleteSecret(ctx, id, lti.Previous); err != nil {
			return err
		}
		return store.Note(ctx, tx, store.Act{
			At: r.Clock(), Who: who, Name: "consumer.drop-secret", Subject: id, Before: map[string]string{"secret": string(slot)},
		})
	})
}

func (r *Registry) boxes(ctx context.Context, tx store.Tx, id string) ([]store.SealedSecret, error) {
	if _, err := byID(ctx, tx, id); err != nil {
		return nil, err
	}
	return tx.Consumers().Secrets(ctx, id)
}

// move writes the secret of one slot into another. It is sealed anew: a box is
// bound to its slot.
func (r *Registry) move(ctx context.Context, tx store.Tx, boxes []store.SealedSecret, from, to lti.SecretSlot) error {
	for _, b := range boxes {
		if b.Slot != from {
			continue
		}
		value, err := r.Keys.Open(store.SecretAAD(b.ConsumerID, from), b.Box)
		if err != nil {
			return err
		}
		b.Slot, b.Box = to, r.Keys.Seal(store.SecretAAD(b.ConsumerID, to), value)
		if err := tx.Consumers().PutSecret(ctx, b); err != nil {
			return err
		}
	}
	return nil
}
