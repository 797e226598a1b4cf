// Package sealed keeps secrets at rest: what the database holds is useless
// without a key that lives elsewhere.
//
// A box is AES-256-GCM under a random nonce, prefixed with the id of its key,
// and bound to the place it belongs to (table, row and column), so that a box
// copied to another row does not open. A [Keyring] seals with one key and
// opens with that and older ones: rotation is adding a key, then rewriting
// what is [Keyring.Stale]. A ring over a file follows the file, so that running
// processes seal with a new key as soon as it is there.
package sealed

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync/atomic"

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
	path string // of the file to follow; "" for none
	keys atomic.Pointer[ring]
}

// ring is the keys at one time.
type ring struct {
	id      keyID // of the current key
	current cipher.AEAD
	all     map[keyID]cipher.AEAD
}

// NewKeyring returns a ring that seals with current and opens with current and
// every old key.
func NewKeyring(current Key, old ...Key) *Keyring {
	k := &Keyring{}
	k.set(append([]Key{current}, old...))
	return k
}

// OpenKeyring returns a ring over the keys in the file at path, which is made
// when it is missing. Errors are those of [LoadOrCreateKeys].
func OpenKeyring(path string) (*Keyring, error) {
	list, err := LoadOrCreateKeys(path)
	if err != nil {
		return nil, err
	}
	k := NewKeyring(list[0], list[1:]...)
	k.path = path
	return k, nil
}

func (k *Keyring) set(list []Key) *ring {
	r := &ring{id: list[0].id(), current: list[0].aead(), all: map[keyID]cipher.AEAD{}}
	for _, key := range list {
		r.all[key.id()] = key.aead()
	}
	k.keys.Store(r)
	return r
}

// follow reads the file again, if there is one. While it cannot be read the keys
// stay as they are.
func (k *Keyring) follow() *ring {
	if k.path != "" {
		if list, err := LoadKeys(k.path); err == nil {
			return k.set(list)
		}
	}
	return k.keys.Load()
}

// Seal encrypts plain for the place aad, such as "consumer_secret/ID/secret".
func (k *Keyring) Seal(aad string, plain []byte) []byte {
	r := k.follow()
	box := make([]byte, headerLen, headerLen+len(plain)+r.current.Overhead())
	box[0] = version
	copy(box[1:], r.id[:])
	return r.current.Seal(box, nil, plain, place(box, aad))
}

// Open decrypts a box that was sealed for the place aad. The error is
// [ErrOpen].
func (k *Keyring) Open(aad string, box []byte) ([]byte, error) {
	if len(box) < headerLen || box[0] != version {
		return nil, ErrOpen.With("not a box of version %d", version)
	}
	id := keyID(box[1:headerLen])
	aead, ok := k.keys.Load().all[id]
	if !ok {
		aead, ok = k.follow().all[id]
	}
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
	return SealedBy(box) != fmt.Sprintf("%x", k.keys.Load().id)
}

// SealedBy returns the id of the key that sealed a box, see [Key.ID], or "".
func SealedBy(box []byte) string {
	if len(box) < headerLen || box[0] != version {
		return ""
	}
	return fmt.Sprintf("%x", box[1:headerLen])
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
