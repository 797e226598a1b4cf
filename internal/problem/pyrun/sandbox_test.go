package pyrun

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"lectern/internal/problem/script"
	"lectern/internal/spectest"
)

// shared is the pool of the tests that need no other. It lives as long as they.
var shared = sync.OnceValue(func() *Pool {
	p := New(Options{Time: 60 * time.Second, Wait: 3 * time.Minute, CacheDir: cacheDir()})
	p.Warm()
	return p
})

// cacheDir is where tests keep the compiled interpreter, so that one run after
// another takes less.
func cacheDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "lectern-test-python")
}

// needPython skips a test where the interpreter was not fetched. With CI=true
// that is a failure.
func needPython(t testing.TB) {
	t.Helper()
	err := Available()
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skipf("no Python interpreter: %v", err)
	}
}

// run runs a job that must be answered.
func run(t testing.TB, job *script.Job) *script.Reply {
	t.Helper()
	needPython(t)
	r, err := shared().Run(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestModules runs the scripts in testdata, which check what scripts can use.
func TestModules(t *testing.T) {
	files, err := filepath.Glob("testdata/*.py")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	const prologue = "failures, checked = [], 0\n" +
		"def expect(what, got, want):\n" +
		"    global checked\n    checked += 1\n" +
		"    if got != want: failures.append('%r: got %r, want %r' % (what, got, want))\n" +
		"names = globals()\n"
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			job := &script.Job{Script: prologue + string(src), Seed: 1, Context: map[string]any{"cases": []any{}}}
			if filepath.Base(file) == "calc.py" && os.Getenv(spectest.Env) != "" {
				job.Context["cases"] = calcCases(t)
			}
			r := run(t, job)
			if r.Failure != nil {
				t.Fatalf("line %d: %v", r.Failure.Line-strings.Count(prologue, "\n"), r.Failure)
			}
			var failures []string
			if err := json.Unmarshal(r.Globals["failures"].JSON, &failures); err != nil {
				t.Fatal(err)
			}
			for _, f := range failures {
				t.Error(f)
			}
			t.Logf("%s checks", r.Globals["checked"].Text)
			if n := r.Globals["checked"].Text; n == "" || n == "0" {
				t.Error("nothing was checked")
			}
		})
	}
}

func calcCases(t *testing.T) any {
	t.Helper()
	var file struct {
		Cases []any `json:"calc_cases"`
	}
	spectest.JSON(t, &file, "data", "capa-cases.json")
	return file.Cases
}

func TestUnavailable(t *testing.T) {
	p := newPool(Options{Log: slog.New(slog.DiscardHandler)}, os.DirFS(t.TempDir()))
	_, err := p.Run(t.Context(), &script.Job{})
	if !errors.Is(err, script.ErrUnavailable) || !strings.Contains(err.Error(), "fetch-python") {
		t.Errorf("error %v", err)
	}
	if err := p.Close(context.Background()); err != nil {
		t.Error(err)
	}
}
