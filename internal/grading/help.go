package grading

import (
	"context"

	"lectern/internal/errs"
	"lectern/internal/problem"
)

// Help that a problem does not give.
var (
	ErrAnswerHidden = errs.New(errs.NotFound, "problem_answer_hidden", "capa 2.5",
		"The answer of this question is not shown now.",
		"The problem's showanswer setting says when learners may see it.")
	ErrNoHint = errs.New(errs.NotFound, "problem_hint_none", "capa 2.4",
		"There are no hints for this question.", "The problem has no demandhint.")
)

// Problem makes the problem as the learner of v sees it. Its error is
// problem.ErrContent.
func (v *View) Problem() (*problem.Problem, error) {
	return v.Definition.Instance(*v.State.Seed)
}

// ShowAnswer returns the correct answers and explanations, or
// [ErrAnswerHidden].
func (s *Service) ShowAnswer(ctx context.Context, who Who, at At) ([]problem.Shown, error) {
	v, err := s.Problem(ctx, who, at)
	if err != nil {
		return nil, err
	}
	if !v.Settings.AnswerAvailable(&v.State, s.now(), who.Staff) {
		return nil, ErrAnswerHidden
	}
	p, err := v.Problem()
	if err != nil {
		return nil, err
	}
	return p.ShowAnswers(), nil
}

// Hint is what the Hint button shows.
type Hint struct {
	View
	HTML string // the hints up to the one asked for
	More bool   // there is another
}

// Hint returns the hints of a problem up to the one with this index, counted
// from 0; after the last it starts again. It remembers how many the learner has
// seen. A problem without hints is [ErrNoHint].
func (s *Service) Hint(ctx context.Context, who Who, at At, index int) (h *Hint, err error) {
	err = again(func(retry bool) error {
		w, err := s.open(ctx, who, at, retry)
		if err != nil {
			return err
		}
		n := w.Definition.DemandHints()
		if n == 0 {
			return ErrNoHint
		}
		p, err := w.Problem()
		if err != nil {
			return err
		}
		index = (index%n + n) % n
		html, more := p.Hint(index)
		if index+1 > w.State.HintsShown {
			w.State.HintsShown = index + 1
			if err := s.keep(ctx, at, w, "", nil); err != nil {
				return err
			}
		}
		h = &Hint{View: w.View, HTML: html, More: more}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}
