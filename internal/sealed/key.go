package sealed

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lectern/internal/errs"
)

// ErrKey means a text or file is not a sealing key.
var ErrKey = errs.New(errs.Internal, "sealing_key_malformed", "",
	"The sealing key of this site cannot be read. Please tell the site's operator.",
	"A sealing key is 32 bytes in base64. Make one with: openssl rand -base64 32")

// Key is a sealing key. Printing it shows its id only.
type Key struct{ raw [32]byte }

// NewKey returns a random key.
func NewKey() Key {
	var k Key
	_, _ = rand.Read(k.raw[:]) // never fails
	return k
}

// ParseKey reads a key from base64 text of 32 bytes, standard or URL alphabet,
// with or without padding. The error is [ErrKey] and never holds the text.
func ParseKey(text string) (Key, error) {
	text = strings.TrimRight(strings.TrimSpace(text), "=")
	text = strings.NewReplacer("-", "+", "_", "/").Replace(text)
	raw, err := base64.RawStdEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != len(Key{}.raw) {
		return Key{}, ErrKey.With("%d characters", len(text))
	}
	return Key{raw: [32]byte(raw)}, nil
}

// Encode returns the key as base64 text, for an environment variable or file.
func (k Key) Encode() string { return base64.StdEncoding.EncodeToString(k.raw[:]) }

// ID names the key without telling anything about it, so that a backup can say
// which key belongs to it.
func (k Key) ID() string { return fmt.Sprintf("%x", k.id()) }

// String returns the key's id, so that a key never lands in a log.
func (k Key) String() string { return "sealing key " + k.ID() }

// GoString is String, for %#v.
func (k Key) GoString() string { return k.String() }

// LogValue is String, for package slog.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText refuses: a key is written by [Key.Encode] and on purpose only.
func (k Key) MarshalText() ([]byte, error) { return nil, errors.New("sealed: a key does not marshal") }

// LoadKey returns the key in the file at path and makes none. The error is
// fs.ErrNotExist, [ErrKey] or the file system's.
func LoadKey(path string) (Key, error) { return loadKey(path) }

// SaveKey writes k to a new file at path with mode 0600. The error is
// fs.ErrExist or the file system's.
func SaveKey(path string, k Key) error {
	if err := createExclusive(path, k.Encode()+"\n"); err != nil {
		return fmt.Errorf("save sealing key: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// LoadOrCreateKey returns the key in the file at path. When there is no file it
// makes a key and writes it with mode 0600. Processes that start at once agree
// on one key: the file appears whole or not at all, and only once. A malformed
// file is [ErrKey] and is never overwritten.
func LoadOrCreateKey(path string) (Key, error) {
	k, err := loadKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if err := createKey(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return Key{}, fmt.Errorf("create sealing key: %w", err)
	}
	return loadKey(path) // the winner's key, whoever it is
}

// Time for another process to finish writing where files cannot be linked.
const (
	settleTries = 40
	settlePause = 50 * time.Millisecond
)

func loadKey(path string) (Key, error) {
	for try := 1; ; try++ {
		text, err := os.ReadFile(path)
		if err != nil {
			return Key{}, fmt.Errorf("read sealing key: %w", err)
		}
		k, err := ParseKey(string(text))
		if err == nil || strings.HasSuffix(string(text), "\n") || try == settleTries {
			return k, err
		}
		time.Sleep(settlePause)
	}
}

// createKey writes a new key. It returns fs.ErrExist when another process was
// first.
func createKey(path string) error {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	text := NewKey().Encode() + "\n"
	if err := writeSync(tmp, text); err != nil {
		return err
	}
	err = os.Link(tmp.Name(), path) // fails when path exists
	if err != nil && !errors.Is(err, fs.ErrExist) {
		err = createExclusive(path, text)
	}
	if err != nil {
		return err
	}
	return syncDir(dir)
}

// createExclusive is for file systems without hard links: loadKey waits for
// the line end.
func createExclusive(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return writeSync(f, text)
}

func writeSync(f *os.File, text string) error {
	_, err := f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncDir makes the new name durable: a key lost in a crash would lose every
// secret sealed with it.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = d.Sync() // some file systems cannot sync a folder; the file itself is safe
	return d.Close()
}
