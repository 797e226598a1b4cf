package learn

import (
	"context"
	"slices"

	"lectern/internal/store"
)

// staffNotes returns what the course team is told below a page: why something
// is missing, and where a learner's score goes.
func (v *view) staffNotes(ctx context.Context) ([]string, error) {
	notes := slices.Clone(v.notes)
	if !holdsScored(v.launched) || v.s.IsPreview() {
		return notes, nil
	}
	where, own := v.s.Consumer.Name, v.lang.T("Your own answers are kept here and not sent.")
	if where == "" {
		where = v.lang.T("your LMS")
	}
	sent, err := v.graded(ctx)
	if err != nil {
		return nil, err
	}
	if sent {
		own = v.lang.T("Your own score is sent there too.")
	}
	if v.s.ScoreHost == "" {
		return append(notes, v.lang.T("Your launch named no gradebook: %s may name it for learners only, or the activity "+
			"is not graded there. A learner's score goes where the learner's own launch says.", where)+" "+own), nil
	}
	return append(notes, v.lang.T("A learner's score for this activity goes to the gradebook of %s at %s.", where, v.s.ScoreHost)+" "+own), nil
}

// graded reports whether scores of this very person go to the LMS.
func (v *view) graded(ctx context.Context) (bool, error) {
	found := false
	err := v.Store.View(ctx, func(tx store.Tx) error {
		usage := v.c.Usage(v.launched).String()
		targets, err := tx.Placements().Targets(ctx, v.s.AccountID, v.s.Scope, v.s.CourseKey, []string{usage})
		for _, t := range targets {
			found = found || t.ConsumerID == v.s.ConsumerID
		}
		return err
	})
	return found, err
}
