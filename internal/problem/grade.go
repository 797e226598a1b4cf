package problem

import (
	"context"

	"lectern/internal/problem/calc"
)

// Result is a graded submission.
type Result struct {
	Marks          Marks
	Earned         float64 // raw points
	Possible       float64
	OverallMessage string // HTML for the whole problem, by the course team
}

// scripted is a grader that runs the course's Python.
type scripted interface {
	// gradeScript marks the inputs and returns what is said about the whole.
	// Errors are those of [Problem.Grade].
	gradeScript(ctx context.Context, s submission) (Marks, string, error)
}

// submission is what a script may look at.
type submission struct {
	answers Answers
	attempt int // from 1
}

// Grade marks answers. Attempt is the number of this attempt, from 1; problems
// with scripts may look at it. Errors are [ErrUnsupported], and those for which
// [CountsAttempt] is false. Answers of inputs the problem does not have are
// ignored.
func (p *Problem) Grade(ctx context.Context, a Answers, attempt int) (Result, error) {
	if class, reason := p.Class(); !p.def.Answerable() {
		return Result{}, ErrUnsupported.With("%s: %s", class, reason)
	}
	p.work = nil // a full budget for every submission
	result := Result{Possible: p.maxScore()}
	for _, r := range p.responses {
		m, message, err := r.grade(ctx, submission{a, attempt})
		if err != nil {
			return Result{}, err
		}
		if err := r.addHints(ctx, a, &m); err != nil {
			return Result{}, err
		}
		for id, mark := range m.All() {
			result.Marks.Set(id, mark)
		}
		if message != "" {
			result.OverallMessage = message
		}
	}
	result.Earned = result.Marks.Earned()
	return result, nil
}

func (r *response) grade(ctx context.Context, s submission) (Marks, string, error) {
	if g, ok := r.grader.(scripted); ok {
		return g.gradeScript(ctx, s)
	}
	m, err := r.grader.grade(s.answers)
	return m, "", err
}

// budget is what evaluating formulas may cost in one submission, whatever
// number of fields they stand in.
func (p *Problem) budget() *calc.Budget {
	if p.work == nil {
		p.work = calc.NewBudget()
	}
	return p.work
}

// evaluate returns the value of what a learner typed, without variables.
func (p *Problem) evaluate(text string) (calc.Value, error) {
	x, err := calc.Compile(text, false)
	if err != nil {
		return calc.Value{}, err
	}
	return x.Evaluate(nil, p.budget())
}
