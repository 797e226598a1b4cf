package problem

import (
	"context"
	"encoding/json"

	"lectern/internal/problem/script"
)

const schematicTag = "schematicresponse"

// schematicType is a circuit that the course team's Python checks.
var schematicType = responseType{tag: schematicTag, inputs: []string{"schematic"}, build: buildSchematic}

type schematicGrader struct {
	r    *response
	code string
}

func buildSchematic(r *response) (grader, error) {
	code, ok, err := codeOf(r)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, r.fail("has no answer element with the code that checks it")
	}
	return &schematicGrader{r, code}, nil
}

func (g *schematicGrader) grade(Answers) (Marks, error) {
	return Marks{}, ErrGrader.With("%s: graded without its script", schematicTag)
}

func (g *schematicGrader) feedback(Answers, *Marks) error { return nil }

func (g *schematicGrader) solution(*View) []Shown { return nil }

// gradeScript gives the code the list "submission" of circuits and reads the
// list "correct" that it sets.
func (g *schematicGrader) gradeScript(ctx context.Context, s submission) (Marks, string, error) {
	var circuits []any
	for _, in := range g.r.inputs {
		var circuit any
		if err := json.Unmarshal([]byte(s.answers[in.id].First()), &circuit); err != nil {
			return Marks{}, "", ErrAnswer.With("%s: %w", in.id, err)
		}
		circuits = append(circuits, circuit)
	}
	result, err := g.r.p.call(ctx, script.Call{Code: &script.Code{
		Code: g.code, Globals: map[string]any{"submission": circuits}, Want: []string{"correct"},
	}}, g.code)
	if err != nil {
		return Marks{}, "", err
	}
	v, err := codeVerdict(result)
	if err != nil {
		return Marks{}, "", ErrGrader.With("line %d: %w", g.r.node.Line, err)
	}
	var marks Marks
	for i, in := range g.r.inputs {
		if i >= len(v.correct) {
			return Marks{}, "", ErrGrader.With("line %d: %w", g.r.node.Line, errShape)
		}
		marks.Set(in.id, Mark{Correctness: v.correct[i]})
	}
	return marks, "", nil
}
