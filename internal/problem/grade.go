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

// Grade marks answers. Attempt is the number of this attempt, from 1; problems
// with scripts may look at it. Errors are [ErrUnsupported], and [ErrAnswer],
// [ErrGrader] and [ErrContent], after which no attempt counts. Answers of
// inputs the problem does not have are ignored.
func (p *Problem) Grade(ctx context.Context, a Answers, attempt int) (Result, error) {
	if class, reason := p.Class(); class != Native {
		return Result{}, ErrUnsupported.With("%s: %s", class, reason)
	}
	p.work = nil // a full budget for every submission
	var marks Marks
	for _, r := range p.responses {
		m, err := r.grader.grade(a)
		if err != nil {
			return Result{}, err
		}
		if err := r.addHints(a, &m); err != nil {
			return Result{}, err
		}
		for id, mark := range m.All() {
			marks.Set(id, mark)
		}
	}
	return Result{Marks: marks, Earned: marks.Earned(), Possible: p.maxScore()}, nil
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
