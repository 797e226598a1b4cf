package problem

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"lectern/internal/locale"
	"lectern/internal/problem/script"
)

// Attempt is a graded submission.
type Attempt struct {
	Result
	Success   Correctness // correct, incorrect, or partially-correct for mixed inputs
	Score     Score       // the block's raw score after the grading method
	Published bool        // the score is to be sent on; always so for a graded submission
}

// Submit grades answers of the learner with this anonymous id and moves the
// state on. Refusals are [ErrClosed], [ErrMustReset] and [ErrWait]. When the
// answers cannot be graded, for a reason that [CountsAttempt] knows, the attempt
// does not count, but the answers are kept in the state, which the caller
// stores.
func (d *Definition) Submit(ctx context.Context, set Settings, st *State, anonymousID string, a Answers, now time.Time) (*Attempt, error) {
	if err := mayNotSubmit(set, st, now); err != nil {
		return nil, err
	}
	st.Answers, st.Saved = d.own(a), false
	p, err := d.grader(ctx, Variant{st.seed(), anonymousID})
	if err != nil {
		return nil, err
	}
	p.before = st.Marks
	result, err := p.Grade(ctx, st.Answers, st.Attempts+1)
	if err != nil {
		return nil, err
	}
	d.graded(p)
	st.Attempts++
	st.Done = true
	st.Marks, st.OverallMessage = result.Marks.clone(), result.OverallMessage
	st.MarksHistory = keepLast(st.MarksHistory, result.Marks.clone())
	st.AnswersHistory = keepLast(st.AnswersHistory, st.Answers)
	t := now.UTC()
	st.LastSubmission = &t
	st.ScoreHistory = keepScore(st.ScoreHistory, Score{result.Earned, result.Possible})
	score := methodScore(set.GradingMethod, st.ScoreHistory)
	st.Score = &score
	return &Attempt{Result: result, Success: result.Marks.Success(), Score: score, Published: true}, nil
}

// mayNotSubmit returns why a submission is refused, or nil.
func mayNotSubmit(set Settings, st *State, now time.Time) error {
	if set.Closed(st, now) {
		return ErrClosed
	}
	if set.needsReset(st) {
		return ErrMustReset
	}
	if st.LastSubmission != nil && set.SubmissionWait > 0 {
		if passed := now.Sub(*st.LastSubmission); passed < set.SubmissionWait {
			return ErrWait.Say("You must wait at least %s between submissions. %s remaining.",
				inWords(set.SubmissionWait), inWords(set.SubmissionWait-passed))
		}
	}
	return nil
}

// own returns the answers that belong to this problem.
func (d *Definition) own(a Answers) Answers {
	own := Answers{}
	for id, answer := range a {
		if strings.HasPrefix(id, d.id+"_") {
			own[id] = answer
		}
	}
	return own
}

// Success sums the marks up: all correct, none with points, or something in
// between. Without marks there is nothing wrong.
func (m Marks) Success() Correctness {
	correct, some := true, false
	for _, mark := range m.All() {
		correct = correct && mark.Correctness == Correct
		some = some || mark.Correctness == Correct || mark.Correctness == Partial
	}
	switch {
	case correct:
		return Correct
	case some:
		return Partial
	}
	return Incorrect
}

// keepScore appends a score. The first one stays for ever: "first_score" needs
// it.
func keepScore(s []Score, v Score) []Score {
	const limit = 1000
	if len(s) >= limit {
		s = append(s[:1:1], s[2:]...)
	}
	return append(s, v)
}

// methodScore returns the score that counts after the last attempt.
func methodScore(method string, history []Score) Score {
	last := history[len(history)-1]
	switch method {
	case "first_score":
		return history[0]
	case "highest_score":
		best := history[0]
		for _, s := range history[1:] {
			if s.share() > best.share() {
				best = s
			}
		}
		return best
	case "average_score":
		sum := 0.0
		for _, s := range history {
			sum += s.Earned
		}
		return Score{roundEven(sum / float64(len(history))), last.Possible}
	}
	return last
}

// share is the earned part of the possible points.
func (s Score) share() float64 {
	if s.Possible == 0 {
		return 0
	}
	return s.Earned / s.Possible
}

// Save keeps answers without grading them. It is refused with [ErrClosed] or
// [ErrSaveNeedsReset]. A survey, which allows no attempts at all, is never closed
// to saving.
func (d *Definition) Save(set Settings, st *State, a Answers, now time.Time) error {
	if set.Closed(st, now) && !set.survey() {
		return ErrClosed
	}
	if set.needsReset(st) {
		return ErrSaveNeedsReset
	}
	st.Answers, st.Saved = d.own(a), true
	return nil
}

// Reset clears the answers and, where the problem is randomized, draws a new
// seed. It reports whether the new score, zero, is to be sent on, which is so
// for anybody who had answered. Refusals are [ErrClosed] and
// [ErrNothingToReset].
func (d *Definition) Reset(set Settings, st *State, now time.Time, random func() uint32) (publish bool, err error) {
	if set.Closed(st, now) && !set.survey() {
		return false, ErrClosed.Say("You cannot select Reset for a problem that is closed.")
	}
	if !st.Done {
		return false, ErrNothingToReset
	}
	if mode := set.rerandomize(); mode == RerandomizeAlways || mode == RerandomizeOnReset {
		seed := Seed(mode, "", "", random)
		st.Seed = &seed
	}
	st.Done, st.Saved = false, false
	st.Answers, st.AnswersHistory = nil, nil
	st.Marks, st.MarksHistory, st.OverallMessage = Marks{}, nil, ""
	st.InputState = nil
	st.Score = &Score{0, d.MaxScore()}
	return st.Answered(), nil
}

// CountsAttempt reports whether err is a failure of grading that left the
// number of attempts as it was, so that the state is stored and the learner
// may try again at once.
func CountsAttempt(err error) bool {
	return !slices.ContainsFunc([]error{
		ErrAnswer, ErrGrader, ErrContent, ErrModule, script.ErrLimit, script.ErrBusy, script.ErrUnavailable,
	}, func(target error) bool { return errors.Is(err, target) })
}

// roundAway rounds half away from zero to the given number of decimals.
func roundAway(x float64, decimals int) float64 {
	p := math.Pow10(decimals)
	if x < 0 {
		return -math.Floor(-x*p+0.5) / p
	}
	return math.Floor(x*p+0.5) / p
}

// roundEven rounds to two decimals as Python's round does: correctly from the
// number's exact value.
func roundEven(x float64) float64 {
	f, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'f', 2, 64), 64) // own output
	return f
}

// duration is a time that people read: "1 minute 30 seconds".
type duration struct{ parts []any }

func (d duration) String() string {
	text, args := d.Words()
	return locale.Find().T(text, args...)
}

// Words joins the parts: hours, minutes and seconds.
func (d duration) Words() (text string, args []any) {
	return strings.TrimSpace(strings.Repeat("%s ", len(d.parts))), d.parts
}

// amount is a number of hours, minutes or seconds.
type amount struct {
	text string
	n    int
}

func (a amount) Words() (text string, args []any) { return a.text, []any{a.n} }

// inWords says a duration as people do: "1 minute 30 seconds".
func inWords(d time.Duration) duration {
	seconds := int(math.Ceil(d.Seconds()))
	var parts []any
	for _, unit := range []struct {
		name string
		size int
	}{{locale.Text("%d hours"), 3600}, {locale.Text("%d minutes"), 60}, {locale.Text("%d seconds"), 1}} {
		n := seconds / unit.size
		seconds %= unit.size
		if n > 0 || unit.size == 1 && len(parts) == 0 {
			parts = append(parts, amount{unit.name, n})
		}
	}
	return duration{parts}
}
