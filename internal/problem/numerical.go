package problem

import (
	"errors"
	"html"
	"math"
	"slices"
	"strings"

	"lectern/internal/problem/calc"
	"lectern/internal/xmltree"
)

// numericalType is a number or a formula with a value.
var numericalType = responseType{
	tag: "numericalresponse", inputs: []string{"textline", "formulaequationinput"}, single: true,
	required: []string{"answer"}, build: buildNumerical,
}

const (
	badStaffAnswer = "There was a problem with the staff answer to this problem."
	halfCredit     = 0.5
)

type numerical struct {
	r         *response
	in        *input
	answer    string // as shown
	bounds    []string
	inclusive [2]bool
	tolerance string
	extras    []*xmltree.Node // additional answers
}

func buildNumerical(r *response) (grader, error) {
	g := &numerical{r: r, in: r.inputs[0], tolerance: defaultTolerance}
	for _, n := range r.node.Elements("additional_answer") {
		if n.Attr("answer") != "" {
			g.extras = append(g.extras, n)
		}
	}
	g.expect(r.node.Attr("answer"))
	for _, n := range r.node.FindAll("responseparam") {
		if s, ok := n.Lookup("default"); ok && n.Attr("type") == "tolerance" {
			g.tolerance = r.p.scope.expand(strings.TrimSpace(s))
			break
		}
	}
	return g, nil
}

// expect takes the right answer: a number, a formula, or an interval.
func (g *numerical) expect(raw string) {
	scope := g.r.p.scope
	if len(raw) < 2 || !strings.ContainsAny(raw[:1], "[(") || !strings.ContainsAny(raw[len(raw)-1:], "])") {
		g.answer = scope.expand(raw)
		return
	}
	for part := range strings.SplitSeq(raw[1:len(raw)-1], ",") {
		g.bounds = append(g.bounds, scope.expand(part))
	}
	g.inclusive = [2]bool{raw[0] == '[', raw[len(raw)-1] == ']'}
	g.answer = raw
	if len(g.bounds) >= 2 {
		g.answer = raw[:1] + g.bounds[0] + ", " + g.bounds[1] + raw[len(raw)-1:]
	}
}

func (g *numerical) grade(a Answers) (Marks, error) {
	answer, given := a[g.in.id]
	if !given {
		return oneMark(g.in, Mark{Correctness: Incorrect}), nil
	}
	for _, mode := range g.r.credit {
		if mode != "list" && mode != "close" {
			return Marks{}, g.r.fail("%w", say("partial_credit attribute should be one of: list,close"))
		}
	}
	value, err := g.r.p.learnerNumber(answer.Value())
	if err != nil {
		return Marks{}, err
	}
	mark, err := g.compare(value)
	if err != nil {
		return Marks{}, err
	}
	if mark.Correctness == Incorrect {
		i, err := g.matchExtra(value)
		if err != nil {
			return Marks{}, err
		}
		if i >= 0 {
			mark.Correctness = Correct
		}
	}
	return oneMark(g.in, mark), nil
}

// learnerNumber evaluates what a learner typed. Errors are [ErrAnswer] in the
// words of Open edX.
func (p *Problem) learnerNumber(text string) (calc.Value, error) {
	v, err := p.evaluate(text)
	if err == nil {
		_, err = v.Complex128()
	}
	var e *calc.Error
	if err == nil || !errors.As(err, &e) {
		return v, err
	}
	switch {
	case e.Class == calc.UndefinedVariable || e.Class == calc.UnmatchedParenthesis:
		return v, said(e)
	case e.Class == calc.ValueError && strings.Contains(e.Message, "factorial"):
		return v, ErrAnswer.Say("Factorial function evaluated outside its domain: '%s'", text).Wrap(err)
	case e.Class == calc.ParseException:
		return v, ErrAnswer.Say("Invalid math syntax: '%s'", text).Wrap(err)
	}
	return v, ErrAnswer.Say("Could not interpret '%s' as a number.", text).Wrap(err)
}

// staffNumber evaluates an answer of the course: a complex literal or a
// formula.
func (g *numerical) staffNumber(text string) (complex128, error) {
	if c, ok := parseComplex(text); ok {
		return c, nil
	}
	v, err := calc.Evaluate(nil, nil, text, false)
	if err == nil {
		var c complex128
		if c, err = v.Complex128(); err == nil {
			return c, nil
		}
	}
	return 0, ErrAnswer.Say(badStaffAnswer).With("line %d: answer %q: %w", g.r.node.Line, text, err)
}

// compare marks a value by the right answer alone.
func (g *numerical) compare(v calc.Value) (Mark, error) {
	if g.bounds != nil {
		return g.gradeRange(v)
	}
	return g.gradeNumber(v)
}

// gradeRange compares with an interval. On a boundary only its kind of bracket
// counts.
func (g *numerical) gradeRange(v calc.Value) (Mark, error) {
	if len(g.bounds) < 2 {
		return Mark{}, ErrAnswer.Say(badStaffAnswer).With("line %d: range %q", g.r.node.Line, g.answer)
	}
	if v.IsComplex() {
		return Mark{}, ErrAnswer.Say("You may not use complex numbers in range tolerance problems")
	}
	given, err := v.Complex128()
	if err != nil {
		return Mark{}, err
	}
	var ends [2]float64
	for i, text := range g.bounds[:2] {
		end, err := g.staffNumber(text)
		switch {
		case err != nil:
			return Mark{}, err
		case imag(end) != 0:
			return Mark{}, ErrAnswer.Say("There was a problem with the staff answer to this problem: complex boundary.")
		case math.IsNaN(real(end)):
			return Mark{}, ErrAnswer.Say("There was a problem with the staff answer to this problem: empty boundary.")
		}
		ends[i] = real(end)
		machine := tolerance{size: 0x1p-52, relative: true}
		if machine.accepts(given, end) {
			if g.inclusive[i] {
				return Mark{Correctness: Correct}, nil
			}
			return Mark{Correctness: Incorrect}, nil
		}
	}
	x := real(given)
	if ends[0] < x && x < ends[1] {
		return Mark{Correctness: Correct}, nil
	}
	if slices.Contains(g.r.credit, "close") {
		wider, err := g.partialRange()
		if err != nil {
			return Mark{}, err
		}
		margin := wider * (ends[1] - ends[0])
		if ends[0]-margin < x && x < ends[1]+margin {
			return partialMark(halfCredit), nil
		}
	}
	return Mark{Correctness: Incorrect}, nil
}

// gradeNumber compares with a single right answer and, for partial credit,
// with a wider tolerance and with other answers.
func (g *numerical) gradeNumber(v calc.Value) (Mark, error) {
	given, err := v.Complex128()
	if err != nil {
		return Mark{}, err
	}
	right, err := g.staffNumber(g.answer)
	if err != nil {
		return Mark{}, err
	}
	near, err := parseTolerance(g.tolerance)
	if err != nil {
		return Mark{}, g.r.fail("tolerance %q: %w", g.tolerance, err)
	}
	if near.accepts(given, right) {
		return Mark{Correctness: Correct}, nil
	}
	if g.r.credit == nil {
		return Mark{Correctness: Incorrect}, nil
	}
	factor, err := g.partialRange()
	if err != nil {
		return Mark{}, err
	}
	wide := near.times(factor)
	isClose := slices.Contains(g.r.credit, "close")
	if !slices.Contains(g.r.credit, "list") {
		if isClose && wide.accepts(given, right) {
			return partialMark(halfCredit), nil
		}
		return Mark{Correctness: Incorrect}, nil
	}
	others, err := g.partialAnswers()
	if err != nil {
		return Mark{}, err
	}
	for _, other := range others {
		switch {
		case near.accepts(given, other), isClose && wide.accepts(given, right):
			return partialMark(halfCredit), nil
		case isClose && wide.accepts(given, other):
			return partialMark(halfCredit * halfCredit), nil
		}
	}
	return Mark{Correctness: Incorrect}, nil
}

func partialMark(points float64) Mark { return Mark{Correctness: Partial, Points: &points} }

// partialRange is by how much "close" widens the tolerance or the range.
func (g *numerical) partialRange() (float64, error) {
	for _, n := range g.r.node.Elements("responseparam") {
		if s, ok := n.Lookup("partial_range"); ok {
			f, ok := parsePyFloat(s)
			if !ok {
				return 0, g.r.fail("partial_range %q is not a number", s)
			}
			return f, nil
		}
	}
	return 2, nil
}

// partialAnswers are the answers "list" gives half of the points for.
func (g *numerical) partialAnswers() ([]complex128, error) {
	for _, n := range g.r.node.Elements("responseparam") {
		s, ok := n.Lookup("partial_answers")
		if !ok {
			continue
		}
		var answers []complex128
		for part := range strings.SplitSeq(s, ",") {
			c, err := g.staffNumber(strings.TrimSpace(part))
			if err != nil {
				return nil, err
			}
			answers = append(answers, c)
		}
		return answers, nil
	}
	return nil, nil
}

// matchExtra returns which additional answer the value equals exactly, or -1.
func (g *numerical) matchExtra(v calc.Value) (int, error) {
	given, err := v.Complex128()
	if err != nil {
		return -1, err
	}
	for i, n := range g.extras {
		c, err := g.staffNumber(g.r.p.scope.expand(n.Attr("answer")))
		if err != nil {
			return -1, err
		}
		if given == c {
			return i, nil
		}
	}
	return -1, nil
}

// feedback adds the hint of the answer that matched.
func (g *numerical) feedback(a Answers, m *Marks) error {
	answer, given := a[g.in.id]
	mark, _ := m.Get(g.in.id)
	if !given || mark.Correctness != Correct {
		return nil
	}
	parent := g.r.node
	if i, err := g.matched(answer.Value()); err != nil {
		return err
	} else if i >= 0 {
		parent = g.extras[i]
	}
	addHint(m, g.in.id, extendedHint{parent: parent, node: parent.Child("correcthint"), correct: true})
	return nil
}

// matched returns the additional answer that made an answer correct, or -1 when
// the main one did.
func (g *numerical) matched(text string) (int, error) {
	v, err := g.r.p.learnerNumber(text)
	if err != nil {
		return -1, err
	}
	mark, err := g.compare(v)
	if err != nil || mark.Correctness == Correct {
		return -1, err
	}
	return g.matchExtra(v)
}

func (g *numerical) solution(v *View) []Shown {
	texts := []string{html.EscapeString(g.answer)}
	for _, n := range g.extras {
		texts = append(texts, html.EscapeString(g.r.p.scope.expand(n.Attr("answer"))))
	}
	return []Shown{{ID: g.in.id, Values: []string{g.answer}, HTML: strings.Join(texts, orHTML(v))}}
}

// orHTML joins several right answers.
func orHTML(v *View) string { return " <b>" + html.EscapeString(v.T("or")) + "</b> " }
