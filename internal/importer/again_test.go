package importer_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lectern/internal/course"
	"lectern/internal/importer"
	"lectern/internal/problem/script"
	"lectern/internal/store"
)

// python runs every script, or none whose modules it lacks, and remembers the
// libraries it was given.
type python struct {
	lacks     string
	libraries atomic.Value
	before    func()
}

func (p *python) Run(ctx context.Context, job *script.Job) (*script.Reply, error) {
	if p.before != nil {
		p.before()
	}
	if job.Library != nil {
		zip, err := job.Library.Open(ctx)
		if err != nil {
			return nil, script.ErrUnavailable.Wrap(err)
		}
		p.libraries.Store(string(zip))
	}
	if p.lacks != "" && strings.Contains(job.Script, p.lacks) {
		return &script.Reply{Failure: &script.Failure{Kind: script.Import, Type: "ModuleNotFoundError", Module: p.lacks, Line: 2}}, nil
	}
	return &script.Reply{Globals: map[string]script.Value{"x": {Text: "4", JSON: []byte("4")}}}, nil
}

// checked is a course with one problem of each kind, python_lib.zip and a file
// that is included.
func checked(t *testing.T) string {
	t.Helper()
	dir := export(t, "x", map[string]string{
		"python_lib.zip": "zip of modules",
		"inc/part.xml":   "<script>\nimport numpy\nx = 4</script>",
	})
	for name, text := range map[string]string{
		"course/R.xml": `<course><chapter url_name="c"><sequential url_name="s"><vertical url_name="v">
<problem url_name="native"/><problem url_name="python"/><problem url_name="heavy"/><problem url_name="torn"/><problem url_name="lost"/></vertical></sequential></chapter></course>`,
		"problem/native.xml": `<problem><numericalresponse answer="1"><textline/></numericalresponse></problem>`,
		"problem/python.xml": `<problem><script>x = 4</script><numericalresponse answer="$x"><textline/></numericalresponse></problem>`,
		"problem/heavy.xml":  `<problem><include file="inc/part.xml"/><numericalresponse answer="$x"><textline/></numericalresponse></problem>`,
		"problem/torn.xml":   `<problem><numericalresponse answer="1"><textline/></problem>`,
		"problem/lost.xml":   `<problem><include file="static/inc/../../../../etc/passwd"/></problem>`,
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// statuses returns id=status of each check, with "!" where learners can answer.
func statuses(r *importer.Report) string {
	var list []string
	for _, e := range r.Checks {
		mark := ""
		if e.Answerable {
			mark = "!"
		}
		list = append(list, e.Usage[strings.LastIndex(e.Usage, "@")+1:]+"="+string(e.Status)+mark)
	}
	return strings.Join(list, " ")
}

func entryOf(t *testing.T, r *importer.Report, id string) (out struct {
	File, Reason string
	Line         int
}) {
	t.Helper()
	for _, e := range r.Checks {
		if strings.HasSuffix(e.Usage, "@"+id) {
			out.File, out.Reason, out.Line = e.File, e.Reason, e.Line
			return out
		}
	}
	t.Fatalf("no check of %s in %s", id, statuses(r))
	return out
}

func TestTryAgain(t *testing.T) {
	i := site(t)
	path := checked(t)
	r, err := i.Import(t.Context(), path, importer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const poor = "native=native! python=python heavy=external torn=broken lost=broken"
	if statuses(r) != poor || r.Problems.Answerable != 1 {
		t.Errorf("nothing runs Python: %s, %+v", statuses(r), r.Problems)
	}
	if b := load(t, i, key).BlockByID("python"); b.Fate != course.Unsupported || b.Scored {
		t.Errorf("python block %+v", b)
	}

	sandbox := &python{lacks: "numpy"}
	i.Scripts = sandbox
	if only, err := i.CheckAgain(t.Context(), key); err != nil || statuses(only) != strings.Replace(poor, "python=python", "python=python!", 1) {
		t.Errorf("check again: %v, %v", only, err)
	}
	if stored, err := i.Report(t.Context(), key); err != nil || stored.Version != 1 {
		t.Errorf("a check was stored: %+v, %v", stored, err)
	}
	if lib, _ := sandbox.libraries.Load().(string); lib != "zip of modules" {
		t.Errorf("library %q", lib)
	}

	i.External = &python{}
	r, changed, err := i.TryAgain(t.Context(), "me", key)
	const rich = "native=native! python=python! heavy=external! torn=broken lost=broken"
	if err != nil || !changed || r.Version != 2 || statuses(r) != rich {
		t.Fatalf("again: %v, %v, version %d, %s", err, changed, r.Version, statuses(r))
	}
	if stored, err := i.Report(t.Context(), key); err != nil || cmp.Diff(r, stored) != "" {
		t.Errorf("stored: %v %s", err, cmp.Diff(r, stored))
	}
	c := load(t, i, key)
	for _, id := range []string{"python", "heavy"} {
		if b := c.BlockByID(id); b.Fate != course.Shown || !b.Scored || b.MaxScore != 1 || b.Reason != "" {
			t.Errorf("%s: %+v", id, b)
		}
	}
	if lib := i.Library(c); lib == nil || lib.SHA256 == "" {
		t.Errorf("library of the published course: %v", lib)
	}
	if shown := r.Fates[course.Shown]; shown != 3 || r.Fates[course.Unsupported] != 0 || len(r.NotShown) != 0 {
		t.Errorf("fates %v, not shown %v", r.Fates, r.NotShown)
	}
	if _, changed, err = i.TryAgain(t.Context(), "me", key); err != nil || changed {
		t.Errorf("once more: %v, %v", changed, err)
	}
	audited(t, i, 2)

	same, err := i.Import(t.Context(), path, importer.Options{})
	if err != nil || !same.Unchanged || same.Version != 2 {
		t.Errorf("the same archive again: %+v, %v", same, err)
	}
}

func audited(t *testing.T, i *importer.Importer, want int) {
	t.Helper()
	err := i.Store.View(t.Context(), func(tx store.Tx) error {
		list, err := tx.Audit().List(t.Context(), 10)
		if len(list) != want || list[0].Act != "course.check" || list[0].Who != "me" || list[0].Subject != key {
			t.Errorf("audit %+v", list)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// Where a problem is broken, or what it needs, is said in the course's own
// files, through includes too; a check of the stored course keeps what it said.
func TestCheckLines(t *testing.T) {
	i := site(t)
	i.Scripts = &python{lacks: "numpy"}
	r, err := i.Import(t.Context(), checked(t), importer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if e := entryOf(t, r, "heavy"); e.File != "static/inc/part.xml" || e.Line != 2 {
		t.Errorf("heavy at %s:%d", e.File, e.Line)
	}
	if e := entryOf(t, r, "lost"); e.Line != 1 || !strings.Contains(e.Reason, "cannot be included") {
		t.Errorf("lost: %+v", e)
	}
	again, err := i.CheckAgain(t.Context(), key)
	if err != nil || cmp.Diff(r.Checks, again.Checks) != "" {
		t.Errorf("%v %s", err, cmp.Diff(r.Checks, again.Checks))
	}
	if n := len(r.Errors); n != len(again.Errors) || !slices.ContainsFunc(r.Errors, func(n importer.Note) bool {
		return strings.Contains(n.Where, "lost") && strings.Contains(n.Message, "etc/passwd")
	}) {
		t.Errorf("errors %v, then %v", r.Errors, again.Errors)
	}
}

func TestTryAgainRefused(t *testing.T) {
	i := site(t)
	if _, _, err := i.TryAgain(t.Context(), "me", key); !errors.Is(err, importer.ErrCourse) {
		t.Errorf("no course: %v", err)
	}
	if _, err := i.Import(t.Context(), checked(t), importer.Options{}); err != nil {
		t.Fatal(err)
	}
	var inside error
	i.Scripts = &python{before: func() { _, inside = i.CheckAgain(t.Context(), key) }}
	if _, err := i.CheckAgain(t.Context(), key); err != nil || !errors.Is(inside, importer.ErrTrying) {
		t.Errorf("%v; two at once: %v", err, inside)
	}
	other := &importer.Importer{Store: i.Store, Blobs: i.Blobs, Clock: i.Clock}
	i.Scripts = &python{before: func() {
		if _, err := other.Import(t.Context(), export(t, "newer", nil), importer.Options{Force: true}); err != nil {
			t.Error(err)
		}
	}}
	if _, _, err := i.TryAgain(t.Context(), "me", key); !errors.Is(err, importer.ErrReplaced) {
		t.Errorf("replaced meanwhile: %v", err)
	}
	if b := load(t, i, key).BlockByID("h"); b == nil || b.Data != "<p>newer</p>" {
		t.Errorf("the newer version is gone: %+v", b)
	}
	i.Scripts = nil
	made, err := i.Import(t.Context(), checked(t), importer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	i.Scripts = &python{before: cancel}
	_, _, err = i.TryAgain(ctx, "me", key)
	if r, reportErr := i.Report(t.Context(), key); !errors.Is(err, context.Canceled) || reportErr != nil || r.Version != made.Version {
		t.Errorf("who asked has gone: %v, version %d, %v", err, r.Version, reportErr)
	}
}
