package selection_test

import (
	"errors"
	"slices"
	"testing"

	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/keys"
	"lectern/internal/lti"
	"lectern/internal/lti/lti11"
	"lectern/internal/outline"
	"lectern/internal/selection"
)

func block(typ, id string, fate course.Fate, children ...*course.Block) *course.Block {
	return &course.Block{Ref: course.Ref{Type: typ, ID: id}, Name: id, Fate: fate, Children: children}
}

func offers(t *testing.T) *outline.Node {
	t.Helper()
	key, err := keys.ParseCourse("course-v1:o+c+r")
	if err != nil {
		t.Fatal(err)
	}
	hidden, quiz := block("vertical", "hidden", course.Container, block("html", "h2", course.Shown)), block("problem", "quiz", course.Shown)
	hidden.Settings.StaffOnly = true
	quiz.Scored, quiz.MaxScore = true, 3
	root := block("course", "r", course.Container, block("chapter", "c", course.Container, block("sequential", "s", course.Container,
		block("vertical", "v", course.Container, block("html", "h", course.Shown), quiz, block("openassessment", "peers", course.Unsupported),
			block("library_content", "pool", course.Container, block("html", "inside", course.Shown))),
		hidden, block("vertical", "empty", course.Container, block("discussion", "talk", course.Hidden)))))
	return selection.Offers(outline.Of(course.New(&course.Course{Key: key, Root: root}), "https://t", nil))
}

func TestOffers(t *testing.T) {
	var ids []string
	offers(t).Walk(func(n *outline.Node) { ids = append(ids, n.Block.ID) })
	if want := []string{"r", "c", "s", "v", "h", "quiz", "pool"}; !slices.Equal(ids, want) {
		t.Errorf("offers %v, want %v", ids, want)
	}
}

func TestItems(t *testing.T) {
	const u = "block-v1:o+c+r+type@"
	many, one := &lti11.ItemRequest{Multiple: true, Targets: []string{"window", "iframe"}}, &lti11.ItemRequest{}
	items, err := selection.Items(many, offers(t), []string{u + "problem+block@quiz", u + "chapter+block@c", u + "problem+block@quiz"}, true)
	if err != nil || len(items) != 2 || items[0].Title != "c" || items[1].Text != "c › s › v" || items[1].Points != 3 || items[1].Target != "iframe" {
		t.Errorf("%+v, %v", items, err)
	}
	if items, err := selection.Items(one, offers(t), []string{u + "problem+block@quiz"}, false); err != nil || items[0].Points != 0 || items[0].Target != "" {
		t.Errorf("without scores: %+v, %v", items, err)
	}
	for want, usages := range map[*errs.Error][]string{
		selection.ErrNothing: nil, selection.ErrItem: {u + "vertical+block@hidden"}, selection.ErrTooMany: {"a", "b"},
	} {
		if _, err := selection.Items(one, offers(t), usages, true); !errors.Is(err, want) {
			t.Errorf("%v: %v, want %s", usages, err, want.Code)
		}
	}
	if selection.Offers(nil) != nil {
		t.Error("nothing offers something")
	}
}

func TestMayChoose(t *testing.T) {
	c := &lti.Consumer{}
	if !selection.MayChoose(c, "course-v1:a+b+c") {
		t.Error("no limit is no limit")
	}
	c.Courses = []string{"course-v1:a+b+other"}
	if selection.MayChoose(c, "course-v1:a+b+c") || !selection.MayChoose(c, "course-v1:a+b+other") {
		t.Error("a consumer chooses from the courses that it may open")
	}
}
