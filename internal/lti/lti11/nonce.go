package lti11

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"time"

	"lectern/internal/oauth1"
)

// nonceMargin is how much longer than the clock window a nonce is kept, so
// that rounding never opens a gap.
const nonceMargin = 60 * time.Second

// Nonce is what must be remembered of a launch to recognise it again. Insert
// it after the signature is verified, if absent, in one statement.
type Nonce struct {
	Key         string    // hex SHA-256 of consumer key, timestamp and nonce [OAuth1 §3.3]
	Fingerprint string    // hex SHA-256 of the address and every parameter
	ExpiresAt   time.Time // when no clock window accepts the launch any more
}

// Verdict says what a launch with a known nonce is.
type Verdict int

// The verdicts.
const (
	Fresh  Verdict = iota // never seen: open it
	Repeat                // the same launch again: write nothing
)

// Judge rules on a launch whose nonce is now, when known is the stored nonce
// with the same Key, or nil. A strict consumer refuses every repeat with
// [ErrReplayed]; otherwise the very same launch is a Repeat and any other
// launch under the same nonce is refused with [ErrNonceReused].
func Judge(known *Nonce, now Nonce, strict bool) (Verdict, error) {
	switch {
	case known == nil:
		return Fresh, nil
	case strict:
		return Repeat, ErrReplayed
	case known.Fingerprint != now.Fingerprint:
		return Repeat, ErrNonceReused
	}
	return Repeat, nil
}

func newNonce(key, timestamp, nonce, target string, form []oauth1.Pair, expires time.Time) Nonce {
	k := sha256.New()
	digest(k, key, timestamp, nonce)
	f := sha256.New()
	digest(f, target)
	for _, p := range form {
		digest(f, p.Name, p.Value)
	}
	return Nonce{
		Key:         hex.EncodeToString(k.Sum(nil)),
		Fingerprint: hex.EncodeToString(f.Sum(nil)),
		ExpiresAt:   expires,
	}
}

// digest adds parts with their lengths, so that ("ab","c") and ("a","bc")
// differ.
func digest(h hash.Hash, parts ...string) {
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
}
