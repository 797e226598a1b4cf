package outline

import (
	"fmt"
	"strings"

	"lectern/internal/course"
	"lectern/internal/course/trial"
	"lectern/internal/importer"
)

// facts is what an import report says about one block.
type facts struct {
	check *trial.Entry
	dead  []string // addresses in it that lead nowhere
}

func factsOf(r *importer.Report) map[string]facts {
	all := map[string]facts{}
	if r == nil {
		return all
	}
	for i := range r.Checks {
		f := all[r.Checks[i].Usage]
		f.check = &r.Checks[i]
		all[r.Checks[i].Usage] = f
	}
	for _, d := range r.DeadLinks {
		f := all[d.Block]
		f.dead = append(f.dead, d.Target)
		all[d.Block] = f
	}
	return all
}

// judge decides n's status from its own fate and from what is below it.
func (n *Node) judge(f facts) {
	n.Status = Works
	switch n.Block.Fate {
	case course.Hidden, course.Unsupported, course.Broken:
		n.Status, n.Why = NotShown, []string{n.reason(f)}
		return
	}
	if f.check != nil {
		n.Why = append(n.Why, f.check.Notes...)
		if f.check.NotRun != "" {
			n.Why = append(n.Why, "Not tried when it was imported: "+f.check.NotRun)
		}
	}
	if len(f.dead) > 0 {
		n.Why = append(n.Why, "Links lead nowhere: "+strings.Join(f.dead, ", "))
	}
	leaves, missing, odd := 0, 0, 0
	for _, child := range n.Children {
		child.Walk(func(c *Node) {
			if len(c.Block.Children) > 0 {
				return
			}
			leaves++
			switch c.Status {
			case NotShown:
				missing++
			case Partly:
				odd++
			}
		})
	}
	if missing > 0 {
		n.Why = append(n.Why, fmt.Sprintf("%d of %d components are not shown.", missing, leaves))
	}
	if odd > 0 {
		n.Why = append(n.Why, fmt.Sprintf("%d of %d components should be looked at.", odd, leaves))
	}
	switch {
	case leaves > 0 && missing == leaves:
		n.Status = NotShown
	case len(n.Why) > 0:
		n.Status = Partly
	}
}

// reason says why n is not shown.
func (n *Node) reason(f facts) string {
	if n.Block.Reason != "" {
		return n.Block.Reason
	}
	if f.check != nil && f.check.Reason != "" {
		return f.check.Reason
	}
	if n.Block.Fate == course.Hidden {
		return "It shows nothing over LTI."
	}
	return "It cannot be shown."
}
