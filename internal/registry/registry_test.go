package registry_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"lectern/internal/lti"
	"lectern/internal/registry"
	"lectern/internal/sealed"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore"
)

func newRegistry(t *testing.T) *registry.Registry {
	t.Helper()
	s, err := sqlstore.Open(context.Background(), filepath.Join(t.TempDir(), "test.db"), sqlstore.Options{Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &registry.Registry{
		Store: s, Keys: sealed.NewKeyring(sealed.NewKey()), Clock: func() time.Time { return time.Now().UTC() },
	}
}

func TestAdd(t *testing.T) {
	ctx := context.Background()
	r := newRegistry(t)
	long := strings.Repeat("k", 255)
	for _, tt := range []struct {
		name string
		spec registry.Spec
		want error
	}{
		{"generated", registry.Spec{Name: "Canvas"}, nil},
		{"own values", registry.Spec{Name: " Moodle ", Key: " my key ", Secret: " s&cr=t é "}, nil},
		{"longest", registry.Spec{Name: long, Key: long, Secret: long}, nil},
		{"name missing", registry.Spec{Name: "  "}, registry.ErrNameMissing},
		{"name taken, other case", registry.Spec{Name: "CANVAS"}, registry.ErrNameTaken},
		{"key taken", registry.Spec{Name: "Sakai", Key: "my key"}, registry.ErrKeyTaken},
		{"key differs in case only", registry.Spec{Name: "Blackboard", Key: "MY KEY"}, nil},
		{"too long", registry.Spec{Name: "x", Key: long + "k"}, registry.ErrFieldLong},
		{"line break", registry.Spec{Name: "a\nb"}, registry.ErrFieldCharacters},
		{"same secret as another", registry.Spec{Name: "Second", Secret: "s&cr=t é"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, secret, err := r.Add(ctx, "test", tt.spec)
			if tt.want != nil {
				if !errors.Is(err, tt.want) {
					t.Fatalf("Add = %v, want %v", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			_, secrets, err := r.ByKey(ctx, c.Key)
			if err != nil || len(secrets) != 1 || secrets[0] != (lti.Secret{Slot: lti.Current, Value: secret}) {
				t.Errorf("ByKey = %v, %v; want secret %q", secrets, err, secret)
			}
			if tt.spec.Key == "" && !regexp.MustCompile(`\A[0-9a-f]{32}\z`).MatchString(c.Key) {
				t.Errorf("generated key %q", c.Key)
			}
			if tt.spec.Secret == "" && !regexp.MustCompile(`\A[A-Za-z0-9_-]{43}\z`).MatchString(secret) {
				t.Errorf("generated secret %q", secret)
			}
		})
	}
}

// TestSecretsRestSealed: neither the database nor the audit holds a secret.
func TestSecretsRestSealed(t *testing.T) {
	ctx := context.Background()
	r := newRegistry(t)
	c, _, err := r.Add(ctx, "test", registry.Spec{Name: "Canvas", Secret: "open sesame"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Set(ctx, "test", c.ID, registry.Spec{Name: "Canvas", Key: c.Key, Secret: "close sesame"}); err != nil {
		t.Fatal(err)
	}
	if got, err := r.Reveal(ctx, "ines", c.ID); got != "close sesame" || err != nil {
		t.Errorf("Reveal = %q, %v", got, err)
	}
	if _, err := r.Set(ctx, "test", c.ID, registry.Spec{Name: "Canvas 2", Key: c.Key}); err != nil {
		t.Fatal(err)
	}
	if got, err := r.Reveal(ctx, "ines", c.ID); got != "close sesame" || err != nil {
		t.Errorf("an empty secret must keep the old one: %q, %v", got, err)
	}
	err = r.Store.View(ctx, func(tx store.Tx) error {
		boxes, err := tx.Consumers().Secrets(ctx, c.ID)
		for _, b := range boxes {
			if bytes.Contains(b.Box, []byte("sesame")) {
				t.Error("a secret rests in clear text")
			}
		}
		if err != nil {
			return err
		}
		entries, err := tx.Audit().List(ctx, 100)
		acts := map[string]int{}
		for _, e := range entries {
			acts[e.Act]++
			if strings.Contains(e.Before+e.After, "sesame") {
				t.Errorf("the audit holds a secret: %+v", e)
			}
		}
		if acts["consumer.create"] != 1 || acts["consumer.secret"] != 1 || acts["consumer.reveal"] != 2 {
			t.Errorf("audit: %v", acts)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Keys = sealed.NewKeyring(sealed.NewKey())
	if _, _, err := r.ByKey(ctx, c.Key); err == nil {
		t.Error("another sealing key opens the secret")
	}
}

func TestFindAndDelete(t *testing.T) {
	ctx := context.Background()
	r := newRegistry(t)
	c, _, err := r.Add(ctx, "test", registry.Spec{Name: "Canvas, production", Key: "canvas-key"})
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{c.ID, "canvas-key", "canvas, PRODUCTION"} {
		if got, err := r.Find(ctx, what); err != nil || got.ID != c.ID {
			t.Errorf("Find(%q) = %v, %v", what, got, err)
		}
	}
	if _, err := r.Find(ctx, "Canvas"); !errors.Is(err, registry.ErrUnknown) {
		t.Errorf("part of a name finds: %v", err)
	}
	if _, err := r.Delete(ctx, "test", c.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Delete(ctx, "test", c.ID); !errors.Is(err, registry.ErrUnknown) {
		t.Errorf("deleting twice: %v", err)
	}
	if _, _, err := r.Add(ctx, "test", registry.Spec{Name: "Canvas, production", Key: "canvas-key"}); err != nil {
		t.Errorf("name and key are free again: %v", err)
	}
}
