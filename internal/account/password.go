package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"lectern/internal/errs"
)

// Cost of argon2id: about 20 ms and 19 MiB for each try.
const (
	argonTime    = 2
	argonMemory  = 19 * 1024 // KiB
	argonThreads = 1
	argonKey     = 32
	argonSalt    = 16

	minPassword = 10   // characters
	maxPassword = 1024 // bytes; more only costs us time
)

// ErrPasswordWeak means that a new password does not meet the rule.
var ErrPasswordWeak = errs.New(errs.Invalid, "password_weak", "",
	"The password needs at least 10 characters. A few words work well.", "")

// Passwords hashes and checks passwords. A limit on how many run at once
// bounds the memory that strangers can make it use.
type Passwords struct{ slots chan struct{} }

// NewPasswords returns a hasher that works on at most parallel passwords at a
// time; others wait.
func NewPasswords(parallel int) *Passwords {
	return &Passwords{slots: make(chan struct{}, parallel)}
}

// Hash returns the PHC string of password, or [ErrPasswordWeak].
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if utf8.RuneCountInString(password) < minPassword || len(password) > maxPassword {
		return "", ErrPasswordWeak
	}
	return p.hash(ctx, password)
}

func (p *Passwords) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, argonSalt)
	rand.Read(salt) // never fails
	key, err := p.derive(ctx, password, salt, argonTime, argonMemory, argonThreads)
	if err != nil {
		return "", err
	}
	enc := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, argonMemory, argonTime, argonThreads, enc(salt), enc(key)), nil
}

// Check reports whether password belongs to the PHC string hash, or to a hash
// that Django wrote, see [ForeignHash]. An empty or unreadable hash costs as
// much as one of ours, so that an answer's time does not tell whether an account
// exists.
func (p *Passwords) Check(ctx context.Context, password, hash string) (bool, error) {
	if len(password) > maxPassword {
		return false, nil
	}
	if d, err := parseDjango(hash); err == nil {
		return p.checkDjango(ctx, password, d)
	}
	salt, want, cost, err := parsePHC(hash)
	if err != nil {
		salt, want, cost = make([]byte, argonSalt), nil, phcCost{argonTime, argonMemory, argonThreads}
	}
	got, err := p.derive(ctx, password, salt, cost.time, cost.memory, cost.threads)
	return err == nil && len(want) > 0 && subtle.ConstantTimeCompare(got, want) == 1, err
}

func (p *Passwords) derive(
	ctx context.Context, password string, salt []byte, time, memory uint32, threads uint8,
) ([]byte, error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
		return argon2.IDKey([]byte(password), salt, time, memory, threads, argonKey), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type phcCost struct {
	time, memory uint32
	threads      uint8
}

// parsePHC reads "$argon2id$v=19$m=…,t=…,p=…$salt$key". Costs far above ours
// are refused: a hash is data, and data must not choose our memory.
func parsePHC(hash string) (salt, key []byte, cost phcCost, err error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return nil, nil, cost, fmt.Errorf("not an argon2id hash")
	}
	if _, err = fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &cost.memory, &cost.time, &cost.threads); err != nil {
		return nil, nil, cost, fmt.Errorf("argon2id cost: %w", err)
	}
	if cost.memory > 8*argonMemory || cost.time > 8*argonTime || cost.time < 1 || cost.threads < 1 {
		return nil, nil, cost, fmt.Errorf("argon2id cost out of bounds")
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return nil, nil, cost, fmt.Errorf("argon2id salt: %w", err)
	}
	key, err = base64.RawStdEncoding.DecodeString(parts[5])
	if err == nil && len(key) != argonKey {
		err = fmt.Errorf("argon2id key of %d bytes", len(key))
	}
	return salt, key, cost, err
}
