package grading

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/problem"
	"lectern/internal/problem/script"
	"lectern/internal/store"
)

// Bounds of grading again. A batch is short, so that a worker that dies costs
// little, and so is its claim.
const (
	rescoreBatch = 50
	rescoreClaim = 5 * time.Minute
	rescorePoll  = 2 * time.Second
	rescorePause = 30 * time.Second // when Python is busy
)

// Outcomes of a learner whose answer is graded again.
const (
	RescoreChanges = "changes"
	RescoreFailed  = "failed"
	RescoreApplied = "applied"
	RescoreSame    = "same"
)

// ErrRescore means that grading again is not at the step that was asked for.
var ErrRescore = errs.New(errs.Conflict, "rescore_moved_on", "",
	"This was done or cancelled meanwhile. Look at the page again.", "")

// AskRescore starts finding out who changes when what was answered to at.Block
// is graded again: for one learner, or for all with an empty who.AccountID.
// Nothing changes until [Service.ApplyRescore]. It returns the ID.
func (s *Service) AskRescore(ctx context.Context, by string, who Who, at At, onlyHigher bool) (string, error) {
	if at.Block.Type != "problem" {
		return "", ErrNotProblem.With("block %s/%s", at.Block.Type, at.Block.ID)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return "", err
	}
	r := store.Rescore{
		ID: id.String(), CourseKey: at.Course.Key.String(), Ref: at.Block.Ref, AccountID: who.AccountID, Scope: who.Scope,
		OnlyHigher: onlyHigher, AskedBy: by, AskedAt: s.now(),
	}
	return r.ID, s.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.Rescores().Create(ctx, r); err != nil {
			return err
		}
		return s.noteRescore(ctx, tx, by, "rescore.preview", &r)
	})
}

// ApplyRescore has the changes made that a preview found.
func (s *Service) ApplyRescore(ctx context.Context, by, id string) error {
	return s.moveRescore(ctx, by, id, "rescore.apply", store.RescoreReady, store.RescoreApply)
}

// CancelRescore ends a preview without changing anything.
func (s *Service) CancelRescore(ctx context.Context, by, id string) error {
	return s.moveRescore(ctx, by, id, "rescore.cancel", store.RescoreReady, store.RescoreCancelled)
}

func (s *Service) moveRescore(ctx context.Context, by, id, act string, from, to store.RescoreState) error {
	err := s.Store.Update(ctx, func(tx store.Tx) error {
		r, err := tx.Rescores().ByID(ctx, id)
		if err != nil {
			return err
		}
		due, finished := s.now(), time.Time{}
		if to == store.RescoreCancelled {
			due, finished = time.Time{}, s.now()
		}
		if err := tx.Rescores().Move(ctx, id, from, to, due, finished); err != nil {
			return err
		}
		return s.noteRescore(ctx, tx, by, act, r)
	})
	if errors.Is(err, store.ErrConflict) {
		return ErrRescore
	}
	return err
}

// shownRescore is a rescore as the audit keeps it.
type shownRescore struct {
	ID         string `json:"id"`
	Type       string `json:"type"`
	Block      string `json:"block"`
	Account    string `json:"account,omitempty"`
	OnlyHigher bool   `json:"only_higher,omitempty"`
	Raised     int64  `json:"raised,omitempty"`
	Lowered    int64  `json:"lowered,omitempty"`
	Failed     int64  `json:"failed,omitempty"`
	Applied    int64  `json:"applied,omitempty"`
}

func (s *Service) noteRescore(ctx context.Context, tx store.Tx, by, act string, r *store.Rescore) error {
	return store.Note(ctx, tx, store.Act{At: s.now(), Who: by, Name: act, Subject: r.CourseKey, After: shownRescore{
		r.ID, r.Ref.Type, r.Ref.ID, r.AccountID, r.OnlyHigher, r.Raised, r.Lowered, r.Failed, r.Applied,
	}})
}

// RescoreLoop grades again what is asked for until ctx ends.
func (s *Service) RescoreLoop(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(rescorePoll)
	defer tick.Stop()
	for {
		for {
			worked, err := s.RescoreOnce(ctx)
			if err != nil && ctx.Err() == nil {
				log.ErrorContext(ctx, "rescore", slog.String("error", err.Error()))
			}
			if err != nil || !worked {
				break
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// RescoreOnce does one batch of what is due and reports whether there was any.
func (s *Service) RescoreOnce(ctx context.Context) (bool, error) {
	var r *store.Rescore
	due := false
	err := s.Store.View(ctx, func(tx store.Tx) (err error) {
		due, err = tx.Rescores().Due(ctx, s.now())
		return err
	})
	if err != nil || !due {
		return false, err
	}
	err = s.Store.Update(ctx, func(tx store.Tx) (err error) {
		r, err = tx.Rescores().Claim(ctx, s.now(), s.now().Add(rescoreClaim))
		return err
	})
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrConflict) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	claimed := r.DueAt
	rows, owed, err := s.rescoreBatch(ctx, r)
	if busy(err) {
		r.DueAt, err = s.now().Add(rescorePause), nil
	}
	if err != nil {
		return false, err // the claim runs out and somebody tries again
	}
	err = s.Store.Update(ctx, func(tx store.Tx) error {
		for _, row := range rows {
			if err := tx.Rescores().PutRow(ctx, r.ID, row); err != nil {
				return err
			}
		}
		if r.State == store.RescoreDone {
			if err := s.noteRescore(ctx, tx, r.AskedBy, "rescore.done", r); err != nil {
				return err
			}
		}
		return tx.Rescores().Save(ctx, *r, claimed)
	})
	s.wake(owed)
	return err == nil, err
}

// busy reports whether grading would work a little later.
func busy(err error) bool {
	return errors.Is(err, script.ErrBusy) || errors.Is(err, script.ErrUnavailable)
}

// rescoreBatch moves r on by some learners. What it returns is still to be kept.
func (s *Service) rescoreBatch(ctx context.Context, r *store.Rescore) (rows []store.RescoreRow, owed bool, err error) {
	r.DueAt = s.now()
	c, err := s.Courses.Course(ctx, r.CourseKey)
	if err != nil && errs.From(err).Kind != errs.NotFound {
		return nil, false, err
	}
	var b *course.Block
	if err == nil {
		b = c.Block(r.Ref)
	}
	if b == nil || b.Type != "problem" { // gone with a new version
		r.State, r.DueAt, r.FinishedAt = store.RescoreCancelled, time.Time{}, s.now()
		return nil, false, nil
	}
	keys, err := s.rescoreKeys(ctx, r)
	if err != nil {
		return nil, false, err
	}
	apply := r.State == store.RescoreApply
	for _, k := range keys {
		who := Who{AccountID: k.AccountID, Scope: k.Scope}
		row, cells, err := s.rescore(ctx, who, At{Course: c, Block: b}, r.OnlyHigher, apply)
		if busy(err) || ctx.Err() != nil {
			return rows, owed, err
		}
		if err != nil {
			row.Outcome, row.Detail = RescoreFailed, errs.From(err).Public
		}
		row.RescoreKey, r.After = k, k
		rows, owed = countRescored(r, row, cells, rows), owed || apply && cells > 0
	}
	if len(keys) == rescoreBatch {
		return rows, owed, nil
	}
	r.DueAt, r.State = time.Time{}, store.RescoreReady
	if apply {
		r.State, r.FinishedAt = store.RescoreDone, s.now()
	}
	return rows, owed, nil
}

// rescoreKeys returns the learners of the next batch: of a preview all who have
// worked on the block, else those whose score changes.
func (s *Service) rescoreKeys(ctx context.Context, r *store.Rescore) (keys []store.RescoreKey, err error) {
	err = s.Store.View(ctx, func(tx store.Tx) error {
		keys = nil
		if r.State == store.RescorePreview {
			if r.AccountID != "" {
				keys = []store.RescoreKey{{AccountID: r.AccountID, Scope: r.Scope}}
				return nil
			}
			keys, err = tx.Learners().OfBlock(ctx, r.CourseKey, r.Ref, r.After, rescoreBatch)
			return err
		}
		rows, err := tx.Rescores().Rows(ctx, r.ID, r.After, rescoreBatch)
		for _, row := range rows {
			keys = append(keys, row.RescoreKey)
		}
		return err
	})
	return keys, err
}

// countRescored adds a learner to what is known of r, and to rows if there is
// something to say of them.
func countRescored(r *store.Rescore, row store.RescoreRow, cells int, rows []store.RescoreRow) []store.RescoreRow {
	if r.State == store.RescoreApply {
		if row.Outcome == RescoreApplied {
			r.Applied++
		}
		return append(rows, row)
	}
	r.Seen++
	switch {
	case row.Outcome == RescoreFailed:
		r.Failed++
	case row.Outcome != RescoreChanges:
		return rows
	case row.NewEarned*row.OldPossible > row.OldEarned*row.NewPossible:
		r.Raised++
	default:
		r.Lowered++
	}
	r.Cells += int64(cells)
	return append(rows, row)
}

// rescore grades one learner's answer again, and keeps and owes the new score if
// it is to be applied. It returns how many gradebook cells it concerns.
func (s *Service) rescore(ctx context.Context, who Who, at At, onlyHigher, apply bool) (row store.RescoreRow, cells int, err error) {
	err = again(func(retry bool) error {
		row, cells = store.RescoreRow{Outcome: RescoreSame}, 0
		w, err := s.open(ctx, who, at, retry)
		if err != nil {
			return err
		}
		row.OldEarned, row.OldPossible = w.row.Earned, w.row.Possible
		raw, err := w.Definition.Rescore(ctx, w.Settings, &w.State, who.AccountID)
		if errors.Is(err, problem.ErrNothingToRescore) {
			return nil
		}
		if err != nil {
			return err
		}
		w.publish(raw)
		row.NewEarned, row.NewPossible = w.row.Earned, w.row.Possible
		lower := row.NewEarned*row.OldPossible < row.OldEarned*row.NewPossible
		if row.NewEarned == row.OldEarned && row.NewPossible == row.OldPossible || onlyHigher && lower {
			return nil
		}
		row.Outcome = RescoreChanges
		if w.row.Given == nil { // a teacher's score stays at the LMS
			if cells, err = s.cells(ctx, who, at); err != nil {
				return err
			}
		}
		if !apply {
			return nil
		}
		row.Outcome = RescoreApplied
		return s.keep(ctx, at, w, whyRescore, nil)
	})
	return row, cells, err
}

// cells counts the gradebook cells that show what a learner did with a block.
func (s *Service) cells(ctx context.Context, who Who, at At) (n int, err error) {
	err = s.Store.View(ctx, func(tx store.Tx) error {
		debts, err := s.debts(ctx, tx, who, at, time.Time{}) // only their number counts
		n = len(debts)
		return err
	})
	return n, err
}
