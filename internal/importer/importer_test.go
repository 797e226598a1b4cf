package importer_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"

	"lectern/internal/course"
	"lectern/internal/course/olx"
	"lectern/internal/errs"
	"lectern/internal/importer"
	"lectern/internal/keys"
	"lectern/internal/spectest"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore"
)

const key = "course-v1:O+C+R"

// site is an importer on a database and a bucket of its own.
func site(t *testing.T) *importer.Importer {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), sqlstore.Options{Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	bucket := memblob.OpenBucket(nil)
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), bucket.Close()); err != nil {
			t.Error(err)
		}
	})
	clock := func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }
	return &importer.Importer{Store: s, Blobs: bucket, Clock: clock}
}

// export writes a course whose one html block holds text, with files in static/.
func export(t *testing.T, text string, static map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{
		"course.xml": `<course url_name="R" org="O" course="C"/>`,
		"course/R.xml": `<course display_name="Title"><chapter url_name="c" display_name="One"><sequential url_name="s"><vertical url_name="v">
<html url_name="h" display_name="Text"><p>` + text + `</p></html><discussion url_name="d" discussion_id="x"/><html url_name="gone"/>
<recommender url_name="w" display_name="Words" xblock-family="xblock.v1"/>
<problem url_name="p"><multiplechoiceresponse><choicegroup><choice correct="true">a</choice><choice correct="false">b</choice></choicegroup></multiplechoiceresponse></problem>
</vertical></sequential></chapter></course>`,
	}
	for name, content := range static {
		all["static/"+name] = content
	}
	for name, content := range all {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func load(t *testing.T, i *importer.Importer, courseKey string) *course.Course {
	t.Helper()
	var c *course.Course
	err := i.Store.View(t.Context(), func(tx store.Tx) error {
		info, err := tx.Courses().Info(t.Context(), courseKey)
		if err != nil {
			return err
		}
		c, err = tx.Courses().Load(t.Context(), info.VersionID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestImport(t *testing.T) {
	i := site(t)
	path := export(t, "first", map[string]string{"a.png": "A", "same.png": "A", "b.png": "B"})
	first, err := i.Import(t.Context(), path, importer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if first.CourseKey != key || first.Version != 1 || first.VersionID == "" || first.Unchanged {
		t.Errorf("first import: %+v", first)
	}
	c := load(t, i, key)
	if b := c.BlockByID("h"); b == nil || b.Data != "<p>first</p>" || b.Name != "Text" {
		t.Errorf("html block %+v", b)
	}
	if p := c.BlockByID("p"); p == nil || !p.Scored || p.MaxScore != 1 || p.Class != "native" || p.Fate != course.Shown {
		t.Errorf("problem %+v", p)
	}
	for name, want := range map[string]string{"a.png": "A", "same.png": "A", "b.png": "B"} {
		a, ok := c.Assets.Find(name)
		got, err := i.Blobs.ReadAll(t.Context(), course.BlobKey(a.SHA256))
		if !ok || err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}

	again, err := i.Import(t.Context(), path, importer.Options{})
	if err != nil || !again.Unchanged || again.Version != 1 || again.VersionID != first.VersionID {
		t.Errorf("the same again: %+v, %v", again, err)
	}
	forced, err := i.Import(t.Context(), path, importer.Options{Force: true})
	if err != nil || forced.Version != 2 || forced.VersionID == first.VersionID {
		t.Errorf("forced: %+v, %v", forced, err)
	}
	changed, err := i.Import(t.Context(), export(t, "second", nil), importer.Options{})
	if err != nil || changed.Version != 3 || changed.Unchanged {
		t.Errorf("changed: %+v, %v", changed, err)
	}
	if got := load(t, i, key).BlockByID("h").Data; got != "<p>second</p>" {
		t.Errorf("published: %s", got)
	}
	back, err := i.Import(t.Context(), path, importer.Options{})
	if err != nil || back.Version != 4 {
		t.Errorf("back to the first: %+v, %v", back, err)
	}
}

func TestImportRefused(t *testing.T) {
	i := site(t)
	if _, err := i.Import(t.Context(), export(t, "old", nil), importer.Options{}); err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(t.TempDir(), "bad.tar.gz")
	if err := os.WriteFile(bad, []byte("not an archive"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]*errs.Error{
		bad: olx.ErrArchiveNotGzip, t.TempDir(): olx.ErrNotOLX, bad + "x": olx.ErrArchiveMissing,
	} {
		if _, err := i.Import(t.Context(), path, importer.Options{}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %s", path, err, want.Code)
		}
		if _, err := i.Check(t.Context(), path, importer.Options{}); !errors.Is(err, want) {
			t.Errorf("check %s: %v, want %s", path, err, want.Code)
		}
	}
	if r, err := i.Report(t.Context(), key); err != nil || r.Version != 1 {
		t.Errorf("what was there: %+v, %v", r, err)
	}
}

// failing is a store whose publishing fails.
type failing struct{ store.Store }

func (failing) Update(context.Context, func(store.Tx) error) error { return errors.New("disk full") }

func TestImportFailsWhole(t *testing.T) {
	i := site(t)
	good := i.Store
	i.Store = failing{good}
	if _, err := i.Import(t.Context(), export(t, "x", nil), importer.Options{}); err == nil {
		t.Fatal("no error")
	}
	i.Store = good
	if _, err := i.Report(t.Context(), key); !errors.Is(err, importer.ErrCourse) {
		t.Errorf("something was published: %v", err)
	}
}

func TestImportAsAnotherCourse(t *testing.T) {
	i := site(t)
	for _, k := range []string{"course-v1:X+Y+Z", "X/Y/Z"} {
		as, err := keys.ParseCourse(k)
		if err != nil {
			t.Fatal(err)
		}
		r, err := i.Import(t.Context(), export(t, "x", nil), importer.Options{CourseKey: &as})
		if err != nil || r.CourseKey != k {
			t.Fatalf("%+v, %v", r, err)
		}
		c := load(t, i, k)
		if want := as.Usage("html", "h").String(); c.Usage(c.BlockByID("h")).String() != want {
			t.Errorf("usage %s", c.Usage(c.BlockByID("h")))
		}
	}
}

func TestCheckStoresNothing(t *testing.T) {
	i := site(t)
	r, err := i.Check(t.Context(), export(t, "x", map[string]string{"a": "A"}), importer.Options{})
	if err != nil || r.CourseKey != key || r.Version != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := i.Report(t.Context(), key); !errors.Is(err, importer.ErrCourse) {
		t.Errorf("published: %v", err)
	}
	if list := i.Blobs.List(&blob.ListOptions{}); list != nil {
		if o, err := list.Next(t.Context()); err == nil {
			t.Errorf("stored %s", o.Key)
		}
	}
}

func TestReportJSON(t *testing.T) {
	i := site(t)
	made, err := i.Import(t.Context(), export(t, `<img src="/static/gone.png"/>`, nil), importer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	stored, err := i.Report(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(made, stored); diff != "" {
		t.Errorf("stored differs from returned:\n%s", diff)
	}
	text, err := json.Marshal(stored)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"course_key", "version", "blocks", "problems", "checks", "dead_links", "errors", "fates", "warnings"} {
		if got[name] == nil {
			t.Errorf("no %s in %s", name, text)
		}
	}
	links, _ := got["dead_links"].([]any)
	want := map[string]any{"block": "block-v1:O+C+R+type@html+block@h", "target": "/static/gone.png"}
	if len(links) != 1 || cmp.Diff(want, links[0]) != "" {
		t.Errorf("dead links %v", links)
	}
	problems, _ := got["problems"].(map[string]any)
	if cmp.Diff(map[string]any{"native": 1.0, "python": 0.0, "external": 0.0, "unsupported": 0.0, "broken": 0.0, "answerable": 1.0}, problems) != "" {
		t.Errorf("problems %v", problems)
	}
}

func TestLinks(t *testing.T) {
	i := site(t)
	if _, err := i.Import(t.Context(), export(t, "x", nil), importer.Options{}); err != nil {
		t.Fatal(err)
	}
	const block = "block-v1:O+C+R+type@"
	url := func(usage string) string { return "https://tool.example/lti_provider/courses/" + key + "/" + usage }
	want := []importer.Link{
		{block + "course+block@course", "course", "course", "Title", "", course.Container},
		{block + "chapter+block@c", "chapter", "section", "One", "", course.Container},
		{block + "sequential+block@s", "sequential", "subsection", "subsection", "", course.Container},
		{block + "vertical+block@v", "vertical", "unit", "unit", "", course.Container},
		{block + "html+block@h", "html", "component", "Text", "", course.Shown},
		{block + "recommender+block@w", "recommender", "component", "Words", "", course.Unsupported},
		{block + "problem+block@p", "problem", "component", "problem", "", course.Shown},
	}
	for n := range want {
		want[n].URL = url(want[n].Usage)
	}
	if diff := cmp.Diff(want, importer.Links(load(t, i, key), "https://tool.example")); diff != "" {
		t.Error(diff)
	}
}

// TestLinksParse launches every link that is listed.
func TestLinksParse(t *testing.T) {
	for _, k := range []keys.Course{
		{Org: "Ünï", Course: "C~1", Run: "2026:a"}, {Org: "O", Course: "C%20d", Run: "R", Deprecated: true},
	} {
		ids := []string{"plain", "a:b", "a~b", "έψιλον", "with space", "50%"}
		root := &course.Block{Ref: course.Ref{Type: "course", ID: "course"}, Fate: course.Container}
		for _, id := range ids {
			root.Children = append(root.Children, &course.Block{Ref: course.Ref{Type: "html", ID: id}, Fate: course.Shown})
		}
		c := course.New(&course.Course{Key: k, Root: root})
		links := importer.Links(c, "")
		if slices.ContainsFunc(links, func(l importer.Link) bool { return strings.Contains(l.Usage, " ") }) {
			t.Errorf("%s: a name that no address can hold is listed", k)
		}
		for _, l := range links {
			_, u, err := keys.ParseLaunchPath(strings.TrimPrefix(l.URL, "/lti_provider/courses/"))
			if err != nil || c.Block(course.Ref{Type: u.Type, ID: u.ID}) == nil {
				t.Errorf("%s leads to %s, %v", l.URL, u, err)
			}
		}
	}
	library := course.New(&course.Course{Key: keys.Course{Org: "O", Course: "L", Library: true}, Root: &course.Block{}})
	if links := importer.Links(library, ""); links == nil || len(links) != 0 {
		t.Errorf("links of a library: %v", links)
	}
}

func TestImportRealCourses(t *testing.T) {
	i := site(t)
	dir := spectest.Shared(t, "courses")
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range list {
		if !strings.HasSuffix(e.Name(), ".tar.gz") {
			continue
		}
		n++
		r, err := i.Import(t.Context(), filepath.Join(dir, e.Name()), importer.Options{})
		if err != nil {
			t.Errorf("%s: %v", e.Name(), err)
			continue
		}
		c := load(t, i, r.CourseKey)
		blocks := 0
		c.Blocks(func(*course.Block) { blocks++ })
		total := -r.Blocks["wiki"] - r.Blocks["textbook"]
		for _, count := range r.Blocks {
			total += count
		}
		if blocks != total || len(c.Assets.All()) != r.Assets {
			t.Errorf("%s: %d blocks and %d assets loaded, %d and %d imported", e.Name(), blocks, len(c.Assets.All()), total, r.Assets)
		}
	}
	if n != 10 {
		t.Errorf("%d courses", n)
	}
}
