package importer_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lectern/internal/importer"
	"lectern/internal/lti"
	"lectern/internal/store"
)

// names lists what changed, short.
func names(list []importer.Change) string {
	var out []string
	for _, c := range list {
		out = append(out, c.Usage[strings.LastIndex(c.Usage, "@")+1:])
	}
	return strings.Join(out, " ")
}

// TestPreview: what an import would change, before it is published.
func TestPreview(t *testing.T) {
	i := site(t)
	_, changes, err := i.Preview(t.Context(), checked(t), importer.Options{})
	if err != nil || !changes.New || changes.Breaks() {
		t.Fatalf("a new course: %+v, %v", changes, err)
	}
	if _, err := i.Report(t.Context(), key); !errors.Is(err, importer.ErrCourse) {
		t.Errorf("it was published: %v", err)
	}
	if _, err := i.Import(t.Context(), checked(t), importer.Options{By: "who"}); err != nil {
		t.Fatal(err)
	}
	link(t, i, "torn")
	dir := checked(t)
	if _, changes, err = i.Preview(t.Context(), dir, importer.Options{}); err != nil || !changes.Same || changes.Breaks() {
		t.Errorf("the same: %+v, %v", changes, err)
	}
	for name, text := range map[string]string{
		"course/R.xml": `<course><chapter url_name="c"><sequential url_name="s"><vertical url_name="v"><problem url_name="native"/></vertical>
<vertical url_name="n"><problem url_name="python"/><problem url_name="heavy"/></vertical></sequential></chapter></course>`,
		"problem/native.xml": `<problem><numericalresponse answer="2"><textline/></numericalresponse></problem>`,
		"problem/python.xml": `<problem><p>New words.</p><script>x = 4</script><numericalresponse answer="$x"><textline/></numericalresponse></problem>`,
	} {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, changes, err = i.Preview(t.Context(), dir, importer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for what, got := range map[string][2]string{
		"added": {names(changes.Added), "n"}, "removed": {names(changes.Removed), "torn lost"},
		"moved": {names(changes.Moved), "python heavy"}, "changed": {names(changes.Changed), "native python"},
		"answer keys": {names(changes.Keys), "native"}, "stopped": {names(changes.Stopped), ""},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %q, want %q", what, got[0], got[1])
		}
	}
	if changes.Removed[0].Links != 1 || !changes.Breaks() {
		t.Errorf("a live link: %+v", changes.Removed)
	}
}

// link has an LMS launch a block.
func link(t *testing.T, i *importer.Importer, id string) {
	t.Helper()
	err := i.Store.Update(t.Context(), func(tx store.Tx) error {
		c := &lti.Consumer{Name: "LMS", Key: "k", Enabled: true}
		if err := tx.Consumers().Create(t.Context(), c); err != nil {
			return err
		}
		_, err := tx.Placements().Upsert(t.Context(), store.Placement{
			ConsumerID: c.ID, LinkKey: "1", CourseKey: key, UsageKey: "block-v1:" + strings.TrimPrefix(key, "course-v1:") + "+type@problem+block@" + id,
			LastLaunchAt: i.Clock(),
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestStage: an import waits, is published as what it was compared with, or not
// at all.
func TestStage(t *testing.T) {
	i := site(t)
	path := archive(t, checked(t))
	s, err := i.Stage(t.Context(), "me", path, "x.tar.gz", importer.Options{})
	if err != nil || !s.Changes.New || s.Size == 0 {
		t.Fatalf("%+v, %v", s, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	got, err := i.Waiting(t.Context(), s.ID)
	if err != nil || got.Report.CourseKey != key || got.FileName != "x.tar.gz" || got.By != "me" {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := i.Import(t.Context(), export(t, "newer", nil), importer.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := i.Publish(t.Context(), "me", s.ID, importer.Options{}); !errors.Is(err, importer.ErrReplaced) {
		t.Errorf("another version came first: %v", err)
	}
	if err := i.Discard(t.Context(), "me", s.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := i.Waiting(t.Context(), s.ID); !errors.Is(err, importer.ErrStaged) {
		t.Errorf("discarded: %v", err)
	}
	if s, err = i.Stage(t.Context(), "me", archive(t, checked(t)), "y.tar.gz", importer.Options{}); err != nil || s.Changes.New {
		t.Fatalf("%+v, %v", s, err)
	}
	r, err := i.Publish(t.Context(), "me", s.ID, importer.Options{})
	if err != nil || r.Version != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, err := i.Publish(t.Context(), "me", s.ID, importer.Options{}); !errors.Is(err, importer.ErrStaged) {
		t.Errorf("published twice: %v", err)
	}
	err = i.Store.View(t.Context(), func(tx store.Tx) error {
		list, err := tx.Courses().Versions(t.Context(), key, 0)
		if len(list) != 2 || list[0].By != "me" || list[1].By != "" {
			t.Errorf("history %+v", list)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// archive packs a course's folder.
func archive(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "course.tar.gz")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	zipped := gzip.NewWriter(f)
	packed := tar.NewWriter(zipped)
	err = packed.AddFS(os.DirFS(dir))
	if err := errors.Join(err, packed.Close(), zipped.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}
