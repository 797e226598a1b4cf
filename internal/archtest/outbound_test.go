package archtest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// callers may open connections of their own, because the address is the
// operator's and never comes with a launch or a course. Everything else calls
// through package safehttp, which checks what it dials.
func callers() map[string]string {
	return map[string]string{
		"internal/safehttp/safehttp.go":   "the checked client itself",
		"internal/identity/identity.go":   "the identity provider of the configuration",
		"internal/mail/mail.go":           "the mail server of the configuration",
		"internal/tlsfront/acme.go":       "the certificate authority of the configuration",
		"internal/problem/extern/http.go": "the operator's grader, whose address is in the configuration",
		"cmd/lectern/doctorfront.go":      "the site's own public address",
	}
}

var dials = regexp.MustCompile(`http\.Client\{|http\.Transport\{|http\.Default(Client|Transport)|http\.(Get|Head|Post|PostForm)\(|net\.Dial|net\.Dialer\{|tls\.Dial`)

// TestOutbound finds every place that can open a connection.
func TestOutbound(t *testing.T) {
	root, known, found := filepath.Join("..", ".."), callers(), map[string]bool{}
	for _, top := range []string{"internal", "cmd"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil || !dials.Match(text) {
				return err
			}
			name, err := filepath.Rel(root, path)
			name = filepath.ToSlash(name)
			found[name] = true
			if _, ok := known[name]; !ok && !strings.Contains(name, "test/") {
				t.Errorf("%s opens connections of its own: use safehttp, or say in callers whose address it is", name)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name := range known {
		if !found[name] {
			t.Errorf("%s opens no connection any more: take it off the list", name)
		}
	}
}
