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
	"unicode"

	"lectern/internal/errs"
)

// ErrKey means a text or file is not a sealing key.
var ErrKey = errs.New(errs.Internal, "sealing_key_malformed", "",
	"The sealing key of this site cannot be read. Please tell the site's operator.",
	"A sealing key is 32 bytes in base64. Make one with: lectern key make")

// ErrChanging means that somebody else changes the key file.
var ErrChanging = errs.New(errs.Conflict, "sealing_key_changing", "",
	"The sealing key is being changed already.",
	"If nobody does, a change was cut off: remove sealing.key.new in the data folder and try again.")

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

// ParseKeys reads one or more keys, separated by blanks, line ends or commas.
// The first is the one to seal with. Errors are those of [ParseKey].
func ParseKeys(text string) ([]Key, error) {
	var list []Key
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
		k, err := ParseKey(word)
		if err != nil {
			return nil, err
		}
		list = append(list, k)
	}
	if len(list) == 0 {
		return nil, ErrKey.With("no key")
	}
	return list, nil
}

// EncodeKeys returns the text that [ParseKeys] reads, a line for each key.
func EncodeKeys(list []Key) string {
	var b strings.Builder
	for _, k := range list {
		b.WriteString(k.Encode() + "\n")
	}
	return b.String()
}

// LoadKeys returns the keys in the file at path, the one to seal with first, and
// makes none. The error is fs.ErrNotExist, [ErrKey] or the file system's.
func LoadKeys(path string) ([]Key, error) { return loadKeys(path) }

// SaveKeys writes keys to a new file at path with mode 0600. The error is
// fs.ErrExist or the file system's.
func SaveKeys(path string, list []Key) error {
	if err := createExclusive(path, EncodeKeys(list)); err != nil {
		return fmt.Errorf("save sealing key: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// ChangeKeys replaces the keys in the file at path by what change makes of them.
// The file changes as a whole, and one change at a time is made: the error is
// [ErrChanging] while another process makes one, or has died in it.
func ChangeKeys(path string, change func([]Key) ([]Key, error)) ([]Key, error) {
	fresh := path + ".new"
	f, err := os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, ErrChanging.With("%s is there", fresh)
	}
	if err != nil {
		return nil, fmt.Errorf("change sealing key: %w", err)
	}
	list, err := loadKeys(path)
	if err == nil {
		list, err = change(list)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(fresh))
	}
	if err := writeSync(f, EncodeKeys(list)); err != nil {
		return nil, errors.Join(fmt.Errorf("change sealing key: %w", err), os.Remove(fresh))
	}
	if err := os.Rename(fresh, path); err != nil {
		return nil, errors.Join(fmt.Errorf("change sealing key: %w", err), os.Remove(fresh))
	}
	return list, syncDir(filepath.Dir(path))
}

// LoadOrCreateKeys returns the keys in the file at path. When there is no file
// it makes a key and writes it with mode 0600. Processes that start at once
// agree on one key: the file appears whole or not at all, and only once. A
// malformed file is [ErrKey] and is never overwritten.
func LoadOrCreateKeys(path string) ([]Key, error) {
	list, err := loadKeys(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return list, err
	}
	if err := createKey(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("create sealing key: %w", err)
	}
	return loadKeys(path) // the winner's key, whoever it is
}

// Time for another process to finish writing where files cannot be linked.
const (
	settleTries = 40
	settlePause = 50 * time.Millisecond
)

func loadKeys(path string) ([]Key, error) {
	for try := 1; ; try++ {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read sealing key: %w", err)
		}
		list, err := ParseKeys(string(text))
		if err == nil || strings.HasSuffix(string(text), "\n") || try == settleTries {
			return list, err
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

// createExclusive is for file systems without hard links: loadKeys waits for
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
