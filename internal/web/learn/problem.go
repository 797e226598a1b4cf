package learn

import (
	"cmp"
	"context"
	"errors"
	"html/template"
	"strconv"

	"lectern/internal/course"
	"lectern/internal/grading"
	"lectern/internal/problem"
)

// problemPart is what the template "problem" gets.
type problemPart struct {
	part
	Name, Progress string
	Alone          bool // the page is about this problem only
	Paper          bool
	Action         string // address that the button's name is put behind
	Version        int64
	Body           template.HTML
	Hints          template.HTML
	HintCount      int
	Buttons        []button
	Used, Method   string
	Due            *due
	Notification   *notification
	Reason         string // for the course team
}

type button struct {
	Action, Label string
	Primary, Off  bool
}

// notification is the sentence that says what came of an answer.
type notification struct{ Class, Mark, Text string }

// renderProblem returns a problem with its form. One that cannot be answered
// here is a sentence.
func (v *view) renderProblem(ctx context.Context, b *course.Block) (template.HTML, error) {
	const sentence = "This question cannot be answered on this site yet."
	pv, err := v.Grading.Problem(ctx, v.who(), v.at(b))
	if errors.Is(err, problem.ErrUnsupported) {
		return v.notice(b, sentence, b.Reason)
	}
	if broken(err) {
		return v.notice(b, "This question has a mistake in it and cannot be shown.", err.Error())
	}
	if err != nil {
		return "", err
	}
	if class, reason := pv.Definition.Class(); class != problem.Native {
		return v.notice(b, sentence, cmp.Or(b.Reason, reason))
	}
	p, err := v.problemPart(b, pv)
	if broken(err) {
		return v.notice(b, "This question has a mistake in it and cannot be shown.", err.Error())
	}
	if err != nil {
		return "", err
	}
	return v.html("problem", p)
}

// problemPart fills in everything around the question.
func (v *view) problemPart(b *course.Block, pv *grading.View) (*problemPart, error) {
	p := &problemPart{
		part: v.part(b), Name: b.Name, Alone: b == v.launched, Version: pv.Version,
		Action: v.s.Base + "problem/" + template.URLQueryEscaper(b.ID) + "/",
	}
	st, set := pv.State, pv.Settings
	just := v.justAnswered(b)
	if just.typed != nil {
		st.Answers = just.typed
	}
	text, hints, err := v.question(pv, &st, just)
	if err != nil {
		return nil, err
	}
	p.Body, p.Hints, p.HintCount = template.HTML(text), template.HTML(hints), just.hints //nolint:gosec // drawn by package problem
	p.Paper = ownColours.MatchString(text)
	p.Progress = v.progress(b, pv)
	p.Buttons = buttons(pv, v.now)
	if set.MaxAttempts != nil && *set.MaxAttempts > 0 {
		p.Used = "You have used " + strconv.Itoa(st.Attempts) + " of " + count(*set.MaxAttempts, "attempt") + "."
	}
	p.Method = methods[set.GradingMethod]
	if step := v.step(b); step != b && (step == nil || step.Settings.Due == nil || b.Settings.Due != nil && !step.Settings.Due.Equal(*b.Settings.Due)) {
		p.Due = v.due(b)
	}
	p.Notification = v.notify(pv, just)
	return p, nil
}

func (v *view) justAnswered(b *course.Block) *answered {
	if v.just != nil && v.just.ref == b.Ref {
		return v.just
	}
	return &answered{}
}
