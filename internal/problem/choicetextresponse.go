package problem

import (
	"encoding/json"
	"html"
	"maps"
	"slices"
	"strconv"
	"strings"

	"lectern/internal/xmltree"
)

// choiceTextType is choices with numbers to fill in. All right choices, no
// others, and every number in them must be right.
var choiceTextType = responseType{
	tag: "choicetextresponse", inputs: []string{"radiotextgroup", "checkboxtextgroup"}, single: true, build: buildChoiceText,
}

// maxTextFields is how many numbers one question may ask for.
const maxTextFields = 1000

type choiceTextGrader struct {
	r       *response
	in      *input
	choices []textChoice
	fields  map[string]textField // by name
}

// textChoice is one choice with its fields.
type textChoice struct {
	node    *xmltree.Node
	name    string // "<id>_choiceinput_<i>bc"
	correct bool
	fields  []textField
}

// textField is a place for a number.
type textField struct {
	node              *xmltree.Node
	name              string // "<id>_choiceinput_<i>_numtolerance_input_<j>"
	answer, tolerance string
	graded            bool // it lies in a right choice; of others only that it is a number is looked at
}

// field returns which of the choice's fields an element is, or -1.
func (c textChoice) field(n *xmltree.Node) int {
	return slices.IndexFunc(c.fields, func(f textField) bool { return f.node == n })
}

func buildChoiceText(r *response) (grader, error) {
	g := &choiceTextGrader{r: r, in: r.inputs[0], fields: map[string]textField{}}
	for i, n := range g.in.node.FindAll("choice") {
		prefix := g.in.id + "_choiceinput_" + strconv.Itoa(i)
		c := textChoice{node: n, name: prefix + "bc", correct: r.p.scope.expand(n.Attr("correct")) == "true"}
		numbers := n.FindAll("numtolerance_input")
		if len(numbers) == 0 {
			numbers = n.FindAll("decoy_input")
		}
		for j, number := range numbers {
			f := textField{node: number, name: prefix + "_numtolerance_input_" + strconv.Itoa(j), answer: "0", tolerance: defaultTolerance}
			if f.graded = c.correct; f.graded {
				if f.answer = r.p.scope.expand(number.Attr("answer")); f.answer == "" {
					return nil, r.fail("%w", say("Answer not provided for numtolerance_input"))
				}
				if s, ok := number.Lookup("tolerance"); ok {
					f.tolerance = r.p.scope.expand(s)
				}
			}
			c.fields = append(c.fields, f)
			g.fields[f.name] = f
		}
		g.choices = append(g.choices, c)
	}
	if len(g.choices) > maxChoices || len(g.fields) > maxTextFields {
		return nil, r.fail("%d choices with %d fields, at most %d with %d", len(g.choices), len(g.fields), maxChoices, maxTextFields)
	}
	return g, nil
}

// textValues reads the JSON object of an answer. What is no text in it counts as
// if it had been typed.
func textValues(a Answer) map[string]string {
	var raw map[string]json.RawMessage
	if json.Unmarshal(a.Object, &raw) != nil {
		return nil
	}
	values := map[string]string{}
	for name, v := range raw {
		var s string
		if json.Unmarshal(v, &s) != nil {
			s = string(v)
		}
		values[name] = s
	}
	return values
}

func (g *choiceTextGrader) grade(a Answers) (Marks, error) {
	given := textValues(a[g.in.id])
	right := true
	for _, c := range g.choices {
		_, chosen := given[c.name]
		right = right && chosen == c.correct
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if strings.HasSuffix(name, "bc") {
			right = right && slices.ContainsFunc(g.choices, func(c textChoice) bool { return c.name == name })
			continue
		}
		f, known := g.fields[name]
		choice, _, _ := strings.Cut(name, "_numtolerance_input_")
		if _, chosen := given[choice+"bc"]; !known || !chosen {
			continue // of a choice that was not taken
		}
		ok, err := g.check(f, given[name])
		if err != nil {
			return Marks{}, err
		}
		right = right && ok
	}
	if right {
		return oneMark(g.in, Mark{Correctness: Correct}), nil
	}
	return oneMark(g.in, Mark{Correctness: Incorrect}), nil
}

// check compares a number. One that has no right value only has to be a number.
func (g *choiceTextGrader) check(f textField, given string) (bool, error) {
	right, ok := parseComplex(f.answer)
	if !ok {
		return false, ErrAnswer.Say("The Staff answer could not be interpreted as a number.").
			With("line %d: answer %q", g.r.node.Line, f.answer)
	}
	v, err := g.r.p.evaluate(given)
	var number complex128
	if err == nil {
		number, err = v.Complex128()
	}
	if err != nil {
		return false, ErrAnswer.Say("Could not interpret '%s' as a number.", given).Wrap(err)
	}
	near, err := parseTolerance(f.tolerance)
	if err != nil {
		return false, g.r.fail("tolerance %q: %w", f.tolerance, err)
	}
	return near.accepts(number, right) || !f.graded, nil
}

func (g *choiceTextGrader) feedback(Answers, *Marks) error { return nil }

// solution names the right choices and says their numbers in their text.
func (g *choiceTextGrader) solution(*View) []Shown {
	var names, texts []string
	for _, c := range g.choices {
		if !c.correct {
			continue
		}
		names = append(names, c.name)
		texts = append(texts, g.r.p.inner(g.withAnswers(c, c.node.Children)))
	}
	return []Shown{{ID: g.in.id, Values: names, HTML: strings.Join(texts, "; ")}}
}

// withAnswers returns a choice's content with the right numbers in it.
func (g *choiceTextGrader) withAnswers(c textChoice, nodes []*xmltree.Node) []*xmltree.Node {
	var out []*xmltree.Node
	for _, n := range nodes {
		switch k := c.field(n); {
		case n.IsText():
			out = append(out, n)
		case k >= 0:
			out = append(out, xmltree.RawNode("<strong>"+html.EscapeString(c.fields[k].answer)+"</strong>"))
		default:
			out = append(out, &xmltree.Node{Name: n.Name, Attrs: n.Attrs, Children: g.withAnswers(c, n.Children)})
		}
	}
	return out
}
