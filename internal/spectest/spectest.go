// Package spectest finds the reference data that conformance tests replay:
// vectors, grading cases, captures of a real LMS and real course exports.
//
// The data is large and not part of the repository. The environment variable
// LECTERN_TEST_SHARED names the folder that holds it. Without the variable the
// tests that need it skip and say so; with it, a missing file is a failure.
package spectest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// Env is the variable that names the reference folder, absolute or relative to
// the repository root.
const Env = "LECTERN_TEST_SHARED"

// Shared returns the path of a file or folder of the reference data.
func Shared(t testing.TB, elem ...string) string {
	t.Helper()
	dir := os.Getenv(Env)
	if dir == "" {
		t.Skipf("reference data %s: %s is not set", filepath.Join(elem...), Env)
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(Root(t), dir)
	}
	path := filepath.Join(append([]string{dir}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("reference data missing although %s is set: %v", Env, err)
	}
	return path
}

// JSON decodes a file of the reference data into v.
func JSON(t testing.TB, v any, elem ...string) {
	t.Helper()
	b, err := os.ReadFile(Shared(t, elem...))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("%s: %v", filepath.Join(elem...), err)
	}
}

// Root returns the repository root: the nearest parent folder with a go.mod.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test's folder")
		}
		dir = parent
	}
}
