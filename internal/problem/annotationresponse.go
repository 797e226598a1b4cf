package problem

import (
	"encoding/json"
	"html"
	"strings"

	"lectern/internal/xmltree"
)

// annotationType is a remark on a passage and one tag for it. Only the tag is
// graded.
var annotationType = responseType{
	tag: "annotationresponse", inputs: []string{"annotationinput"}, single: true, points: annotationPoints,
	build: buildAnnotation,
}

// Points of an annotation, whatever else the course says [capa 2.2].
const (
	annotationPoints        = 2.0
	annotationPartialPoints = 1.0
)

type annotationGrader struct {
	in      *input
	options annotationOptions
}

// annotationOptions are the tags to choose from.
type annotationOptions []annotationOption

type annotationOption struct {
	node   *xmltree.Node
	choice string // "correct", "partially-correct", or anything else
}

func buildAnnotation(r *response) (grader, error) {
	g := &annotationGrader{in: r.inputs[0], options: r.inputs[0].annotationOptions()}
	if len(g.options) > maxChoices {
		return nil, r.fail("%d options, at most %d", len(g.options), maxChoices)
	}
	return g, nil
}

// annotationOptions reads the tags of an annotationinput.
func (in *input) annotationOptions() annotationOptions {
	var options annotationOptions
	for _, list := range in.node.Elements("options") {
		for _, n := range list.Elements("option") {
			options = append(options, annotationOption{n, in.response.p.scope.expand(n.Attr("choice"))})
		}
	}
	return options
}

// annotation is an answer: {"comment": "…", "options": [0]}.
type annotation struct {
	comment string
	options []float64
	sound   bool // it was JSON
}

// readAnnotation reads an answer. What is not of the form counts as not there.
func readAnnotation(text string) annotation {
	var a annotation
	var fields map[string]json.RawMessage
	a.sound = json.Valid([]byte(text))
	if json.Unmarshal([]byte(text), &fields) != nil {
		return a
	}
	var comment string
	if json.Unmarshal(fields["comment"], &comment) == nil {
		a.comment = comment
	}
	var options []json.RawMessage
	if json.Unmarshal(fields["options"], &options) != nil {
		return a
	}
	for _, raw := range options {
		n := -1.0 // no option
		var number float64
		if json.Unmarshal(raw, &number) == nil && string(raw) != "null" {
			n = number
		}
		a.options = append(a.options, n)
	}
	return a
}

// chosen returns the one option of an answer, or nil.
func (o annotationOptions) chosen(a annotation) *annotationOption {
	if len(a.options) != 1 {
		return nil
	}
	for i := range o {
		if a.options[0] == float64(i) {
			return &o[i]
		}
	}
	return nil
}

func (g *annotationGrader) grade(a Answers) (Marks, error) {
	mark := Mark{Correctness: Incorrect}
	given := a[g.in.id].Value()
	if given == "" {
		return oneMark(g.in, mark), nil
	}
	answer := readAnnotation(given)
	if !answer.sound {
		return Marks{}, ErrAnswer.Say("Please choose one of the tags.").With("input %s: %.60q is no JSON", g.in.id, given)
	}
	points := 0.0
	if option := g.options.chosen(answer); option != nil {
		switch option.choice {
		case string(Correct):
			mark.Correctness, points = Correct, annotationPoints
		case string(Partial):
			mark.Correctness, points = Partial, annotationPartialPoints
		}
		mark.Points = &points
	}
	return oneMark(g.in, mark), nil
}

func (g *annotationGrader) feedback(Answers, *Marks) error { return nil }

// solution is the text of the first correct option.
func (g *annotationGrader) solution(*View) []Shown {
	for _, o := range g.options {
		if o.choice == string(Correct) {
			text := g.in.response.p.scope.expand(strings.TrimSpace(o.node.Text()))
			return []Shown{{ID: g.in.id, Values: []string{text}, HTML: html.EscapeString(text)}}
		}
	}
	return nil
}
