package problem

import (
	"slices"
	"strings"

	"lectern/internal/xmltree"
)

// choiceType is any number of choices out of several, by check boxes, or one
// by radio buttons.
var choiceType = responseType{
	tag: "choiceresponse", inputs: []string{"checkboxgroup", "radiogroup"}, single: true,
	build: func(r *response) (grader, error) {
		g := &choiceGroup{r: r, in: r.inputs[0]}
		if err := g.in.readChoices(false); err != nil {
			return nil, err
		}
		g.correct, g.wrong = g.in.correctNames("TRUE"), g.in.correctNames("FALSE")
		return g, nil
	},
}

type choiceGroup struct {
	r              *response
	in             *input
	correct, wrong []string
}

func (g *choiceGroup) grade(a Answers) (Marks, error) {
	answer := a[g.in.id]
	if len(answer.Values) == 0 {
		return oneMark(g.in, Mark{Correctness: Incorrect}), nil // even when no choice is correct
	}
	if err := g.r.oneCredit("Checkbox", "edc", "halves", "false"); err != nil {
		return Marks{}, err
	}
	chosen := map[string]bool{}
	for _, v := range answer.Values {
		chosen[v] = true
	}
	mode := "false"
	if g.r.credit != nil {
		mode = g.r.credit[0]
	}
	switch mode {
	case "edc":
		return oneMark(g.in, g.everyDecision(chosen)), nil
	case "halves":
		return oneMark(g.in, g.halves(chosen)), nil
	}
	if sameSet(answer.Values, g.correct) {
		return oneMark(g.in, Mark{Correctness: Correct}), nil
	}
	return oneMark(g.in, Mark{Correctness: Incorrect}), nil
}

// count returns how many of names are, or are not, among the chosen.
func count(names []string, chosen map[string]bool, want bool) int {
	n := 0
	for _, name := range names {
		if chosen[name] == want {
			n++
		}
	}
	return n
}

// everyDecision gives each choice the same share of the points, for being
// rightly chosen or rightly left.
func (g *choiceGroup) everyDecision(chosen map[string]bool) Mark {
	right := count(g.correct, chosen, true) + count(g.wrong, chosen, false)
	all := len(g.correct) + len(g.wrong)
	switch {
	case right == all:
		return Mark{Correctness: Correct}
	case right > 0:
		points := roundAway(g.r.maxScore()*float64(right)/float64(all), 2)
		return Mark{Correctness: Partial, Points: &points}
	}
	return Mark{Correctness: Incorrect, Points: new(float64)}
}

// halves halves the points for each of up to two errors, where there are
// enough choices.
func (g *choiceGroup) halves(chosen map[string]bool) Mark {
	errors := count(g.wrong, chosen, true) + count(g.correct, chosen, false)
	all := len(g.correct) + len(g.wrong)
	points := g.r.maxScore()
	switch {
	case errors == 0:
		return Mark{Correctness: Correct, Points: &points}
	case errors == 1 && all > 2:
		points = roundAway(points/2, 2)
	case errors == 2 && all > 4:
		points = roundAway(points/4, 2)
	default:
		return Mark{Correctness: Incorrect}
	}
	return Mark{Correctness: Partial, Points: &points}
}

func (g *choiceGroup) solution(*View) []Shown { return []Shown{g.in.shownChoices(g.correct)} }

// feedback adds the first compound hint whose choices are exactly the chosen
// ones, or else the hint of every choice for being chosen or left.
func (g *choiceGroup) feedback(a Answers, m *Marks) error {
	if g.in.node.Name != "checkboxgroup" {
		return nil
	}
	answer, given := a[g.in.id]
	mark, _ := m.Get(g.in.id)
	correct := mark.Correctness == Correct
	if given && g.compound(answer, correct, m) {
		return nil
	}
	hint := extendedHint{correct: correct, list: true}
	labels := 0
	for _, c := range g.in.choices {
		selector := "false"
		if answer.has(c.name) {
			selector = "true"
		}
		for _, n := range c.node.Elements("choicehint") {
			if !strings.EqualFold(n.Attr("selected"), selector) {
				continue
			}
			if label, ok := n.Lookup("label"); ok {
				hint.label = &label
				labels++
			}
			if text := hintHTML(c.node, n); text != "" {
				hint.texts = append(hint.texts, text)
			}
		}
	}
	if labels > 1 {
		hint.label = nil
	}
	if len(hint.texts) > 0 {
		addHint(m, g.in.id, hint)
	}
	return nil
}

// compound adds the matching compound hint and reports whether there is one.
func (g *choiceGroup) compound(answer Answer, correct bool, m *Marks) bool {
	var letters []string
	if answer.List {
		for _, v := range answer.Values {
			if c, ok := g.in.find(v); ok {
				letters = append(letters, c.letter)
			}
		}
	}
	hints := g.in.node.Elements("compoundhint")
	i := slices.IndexFunc(hints, func(n *xmltree.Node) bool {
		return sameSet(strings.Fields(strings.ToUpper(n.Attr("value"))), letters)
	})
	if i < 0 {
		return false
	}
	hint := extendedHint{correct: correct, texts: []string{strings.TrimSpace(hints[i].Lead())}}
	if label, ok := hints[i].Lookup("label"); ok {
		hint.label = &label
	}
	addHint(m, g.in.id, hint)
	return true
}

// has reports whether a choice was chosen.
func (a Answer) has(name string) bool {
	if !a.List {
		return len(a.Values) > 0 && strings.Contains(a.Values[0], name) // as Open edX looks into a single value
	}
	return slices.Contains(a.Values, name)
}
