package problem

import (
	"context"

	"lectern/internal/errs"
)

// ErrNothingToRescore means that somebody has not answered, or has reset their
// answer, so that there is nothing to grade again.
var ErrNothingToRescore = errs.New(errs.Conflict, "problem_nothing_to_rescore", "",
	"There is no answer to grade again.", "")

// Rescore grades again what the state holds, such as after the answer key was
// corrected, and moves the state to what comes of it. It costs no attempt and
// asks for no dates. Where all attempts are kept, the ones that the grading
// method looks at are graded again, else the last. It fails with
// [ErrNothingToRescore] and otherwise as [Problem.Grade].
func (d *Definition) Rescore(ctx context.Context, set Settings, st *State, anonymousID string) (Score, error) {
	answers := st.submitted()
	if !st.Done || len(answers) == 0 {
		return Score{}, ErrNothingToRescore
	}
	if set.GradingMethod == "" || set.GradingMethod == "last_score" || len(answers) != len(st.ScoreHistory) {
		answers = answers[len(answers)-1:]
	}
	first := st.Attempts - len(answers) // attempts before those graded again
	var results []Result
	for i, a := range answers {
		p, err := d.Instance(ctx, Variant{st.seed(), anonymousID})
		if err != nil {
			return Score{}, err
		}
		p.before = st.marksBefore(len(answers) - i)
		r, err := p.Grade(ctx, a, max(1, first+i+1))
		if err != nil {
			return Score{}, err
		}
		results = append(results, r)
	}
	for i, r := range results {
		back := len(results) - i // from the end
		if n := len(st.MarksHistory); n >= back {
			st.MarksHistory[n-back] = r.Marks.clone()
		}
		if n := len(st.ScoreHistory); n >= back {
			st.ScoreHistory[n-back] = Score{r.Earned, r.Possible}
		}
	}
	last := results[len(results)-1]
	if len(st.ScoreHistory) == 0 {
		st.ScoreHistory = []Score{{last.Earned, last.Possible}}
	}
	st.Marks, st.OverallMessage = last.Marks.clone(), last.OverallMessage
	score := methodScore(set.GradingMethod, st.ScoreHistory)
	st.Score = &score
	return score, nil
}

// submitted returns the answers of the attempts that are kept; of older states,
// those that stand in the form.
func (st *State) submitted() []Answers {
	if len(st.AnswersHistory) > 0 {
		return st.AnswersHistory
	}
	if st.Done && st.Answers != nil {
		return []Answers{st.Answers}
	}
	return nil
}

// marksBefore returns the marks of the attempt before the one that is back from
// the end.
func (st *State) marksBefore(back int) Marks {
	if n := len(st.MarksHistory); n > back {
		return st.MarksHistory[n-back-1]
	}
	return Marks{}
}
