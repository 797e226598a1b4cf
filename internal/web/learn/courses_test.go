package learn_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lectern/internal/course"
	"lectern/internal/course/olx"
	"lectern/internal/keys"
	"lectern/internal/spectest"
)

// openCourse imports an archive and stores its files.
func openCourse(t *testing.T, path string) *site {
	t.Helper()
	tree, err := olx.Open(t.Context(), path, olx.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	key := keys.Course{Org: "Org", Course: "C1", Run: "R1"}
	result, err := olx.Import(tree, olx.Options{CourseKey: &key})
	if err != nil {
		t.Fatal(err)
	}
	c := result.Course
	c.VersionID = "v1"
	// Walking through all that a course holds is about pages, not about dates.
	c.Start = nil
	c.Blocks(func(b *course.Block) { b.Settings.Start, b.Settings.HideAfterDue = nil, false })
	s := newSite(t, c)
	for _, f := range result.Files {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			t.Fatal(err)
		}
		s.put(f.SHA256, string(b))
	}
	return s
}

// TestEveryUnitOfRealCourses walks through whole courses as a learner would, by
// the "next" link, and checks that no page fails and no problem is left out.
func TestEveryUnitOfRealCourses(t *testing.T) {
	dir := spectest.Shared(t, "courses")
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range list {
		t.Run(strings.TrimSuffix(entry.Name(), ".tar.gz"), func(t *testing.T) {
			walkCourse(t, openCourse(t, filepath.Join(dir, entry.Name())))
		})
	}
}

func walkCourse(t *testing.T, s *site) {
	root := s.course.Root
	base := s.launch("ann", root.Type, root.ID)
	seen := map[string]bool{}
	links := []string{base}
	for len(links) > 0 {
		path := links[len(links)-1]
		links = links[:len(links)-1]
		if seen[path] {
			continue
		}
		seen[path] = true
		r := s.get(path)
		if r.Status != 200 {
			t.Errorf("%s: status %d: %.300s", path, r.Status, main(r.Body))
			continue
		}
		for _, piece := range strings.Split(r.Body, `href="`)[1:] {
			href, _, _ := strings.Cut(piece, `"`)
			href, _, _ = strings.Cut(href, "#")
			if strings.HasPrefix(href, base+"block/") {
				links = append(links, href)
			}
		}
		if strings.Contains(r.Body, "has a mistake in it") {
			t.Errorf("%s: a problem is broken:\n%s", path, main(r.Body))
		}
	}
	if root.Type == "course" && len(seen) < len(root.Children) {
		t.Errorf("only %d pages of %d sections", len(seen), len(root.Children))
	}
	t.Logf("%d pages", len(seen))
}
