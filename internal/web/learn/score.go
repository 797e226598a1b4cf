package learn

import (
	"context"
	"errors"
	"time"

	"lectern/internal/store"
)

// scoreLine says where the learner's score is on its way to the LMS.
type scoreLine struct {
	Class, Mark, Text string
	At                time.Time // zero leaves it out
}

// scoreLine returns the line for a launch that wants a score; nil when it wants
// none or nothing was answered yet.
func (v *view) scoreLine(ctx context.Context) (*scoreLine, error) {
	var line *scoreLine
	err := v.Store.View(ctx, func(tx store.Tx) error {
		usage := v.c.Usage(v.launched).String()
		targets, err := tx.Placements().Targets(ctx, v.s.AccountID, v.s.Scope, v.s.CourseKey, []string{usage})
		if err != nil {
			return err
		}
		for _, t := range targets {
			if t.ConsumerID != v.s.ConsumerID {
				continue
			}
			owed, err := tx.Owed().ForLink(ctx, t.ConsumerID, t.AccountID, t.LinkKey)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			line = v.sayOwed(owed)
		}
		return nil
	})
	return line, err
}

// sayOwed puts the state of an owed score in a learner's words.
func (v *view) sayOwed(o *store.OwedScore) *scoreLine {
	where := "your course"
	if v.s.Consumer.Name != "" {
		where = v.s.Consumer.Name
	}
	switch o.State {
	case store.Delivered:
		return &scoreLine{"sent", "✓", "Your score was sent to " + where + ",", o.DeliveredAt.UTC()}
	case store.Waiting, store.Sending:
		return &scoreLine{"waiting", "…", "Your score is on its way to " + where + ".", time.Time{}}
	case store.Retrying:
		return &scoreLine{"waiting", "…", where + " did not take your score yet. It is kept here and sent again.", time.Time{}}
	case store.Parked:
		return &scoreLine{"parked", "!", "Your score is kept here, but " + where + " does not take it. Please tell your course team.", time.Time{}}
	}
	return nil
}
