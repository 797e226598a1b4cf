package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"lectern/internal/course"
	"lectern/internal/store"
)

// TestVersionsInConsole: going back shows which live links break, old versions
// and their files go in time, a course is deleted by its typed key.
func TestVersionsInConsole(t *testing.T) {
	s := startSite(t, nil)
	first := testCourse()
	first["static/old.txt"] = "only in the first version"
	key := s.importFiles(first).CourseKey
	files := testCourse()
	files["course/some_run.xml"] = strings.Replace(files["course/some_run.xml"], `<problem url_name="p2"/>`, `<problem url_name="p3"/>`, 1)
	files["problem/p3.xml"] = files["problem/p2.xml"]
	s.importFiles(files)
	s.consumer("k", "secret", nil)
	boss, _ := s.consoleOf()
	m := s.good(path("problem", "p3"))
	m.key = "k"
	if p := s.open(newBrowser(t), m); p.StatusCode != 200 {
		t.Fatalf("launch: %d", p.StatusCode)
	}
	at := "/admin/versions/" + key
	list := s.get(boss, at)
	_, rest, found := strings.Cut(list.body, "?to=")
	if !found {
		t.Fatalf("no way back: %.1000s", list.body)
	}
	id, _, _ := strings.Cut(rest, `"`)
	look := s.get(boss, at+"?to="+id)
	if !strings.Contains(look.body, "Links in LMSs that would lead nowhere: 1 of 1; launches so far: 1.") {
		t.Errorf("what would break: %.2000s", look.body)
	}
	s.submit(boss, at, s.fill(look, "act", "return", "to", id))
	if p := s.post(newBrowser(t), m); p.StatusCode != 404 {
		t.Errorf("after going back: %d", p.StatusCode)
	}
	now := s.get(boss, at)
	_, rest, _ = strings.Cut(now.body, "?to=")
	newer, _, _ := strings.Cut(rest, `"`)
	s.submit(boss, at, s.fill(now, "act", "return", "to", newer))
	if p := s.open(newBrowser(t), m); p.StatusCode != 200 {
		t.Errorf("forward again: %d", p.StatusCode)
	}
	s.submit(boss, at, s.fill(now, "act", "purge", "keep", "1"))
	if n := s.versions(key); n != 2 {
		t.Fatalf("%d versions: one that was published a moment ago went", n)
	}
	s.oldVersionGoes(at, key, id)
	boss = s.signedInAs("boss", "a pass phrase")
	ask := s.get(boss, at+"?delete")
	if p := s.submit(boss, at+"?delete", s.fill(ask, "act", "delete", "confirm", "some course")); p.StatusCode != 400 || s.versions(key) != 1 {
		t.Errorf("the wrong key: %d", p.StatusCode)
	}
	s.submit(boss, at+"?delete", s.fill(ask, "act", "delete", "confirm", key))
	if n := s.versions(key); n != 0 {
		t.Errorf("%d versions after deleting", n)
	}
}

// oldVersionGoes deletes the version id a day after it was used last, and its
// file a day after that.
func (s *testSite) oldVersionGoes(at, key, id string) {
	t := s.t
	t.Helper()
	blob := func() bool {
		c, err := s.app.Catalog.Version(context.Background(), id)
		if err != nil {
			t.Fatal(err)
		}
		var there bool
		for _, a := range c.Assets.All() {
			if a.Name == "old.txt" {
				there, err = s.app.Blobs.Exists(context.Background(), course.BlobKey(a.SHA256))
			}
		}
		return there && err == nil
	}
	if !blob() {
		t.Fatal("the file is not there")
	}
	s.clock.add(25 * time.Hour)
	boss := s.signedInAs("boss", "a pass phrase")
	s.submit(boss, at, s.fill(s.get(boss, at+"?keep=1"), "act", "purge", "keep", "1"))
	if n := s.versions(key); n != 1 {
		t.Errorf("%d versions are left", n)
	}
	sweep := func() {
		t.Helper()
		if _, err := s.app.Importer.Sweep(context.Background(), 10); err != nil {
			t.Fatal(err)
		}
	}
	if sweep(); !blob() {
		t.Error("the file went at once")
	}
	s.clock.add(25 * time.Hour)
	if sweep(); blob() {
		t.Error("the file stays")
	}
}

func (s *testSite) versions(key string) (n int) {
	s.t.Helper()
	s.view(func(ctx context.Context, tx store.Tx) error {
		list, err := tx.Courses().Versions(ctx, key, 0)
		n = len(list)
		return err
	})
	return n
}

// TestCopiedLink: a link that the LMS says was copied keeps the dates of the one
// it came from.
func TestCopiedLink(t *testing.T) {
	s := startSite(t, nil)
	key := s.importFiles(oldCourse()).CourseKey
	s.consumer("k", "secret", nil)
	launch := func(link, context, history string) page {
		m := s.good(path("problem", "block_id")).set("resource_link_id", link).set("context_id", context)
		m.key = "k"
		if history != "" {
			m.set("custom_link_history", history)
		}
		return s.open(newBrowser(t), m)
	}
	launch("old", "last term", "")
	ctx := context.Background()
	rule := &course.DateRule{Mode: course.Ignore}
	if err := s.app.Grading.SetDates(ctx, "test", store.DatesOfLink, s.placementOf(key).ID, rule); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		link, history string
		closed        bool
	}{
		{"new-1", "", true}, {"new-2", "$ResourceLink.id.history", true}, {"new-3", "unknown", true},
		{"new-4", "unknown, old", false}, {"new-5", "new-4,old", false},
	} {
		p := launch(tt.link, "this term", tt.history)
		if got := strings.Contains(p.body, "This was due on"); p.StatusCode != 200 || got != tt.closed {
			t.Errorf("%s with history %q: %d, closed %v, want %v", tt.link, tt.history, p.StatusCode, got, tt.closed)
		}
	}
	if p := s.get(s.signedInBrowser(), "/admin/dates/"+key); strings.Count(p.body, "copied from ") != 2 {
		t.Errorf("copies are not told apart: %d %d", p.StatusCode, strings.Count(p.body, "copied from "))
	}
}
