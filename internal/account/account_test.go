package account

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
)

// T104: 1000 random names are at most 30 ASCII letters and digits.
func TestT104RandomUsername(t *testing.T) {
	valid := regexp.MustCompile(`\A[A-Za-z0-9]{30}\z`)
	seen := map[string]bool{}
	for range 1000 {
		name := RandomUsername()
		if !valid.MatchString(name) || seen[name] {
			t.Fatalf("username %q is malformed or repeated", name)
		}
		seen[name] = true
	}
}

func TestPasswords(t *testing.T) {
	ctx := context.Background()
	p := NewPasswords(1)
	hash, err := p.Hash(ctx, "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, password, hash string
		want                 bool
	}{
		{"right", "correct horse battery", hash, true},
		{"wrong", "correct horse batterz", hash, false},
		{"empty password", "", hash, false},
		{"huge password", strings.Repeat("x", 1<<20), hash, false},
		{"no hash", "correct horse battery", "", false},
		{"empty password, no hash", "", "", false},
		{"hash cut short", "correct horse battery", hash[:len(hash)-4], false},
		{"hash asks for a terabyte", "x", strings.Replace(hash, "m=19456", "m=1073741824", 1), false},
		{"other scheme", "x", "pbkdf2_sha256$1$a$b", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := p.Check(ctx, tt.password, tt.hash); got != tt.want || err != nil {
				t.Errorf("Check = %v, %v; want %v", got, err, tt.want)
			}
		})
	}
	if _, err := p.Hash(ctx, "short"); !errors.Is(err, ErrPasswordWeak) {
		t.Errorf("short password: %v", err)
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	p.slots <- struct{}{} // every slot is busy
	if _, err := p.Check(canceled, "x", hash); !errors.Is(err, context.Canceled) {
		t.Errorf("a waiting check must end with its request: %v", err)
	}
}
