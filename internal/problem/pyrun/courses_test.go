package pyrun

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lectern/internal/problem/script"
	"lectern/internal/spectest"
	"lectern/internal/xmltree"
)

// TestCourses runs the scripts of real courses' problems. Those that fail must
// fail for a reason that is known.
func TestCourses(t *testing.T) {
	archives, err := filepath.Glob(filepath.Join(spectest.Shared(t, "courses"), "*.tar.gz"))
	if err != nil || len(archives) == 0 {
		t.Fatal(archives, err)
	}
	needPython(t)
	total, ran, notes := 0, 0, map[string]int{}
	for _, archive := range archives {
		course := readCourse(t, archive)
		for _, name := range slices.Sorted(maps.Keys(course.scripts)) {
			total++
			r := run(t, &script.Job{Script: course.scripts[name], Seed: 1, Library: course.library})
			for _, n := range r.Notes {
				notes[n]++
			}
			if r.Failure == nil {
				ran++
				continue
			}
			where := filepath.Base(archive) + " " + name
			t.Logf("%s: line %d: %v", where, r.Failure.Line, r.Failure)
			if r.Failure.Kind != script.Import {
				t.Errorf("%s: %v", where, r.Failure)
			}
		}
	}
	t.Logf("%d of %d scripts ran; notes: %v", ran, total, notes)
	if ran*10 < total*9 {
		t.Errorf("only %d of %d scripts ran", ran, total)
	}
}

// courseScripts are the different scripts of a course, by the file of a problem
// that has it.
type courseScripts struct {
	scripts map[string]string
	library *script.Library
}

func readCourse(t *testing.T, archive string) courseScripts {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	course := courseScripts{scripts: map[string]string{}}
	seen := map[string]bool{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return course
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case filepath.Base(h.Name) == "python_lib.zip":
			course.library = library(b)
		case filepath.Ext(h.Name) == ".xml" && bytes.Contains(b, []byte("<script")):
			if src := scriptOf(b); src != "" && !seen[src] {
				seen[src] = true
				course.scripts[h.Name] = src
			}
		}
	}
}

func library(zip []byte) *script.Library {
	sum := sha256.Sum256(zip)
	return &script.Library{
		SHA256: hex.EncodeToString(sum[:]),
		Open:   func(context.Context) ([]byte, error) { return zip, nil },
	}
}

// scriptOf returns a problem's Python.
func scriptOf(b []byte) string {
	root, err := xmltree.ParseBytes(b, xmltree.Limits{})
	if err != nil || root.Name != "problem" {
		return ""
	}
	var src strings.Builder
	for _, n := range root.FindAll("script") {
		kind := n.Attr("type")
		if kind == "" || strings.Contains(kind, "javascript") || strings.Contains(kind, "perl") {
			continue
		}
		src.WriteString(n.Text() + "\n")
	}
	return src.String()
}
