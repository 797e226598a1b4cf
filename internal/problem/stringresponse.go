package problem

import (
	"errors"
	"html"
	"slices"
	"strings"

	"lectern/internal/xmltree"
)

// stringType is a short text, compared or matched by a regular expression.
var stringType = responseType{
	tag: "stringresponse", inputs: []string{"textline"}, single: true,
	required: []string{"answer"}, build: buildString,
}

type stringGrader struct {
	r          *response
	in         *input
	answers    []string
	ignoreCase bool
	regexp     bool
	old        bool // answers joined by "_or_"; never regular expressions
}

func buildString(r *response) (grader, error) {
	g := &stringGrader{r: r, in: r.inputs[0]}
	for word := range strings.SplitSeq(strings.ToLower(r.node.Attr("type")), " ") {
		g.regexp = g.regexp || word == "regexp"
		g.ignoreCase = g.ignoreCase || word == "ci"
	}
	raw := r.node.Attr("answer")
	answers := []string{raw}
	if g.old = strings.Contains(strings.ToLower(raw), "_or_"); g.old {
		answers = strings.Split(raw, "_or_")
	} else {
		for _, n := range r.node.Elements("additional_answer") {
			answers = append(answers, n.Attr("answer"))
		}
	}
	for _, answer := range answers {
		g.answers = append(g.answers, strings.TrimSpace(r.p.scope.expand(answer)))
	}
	return g, nil
}

func (g *stringGrader) grade(a Answers) (Marks, error) {
	mark := Mark{Correctness: Incorrect}
	if answer, given := a[g.in.id]; given {
		ok, err := g.check(g.answers, strings.TrimSpace(answer.Value()))
		if err != nil {
			return Marks{}, err
		}
		if ok {
			mark.Correctness = Correct
		}
	}
	return oneMark(g.in, mark), nil
}

// check reports whether the text is one of the expected. Regular expressions
// are joined first and anchored as a whole, so that of several only the first
// is bound to the start and only the last to the end.
func (g *stringGrader) check(expected []string, given string) (bool, error) {
	switch {
	case given == "":
		return false, nil
	case g.regexp && !g.old:
		ok, err := matchPython("^"+strings.Join(expected, "|")+"$", given, g.ignoreCase)
		if errors.Is(err, errSlowMatch) {
			return false, ErrGrader.Say("Your answer takes too long to check. Please try a shorter one.").Wrap(err)
		}
		if err != nil {
			message := "[courseware.capa.responsetypes.stringresponse] error: " + err.Error()
			return false, ErrGrader.Say("%s", message).With("line %d: %w", g.r.node.Line, err)
		}
		return ok, nil
	}
	return slices.ContainsFunc(expected, func(s string) bool { return g.equal(s, given) }), nil
}

// equal compares lower-cased texts where case does not count. Folding would
// accept more than Open edX does.
func (g *stringGrader) equal(a, b string) bool {
	if g.ignoreCase {
		a, b = strings.ToLower(a), strings.ToLower(b)
	}
	return a == b
}

// feedback adds the hint of the first that matches: the answer, additional
// answers, equal texts, regular expressions.
func (g *stringGrader) feedback(a Answers, m *Marks) error {
	answer, given := a[g.in.id]
	if !given {
		return nil
	}
	text, node := answer.Value(), g.r.node
	ok, err := g.check([]string{strings.TrimSpace(g.r.attr("answer"))}, text)
	if err != nil {
		return err
	}
	if ok {
		addHint(m, g.in.id, extendedHint{parent: node, node: node.Child("correcthint"), correct: true})
		return nil
	}
	for _, n := range node.Elements("additional_answer") {
		if g.matches(n, text, g.regexp) {
			addHint(m, g.in.id, extendedHint{parent: n, node: n.Child("correcthint"), correct: true})
			return nil
		}
	}
	for _, kind := range []string{"stringequalhint", "regexphint"} {
		for _, n := range node.Elements(kind) {
			if g.matches(n, text, kind == "regexphint") {
				addHint(m, g.in.id, extendedHint{parent: node, node: n})
				return nil
			}
		}
	}
	return nil
}

// matches compares with a hint's answer. A broken expression never matches.
func (g *stringGrader) matches(n *xmltree.Node, text string, regexp bool) bool {
	answer := strings.TrimSpace(g.r.p.scope.expand(n.Attr("answer")))
	if answer == "" {
		return false
	}
	if regexp {
		ok, err := matchPython("^"+answer+"$", text, g.ignoreCase)
		return err == nil && ok
	}
	return g.equal(answer, text)
}

func (g *stringGrader) hintTag() string { return "stringhint" }

// satisfied compares the answer with the conditions of a hintgroup, in the way
// of the response itself.
func (g *stringGrader) satisfied(conditions []*xmltree.Node, a Answers) ([]string, error) {
	answer, given := a[g.in.id]
	if !given {
		return nil, nil
	}
	var names []string
	for _, n := range conditions {
		expected := strings.TrimSpace(g.r.p.scope.expand(n.Attr("answer")))
		ok, err := g.check([]string{expected}, strings.TrimSpace(answer.Value()))
		if err != nil {
			return nil, err
		}
		if ok {
			names = append(names, n.Attr("name"))
		}
	}
	return names, nil
}

func (g *stringGrader) solution(v *View) []Shown {
	texts := make([]string, len(g.answers))
	for i, answer := range g.answers {
		texts[i] = html.EscapeString(answer)
	}
	return []Shown{{ID: g.in.id, Values: g.answers, HTML: strings.Join(texts, orHTML(v))}}
}
