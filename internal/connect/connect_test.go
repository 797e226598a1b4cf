package connect

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lectern/internal/spectest"
)

var update = flag.Bool("update", false, "write docs/lms")

// TestDocs: the documentation says what the console says.
func TestDocs(t *testing.T) {
	for _, g := range Guides() {
		path := filepath.Join(spectest.Root(t), "docs", "lms", g.ID+".md")
		want := g.Markdown()
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want {
			t.Errorf("%s is out of date (%v): go test ./internal/connect -update", path, err)
		}
	}
}

// TestGuides: every step can be followed and says where it comes from; only what
// a running LMS showed is called verified.
func TestGuides(t *testing.T) {
	v := Values{Site: "S", Domain: "D", SelectURL: "U", ConfigURL: "C", Links: "L", Key: "K"}
	for _, g := range Guides() {
		if Find(g.ID) == nil || g.Name == "" || g.Intro == "" || len(g.Steps) < 3 {
			t.Errorf("%+v", g)
		}
		key := false
		for _, s := range append(g.Steps, g.Notes...) {
			if s.Do == "" || s.Source == "" || s.Date == "" || s.Verified && g.ID != "moodle" {
				t.Errorf("%s: %+v", g.ID, s)
			}
			for _, x := range s.Values {
				key = key || x.Put == "{key}"
				if left := strings.ReplaceAll(v.Fill(x.Put), "{secret}", ""); strings.ContainsAny(left, "{}") {
					t.Errorf("%s: %q", g.ID, left)
				}
			}
		}
		if !key {
			t.Errorf("%s never asks for the key", g.ID)
		}
	}
	if Find("nothing") != nil || Find("moodle").Verified() == 0 || Find("canvas").Verified() != 0 {
		t.Error("find")
	}
}
