package archtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"lectern/internal/spectest"
)

// TestDivergences keeps docs/divergences.md honest: every row that names a
// departure names a test, and that test exists.
func TestDivergences(t *testing.T) {
	root := spectest.Root(t)
	doc, err := os.ReadFile(filepath.Join(root, "docs", "divergences.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests := allTests(t, root)
	row := regexp.MustCompile(`(?m)^\|.*\| ([^|]*) \|$`)
	name := regexp.MustCompile("`(T[A-Za-z0-9]+)`(?:-`T([0-9]+)`)?")
	for _, m := range row.FindAllStringSubmatch(string(doc), -1) {
		names := name.FindAllStringSubmatch(m[1], -1)
		if len(names) == 0 && !strings.Contains(m[0], "---") && !strings.Contains(m[1], "test") {
			t.Errorf("no test for: %.100s", m[0])
		}
		for _, n := range names {
			for _, want := range span(n[1], n[2]) {
				if !regexp.MustCompile(`\b(Test)?` + want + `(\b|[A-Z])`).MatchString(tests) {
					t.Errorf("test %s does not exist: %.100s", want, m[0])
				}
			}
		}
	}
}

// span lists the names from first, such as "T4", to the number last.
func span(first, last string) []string {
	from, err := strconv.Atoi(strings.TrimPrefix(first, "T"))
	to, errTo := strconv.Atoi(last)
	if err != nil || errTo != nil {
		return []string{first}
	}
	var out []string
	for n := from; n <= to; n++ {
		out = append(out, "T"+strconv.Itoa(n))
	}
	return out
}

// allTests returns the text of every test file.
func allTests(t *testing.T, root string) string {
	t.Helper()
	var b strings.Builder
	for _, dir := range []string{"cmd", "internal"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			b.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}
