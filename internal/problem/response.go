package problem

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"lectern/internal/xmltree"
)

// responseType says how one kind of response is read. Adding a type is adding
// a file with one of these and a row to the table below.
type responseType struct {
	tag      string
	inputs   []string // elements that may take its answer
	single   bool     // exactly one input
	points   float64  // of each input, whatever it says; 0: what it says, else 1
	required []string // attributes that must not be empty
	build    func(*response) (grader, error)
}

// responseTypes are the types graded here.
var responseTypes = []responseType{
	multipleChoiceType,
	trueFalseType,
	choiceType,
	optionType,
	numericalType,
	stringType,
	customType,
	schematicType,
	formulaType,
	imageType,
	annotationType,
	choiceTextType,
	symbolicType,
}

// grader is a response ready to be graded.
type grader interface {
	// grade marks the inputs. Errors are ErrAnswer, ErrGrader or ErrContent.
	grade(a Answers) (Marks, error)
	// feedback adds the extended hints to the marks.
	feedback(a Answers, m *Marks) error
	// solution returns the correct answer of each input.
	solution(v *View) []Shown
}

// conditionalHints is a grader whose hints can also be written as a hintgroup
// of conditions and parts.
type conditionalHints interface {
	// hintTag is the element that states a condition.
	hintTag() string
	// satisfied returns the names of the conditions the answer meets.
	satisfied(conditions []*xmltree.Node, a Answers) ([]string, error)
}

// response is one question of a problem.
type response struct {
	p      *Problem
	index  int // from 1
	node   *xmltree.Node
	kind   *responseType
	inputs []*input
	credit []string // modes of partial credit, lower case; nil for none
	grader grader

	groupLabel string   // id of the label of several inputs
	groupNotes []string // ids of their descriptions
}

// input is one element that takes an answer.
type input struct {
	id       string
	node     *xmltree.Node
	response *response
	points   float64
	label    []*xmltree.Node // the question's text, drawn with the input
	name     string          // plain label when there is no other
	notes    []note
	choices  []choice // of a group, in the order shown
}

// note is a description that belongs to an input.
type note struct {
	id      string
	content []*xmltree.Node
}

func (r *response) id() string { return r.p.def.id + "_" + strconv.Itoa(r.index) }

func (r *response) maxScore() float64 {
	sum := 0.0
	for _, in := range r.inputs {
		sum += in.points
	}
	return sum
}

// attr returns an attribute of the response with variables put in.
func (r *response) attr(name string) string { return r.p.scope.expand(r.node.Attr(name)) }

// fail is [ErrContent] at the response.
func (r *response) fail(format string, args ...any) error {
	return contentError(r.node, "%s: %w", r.node.Name, fmt.Errorf(format, args...))
}

// readResponses finds the responses and numbers them and their inputs. Nothing
// in it depends on the script.
func (p *Problem) readResponses() error {
	p.inputs = map[*xmltree.Node]*input{}
	p.findResponses()
	for _, r := range p.responses {
		if err := r.read(); err != nil {
			return err
		}
	}
	if len(p.inputs) > maxInputs {
		return contentError(p.root, "%d inputs, at most %d", len(p.inputs), maxInputs)
	}
	return nil
}

// build makes the graders. Shuffling comes last and in numeric order, because
// all responses share one generator.
func (p *Problem) build() error {
	for _, r := range p.responses {
		var err error
		if r.grader, err = r.kind.build(r); err != nil {
			return err
		}
	}
	p.solutions = p.root.FindAll("solution")
	for i, n := range p.solutions {
		n.SetAttr("id", fmt.Sprintf("%s_solution_%d", p.def.id, i+1))
	}
	for _, r := range p.responses {
		if err := r.rearrange(); err != nil {
			return err
		}
	}
	return nil
}

func (p *Problem) findResponses() {
	p.questions = map[*xmltree.Node]*response{}
	p.root.Walk(func(n *xmltree.Node) bool {
		i := slices.IndexFunc(responseTypes, func(t responseType) bool { return t.tag == n.Name })
		if i >= 0 {
			r := &response{p: p, index: len(p.responses) + 1, node: n, kind: &responseTypes[i]}
			p.responses = append(p.responses, r)
			p.questions[n] = r
		}
		return true
	})
}

func (r *response) read() error {
	for i, n := range r.node.FindAll(inputTags...) {
		in, err := r.addInput(n, i+1)
		if err != nil {
			return err
		}
		r.inputs = append(r.inputs, in)
	}
	if r.kind.single && len(r.inputs) != 1 {
		return r.fail("has %d inputs, needs exactly one", len(r.inputs))
	}
	for _, name := range r.kind.required {
		if r.node.Attr(name) == "" {
			return r.fail("attribute %s is missing", name)
		}
	}
	if mode, ok := r.node.Lookup("partial_credit"); ok && strings.TrimSpace(strings.ToLower(mode)) != "false" {
		for word := range strings.SplitSeq(mode, ",") {
			r.credit = append(r.credit, strings.ToLower(strings.TrimSpace(word)))
		}
	}
	r.label()
	return nil
}

// addInput makes the k-th input of the response.
func (r *response) addInput(n *xmltree.Node, k int) (*input, error) {
	if !slices.Contains(r.kind.inputs, n.Name) {
		return nil, r.fail("cannot have input field %s", n.Name)
	}
	if r.p.inputs[n] != nil {
		return nil, r.fail("lies inside another response")
	}
	in := &input{id: fmt.Sprintf("%s_%d_%d", r.p.def.id, r.index+1, k), node: n, response: r, points: 1}
	if s, ok := n.Lookup("points"); ok {
		points, err := strconv.Atoi(strings.TrimSpace(s))
		if err != nil {
			return nil, r.fail("points %q is not a whole number", s)
		}
		in.points = float64(points)
	}
	if r.kind.points != 0 {
		in.points = r.kind.points
	}
	r.p.inputs[n] = in
	return in, nil
}
