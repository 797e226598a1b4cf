package learn

import (
	"cmp"
	"context"
	"errors"
	"html/template"
	"net/url"

	"lectern/internal/course"
	"lectern/internal/grading"
	"lectern/internal/locale"
	"lectern/internal/problem"
	"lectern/internal/problem/script"
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
	sentence := locale.Text("This question cannot be answered on this site yet.")
	pv, err := v.Grading.Problem(ctx, v.who(), v.at(b))
	v.passing = v.passing || err != nil
	if errors.Is(err, problem.ErrUnsupported) {
		return v.notice(b, sentence, b.Reason)
	}
	if broken(err) {
		return v.notice(b, locale.Text("This question has a mistake in it and cannot be shown."), err.Error())
	}
	if err != nil {
		return "", err
	}
	if _, reason := pv.Definition.Class(); !pv.Definition.Answerable() {
		return v.notice(b, sentence, cmp.Or(b.Reason, reason))
	}
	p, err := v.problemPart(ctx, b, pv)
	v.passing = v.passing || err != nil
	switch {
	case errors.Is(err, problem.ErrModule):
		return v.notice(b, sentence, err.Error())
	case errors.Is(err, script.ErrBusy), errors.Is(err, script.ErrUnavailable):
		return v.notice(b, locale.Text("This question cannot be shown right now. Please reload the page in a minute."), err.Error())
	case broken(err):
		return v.notice(b, locale.Text("This question has a mistake in it and cannot be shown."), err.Error())
	case err != nil:
		return "", err
	}
	return v.html("problem", p)
}

// problemPart fills in everything around the question.
func (v *view) problemPart(ctx context.Context, b *course.Block, pv *grading.View) (*problemPart, error) {
	p := &problemPart{
		part: v.part(b), Name: b.Name, Alone: b == v.launched, Version: pv.Version,
		Action:  v.s.Base + "problem/" + url.PathEscape(b.ID) + "/",
		Buttons: v.buttons(pv), Progress: v.progress(b, pv),
	}
	just := v.justAnswered(b)
	if err := v.draw(ctx, p, pv, just); err != nil {
		return nil, err
	}
	if most := pv.Settings.MaxAttempts; most != nil && *most > 0 {
		p.Used = v.used(pv.State.Attempts, *most)
	}
	p.Method = v.lang.T(methods[pv.Settings.GradingMethod])
	if !v.dueAbove(b) {
		p.Due = v.due(b)
	}
	p.Notification = v.notify(pv, just)
	return p, nil
}

// used says how many attempts are gone.
func (v *view) used(n, most int) string {
	return v.lang.T("You have used %[2]d of %[1]d attempts.", most, n)
}

// draw fills in the question itself and the hints asked for.
func (v *view) draw(ctx context.Context, p *problemPart, pv *grading.View, just *answered) error {
	instance, err := pv.Definition.Instance(ctx, problem.Variant{Seed: *pv.State.Seed, AnonymousID: v.s.AccountID})
	if err != nil {
		return err
	}
	view := pv.State.View()
	view.Words = v.lang.T
	view.CorrectnessHidden = !pv.Settings.CorrectnessVisible(v.now, v.s.Staff)
	view.ShowAnswers = v.answers || just.answer && (v.s.Staff || pv.Settings.AnswerAvailable(&pv.State, v.now, false))
	view.ReadOnly = pv.Settings.Closed(&pv.State, v.now) && !pv.Settings.ShowSave(&pv.State, v.now)
	if raw := pv.Definition.MaxScore(); raw > 0 && pv.Settings.ScoreVisible(v.now, v.s.Staff) {
		view.PartPoints = pv.Score.Possible / raw
	}
	if just.typed != nil && !view.ReadOnly {
		view.Answers = just.typed
	}
	text, err := instance.Render(view)
	if err != nil {
		return err
	}
	p.Body, p.Paper = v.problemText(string(text))
	if just.hints > 0 {
		hints, _ := instance.Hint(just.hints-1, v.lang.T)
		p.Hints, _ = v.problemText(hints)
		p.HintCount = just.hints
	}
	return nil
}

// problemText makes what package problem drew ready for the page. paper says
// that it sets colours itself.
func (v *view) problemText(text string) (html template.HTML, paper bool) {
	p := v.prepare(text)
	v.noteInputs(p.html)
	return template.HTML(p.html), p.paper //nolint:gosec // the course team is trusted, package problem escapes learners
}

// dueAbove reports whether the page says b's due date already.
func (v *view) dueAbove(b *course.Block) bool {
	step := v.step(b)
	if step == nil {
		return false
	}
	own, above := v.learner.Dates.Due(b), v.learner.Dates.Due(step)
	return own != nil && above != nil && above.Equal(*own)
}

func (v *view) justAnswered(b *course.Block) *answered {
	if v.just != nil && v.just.ref == b.Ref {
		return v.just
	}
	return &answered{}
}
