package importer_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"lectern/internal/importer"
	"lectern/internal/problem"
	"lectern/internal/problem/pyrun"
	"lectern/internal/spectest"
)

// TestRealCourses tries every problem of real courses, with the sandbox where
// this build has one, and logs what came out.
func TestRealCourses(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(spectest.Shared(t, "courses"), "*.tar.gz"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	i := site(t)
	if err := pyrun.Available(); err != nil {
		t.Logf("scripts are not run: %v", err)
	} else {
		pool := pyrun.New(pyrun.Options{CacheDir: t.TempDir()})
		t.Cleanup(func() {
			if err := pool.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
		i.Scripts = pool
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".tar.gz")
		t.Run(name, func(t *testing.T) {
			r, err := i.Check(t.Context(), file, importer.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%+v", r.Problems)
			if len(r.Checks) != r.Blocks["problem"] {
				t.Errorf("%d checks of %d problems", len(r.Checks), r.Blocks["problem"])
			}
			for _, e := range r.Checks {
				switch {
				case e.Status == problem.Broken && (e.File == "" || e.Line == 0 || e.Reason == ""):
					t.Errorf("%s: broken, but where? %s:%d %s", e.Usage, e.File, e.Line, e.Reason)
				case e.Status == problem.External && i.Scripts != nil && e.NotRun == "" && e.Line == 0:
					t.Errorf("%s: needs %s, but where? %s", e.Usage, e.Module, e.Reason)
				case i.Scripts != nil && e.NotRun != "":
					t.Errorf("%s: not run: %s", e.Usage, e.NotRun)
				}
				if e.Attention() {
					t.Logf("%s %s %s:%d %s %q", e.Status, e.Usage, e.File, e.Line, e.Reason, e.Notes)
				}
			}
		})
	}
}
