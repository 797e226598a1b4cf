package credential_test

import (
	"regexp"
	"testing"

	"lectern/internal/credential"
)

func TestNew(t *testing.T) {
	valid := regexp.MustCompile(`\A[A-Za-z0-9_-]{43}\z`)
	seen := map[string]bool{}
	for range 1000 {
		c := credential.New()
		if !valid.MatchString(c) || seen[c] {
			t.Fatalf("credential %q is malformed or repeated", c)
		}
		seen[c] = true
	}
}

func TestSame(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{{"a", "a", true}, {"a", "b", false}, {"", "a", false}} {
		if got := credential.Same(credential.Hash(tt.a), credential.Hash(tt.b)); got != tt.want {
			t.Errorf("%q and %q: %v", tt.a, tt.b, got)
		}
	}
	if credential.Same(nil, credential.Hash("")) {
		t.Error("no hash is the hash of something")
	}
}
