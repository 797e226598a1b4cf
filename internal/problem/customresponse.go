package problem

import (
	"context"
	"html"
	"strings"

	"lectern/internal/problem/script"
)

const customTag = "customresponse"

// customType is a question that the course team's Python checks.
var customType = responseType{
	tag: customTag,
	inputs: []string{
		"textline", "textbox", "crystallography", "chemicalequationinput", "vsepr_input", "drag_and_drop_input",
		"designprotein2dinput", "editageneinput", "editamoleculeinput", "annotationinput", "jsinput", "formulaequationinput",
	},
	build: buildCustom,
}

// customGrader hands answers to a check function ("cfn") or to the code of an
// answer element. Its answers cannot be graded without running Python.
type customGrader struct {
	r        *response
	function string // "" with code
	code     string
	expect   any // a string, or nil when the author gives none
}

func buildCustom(r *response) (grader, error) {
	g := &customGrader{r: r}
	for _, name := range []string{"expect", "answer"} {
		if raw := r.node.Attr(name); raw != "" {
			g.expect = r.p.scope.expand(raw)
			break
		}
	}
	code, ok, err := codeOf(r)
	if err != nil {
		return nil, err
	}
	if g.code = code; !ok {
		g.function = strings.TrimSpace(r.node.Attr("cfn"))
	}
	return g, nil
}

func (g *customGrader) grade(Answers) (Marks, error) {
	return Marks{}, ErrGrader.With("%s: graded without its script", customTag)
}

func (g *customGrader) feedback(Answers, *Marks) error { return nil }

// gradeScript marks the inputs. A single empty input is wrong without asking
// the script.
func (g *customGrader) gradeScript(ctx context.Context, s submission) (Marks, string, error) {
	inputs := g.r.inputs
	if len(inputs) == 0 || g.function == "" && g.code == "" {
		return g.all(Incorrect), "", nil
	}
	if len(inputs) == 1 && s.answers[inputs[0].id].empty() {
		mark := Mark{Correctness: Incorrect}
		if g.r.node.Attr("empty_answer_err") != "" {
			mark.Msg = `<span class="inline-error">No answer entered!</span>`
		}
		return oneMark(inputs[0], mark), "", nil
	}
	v, err := g.ask(ctx, s)
	if err != nil {
		return Marks{}, "", err
	}
	var marks Marks
	for i, in := range inputs {
		mark, err := v.mark(i, in.points)
		if err != nil {
			return Marks{}, "", g.invalid(err)
		}
		marks.Set(in.id, mark)
	}
	return marks, cleanMessage(v.overall), nil
}

// all marks every input alike.
func (g *customGrader) all(c Correctness) Marks {
	var marks Marks
	for _, in := range g.r.inputs {
		marks.Set(in.id, Mark{Correctness: c})
	}
	return marks
}

// ask runs the function or the code.
func (g *customGrader) ask(ctx context.Context, s submission) (*verdict, error) {
	globals := g.globals(s)
	if g.function == "" {
		want := []string{"correct", "messages", "overall_message", "grade_decimals"}
		result, err := g.r.p.call(ctx, script.Call{Code: &script.Code{Code: g.code, Globals: globals, Want: want}}, g.code)
		if err != nil {
			return nil, err
		}
		v, err := codeVerdict(result)
		if err != nil {
			return nil, g.invalid(err)
		}
		return v, nil
	}
	extra := strings.Fields(g.r.node.Attr("cfn_extra_args"))
	check := &script.Check{Function: g.function, Expect: g.expect, Answers: globals["submission"], Extra: extra}
	if len(g.r.inputs) == 1 {
		check.Answers = globals["submission"].([]any)[0]
	}
	for _, name := range extra {
		if value, ok := globals[name]; ok {
			if check.Globals == nil {
				check.Globals = map[string]any{}
			}
			check.Globals[name] = value
		}
	}
	result, err := g.r.p.call(ctx, script.Call{Check: check}, strings.Join(extra, " "))
	if err != nil {
		return nil, err
	}
	v, err := checkVerdict(result, len(g.r.inputs))
	if err != nil {
		return nil, g.invalid(err)
	}
	return v, nil
}

// invalid is the error for a script that makes something unexpected.
func (g *customGrader) invalid(err error) error {
	return ErrGrader.Say("CustomResponse: check function returned an invalid dictionary!").
		With("line %d: %w", g.r.node.Line, err)
}

// globals are what grading code finds besides the script's own names.
func (g *customGrader) globals(s submission) map[string]any {
	var ids, submitted, typeset, correct, messages []any
	for _, in := range g.r.inputs {
		ids = append(ids, in.id)
		submitted = append(submitted, s.answers[in.id])
		var math any
		if a, ok := s.answers[in.id+"_dynamath"]; ok {
			math = a.First()
		}
		typeset = append(typeset, math)
		correct, messages = append(correct, "unknown"), append(messages, "")
	}
	var options any
	if text, ok := g.r.node.Lookup("options"); ok {
		options = text
	}
	return map[string]any{
		"response_id": g.r.id(), "expect": g.expect, "submission": submitted, "idset": ids, "dynamath": typeset,
		"answers": answersForScript(s.answers), "correct": correct, "messages": messages, "overall_message": "",
		"options": options, "testdat": "hello world", "debug": false, "attempt": s.attempt,
	}
}

// solution is what the author says is correct: of the whole where there is one
// input, else of each input.
func (g *customGrader) solution(*View) []Shown {
	var shown []Shown
	for _, in := range g.r.inputs {
		text := g.r.p.scope.expand(in.node.Attr("correct_answer"))
		if expect, ok := g.expect.(string); ok && expect != "" && len(g.r.inputs) == 1 {
			text = expect
		}
		if text != "" {
			shown = append(shown, Shown{ID: in.id, Values: []string{text}, HTML: html.EscapeString(text)})
		}
	}
	return shown
}
