package problem

import (
	"errors"
	"html"
	"slices"
	"strings"

	"lectern/internal/problem/calc"
	"lectern/internal/xmltree"
)

// formulaType is a formula, compared with the right one at points drawn at
// random.
var formulaType = responseType{
	tag: "formularesponse", inputs: []string{"textline", "formulaequationinput"}, single: true,
	required: []string{"answer", "samples"}, build: buildFormula,
}

type formulaGrader struct {
	r         *response
	in        *input
	answer    string
	samples   samples
	tolerance tolerance
	exact     bool // case counts
}

func buildFormula(r *response) (grader, error) {
	g := &formulaGrader{r: r, in: r.inputs[0], answer: r.attr("answer")}
	var err error
	if g.samples, err = parseSamples(r.attr("samples")); err != nil {
		return nil, r.fail("%w", err)
	}
	text := defaultTolerance
	for _, n := range r.node.FindAll("responseparam") {
		if s, ok := n.Lookup("default"); ok && n.Attr("type") == "tolerance" {
			text = r.p.scope.expand(s)
			break
		}
	}
	if g.tolerance, err = parseTolerance(text); err != nil {
		return nil, r.fail("tolerance %q: %w", text, err)
	}
	words := strings.Split(r.node.Attr("type"), ",")
	g.exact = slices.Contains(words, "cs") && !slices.Contains(words, "ci")
	return g, nil
}

func (g *formulaGrader) grade(a Answers) (Marks, error) {
	mark := Mark{Correctness: Incorrect}
	if answer, given := a[g.in.id]; given {
		ok, err := g.check(g.answer, answer.Value(), g.samples)
		if err != nil {
			return Marks{}, err
		}
		if ok {
			mark.Correctness = Correct
		}
	}
	return oneMark(g.in, mark), nil
}

// check compares two formulas at every sample. The learner's is evaluated at
// all of them first: whether it can be is said before anything about the right
// one.
func (g *formulaGrader) check(expected, given string, s samples) (bool, error) {
	b := g.r.p.budget()
	points, err := s.points(g.r.p.variant.Seed, b)
	if err != nil {
		return false, learnerFormula(given, err)
	}
	theirs, err := evaluateAt(points, given, g.exact, b)
	if err != nil {
		return false, learnerFormula(given, err)
	}
	right, err := evaluateAt(points, expected, g.exact, b)
	if err != nil {
		return false, ErrAnswer.Say(badStaffAnswer).With("line %d: answer %q: %w", g.r.node.Line, expected, err)
	}
	for i := range points {
		if !g.tolerance.accepts(theirs[i], right[i]) {
			return false, nil
		}
	}
	return true, nil
}

// evaluateAt returns the values of a formula at several points.
func evaluateAt(points []map[string]complex128, text string, exact bool, b *calc.Budget) ([]complex128, error) {
	x, err := calc.Compile(text, exact)
	if err != nil {
		return nil, err
	}
	values := make([]complex128, len(points))
	for i, point := range points {
		v, err := x.Evaluate(point, b)
		if err != nil {
			return nil, err
		}
		if values[i], err = v.Complex128(); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// said is why the calculator took nothing, in its words.
func said(e *calc.Error) error {
	text, args := e.Words()
	return ErrAnswer.Say(text, args...).Wrap(e)
}

// learnerFormula is why a learner's formula has no value, [ErrAnswer] in the
// words of Open edX.
func learnerFormula(text string, err error) error {
	var e *calc.Error
	if errors.As(err, &e) {
		switch {
		case e.Class == calc.UndefinedVariable || e.Class == calc.UnmatchedParenthesis:
			return said(e)
		case e.Class == calc.ValueError && strings.Contains(e.Message, "factorial"):
			return ErrAnswer.Say("Factorial function not permitted in answer for this problem. "+
				"Provided answer was: %s", text).Wrap(err)
		}
	}
	return ErrAnswer.Say("Invalid input: Could not parse '%s' as a formula", text).Wrap(err)
}

func (g *formulaGrader) feedback(Answers, *Marks) error { return nil }

func (g *formulaGrader) hintTag() string { return "formulahint" }

// satisfied compares the answer with the formulas of the hints, each at samples
// of its own. A condition that cannot be evaluated is not met, as in Open edX.
func (g *formulaGrader) satisfied(conditions []*xmltree.Node, a Answers) ([]string, error) {
	answer, given := a[g.in.id]
	if !given {
		return nil, nil
	}
	var names []string
	for _, n := range conditions {
		s, err := parseSamples(g.r.p.scope.expand(n.Attr("samples")))
		if err != nil {
			continue
		}
		if ok, err := g.check(g.r.p.scope.expand(n.Attr("answer")), answer.Value(), s); err == nil && ok {
			names = append(names, n.Attr("name"))
		}
	}
	return names, nil
}

func (g *formulaGrader) solution(*View) []Shown {
	return []Shown{{ID: g.in.id, Values: []string{g.answer}, HTML: html.EscapeString(g.answer)}}
}
