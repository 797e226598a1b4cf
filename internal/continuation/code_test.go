package continuation

import (
	"regexp"
	"strings"
	"testing"

	"lectern/internal/credential"
)

func TestShortCode(t *testing.T) {
	valid := regexp.MustCompile(`\A[A-HJKMNP-Z2-9]{3}-[A-HJKMNP-Z2-9]{3}\z`)
	seen := map[string]bool{}
	for range 1000 {
		code := shortCode("id", credential.New())
		if !valid.MatchString(code) || seen[code] {
			t.Fatalf("code %q is malformed or repeated", code)
		}
		seen[code] = true
	}
	code := shortCode("a", "token")
	if again := shortCode("a", "token"); code != again || code == shortCode("b", "token") {
		t.Error("a code belongs to a launch and its token")
	}
}

func TestTyped(t *testing.T) {
	for in, want := range map[string]string{
		"K7F-Q2M": "K7FQ2M", " k7f q2m\n": "K7FQ2M", "k7f–q2m": "K7FQ2M", "": "", "---": "", strings.Repeat("A", 65): "",
	} {
		if got := typed(in); got != want {
			t.Errorf("typed(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzTyped(f *testing.F) {
	f.Add("K7F-Q2M")
	f.Fuzz(func(t *testing.T, code string) {
		got := typed(code)
		if len(got) > 64 || typed(got) != got {
			t.Errorf("typed(%q) = %q", code, got)
		}
	})
}
