package registry

import (
	"context"
	"errors"

	"lectern/internal/sealed"
	"lectern/internal/store"
)

// resealTries is how often it is done again when somebody changed a secret
// meanwhile.
const resealTries = 10

// Resealed counts what [Registry.Reseal] did.
type Resealed struct {
	Rewritten int // sealed by another key before
	Unopened  int // left as they are: no key here opens them
}

// Reseal seals everything with the current key of the ring that others of its
// keys sealed, in one transaction.
func (r *Registry) Reseal(ctx context.Context, who, keyID string) (done Resealed, err error) {
	for range resealTries {
		err = r.Store.Update(ctx, func(tx store.Tx) error {
			done = Resealed{}
			return r.reseal(ctx, tx, &done, who, keyID)
		})
		if !errors.Is(err, store.ErrConflict) {
			break
		}
	}
	return done, err
}

func (r *Registry) reseal(ctx context.Context, tx store.Tx, done *Resealed, who, keyID string) error {
	list, err := tx.Boxes().All(ctx)
	if err != nil {
		return err
	}
	for _, b := range list {
		if !r.Keys.Stale(b.Sealed) {
			continue
		}
		plain, err := r.Keys.Open(b.AAD(), b.Sealed)
		if errors.Is(err, sealed.ErrOpen) {
			done.Unopened++
			continue
		}
		if err != nil {
			return err
		}
		if err := tx.Boxes().Replace(ctx, b, r.Keys.Seal(b.AAD(), plain)); err != nil {
			return err
		}
		done.Rewritten++
	}
	return store.Note(ctx, tx, store.Act{At: r.Clock(), Who: who, Name: "key.rotate", Subject: keyID, After: done.Rewritten})
}

// SealedBy counts what each key has sealed, by the key's id.
func (r *Registry) SealedBy(ctx context.Context) (map[string]int, error) {
	count := map[string]int{}
	err := r.Store.View(ctx, func(tx store.Tx) error {
		list, err := tx.Boxes().All(ctx)
		for _, b := range list {
			count[sealed.SealedBy(b.Sealed)]++
		}
		return err
	})
	return count, err
}
