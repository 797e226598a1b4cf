package problem

import (
	"errors"
	"fmt"
	"html"
	"math/cmplx"
	"slices"
	"strings"

	"lectern/internal/problem/calc"
	"lectern/internal/xmltree"
)

const symbolicTag = "symbolicresponse"

// symbolicType is a formula that Open edX compares by computer algebra. Here it
// is compared at points drawn at random, which tells the same formulas apart.
var symbolicType = responseType{
	tag: symbolicTag, inputs: []string{"textline", "formulaequationinput"}, single: true, build: buildSymbolic,
}

const (
	symbolicPoints = 30  // at which formulas are compared
	symbolicReach  = 3.0 // variables are drawn from -3 to 3
	symbolicLeast  = 3   // points at which the right answer must have a value
)

type symbolicGrader struct {
	r         *response
	in        *input
	answer    string
	near      tolerance
	imaginary bool // i and j are the imaginary unit, else variables
}

func buildSymbolic(r *response) (grader, error) {
	g := &symbolicGrader{r: r, in: r.inputs[0], answer: r.p.scope.expand(symbolicAnswer(r.node)), near: tolerance{size: 1e-6, relative: true}}
	options := symbolicOptions(r.node)
	g.imaginary = slices.Contains(options, "imaginary")
	if slices.Contains(options, "numerical") {
		g.near.size = 1e-3
	}
	if reason := badSymbolicAnswer(g.answer); reason != "" {
		return nil, r.fail("%s", reason)
	}
	return g, nil
}

func symbolicAnswer(n *xmltree.Node) string {
	if s := n.Attr("expect"); s != "" {
		return s
	}
	return n.Attr("answer")
}

func symbolicOptions(n *xmltree.Node) []string {
	return strings.FieldsFunc(n.Attr("options"), func(c rune) bool { return c == ',' || c == ' ' })
}

// foreignSymbolic returns why a symbolic response cannot be graded here, "" when
// it can, as far as that can be told without running the problem's script.
func foreignSymbolic(n *xmltree.Node) string {
	for _, option := range symbolicOptions(n) {
		if option == "matrix" || option == "qubit" {
			return "symbolic response on matrices"
		}
	}
	if n.Child("answer") != nil || n.Attr("cfn") != "" {
		return "symbolic response with a check of its own"
	}
	fields := n.FindAll(inputTags...)
	if len(fields) != 1 || !slices.Contains(symbolicType.inputs, fields[0].Name) {
		return "symbolic response with another field than a line of text"
	}
	if answer := symbolicAnswer(n); !strings.Contains(answer, "$") && badSymbolicAnswer(answer) != "" {
		return "symbolic response whose answer is no formula the calculator knows"
	}
	return ""
}

// badSymbolicAnswer returns why the calculator cannot evaluate an answer of the
// course, "" when it can.
func badSymbolicAnswer(answer string) string {
	x, err := calc.Compile(answer, true)
	if err != nil {
		return err.Error()
	}
	if strings.TrimSpace(answer) == "" {
		return "there is no answer"
	}
	_, funcs := x.Names()
	for _, name := range funcs {
		if !calc.IsFunction(name, true) {
			return fmt.Sprintf("no function %q", name)
		}
	}
	return ""
}

func (g *symbolicGrader) grade(a Answers) (Marks, error) {
	mark := Mark{Correctness: Incorrect}
	if given := a[g.in.id].Value(); strings.TrimSpace(given) != "" {
		ok, err := g.check(given)
		if err != nil {
			return Marks{}, err
		}
		if ok {
			mark.Correctness = Correct
		}
	}
	return oneMark(g.in, mark), nil
}

// check compares the formulas wherever the right one has a value.
func (g *symbolicGrader) check(given string) (bool, error) {
	theirs, err := calc.Compile(given, true)
	if err != nil {
		return false, learnerFormula(given, err)
	}
	right, err := calc.Compile(g.answer, true)
	if err != nil {
		return false, g.badStaff(err)
	}
	b := g.r.p.budget()
	points, err := g.variables(theirs, right).points(g.r.p.variant.Seed, b)
	if err != nil {
		return false, learnerFormula(given, err)
	}
	compared := 0
	for _, point := range points {
		want, err := valueAt(right, point, b)
		if err != nil {
			continue // no value here
		}
		got, err := valueAt(theirs, point, b)
		var e *calc.Error
		switch {
		case errors.As(err, &e) && e.Class == calc.ZeroDivisionError:
			return false, nil
		case err != nil:
			return false, learnerFormula(given, err)
		case !g.near.accepts(got, want) && !(tolerance{size: 1e-9}).accepts(got, want):
			return false, nil
		}
		compared++
	}
	if compared < symbolicLeast {
		return false, g.badStaff(fmt.Errorf("it has values at %d of %d points", compared, len(points)))
	}
	return true, nil
}

func (g *symbolicGrader) badStaff(err error) error {
	return ErrAnswer.Say(badStaffAnswer).With("line %d: answer %q: %w", g.r.node.Line, g.answer, err)
}

// variables returns what is to be drawn: every name of both formulas that is no
// constant.
func (g *symbolicGrader) variables(formulas ...*calc.Expression) samples {
	s := samples{count: symbolicPoints}
	for _, x := range formulas {
		names, _ := x.Names()
		for _, name := range names {
			constant := name == "e" || name == "pi" || g.imaginary && (name == "i" || name == "j")
			if !constant && !slices.Contains(s.names, name) {
				s.names = append(s.names, name)
			}
		}
	}
	s.low = slices.Repeat([]float64{-symbolicReach}, len(s.names))
	s.high = slices.Repeat([]float64{symbolicReach}, len(s.names))
	return s
}

// valueAt returns a number, or an error where there is none.
func valueAt(x *calc.Expression, point map[string]complex128, b *calc.Budget) (complex128, error) {
	v, err := x.Evaluate(point, b)
	if err != nil {
		return 0, err
	}
	c, err := v.Complex128()
	if err == nil && (cmplx.IsNaN(c) || cmplx.IsInf(c)) {
		err = &calc.Error{Class: calc.ZeroDivisionError, Message: "not a finite number"}
	}
	return c, err
}

func (g *symbolicGrader) feedback(Answers, *Marks) error { return nil }

func (g *symbolicGrader) solution(*View) []Shown {
	return []Shown{{ID: g.in.id, Values: []string{g.answer}, HTML: html.EscapeString(g.answer)}}
}
