package sealed_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"lectern/internal/sealed"
)

const place = "consumer_secret/42/secret"

func TestSealOpens(t *testing.T) {
	k := sealed.NewKeyring(sealed.NewKey())
	for _, plain := range []string{"", "secret", strings.Repeat("é", 5000)} {
		box := k.Seal(place, []byte(plain))
		got, err := k.Open(place, box)
		if err != nil || string(got) != plain {
			t.Errorf("Open(Seal(%.10q)) = %.10q, %v", plain, got, err)
		}
		if plain != "" && bytes.Contains(box, []byte(plain)) {
			t.Errorf("box of %.10q shows it", plain)
		}
	}
	if bytes.Equal(k.Seal(place, []byte("x")), k.Seal(place, []byte("x"))) {
		t.Error("two boxes of one secret are equal")
	}
}

func TestOpenRefuses(t *testing.T) {
	k := sealed.NewKeyring(sealed.NewKey())
	box := k.Seal(place, []byte("secret"))
	flipped := func(i int) []byte {
		b := bytes.Clone(box)
		b[i] ^= 1
		return b
	}
	for _, tt := range []struct {
		name, aad string
		box       []byte
	}{
		{"another place", "consumer_secret/43/secret", box},
		{"no place", "", box},
		{"version changed", place, flipped(0)},
		{"key id changed", place, flipped(1)},
		{"nonce changed", place, flipped(10)},
		{"text changed", place, flipped(len(box) - 20)},
		{"tag changed", place, flipped(len(box) - 1)},
		{"cut", place, box[:len(box)-1]},
		{"header only", place, box[:9]},
		{"empty", place, nil},
		{"plain text", place, []byte("a secret from before sealing")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := k.Open(tt.aad, tt.box); !errors.Is(err, sealed.ErrOpen) {
				t.Errorf("Open = %q, %v; want ErrOpen", got, err)
			}
		})
	}
}

func TestRotation(t *testing.T) {
	oldKey, newKey := sealed.NewKey(), sealed.NewKey()
	before := sealed.NewKeyring(oldKey)
	box := before.Seal(place, []byte("secret"))
	after := sealed.NewKeyring(newKey, oldKey)
	if got, err := after.Open(place, box); err != nil || string(got) != "secret" {
		t.Errorf("old box after rotation: %q, %v", got, err)
	}
	if before.Stale(box) || !after.Stale(box) || after.Stale(after.Seal(place, nil)) {
		t.Error("Stale must be true for boxes of old keys only")
	}
	if _, err := sealed.NewKeyring(newKey).Open(place, box); !errors.Is(err, sealed.ErrOpen) {
		t.Errorf("box opens without its key: %v", err)
	}
}

func TestParseKey(t *testing.T) {
	key := sealed.NewKey()
	std := key.Encode()
	for _, tt := range []struct {
		name, in string
		ok       bool
	}{
		{"standard", std, true},
		{"blanks around", "  " + std + "\n", true},
		{"no padding", strings.TrimRight(std, "="), true},
		{"url alphabet", strings.NewReplacer("+", "-", "/", "_").Replace(std), true},
		{"empty", "", false},
		{"16 bytes", "AAAAAAAAAAAAAAAAAAAAAA==", false},
		{"33 bytes", strings.Repeat("A", 44), false},
		{"hex", strings.Repeat("0f", 32), false},
		{"words", "correct horse battery staple", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := sealed.ParseKey(tt.in)
			if tt.ok && (err != nil || got != key) || !tt.ok && !errors.Is(err, sealed.ErrKey) {
				t.Errorf("ParseKey: %v", err)
			}
		})
	}
}

func TestKeyDoesNotPrint(t *testing.T) {
	k := sealed.NewKey()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, k); strings.Contains(got, k.Encode()) || !strings.HasPrefix(got, "sealing key ") {
			t.Errorf("%s prints %q", verb, got)
		}
	}
}

func TestLoadOrCreateKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sealing.key")
	const n = 16
	keys := make([]sealed.Key, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			list, err := sealed.LoadOrCreateKeys(path)
			if err != nil || len(list) != 1 {
				t.Errorf("%d keys, %v", len(list), err)
				return
			}
			keys[i] = list[0]
		})
	}
	wg.Wait()
	for _, k := range keys {
		if k != keys[0] {
			t.Fatal("processes that start at once got different keys")
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestLoadKeyKeepsMalformedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sealing.key")
	if err := os.WriteFile(path, []byte("not a key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sealed.LoadOrCreateKeys(path); !errors.Is(err, sealed.ErrKey) {
		t.Errorf("err = %v, want ErrKey", err)
	}
	if b, _ := os.ReadFile(path); string(b) != "not a key\n" {
		t.Errorf("file became %q", b)
	}
}

func TestLoadKeyFolderMissing(t *testing.T) {
	if _, err := sealed.LoadOrCreateKeys(filepath.Join(t.TempDir(), "no", "key")); err == nil {
		t.Error("no error without the folder")
	}
}

func FuzzOpen(f *testing.F) {
	k := sealed.NewKeyring(sealed.NewKey())
	f.Add(place, k.Seal(place, []byte("secret")))
	f.Add("", []byte{1})
	f.Fuzz(func(t *testing.T, aad string, box []byte) {
		if got, err := k.Open(aad, box); err == nil && (aad != place || string(got) != "secret") {
			t.Errorf("forged box opens: %q", got)
		}
	})
}
