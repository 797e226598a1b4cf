package learn

import (
	"context"
	"slices"

	"lectern/internal/course"
)

// nav is what leads through a launch that is made of steps.
type nav struct {
	Contents       []outlineItem // of a section or course
	Tabs           []tab         // the steps of the current subsection
	TabsLabel      string
	Where          string
	Previous, Next *link
}

// outlineItem is a line of the table of contents.
type outlineItem struct {
	link
	Current bool
	Items   []outlineItem
}

type tab struct {
	link
	Number  int
	Current bool
}

type link struct{ URL, Name string }

// steps returns the pieces below b in order, as the learner sees them.
func (v *view) steps(b *course.Block) []*course.Block {
	var out []*course.Block
	for _, child := range v.children(b) {
		if isOutline(child) {
			out = append(out, v.steps(child)...)
		} else {
			out = append(out, child)
		}
	}
	return out
}

// current returns the step to show of b, which is made of steps: where the
// learner was, else the first. It is nil when there is none to show.
func (v *view) current(b *course.Block) *course.Block {
	for isOutline(b) {
		list := v.withSteps(b)
		if len(list) == 0 {
			return nil
		}
		next := list[0]
		all := v.children(b)
		if was := v.learner.Position(b); was <= len(all) && slices.Contains(list, all[was-1]) {
			next = all[was-1]
		}
		b = next
	}
	return b
}

// remember keeps step as the place where the learner is, in every block around
// it up to what was launched.
func (v *view) remember(ctx context.Context, step *course.Block) error {
	for n := step; n != v.launched; n = n.Parent {
		position := slices.Index(v.children(n.Parent), n) + 1
		if position == v.learner.Position(n.Parent) {
			continue
		}
		if err := v.Grading.GoTo(ctx, v.who(), v.at(n.Parent), position); err != nil {
			return err
		}
	}
	return nil
}

// withSteps returns the children of b that lead to a step.
func (v *view) withSteps(b *course.Block) []*course.Block {
	var out []*course.Block
	for _, child := range v.children(b) {
		if !isOutline(child) || len(v.steps(child)) > 0 {
			out = append(out, child)
		}
	}
	return out
}

// nav returns what surrounds a step of the launch; nil when the launch is one
// piece.
func (v *view) nav(step *course.Block) *nav {
	if !isOutline(v.launched) {
		return nil
	}
	n := &nav{TabsLabel: v.nameOf(step.Parent)}
	if step.Parent != v.launched {
		n.Contents = v.outline(v.launched, step)
	}
	siblings := v.withSteps(step.Parent)
	for i, b := range siblings {
		if isOutline(b) {
			continue
		}
		n.Tabs = append(n.Tabs, tab{link{v.blockURL(b), v.nameOf(b)}, i + 1, b == step})
		if b == step {
			n.Where = v.lang.T("%d of %d", i+1, len(siblings))
		}
	}
	all := v.steps(v.launched)
	i := slices.Index(all, step)
	if i > 0 {
		n.Previous = &link{v.blockURL(all[i-1]), v.nameOf(all[i-1])}
	}
	if i >= 0 && i+1 < len(all) {
		n.Next = &link{v.blockURL(all[i+1]), v.nameOf(all[i+1])}
	}
	return n
}

// outline is the table of contents below b, down to subsections.
func (v *view) outline(b, step *course.Block) []outlineItem {
	var out []outlineItem
	for _, child := range v.withSteps(b) {
		if !isOutline(child) {
			out = append(out, outlineItem{link{v.blockURL(child), v.nameOf(child)}, child == step, nil})
			continue
		}
		item := outlineItem{link{v.blockURL(child), v.nameOf(child)}, step.Within(child), nil}
		if course.LevelOf(child.Type) != course.LevelSubsection {
			item.Items, item.URL = v.outline(child, step), ""
		}
		out = append(out, item)
	}
	return out
}

// nameOf is what navigation calls b: its name, for a unit without one that of
// the first named block in it, else what it is.
func (v *view) nameOf(b *course.Block) string {
	name := b.Name
	if level := course.LevelOf(b.Type); level == course.LevelUnit || level == course.LevelComponent {
		b.Walk(func(n *course.Block) bool {
			if name == "" && n.Fate != course.Hidden {
				name = n.Name
			}
			return name == ""
		})
	}
	if name != "" {
		return name
	}
	switch course.LevelOf(b.Type) {
	case course.LevelSection:
		return v.lang.T("Section")
	case course.LevelSubsection:
		return v.lang.T("Subsection")
	case course.LevelUnit:
		return v.lang.T("Unit")
	}
	return v.lang.T("Part")
}
