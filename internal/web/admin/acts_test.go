package admin

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// code finds what looks like the code of an act.
var code = regexp.MustCompile(`"((?:access|consumer|course|dates|key|learner|openedx|outbound|rescore|score|user)\.[a-z][a-z_-]+)"`)

// TestActsHaveNames compares the codes of acts in the program with their names.
func TestActsHaveNames(t *testing.T) {
	names, used := actNames(), map[string]bool{}
	err := filepath.WalkDir("../..", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") ||
			filepath.Base(name) == "acts.go" || slices.Contains(strings.Split(filepath.ToSlash(name), "/"), "storetest") {
			return err
		}
		source, err := os.ReadFile(name)
		for _, m := range code.FindAllStringSubmatch(string(source), -1) {
			used[m[1]] = true
			if names[m[1]] == "" && m[1] != "course.xml" && m[1] != "course.html" {
				t.Errorf("%s: the act %q has no name", name, m[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for act := range names {
		if !used[act] {
			t.Errorf("nothing is called %q", act)
		}
	}
}
