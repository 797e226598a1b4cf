package learn

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/grading"
	"lectern/internal/problem"
)

// maxForm bounds what a learner may post, in bytes; package problem is stricter.
const maxForm = 1 << 20

// answered is what came of a post to a problem: what its page shows besides the
// state.
type answered struct {
	ref     course.Ref
	action  string
	refused *errs.Error     // why the answer was not taken
	typed   problem.Answers // what stood in the form, where it was not kept
	hints   int             // demand hints to show
	answer  bool            // show the solution
	opened  bool            // something else on the page came or went with it

	drag *grading.DragOutcome // what came of moving items
}

// postProblem serves problem/{id}/{action}. What changes the state is answered
// with 303 to the page, so that a reload posts nothing; the rest, and what was
// refused, with the page itself, so that what was typed stays in the form.
// Scripts get the problem alone, as JSON.
func (v *view) postProblem(w http.ResponseWriter, r *http.Request, arg string) error {
	i := strings.LastIndexByte(arg, '/')
	if i < 0 {
		return ErrBlock.With("problem/%.100q", arg)
	}
	b, err := v.blockAt("problem", arg[:i])
	if err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return problem.ErrForm.Wrap(err)
	}
	if arg[i+1:] == "preview" {
		return v.preview(w, r, b)
	}
	v.just = &answered{ref: b.Ref, action: arg[i+1:]}
	before := v.opened(b)
	kept, err := v.act(r, b)
	if err != nil {
		return err
	}
	if !kept || wantsJSON(r) { // what follows shows what is there now
		if err := v.again(r.Context()); err != nil {
			return err
		}
		v.just.opened = !slices.Equal(before, v.opened(b))
	}
	return v.answerPost(w, r, b, kept)
}

// answerPost shows what came of a post to b. kept says that a fresh page tells
// all of it.
func (v *view) answerPost(w http.ResponseWriter, r *http.Request, b *course.Block, kept bool) error {
	switch {
	case wantsJSON(r):
		return v.answerScript(w, r, b)
	case kept:
		return redirect(w, r, v.page(b)+"#"+v.anchor(b))
	}
	step := b
	if s := v.step(b); s != nil {
		step = s
	}
	return v.showStep(w, r, step)
}

// wantsJSON reports whether a script of ours asks.
func wantsJSON(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "application/json")
}

// opened lists the conditional blocks on b's page that are open.
func (v *view) opened(b *course.Block) []*course.Block {
	var out []*course.Block
	step := v.step(b)
	if step == nil {
		return nil
	}
	step.Walk(func(n *course.Block) bool {
		if n.Type == "conditional" && v.learner.Open(n) {
			out = append(out, n)
		}
		return true
	})
	return out
}

// act does what was asked for. kept reports whether it is in the learner's
// state now, so that a fresh page shows it.
func (v *view) act(r *http.Request, b *course.Block) (kept bool, err error) {
	form, err := readForm(r.PostForm, v.just)
	if err != nil {
		return false, err
	}
	switch v.just.action {
	case "submit":
		_, err = v.Grading.Submit(r.Context(), v.who(), v.at(b), form)
	case "save":
		_, err = v.Grading.Save(r.Context(), v.who(), v.at(b), form)
	case "reset":
		_, err = v.Grading.Reset(r.Context(), v.who(), v.at(b))
	case "hint":
		v.just.typed = form.Answers
		v.just.hints++
		return false, nil
	case "answer":
		v.just.typed = form.Answers
		v.just.answer = true
		return false, nil
	default:
		return false, ErrBlock.With("no action %.50q", v.just.action)
	}
	if err == nil {
		return true, nil
	}
	var e *errs.Error
	if !errors.As(err, &e) || !refusals(err) {
		return false, err
	}
	v.just.refused, v.just.typed = e, form.Answers
	return false, nil
}

// refusals reports whether err belongs into the problem, not onto an error page.
func refusals(err error) bool {
	return !problem.CountsAttempt(err) || slices.ContainsFunc([]error{
		problem.ErrClosed, problem.ErrMustReset,
		problem.ErrSaveNeedsReset, problem.ErrNothingToReset, problem.ErrWait, grading.ErrBusy,
	}, func(target error) bool { return errors.Is(err, target) })
}

// readForm takes the fields of the page's own out of a form and reads the rest
// as answers.
func readForm(posted url.Values, a *answered) (grading.Form, error) {
	form := grading.Form{Version: grading.NoVersion}
	rest := url.Values{}
	for name, values := range posted {
		switch name {
		case "version":
			if n, err := strconv.ParseInt(posted.Get(name), 10, 64); err == nil {
				form.Version = n
			}
		case "hints":
			n, _ := strconv.Atoi(posted.Get(name))
			a.hints = min(max(n, 0), maxHints)
		default:
			rest[name] = values
		}
	}
	var err error
	form.Answers, err = problem.ParseForm(rest)
	return form, err
}

// maxHints keeps a made-up count of hints from meaning anything.
const maxHints = 1000

// answerScript sends the block as it is now: its element, and what to say.
func (v *view) answerScript(w http.ResponseWriter, r *http.Request, b *course.Block) error {
	html, err := v.render(r.Context(), b, 0)
	if err != nil {
		return err
	}
	line, err := v.scoreLine(r.Context())
	if err != nil {
		return err
	}
	score, err := v.html("score", line)
	if err != nil {
		return err
	}
	reply := struct {
		Action  string `json:"action"`
		Status  string `json:"status"` // "ok", or the code of a refusal
		Message string `json:"message,omitempty"`
		HTML    string `json:"html"`
		Score   string `json:"score"` // the line below the page, HTML; "" for none
		Reload  bool   `json:"reload,omitempty"`
	}{v.just.action, "ok", "", string(html), string(score), v.just.opened}
	if e := v.just.refused; e != nil {
		reply.Status, reply.Message = e.Code, v.said(e)
	}
	frame(r, v.s).SetHeaders(w.Header(), "default-src 'none'")
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(reply)
}
