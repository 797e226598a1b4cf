// Package credential makes the random texts that let somebody in, and says how
// they are kept: by what they hash to, so that a database that leaks lets nobody
// in.
package credential

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// New returns 256 random bits in 43 characters, safe in a path, in a cookie and
// in the forms of LMSs.
func New() string {
	var b [32]byte
	rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Hash returns the SHA-256 of a credential. What has 256 random bits needs no
// slower one.
func Hash(credential string) []byte {
	sum := sha256.Sum256([]byte(credential))
	return sum[:]
}

// Same reports whether a and b are equal, in a time that tells nothing.
func Same(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }
