package problem

import (
	"slices"
	"strconv"
	"strings"

	"lectern/internal/xmltree"
)

// multipleChoiceType is one choice out of several, by radio buttons.
var multipleChoiceType = responseType{
	tag: multipleChoiceTag, inputs: []string{"choicegroup"}, single: true,
	build: buildMultipleChoice,
}

type multipleChoice struct {
	r       *response
	in      *input
	correct []string
	partial map[string]float64 // points by name of partially correct choices
}

func buildMultipleChoice(r *response) (grader, error) {
	g := &multipleChoice{r: r, in: r.inputs[0]}
	if err := g.in.readChoices(true); err != nil {
		return nil, err
	}
	g.correct = g.in.correctNames("TRUE")
	if r.credit == nil {
		return g, nil
	}
	g.partial = map[string]float64{}
	for _, c := range g.in.choices {
		if c.correct != "PARTIAL" {
			continue
		}
		value := 0.5
		if s, ok := c.node.Lookup("point_value"); ok {
			var err error
			if value, err = strconv.ParseFloat(strings.TrimSpace(s), 64); err != nil {
				return nil, r.fail("point_value %q is not a number", s)
			}
		}
		if _, twice := g.partial[c.name]; !twice {
			g.partial[c.name] = value
		}
	}
	return g, nil
}

func (g *multipleChoice) grade(a Answers) (Marks, error) {
	if err := g.r.oneCredit("Multiple Choice", "points", "false"); err != nil {
		return Marks{}, err
	}
	answer, given := a[g.in.id]
	given = given && !answer.List // a radio button never sends a list
	switch value := answer.Value(); {
	case given && slices.Contains(g.correct, value):
		return oneMark(g.in, Mark{Correctness: Correct}), nil
	case given && slices.Equal(g.r.credit, []string{"points"}):
		if points, ok := g.partial[value]; ok {
			return oneMark(g.in, Mark{Correctness: Partial, Points: &points}), nil
		}
	}
	return oneMark(g.in, Mark{Correctness: Incorrect}), nil
}

// oneCredit checks the partial_credit attribute of types that take one mode.
func (r *response) oneCredit(kind string, modes ...string) error {
	switch {
	case r.credit == nil:
		return nil
	case len(r.credit) > 1:
		return r.fail("%w", say("Only one type of partial credit is allowed for "+kind+" problems."))
	case !slices.Contains(modes, r.credit[0]):
		return r.fail("%w", say("partial_credit attribute should be one of: "+strings.Join(modes, ",")))
	}
	return nil
}

func (g *multipleChoice) feedback(a Answers, m *Marks) error {
	answer, given := a[g.in.id]
	if !given {
		return nil
	}
	c, ok := g.in.find(answer.First())
	if !ok {
		return nil
	}
	addHint(m, g.in.id, extendedHint{parent: c.node, node: c.node.Child("choicehint"), correct: c.correct == "TRUE"})
	return nil
}

func (g *multipleChoice) solution(*View) []Shown { return []Shown{g.in.shownChoices(g.correct)} }

// rearrange shuffles the choices or draws from the answer pool.
func (r *response) rearrange() error {
	if r.kind.tag != multipleChoiceTag && r.kind.tag != trueFalseTag {
		return nil
	}
	in := r.inputs[0]
	pool, hasPool := in.node.Lookup("answer-pool")
	shuffle := in.node.Attr("shuffle") == "true"
	switch {
	case shuffle && hasPool:
		return r.fail("%w", say("Do not use shuffle and answer-pool at the same time"))
	case shuffle:
		in.shuffle(r.p.random())
	case hasPool && pool != "0":
		n, err := strconv.Atoi(strings.TrimSpace(pool))
		if err != nil {
			return r.fail("%w", say("answer-pool value should be an integer"))
		}
		return in.drawPool(n)
	}
	return nil
}

// shuffle mixes the choices that are not fixed. Fixed ones at the start stay
// there; all others of them go to the end.
func (in *input) shuffle(rng *pyRandom) {
	var head, middle, tail []choice
	for _, c := range in.choices {
		switch {
		case c.node.Attr("fixed") != "true":
			middle = append(middle, c)
		case len(middle) == 0 && len(tail) == 0:
			head = append(head, c)
		default:
			tail = append(tail, c)
		}
	}
	mix(rng, middle)
	in.choices = slices.Concat(head, middle, tail)
}

// drawPool keeps one correct choice and up to n-1 others, mixed, and of a
// following solution set only the drawn choice's explanation.
func (in *input) drawPool(n int) error {
	r := in.response
	var correct, others []choice
	for _, c := range in.choices {
		if c.correct == "TRUE" {
			correct = append(correct, c)
		} else {
			others = append(others, c)
		}
	}
	if len(correct) == 0 || len(others) == 0 {
		return r.fail("%w", say("Choicegroup must include at least 1 correct and 1 incorrect choice"))
	}
	rng := r.p.random()
	drawn := correct[rng.below(len(correct))]
	mix(rng, others)
	keep := n - 1
	if keep < 0 { // Python counts from the end
		keep = max(0, len(others)+keep)
	}
	in.choices = append([]choice{drawn}, others[:min(keep, len(others))]...)
	mix(rng, in.choices)
	if set := r.p.following(r.node, "solutionset"); set != nil {
		r.p.keepExplanation(set, drawn.node)
	}
	return nil
}

// keepExplanation removes the solutions of a set that explain other choices.
func (p *Problem) keepExplanation(set, drawn *xmltree.Node) {
	id, has := drawn.Lookup("explanation-id")
	for _, s := range set.Elements("solution") {
		other, ok := s.Lookup("explanation-id")
		if ok != has || other != id {
			p.remove(s)
			p.solutions = slices.DeleteFunc(p.solutions, func(n *xmltree.Node) bool { return n == s })
		}
	}
}

func mix(rng *pyRandom, s []choice) {
	rng.shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
}

// oneMark is the result of a response with one input.
func oneMark(in *input, m Mark) Marks {
	var marks Marks
	marks.Set(in.id, m)
	return marks
}
