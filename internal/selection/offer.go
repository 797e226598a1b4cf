package selection

import (
	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/lti"
	"lectern/internal/lti/lti11"
	"lectern/internal/oauth1"
	"lectern/internal/outline"
)

// MaxItems bounds how many items may be chosen at once.
const MaxItems = 100

// Refusals of what was chosen.
var (
	ErrNothing = errs.New(errs.Invalid, "selection_empty", "",
		"Nothing was chosen yet. Please tick what to add.", "")
	ErrItem = errs.New(errs.NotFound, "selection_item_unknown", "",
		"Something that was ticked is not in the course any more. Please choose again.",
		"The course was imported while somebody chose, or the form was altered.")
	ErrTooMany = errs.New(errs.Invalid, "selection_too_many", "DL1 accept_multiple",
		"Your course site takes fewer items at once. Please choose fewer.",
		"Without accept_multiple an LMS takes one item; this site sends at most 100.")
)

// MayChoose reports whether teachers of a consumer may choose from a course.
func MayChoose(c *lti.Consumer, courseKey string) bool { return c.MayOpen(courseKey) }

// Offers makes of a course's tree what may be chosen: what shows something to
// learners, down to components.
func Offers(root *outline.Node) *outline.Node {
	if root == nil || !offered(root) {
		return nil
	}
	var kept []*outline.Node
	for _, child := range root.Children {
		if root.Level != course.LevelComponent && offered(child) {
			kept = append(kept, Offers(child))
		}
	}
	root.Children = kept
	return root
}

func offered(n *outline.Node) bool {
	return n.URL != "" && n.Status != outline.NotShown && !n.Block.Settings.StaffOnly
}

// Items returns what goes to the LMS for the blocks of a course with these usage
// keys, in the order of the course. scores asks for a gradebook entry where there are
// points to get. The errors are [ErrNothing], [ErrTooMany] and [ErrItem].
func Items(r *lti11.ItemRequest, tree *outline.Node, usages []string, scores bool) ([]lti11.Item, error) {
	wanted := map[string]bool{}
	for _, u := range usages {
		wanted[u] = true
	}
	switch most := MaxItems; {
	case len(wanted) == 0:
		return nil, ErrNothing
	case len(wanted) > most, !r.Multiple && len(wanted) > 1:
		return nil, ErrTooMany
	}
	var items []lti11.Item
	tree.Walk(func(n *outline.Node) {
		if !wanted[n.Usage] {
			return
		}
		item := lti11.Item{
			URL: n.URL, Title: n.Name, Text: n.Path(), Target: r.Target(), Activity: n.Usage,
			Custom: []oauth1.Pair{{Name: "usage_id", Value: n.Usage}},
		}
		if scores {
			item.Points = n.Points
		}
		items = append(items, item)
	})
	if len(items) != len(wanted) {
		return nil, ErrItem.With("%d of %d", len(items), len(wanted))
	}
	return items, nil
}
