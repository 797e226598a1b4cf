package account

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // Django's older hashes use it; they are replaced at the first sign-in
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"
	"golang.org/x/text/unicode/norm"
)

// Bounds of what a stored hash may make us compute. A hash is data, and data
// must not choose our time or memory.
const (
	djangoMostRounds = 4_000_000
	djangoMostMemory = 256 << 20 // bytes
	djangoMostBcrypt = 15
)

// errForeign means that a string is no hash that [Passwords] can check.
var errForeign = errors.New("not a hash that can be checked")

// ForeignHash reports whether hash is one that Django wrote and [Passwords] can
// check: pbkdf2_sha256, pbkdf2_sha1, argon2, bcrypt, bcrypt_sha256 or scrypt.
func ForeignHash(hash string) bool {
	_, err := parseDjango(hash)
	return err == nil
}

// djangoHash is a hash by Django, ready to be computed.
type djangoHash struct {
	want []byte // nil: derive compares by itself
	// derive computes what want is to be compared with.
	derive func(password []byte) ([]byte, error)
	// like is the hash of a password that nobody has, at the same cost.
	like string
}

// parseDjango reads a hash as Django stores it: the algorithm, then its costs,
// salt and key, all separated by "$".
func parseDjango(encoded string) (*djangoHash, error) {
	algorithm, rest, _ := strings.Cut(encoded, "$")
	switch algorithm {
	case "pbkdf2_sha256":
		return parsePBKDF2(rest, algorithm, sha256.New, sha256.Size)
	case "pbkdf2_sha1":
		return parsePBKDF2(rest, algorithm, sha1.New, sha1.Size)
	case "argon2":
		return parseDjangoArgon(rest)
	case "bcrypt", "bcrypt_sha256":
		return parseBcrypt(rest, algorithm)
	case "scrypt":
		return parseScrypt(rest)
	}
	return nil, errForeign
}

func parsePBKDF2(rest, algorithm string, h func() hash.Hash, size int) (*djangoHash, error) {
	parts := strings.Split(rest, "$")
	if len(parts) != 3 {
		return nil, errForeign
	}
	rounds, err := strconv.Atoi(parts[0])
	if err != nil || rounds < 1 || rounds > djangoMostRounds || parts[1] == "" {
		return nil, fmt.Errorf("%s: cost out of bounds", algorithm)
	}
	want, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(want) != size {
		return nil, fmt.Errorf("%s: key of %d bytes", algorithm, len(want))
	}
	salt := []byte(parts[1])
	return &djangoHash{
		want:   want,
		derive: func(p []byte) ([]byte, error) { return pbkdf2.Key(h, string(p), salt, rounds, size) },
		like:   fmt.Sprintf("%s$%d$none$%s", algorithm, rounds, base64.StdEncoding.EncodeToString(make([]byte, size))),
	}, nil
}

// parseDjangoArgon reads argon2's own form, "argon2id$v=19$m=…,t=…,p=…$salt$key".
func parseDjangoArgon(rest string) (*djangoHash, error) {
	parts := strings.Split(rest, "$")
	if len(parts) != 5 || parts[1] != fmt.Sprintf("v=%d", argon2.Version) {
		return nil, errForeign
	}
	compute := map[string]func(p, salt []byte, time, memory uint32, threads uint8, size uint32) []byte{
		"argon2id": argon2.IDKey, "argon2i": argon2.Key,
	}[parts[0]]
	var time, memory uint32
	var threads uint8
	if _, err := fmt.Sscanf(parts[2], "m=%d,t=%d,p=%d", &memory, &time, &threads); err != nil || compute == nil {
		return nil, errForeign
	}
	if time < 1 || time > 16 || threads < 1 || memory < 8 || memory > djangoMostMemory/1024 {
		return nil, errors.New("argon2: cost out of bounds")
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[3])
	if err != nil {
		return nil, fmt.Errorf("argon2 salt: %w", err)
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil || len(want) < 16 || len(want) > 64 {
		return nil, fmt.Errorf("argon2: key of %d bytes", len(want))
	}
	size := uint32(len(want)) //nolint:gosec // 16 to 64
	none := base64.RawStdEncoding.EncodeToString(make([]byte, size))
	return &djangoHash{
		want:   want,
		derive: func(p []byte) ([]byte, error) { return compute(p, salt, time, memory, threads, size), nil },
		like:   strings.Join([]string{"argon2", parts[0], parts[1], parts[2], none, none}, "$"),
	}, nil
}

// parseBcrypt reads bcrypt's own form, "$2b$12$…". bcrypt_sha256 takes the
// password's SHA-256, in hexadecimal, so that long ones count whole.
func parseBcrypt(rest, algorithm string) (*djangoHash, error) {
	cost, err := bcrypt.Cost([]byte(rest))
	if err != nil || cost > djangoMostBcrypt {
		return nil, fmt.Errorf("%s: not a hash or too costly", algorithm)
	}
	const body = "......................00000000000000000000000000000000"
	return &djangoHash{
		derive: func(p []byte) ([]byte, error) {
			if algorithm == "bcrypt_sha256" {
				sum := sha256.Sum256(p)
				p = []byte(hex.EncodeToString(sum[:]))
			}
			if len(p) > 72 {
				p = p[:72] // bcrypt looks no further
			}
			return nil, bcrypt.CompareHashAndPassword([]byte(rest), p)
		},
		like: fmt.Sprintf("%s$$2b$%02d$%s", algorithm, cost, body[:53]),
	}, nil
}

// parseScrypt reads "N$salt$r$p$key".
func parseScrypt(rest string) (*djangoHash, error) {
	parts := strings.Split(rest, "$")
	if len(parts) != 5 {
		return nil, errForeign
	}
	var costs [3]int
	for i, text := range []string{parts[0], parts[2], parts[3]} {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 1<<20 {
			return nil, errors.New("scrypt: cost out of bounds")
		}
		costs[i] = n
	}
	n, r, p := costs[0], costs[1], costs[2]
	if n < 2 || n&(n-1) != 0 || 128*n*r > djangoMostMemory || r > 64 || p > 16 {
		return nil, errors.New("scrypt: cost out of bounds")
	}
	want, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(want) != 64 {
		return nil, fmt.Errorf("scrypt: key of %d bytes", len(want))
	}
	salt := []byte(parts[1])
	return &djangoHash{
		want:   want,
		derive: func(password []byte) ([]byte, error) { return scrypt.Key(password, salt, n, r, p, len(want)) },
		like:   fmt.Sprintf("scrypt$%d$none$%d$%d$%s", n, r, p, base64.StdEncoding.EncodeToString(make([]byte, 64))),
	}, nil
}

// LikeForeign returns a hash that costs as much to check as hash, which is
// Django's, and that no password has; "" when hash is not Django's.
func LikeForeign(hash string) string {
	d, err := parseDjango(hash)
	if err != nil {
		return ""
	}
	return d.like
}

// checkDjango reports whether password belongs to d. Open edX brings passwords
// into one Unicode form before it hashes them.
func (p *Passwords) checkDjango(ctx context.Context, password string, d *djangoHash) (bool, error) {
	forms := []string{norm.NFKC.String(password)}
	if forms[0] != password {
		forms = append(forms, password)
	}
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	for _, form := range forms {
		got, err := d.derive([]byte(form))
		if err == nil && (d.want == nil || subtle.ConstantTimeCompare(got, d.want) == 1) {
			return true, nil
		}
	}
	return false, nil
}

// CheckWith is [Passwords.Check] on a site where some hashes are Django's and
// some ours: it takes as long for either, and for nobody's. like is a hash as
// [LikeForeign] returns it; "" when the site has none of Django's.
func (p *Passwords) CheckWith(ctx context.Context, password, hash, like string) (bool, error) {
	ok, err := p.Check(ctx, password, hash)
	if err != nil || ok || like == "" {
		return ok, err
	}
	other := like
	if ForeignHash(hash) {
		other = ""
	}
	_, err = p.Check(ctx, password, other)
	return false, err
}

// Upgrade returns our hash of a password that was just checked against one of
// Django's. It asks nothing of the password: its owner is in already.
func (p *Passwords) Upgrade(ctx context.Context, password string) (string, error) {
	return p.hash(ctx, password)
}
