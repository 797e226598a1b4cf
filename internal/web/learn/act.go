package learn

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"lectern/internal/course"
	"lectern/internal/dragdrop"
	"lectern/internal/errs"
	"lectern/internal/grading"
	"lectern/internal/poll"
	"lectern/internal/problem"
)

// postAct serves act/{type}/{id}/{action}: what learners do with blocks that are
// no problems. It is answered as problems are, see [view.postProblem]; every
// action here may be posted twice without counting twice.
func (v *view) postAct(w http.ResponseWriter, r *http.Request, arg string) error {
	b, action, err := v.actAt(arg)
	if err != nil {
		return err
	}
	if isTool(b) && action == "launch" {
		return v.launchTool(w, r, b)
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return problem.ErrForm.Wrap(err)
	}
	v.just = &answered{ref: b.Ref, action: action}
	before := v.opened(b)
	again, err := v.actOn(r, b)
	var refused *errs.Error
	switch {
	case err == nil:
	case errors.As(err, &refused) && actRefusals(err):
		v.just.refused, again = refused, false
	default:
		return err
	}
	if !again || wantsJSON(r) { // what follows shows what is there now
		if err := v.again(r.Context()); err != nil {
			return err
		}
		v.just.opened = !slices.Equal(before, v.opened(b))
	}
	return v.answerPost(w, r, b, again)
}

// getAct answers an act's address that is opened by itself: a tool in a window,
// whose session is a new one, see web.WindowPath. Anything else is a reload.
func (v *view) getAct(w http.ResponseWriter, r *http.Request, arg string) error {
	b, action, err := v.actAt(arg)
	if err != nil {
		return err
	}
	if isTool(b) && action == "launch" {
		return v.launchTool(w, r, b)
	}
	return redirect(w, r, v.s.Base)
}

// actAt finds the block and the action of {type}/{id}/{action}.
func (v *view) actAt(arg string) (b *course.Block, action string, err error) {
	typ, rest, _ := strings.Cut(arg, "/")
	i := strings.LastIndexByte(rest, '/')
	if i < 0 {
		return nil, "", ErrBlock.With("act/%.100q", arg)
	}
	if b, err = v.blockAt(typ, rest[:i]); err != nil {
		return nil, "", err
	}
	if b.Fate != course.Shown {
		return nil, "", ErrBlock.With("%s/%s is %s", b.Type, b.ID, b.Fate)
	}
	return b, rest[i+1:], nil
}

func isTool(b *course.Block) bool { return b.Type == "lti" || b.Type == "lti_consumer" }

// actOn does what was asked for. again reports whether a fresh page tells all
// that came of it.
func (v *view) actOn(r *http.Request, b *course.Block) (again bool, err error) {
	switch b.Type {
	case grading.DragType:
		return v.actDrag(r, b)
	case "poll", "survey", "poll_question":
		return v.actPoll(r, b)
	case "word_cloud":
		return v.actCloud(r, b)
	case "done":
		return v.actDone(r, b)
	}
	return false, ErrBlock.With("%s/%s takes no answers", b.Type, b.ID)
}

// actRefusals reports whether err belongs into the block, not onto an error page.
func actRefusals(err error) bool {
	return slices.ContainsFunc([]error{
		problem.ErrClosed, grading.ErrBusy,
		dragdrop.ErrPlace, dragdrop.ErrZoneFull, dragdrop.ErrNothingPlaced, dragdrop.ErrNothingToReset,
		poll.ErrVoted, poll.ErrChoice, poll.ErrKept, poll.ErrSubmitted, poll.ErrNoWords,
	}, func(target error) bool { return errors.Is(err, target) })
}

// actURL is where the actions of b are posted, followed by their names.
func (v *view) actURL(b *course.Block) string {
	return v.s.Base + "act/" + url.PathEscape(b.Type) + "/" + url.PathEscape(b.ID) + "/"
}
