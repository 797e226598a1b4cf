package storetest

import (
	"bytes"
	"errors"

	"lectern/internal/lti"
	"lectern/internal/store"
)

// testBoxes covers giving sealed things another key.
func testBoxes(s suite) {
	s.update(func(tx store.Tx) error {
		err := tx.Consumers().Create(s.ctx, &lti.Consumer{ID: "c", Name: "c", Key: "k"})
		for _, slot := range []lti.SecretSlot{lti.Current, lti.Previous} {
			err = errors.Join(err, tx.Consumers().PutSecret(s.ctx, store.SealedSecret{
				ConsumerID: "c", Slot: slot, Box: []byte("old " + slot), CreatedAt: now(), LastUsedAt: after(1),
			}))
		}
		return errors.Join(err, tx.Continuations().Create(s.ctx, &store.Continuation{
			ID: "w", ConsumerID: "c", TokenHash: []byte("t"), CodeHash: []byte("h"), Box: []byte("old launch"),
			CreatedAt: now(), ExpiresAt: after(60),
		}))
	})
	all := func() (list []store.Box) {
		s.view(func(tx store.Tx) (err error) {
			list, err = tx.Boxes().All(s.ctx)
			return err
		})
		return list
	}
	list := all()
	want := map[string]string{
		store.SecretAAD("c", lti.Current): "old current", store.SecretAAD("c", lti.Previous): "old previous",
		store.ContinuationAAD("w"): "old launch",
	}
	if len(list) != len(want) {
		s.Fatalf("%d boxes, want %d", len(list), len(want))
	}
	for _, b := range list {
		if want[b.AAD()] != string(b.Sealed) {
			s.Errorf("%s holds %q", b.AAD(), b.Sealed)
		}
		s.update(func(tx store.Tx) error { return tx.Boxes().Replace(s.ctx, b, []byte("new")) })
		err := s.Update(s.ctx, func(tx store.Tx) error { return tx.Boxes().Replace(s.ctx, b, []byte("newer")) })
		if !errors.Is(err, store.ErrConflict) {
			s.Errorf("%s, changed meanwhile: %v, want ErrConflict", b.AAD(), err)
		}
	}
	for _, b := range all() {
		if !bytes.Equal(b.Sealed, []byte("new")) {
			s.Errorf("%s holds %q", b.AAD(), b.Sealed)
		}
	}
	s.view(func(tx store.Tx) error {
		secrets, err := tx.Consumers().Secrets(s.ctx, "c")
		if err == nil && (len(secrets) != 2 || !secrets[0].CreatedAt.Equal(now()) || !secrets[0].LastUsedAt.Equal(after(1))) {
			s.Errorf("a new box changed the rest of its row: %+v", secrets)
		}
		return err
	})
}
