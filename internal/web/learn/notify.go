package learn

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/grading"
	"lectern/internal/locale"
	"lectern/internal/problem"
	"lectern/internal/web"
)

// broken reports whether err lies in the course's text.
func broken(err error) bool {
	var e *errs.Error
	return errors.As(err, &e) && (e.Kind == errs.Invalid || e.Kind == errs.TooLarge)
}

// methods are the grading methods worth telling; the last score is what
// everybody expects.
var methods = map[string]string{
	"first_score":   locale.Text("Grading method: first score."),
	"highest_score": locale.Text("Grading method: highest score."),
	"average_score": locale.Text("Grading method: average score."),
}

// buttons returns the problem's buttons as package problem allows them. Staff of
// the LMS's course may always look at the answer: they preview.
func (v *view) buttons(pv *grading.View) []button {
	st, set, now, staff := &pv.State, pv.Settings, v.now, v.s.Staff
	var out []button
	if set.MaxAttempts == nil || *set.MaxAttempts > 0 {
		out = append(out, button{"submit", v.lang.T("Submit"), true, !set.CanSubmit(st, now)})
	}
	if set.ShowSave(st, now) {
		out = append(out, button{Action: "save", Label: v.lang.T("Save")})
	}
	if set.ShowReset(st, now) {
		out = append(out, button{Action: "reset", Label: v.lang.T("Reset")})
	}
	if pv.Definition.DemandHints() > 0 {
		out = append(out, button{Action: "hint", Label: v.lang.T("Hint")})
	}
	if staff || set.AnswerAvailable(st, now, false) {
		out = append(out, button{Action: "answer", Label: v.lang.T("Show answer")})
	}
	return out
}

// progress says what the problem is worth and what of it the learner has.
func (v *view) progress(b *course.Block, pv *grading.View) string {
	if pv.Score.Possible <= 0 {
		return ""
	}
	facts := []string{v.lang.T("ungraded")}
	if b.Settings.Graded {
		facts[0] = v.lang.T("graded")
	}
	most, say := v.points(pv.Score.Possible), func() string { return strings.Join(facts, ", ") }
	switch {
	case pv.Given:
		facts = append(facts, v.lang.T("set by your course team"))
	case !pv.Answered:
		return v.lang.T("%s possible (%s)", most, say())
	}
	if !pv.Settings.ScoreVisible(v.now, v.s.Staff) {
		facts = append(facts, v.lang.T("results hidden"))
		return v.lang.T("%s possible (%s)", most, say())
	}
	return v.number(pv.Score.Earned) + "/" + most + " (" + say() + ")"
}

// notify returns what to tell about the last answer: of this request, else of
// the state.
func (v *view) notify(pv *grading.View, just *answered) *notification {
	st, set := &pv.State, &pv.Settings
	switch {
	case just.refused != nil:
		return &notification{"error", "!", v.refusal(just)}
	case just.action == "save":
		return &notification{"saved", "✓", v.lang.T("Your answers have been saved but not graded. Select Submit to have them graded.")}
	case just.action == "reset":
		return &notification{"saved", "✓", v.lang.T("The question was reset.")}
	case st.Saved:
		return &notification{"saved", "✓", v.lang.T("Your answers were saved before but not graded. Select Submit to have them graded.")}
	case !st.Done || st.Score == nil:
		if set.Closed(st, v.now) && (set.MaxAttempts == nil || *set.MaxAttempts > 0) {
			return &notification{"closed", "!", v.lang.T("This question is closed.")}
		}
		return nil
	}
	points := ""
	if pv.Score.Possible > 0 && set.ScoreVisible(v.now, v.s.Staff) {
		points = " (" + v.number(pv.Score.Earned) + "/" + v.points(pv.Score.Possible) + ")"
	}
	if !set.CorrectnessVisible(v.now, v.s.Staff) {
		return &notification{"submitted", "✓", v.lang.T("Answer submitted.") + points}
	}
	switch st.Marks.Success() {
	case problem.Correct:
		return &notification{"correct", "✓", v.lang.T("Correct") + points}
	case problem.Partial:
		return &notification{"partially-correct", "◐", v.lang.T("Partially correct") + points}
	}
	return &notification{"incorrect", "✗", v.lang.T("Incorrect") + points}
}

// refusal says why an answer was not taken, and that it cost nothing.
func (v *view) refusal(just *answered) string {
	text := v.said(just.refused)
	if just.action != "submit" || strings.Contains(just.refused.Public, "not counted") {
		return text
	}
	if last, _ := utf8.DecodeLastRuneInString(text); !strings.ContainsRune(".!?…", last) {
		text += "."
	}
	return text + " " + v.lang.T("Your attempt was not counted.")
}

// said is the public sentence of an error in the learner's language.
func (v *view) said(e *errs.Error) string {
	text, args := e.Words()
	return v.lang.T(text, args...)
}

// number writes points as tables for programs do: 1, 0.5, 0.33.
func number(x float64) string {
	return strconv.FormatFloat(hundredths(x), 'f', -1, 64)
}

// hundredths rounds to two decimals.
func hundredths(x float64) float64 { return float64(int64(x*100+0.5)) / 100 }

// number writes points as the learner's language does, with at most two decimals.
func (v *view) number(x float64) string {
	return v.lang.Number(hundredths(x))
}

// points writes a number of points: "1 point", "2 points", "0.5 points".
func (v *view) points(x float64) string {
	return v.lang.T("%v points", web.Number(float64(int64(x*100+0.5))/100))
}
