package registry

import (
	"strings"
	"testing"
)

func TestCleanDomain(t *testing.T) {
	for raw, want := range map[string]string{
		"school.example": "school.example", "@School.Example": "school.example", "a-b.c1.example": "a-b.c1.example",
		"example": "", "*.school.example": "", "school.example/": "", "a..b": "", "-a.example": "", "a b.example": "",
		"ana@school.example": "", "": "", strings.Repeat("a.", 200) + "b": "",
	} {
		if got, ok := cleanDomain(raw); ok != (want != "") || ok && got != want {
			t.Errorf("cleanDomain(%q) = %q, %v", raw, got, ok)
		}
	}
}

func TestCleanOrigin(t *testing.T) {
	for raw, want := range map[string]string{
		"https://Portal.School.example": "https://portal.school.example", "https://a.example/": "https://a.example",
		"https://a.example:443": "https://a.example", "https://a.example:8443": "https://a.example:8443",
		"http://localhost:3000": "http://localhost:3000", "https://[::1]:8443": "https://[::1]:8443", "http://10.0.0.1": "http://10.0.0.1",
		"https://*": "", "https://*.example": "", "*": "", "'self'": "", "a.example": "", "https://a.example/path": "",
		"https://a.example?": "", "https://a.example#": "", "https://u@a.example": "", "https://a.example; script-src *": "",
		"https://a.example https://b.example": "", "javascript:alert(1)": "", "data:": "", "https://": "", "https://a.example:": "",
		"https://a.example:x": "",
	} {
		if got, ok := cleanOrigin(raw); ok != (want != "") || ok && got != want {
			t.Errorf("cleanOrigin(%q) = %q, %v", raw, got, ok)
		}
	}
}

func FuzzCleanOrigin(f *testing.F) {
	f.Add("https://a.example:8443")
	f.Fuzz(func(t *testing.T, raw string) {
		got, ok := cleanOrigin(raw)
		if ok && strings.ContainsAny(got, " ;,'\"*\r\n\t") {
			t.Errorf("cleanOrigin(%q) = %q would break the header", raw, got)
		}
		if again, okAgain := cleanOrigin(got); ok && (!okAgain || again != got) {
			t.Errorf("cleanOrigin(%q) = %q, then %q, %v", raw, got, again, okAgain)
		}
	})
}
