// Package sealed keeps secrets at rest: what the database holds is useless
// without a key that lives elsewhere.
//
// A box is AES-256-GCM under a random nonce, prefixed with the id of its key,
// and bound to the place it belongs to (table, row and column), so that a box
// copied to another row does not open. A [Keyring] seals with one key and
// opens with that and older ones: rotation is adding a key, then rewriting
// what is [Keyring.Stale].
package sealed

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"lectern/internal/errs"
)

// ErrOpen means a box was not sealed with a key of the ring for this place, or
// is damaged.
var ErrOpen = errs.New(errs.Internal, "secret_unreadable", "",
	"A stored secret of this site cannot be read. Please tell the site's operator.",
	"The sealing key is not the one that sealed this secret. Restore LECTERN_SEALING_KEY or the key file.")

// version is the first byte of every box.
const version = 1

const headerLen = 1 + idLen

// Keyring seals and opens. It is safe for concurrent use.
type Keyring struct {
	current ring
	all     map[keyID]cipher.AEAD
}

type ring struct {
	id   keyID
	aead cipher.AEAD
}

// NewKeyring returns a ring that seals with current and opens with current and
// every old key.
func NewKeyring(current Key, old ...Key) *Keyring {
	k := &Keyring{current: ring{current.id(), current.aead()}, all: map[keyID]cipher.AEAD{}}
	for _, o := range append(old, current) {
		k.all[o.id()] = o.aead()
	}
	return k
}

// Seal encrypts plain for the place aad, such as "consumer_secret/ID/secret".
func (k *Keyring) Seal(aad string, plain []byte) []byte {
	box := make([]byte, headerLen, headerLen+len(plain)+k.current.aead.Overhead())
	box[0] = version
	copy(box[1:], k.current.id[:])
	return k.current.aead.Seal(box, nil, plain, place(box, aad))
}

// Open decrypts a box that was sealed for the place aad. The error is
// [ErrOpen].
func (k *Keyring) Open(aad string, box []byte) ([]byte, error) {
	if len(box) < headerLen || box[0] != version {
		return nil, ErrOpen.With("not a box of version %d", version)
	}
	aead, ok := k.all[keyID(box[1:headerLen])]
	if !ok {
		return nil, ErrOpen.With("key %x is not in the ring", box[1:headerLen])
	}
	plain, err := aead.Open(nil, nil, box[headerLen:], place(box[:headerLen], aad))
	if err != nil {
		return nil, ErrOpen.Wrap(err)
	}
	return plain, nil
}

// Stale reports whether box should be rewritten: the current key did not seal
// it.
func (k *Keyring) Stale(box []byte) bool {
	return len(box) < headerLen || box[0] != version || keyID(box[1:headerLen]) != k.current.id
}

// place is the additional data: header, length and place, so that nothing of
// it can shift.
func place(header []byte, aad string) []byte {
	b := append([]byte("lectern sealed\x00"), header[:headerLen]...)
	b = binary.BigEndian.AppendUint64(b, uint64(len(aad)))
	return append(b, aad...)
}

const idLen = 8

// keyID names a key without telling anything about it.
type keyID [idLen]byte

func (k Key) id() keyID {
	sum := sha256.Sum256(append([]byte("lectern sealing key id\x00"), k.raw[:]...))
	return keyID(sum[:idLen])
}

func (k Key) aead() cipher.AEAD {
	block, err := aes.NewCipher(k.raw[:])
	if err != nil {
		panic(fmt.Sprintf("sealed: %v", err)) // a Key is always 32 bytes
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(fmt.Sprintf("sealed: %v", err)) // AES blocks are always 16 bytes
	}
	return aead
}
