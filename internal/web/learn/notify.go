package learn

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/grading"
	"lectern/internal/problem"
)

// broken reports whether err lies in the course's text.
func broken(err error) bool {
	var e *errs.Error
	return errors.As(err, &e) && (e.Kind == errs.Invalid || e.Kind == errs.TooLarge)
}

// methods are the grading methods worth telling; the last score is what
// everybody expects.
var methods = map[string]string{
	"first_score":   "Grading method: first score.",
	"highest_score": "Grading method: highest score.",
	"average_score": "Grading method: average score.",
}

// buttons returns the problem's buttons as package problem allows them. Staff of
// the LMS's course may always look at the answer: they preview.
func buttons(pv *grading.View, now time.Time, staff bool) []button {
	st, set := &pv.State, pv.Settings
	var out []button
	if set.MaxAttempts == nil || *set.MaxAttempts > 0 {
		out = append(out, button{"submit", "Submit", true, !set.CanSubmit(st, now)})
	}
	if set.ShowSave(st, now) {
		out = append(out, button{Action: "save", Label: "Save"})
	}
	if set.ShowReset(st, now) {
		out = append(out, button{Action: "reset", Label: "Reset"})
	}
	if pv.Definition.DemandHints() > 0 {
		out = append(out, button{Action: "hint", Label: "Hint"})
	}
	if staff || set.AnswerAvailable(st, now, false) {
		out = append(out, button{Action: "answer", Label: "Show answer"})
	}
	return out
}

// progress says what the problem is worth and what of it the learner has.
func (v *view) progress(b *course.Block, pv *grading.View) string {
	if pv.Score.Possible <= 0 {
		return ""
	}
	graded := "ungraded"
	if b.Settings.Graded {
		graded = "graded"
	}
	switch {
	case pv.Given:
		graded += ", set by your course team"
	case !pv.Answered:
		return count(pv.Score.Possible, "point") + " possible (" + graded + ")"
	}
	if !pv.Settings.ScoreVisible(v.now, v.s.Staff) {
		return count(pv.Score.Possible, "point") + " possible (" + graded + ", results hidden)"
	}
	return number(pv.Score.Earned) + "/" + count(pv.Score.Possible, "point") + " (" + graded + ")"
}

// notify returns what to tell about the last answer: of this request, else of
// the state.
func (v *view) notify(pv *grading.View, just *answered) *notification {
	st, set := &pv.State, &pv.Settings
	switch {
	case just.refused != nil:
		return &notification{"error", "!", refusal(just)}
	case just.action == "save":
		return &notification{"saved", "✓", "Your answers have been saved but not graded. Select Submit to have them graded."}
	case just.action == "reset":
		return &notification{"saved", "✓", "The question was reset."}
	case st.Saved:
		return &notification{"saved", "✓", "Your answers were saved before but not graded. Select Submit to have them graded."}
	case !st.Done || st.Score == nil:
		if set.Closed(st, v.now) && (set.MaxAttempts == nil || *set.MaxAttempts > 0) {
			return &notification{"closed", "!", "This question is closed."}
		}
		return nil
	}
	points := ""
	if pv.Score.Possible > 0 && set.ScoreVisible(v.now, v.s.Staff) {
		points = " (" + number(pv.Score.Earned) + "/" + count(pv.Score.Possible, "point") + ")"
	}
	if !set.CorrectnessVisible(v.now, v.s.Staff) {
		return &notification{"submitted", "✓", "Answer submitted." + points}
	}
	switch st.Marks.Success() {
	case problem.Correct:
		return &notification{"correct", "✓", "Correct" + points}
	case problem.Partial:
		return &notification{"partially-correct", "◐", "Partially correct" + points}
	}
	return &notification{"incorrect", "✗", "Incorrect" + points}
}

// refusal says why an answer was not taken, and that it cost nothing.
func refusal(just *answered) string {
	text := just.refused.Public
	if just.action != "submit" || strings.Contains(text, "not counted") {
		return text
	}
	if last, _ := utf8.DecodeLastRuneInString(text); !strings.ContainsRune(".!?…", last) {
		text += "."
	}
	return text + " Your attempt was not counted."
}

// number writes points as people do: 1, 0.5, 0.33.
func number(x float64) string {
	return strconv.FormatFloat(float64(int64(x*100+0.5))/100, 'f', -1, 64)
}

// count writes a number of things: "1 point", "2 points", "0.5 points".
func count[N int | float64](n N, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return number(float64(n)) + " " + thing + "s"
}

// plural writes a sentence about n things; one and many hold a %d each.
func plural(n int, one, many string) string {
	if n == 1 {
		return fmt.Sprintf(one, n)
	}
	return fmt.Sprintf(many, n)
}
