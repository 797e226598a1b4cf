package problem

import "lectern/internal/xmltree"

func (g *numerical) hintTag() string { return "numericalhint" }

// satisfied compares the answer with the conditions of a hintgroup, in the way
// of the response itself. A condition that cannot be compared is not met.
func (g *numerical) satisfied(conditions []*xmltree.Node, a Answers) ([]string, error) {
	answer, given := a[g.in.id]
	if !given {
		return nil, nil
	}
	value, err := g.r.p.learnerNumber(answer.Value())
	if err != nil {
		return nil, err
	}
	var names []string
	for _, n := range conditions {
		condition := &numerical{r: g.r, in: g.in, tolerance: g.tolerance}
		condition.expect(n.Attr("answer"))
		if mark, err := condition.compare(value); err == nil && mark.Correctness == Correct {
			names = append(names, n.Attr("name"))
		}
	}
	return names, nil
}
