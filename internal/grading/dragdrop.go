package grading

import (
	"context"
	"encoding/json"
	"fmt"

	"lectern/internal/dragdrop"
	"lectern/internal/lti"
	"lectern/internal/problem"
	"lectern/internal/store"
)

// DragType is the type of drag-and-drop blocks.
const DragType = "drag-and-drop-v2"

// DragView is a drag-and-drop block in front of one learner. Of the View there is
// no Definition, and its State says what the settings ask about: attempts, and
// whether everything was once in its place.
type DragView struct {
	View
	Drag    *dragdrop.Definition
	Dropped dragdrop.State
}

// DragForm is what a learner did with the items.
type DragForm struct {
	Places   map[string]string // zone by item, "" for the bank; items left out stay
	Attempt  bool              // judge what is placed; in standard mode every drop is judged anyway
	Attempts int               // of the page with the form, or NoVersion: a form that comes twice counts once
}

// DragOutcome is what came of it.
type DragOutcome struct {
	DragView
	dragdrop.Outcome
	Repeated bool // the same attempt came before; nothing was judged
}

// dragWork is a block with the row its state came from.
type dragWork struct {
	DragView
	row *store.LearnerState
}

// DragDrop returns a drag-and-drop block for rendering. One that cannot be read
// is dragdrop.ErrContent.
func (s *Service) DragDrop(ctx context.Context, who Who, at At) (*DragView, error) {
	w, err := s.openDrag(ctx, who, at, false)
	if err != nil {
		return nil, err
	}
	return &w.DragView, nil
}

func (s *Service) openDrag(ctx context.Context, who Who, at At, retry bool) (*dragWork, error) {
	if at.Block.Type != DragType {
		return nil, ErrNotProblem.With("block %s/%s", at.Block.Type, at.Block.ID)
	}
	def, err := dragdrop.Parse(at.Block.Fields)
	if err != nil {
		return nil, err
	}
	w := &dragWork{DragView: DragView{Drag: def}}
	w.Settings = dragSettings(at)
	if w.row, err = s.row(ctx, who, at, retry); err != nil {
		return nil, err
	}
	if w.row.State != "" {
		if err := json.Unmarshal([]byte(w.row.State), &w.Dropped); err != nil {
			return nil, fmt.Errorf("state of %s/%s: %w", at.Block.Type, at.Block.ID, err)
		}
	}
	w.refresh(at)
	return w, nil
}

// dragSettings returns the settings of a drag-and-drop block. Here no attempts
// at all means as many as one likes.
func dragSettings(at At) problem.Settings {
	set := Settings(at)
	if set.MaxAttempts != nil && *set.MaxAttempts == 0 {
		set.MaxAttempts = nil
	}
	return set
}

// refresh copies what row and state say into the view.
func (w *dragWork) refresh(at At) {
	w.Version = w.row.Version
	w.Score.Earned, w.Score.Possible, w.Answered = w.row.Counts()
	if !w.Answered {
		w.Score = lti.Score{Possible: possible(at.Block)}
	}
	w.State = problem.State{Attempts: w.Dropped.Attempts}
	if best := w.Dropped.RawEarned; best != nil { // not what is placed now: that may not have been judged
		w.State.Done, w.State.Score = true, &problem.Score{Earned: *best, Possible: 1}
	}
}

// Drag places items and, where the form asks for it, makes an attempt; it keeps
// what came of it and owes a better score to the gradebooks. Errors are
// problem.ErrClosed and those of package dragdrop, none of which counts.
func (s *Service) Drag(ctx context.Context, who Who, at At, form DragForm) (*DragOutcome, error) {
	began := s.now()
	out, err := s.drag(ctx, who, at, form)
	s.graded(at, began, out != nil && out.Repeated, err)
	return out, err
}

func (s *Service) drag(ctx context.Context, who Who, at At, form DragForm) (out *DragOutcome, err error) {
	err = s.changeDrag(ctx, who, at, func(w *dragWork) (bool, error) {
		attempt := form.Attempt && w.Drag.Assessment
		out = &DragOutcome{}
		if attempt && form.Attempts >= 0 && form.Attempts < w.Dropped.Attempts {
			out.Repeated = true
			return false, nil
		}
		o, err := w.Drag.Place(&w.Dropped, form.Places)
		if err == nil && attempt {
			last := w.Settings.MaxAttempts != nil && w.Dropped.Attempts+1 >= *w.Settings.MaxAttempts
			o, err = w.Drag.Attempt(&w.Dropped, last, !w.Settings.CorrectnessVisible(s.now(), false))
		}
		out.Outcome = o
		return o.Published, err
	}, func(w *dragWork) { out.DragView = w.DragView })
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ResetDrag puts all items back. Attempts and score stay as they are. Errors are
// problem.ErrClosed and dragdrop.ErrNothingToReset.
func (s *Service) ResetDrag(ctx context.Context, who Who, at At) (v *DragView, err error) {
	err = s.changeDrag(ctx, who, at, func(w *dragWork) (bool, error) {
		return false, w.Drag.Reset(&w.Dropped)
	}, func(w *dragWork) { v = &w.DragView })
	return v, err
}

// changeDrag lets f change a block that is still open, and keeps it. f reports
// whether there is a score to publish; done gets the block as it was kept.
func (s *Service) changeDrag(ctx context.Context, who Who, at At,
	f func(*dragWork) (publish bool, err error), done func(*dragWork),
) error {
	owed := false
	err := again(func(retry bool) error {
		w, err := s.openDrag(ctx, who, at, retry)
		if err != nil {
			return err
		}
		if w.Settings.Closed(&w.State, s.now()) {
			return problem.ErrClosed
		}
		publish, err := f(w)
		if err != nil {
			return err
		}
		why := ""
		if publish {
			why = whyAnswer
			earned, of := problem.Weighted(problem.Score{Earned: *w.Dropped.RawEarned, Possible: 1}, w.Settings)
			w.row.Answered, w.row.Earned, w.row.Possible = true, finite(earned), finite(of)
		}
		text, err := json.Marshal(w.Dropped)
		if err != nil {
			return fmt.Errorf("state of %s/%s: %w", at.Block.Type, at.Block.ID, err)
		}
		if string(text) != w.row.State {
			row, n, err := s.put(ctx, who, at, *w.row, string(text), why, nil)
			if err != nil {
				return err
			}
			w.row, owed = &row, n
		}
		w.refresh(at)
		done(w)
		return nil
	})
	if err == nil {
		s.wake(owed)
	}
	return err
}
