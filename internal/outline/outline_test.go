package outline_test

import (
	"slices"
	"strings"
	"testing"

	"lectern/internal/course"
	"lectern/internal/course/olx"
	"lectern/internal/course/trial"
	"lectern/internal/importer"
	"lectern/internal/keys"
	"lectern/internal/outline"
	"lectern/internal/spectest"
)

func block(typ, id string, fate course.Fate, children ...*course.Block) *course.Block {
	return &course.Block{Ref: course.Ref{Type: typ, ID: id}, Name: "Name of " + id, Fate: fate, Children: children}
}

func scored(id string, points float64) *course.Block {
	b := block("problem", id, course.Shown)
	b.Scored, b.MaxScore = true, points
	return b
}

// tree is a course with one thing of each kind.
func tree(t *testing.T, report *importer.Report) *outline.Node {
	t.Helper()
	key, err := keys.ParseCourse("course-v1:o+c+r")
	if err != nil {
		t.Fatal(err)
	}
	weighted, draws := scored("weighted", 1), block("library_content", "draws", course.Container, scored("d1", 1), scored("d2", 3), scored("d3", 2))
	weight := 2.5
	weighted.Settings.Weight = &weight
	draws.Fields = map[string]string{"max_count": "2"}
	lost := block("problem", "lost", course.Broken)
	lost.Reason = "It is torn."
	root := block("course", "r", course.Container,
		block("chapter", "one", course.Container, block("sequential", "s1", course.Container,
			block("vertical", "good", course.Container, weighted, draws), block("vertical", "half", course.Container, block("html", "h", course.Shown), lost))),
		block("chapter", "two", course.Container, block("sequential", "s2", course.Container,
			block("vertical", "gone", course.Container, block("discussion", "talk", course.Hidden)),
			block("vertical", "split", course.Container, block("split_test", "x", course.Container,
				block("vertical", "a", course.Container, scored("a1", 4)), block("vertical", "b", course.Container, scored("b1", 1)))))))
	return outline.Of(course.New(&course.Course{Key: key, Root: root}), "https://tool.example", report)
}

func find(t *testing.T, root *outline.Node, id string) *outline.Node {
	t.Helper()
	var found *outline.Node
	root.Walk(func(n *outline.Node) {
		if n.Block.ID == id {
			found = n
		}
	})
	if found == nil {
		t.Fatalf("no %s", id)
	}
	return found
}

func TestOf(t *testing.T) {
	root := tree(t, &importer.Report{
		Checks:    []trial.Entry{{Usage: "block-v1:o+c+r+type@problem+block@d1", Answerable: true, Notes: []string{"Read leniently."}}},
		DeadLinks: []olx.DeadLink{{Block: "block-v1:o+c+r+type@html+block@h", Target: "/static/x.pdf"}},
	})
	for id, want := range map[string]struct {
		points float64
		status outline.Status
		why    string
	}{
		"weighted": {2.5, outline.Works, ""}, "draws": {5, outline.Partly, "1 of 3 components should be looked at."},
		"d1": {1, outline.Partly, "Read leniently."}, "h": {0, outline.Partly, "/static/x.pdf"},
		"lost": {0, outline.NotShown, "It is torn."}, "half": {0, outline.Partly, "1 of 2 components are not shown."},
		"talk": {0, outline.NotShown, "It shows nothing over LTI."}, "gone": {0, outline.NotShown, "1 of 1"},
		"split": {4, outline.Works, ""}, "r": {11.5, outline.Partly, "2 of 9 components are not shown."},
	} {
		n := find(t, root, id)
		if n.Points != want.points || n.Status != want.status || !strings.Contains(strings.Join(n.Why, " "), want.why) {
			t.Errorf("%s: %v points, %s, %q; want %+v", id, n.Points, n.Status, n.Why, want)
		}
	}
	if n := find(t, root, "a1"); n.Path() != "Name of two › Name of s2 › Name of split › Name of x › Name of a" ||
		n.URL != "https://tool.example/lti_provider/courses/course-v1:o+c+r/block-v1:o+c+r+type@problem+block@a1" {
		t.Errorf("path %q, link %s", n.Path(), n.URL)
	}
	if find(t, root, "lost").URL != "" || find(t, root, "talk").URL != "" {
		t.Error("a link to nothing")
	}
}

func TestFind(t *testing.T) {
	root := tree(t, nil)
	if n := root.Find("NAME of D2"); n != 1 || !root.Open() {
		t.Errorf("found %d", n)
	}
	var left []string
	root.Walk(func(n *outline.Node) { left = append(left, n.Block.ID) })
	if want := []string{"r", "one", "s1", "good", "draws", "d2"}; !slices.Equal(left, want) {
		t.Errorf("left %v", left)
	}
	root = tree(t, nil)
	if n := root.Find("name of two"); n != 1 || len(root.Children) != 1 || len(root.Children[0].Children) != 1 {
		t.Errorf("what is below a section that was found is gone: %d", n)
	}
	if root = tree(t, nil); root.Find("  ") != 0 || len(root.Children) != 2 {
		t.Error("no words leave everything")
	}
	if root.Find("nothing like it") != 0 || len(root.Children) != 0 {
		t.Error("nothing found leaves nothing")
	}
}

// TestRealCourse: the largest of the real exports.
func TestRealCourse(t *testing.T) {
	opened, err := olx.Open(t.Context(), spectest.Shared(t, "courses", "dartmouthx-engx.tar.gz"), olx.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	r, err := olx.Import(opened, olx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	blocks, links := 0, 0
	outline.Of(r.Course, "https://tool.example", r.Report).Walk(func(n *outline.Node) {
		blocks++
		if n.URL != "" {
			links++
		}
		if n.Status != outline.Works && len(n.Why) == 0 {
			t.Errorf("%s is %s without a reason", n.Usage, n.Status)
		}
	})
	if blocks < 700 || links != len(importer.Links(r.Course, "https://tool.example")) {
		t.Errorf("%d blocks, %d links", blocks, links)
	}
}
