package outcome

import (
	"context"
	"log/slog"
	"time"

	"lectern/internal/lti"
	"lectern/internal/store"
)

// Scorer knows scores. Package grading has the real one.
type Scorer interface {
	// TargetScore returns the score behind a grade target as it is now, and
	// whether the learner has answered anything of it. A target whose content
	// is gone is store.ErrNotFound.
	TargetScore(ctx context.Context, t lti.GradeTarget) (score lti.Score, answered bool, err error)
}

// Deliverer sends owed scores. Fill in the exported fields, then call
// [Deliverer.Start] or [Deliverer.Drain]; do not copy it.
type Deliverer struct {
	Store  store.Store
	Scorer Scorer
	Clock  func() time.Time // nil: time.Now
	Log    *slog.Logger     // nil: slog.Default
}

// Start delivers in the background until [Deliverer.Stop]. It returns at once.
// ctx carries values only; its end does not stop anything.
func (d *Deliverer) Start(ctx context.Context) {}

// Stop claims nothing more and waits for what is being sent, until ctx ends.
// What was not sent is still owed.
func (d *Deliverer) Stop(ctx context.Context) error { return nil }

// Wake makes a started Deliverer look for due scores now. It never blocks.
func (d *Deliverer) Wake() {}

// Drain delivers all that is due now and returns when nothing is left.
func (d *Deliverer) Drain(ctx context.Context) error { return nil }
