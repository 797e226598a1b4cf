package signin

import (
	"context"
	"errors"

	"lectern/internal/account"
	"lectern/internal/store"
)

// foreignHash is the setting that holds a hash like those of Django that some
// accounts still have.
const foreignHash = "foreign password hash"

// NoteForeign keeps, in tx, that accounts have hashes by Django now, such as
// hash. Answers to wrong passwords then take as long for every name.
func NoteForeign(ctx context.Context, tx store.Tx, hash string) error {
	like := account.LikeForeign(hash)
	if like == "" {
		return nil
	}
	return tx.Settings().Put(ctx, foreignHash, like)
}

// foreign returns what [NoteForeign] kept, or "".
func foreign(ctx context.Context, tx store.Tx) (string, error) {
	like, err := tx.Settings().Value(ctx, foreignHash)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return like, err
}

// upgrade replaces a hash by Django, of a password that was just found right,
// by one of ours. When somebody else changed the account meanwhile, theirs stays.
func (s *Service) upgrade(ctx context.Context, who *account.Account, password string) error {
	if !account.ForeignHash(who.PasswordHash) {
		return nil
	}
	hash, err := s.Passwords.Upgrade(ctx, password)
	if err != nil {
		return err
	}
	return s.Store.Update(ctx, func(tx store.Tx) error {
		now, err := tx.Accounts().ByID(ctx, who.ID)
		if err != nil || now.PasswordHash != who.PasswordHash {
			return err
		}
		now.PasswordHash = hash
		if err := tx.Accounts().Update(ctx, now); err != nil {
			return err
		}
		return s.audit(ctx, tx, who.ID, "user.password_rehashed", who.ID)
	})
}
