package launchlog

import (
	"context"
	"slices"
	"time"

	"lectern/internal/account"
	"lectern/internal/lti/lti11"
	"lectern/internal/store"
)

// Bounds of what is looked at.
const (
	window    = 24 * time.Hour
	most      = 50  // causes
	clockRows = 201 // launches, of which the median is taken
	often     = 2   // refusals that make a warning
)

// Warning is a cause of several refusals within a day that somebody on this
// site or at the LMS can mend.
type Warning struct {
	store.LaunchCause
	Consumer string // name; "" for an unknown LMS
	Says     string // what was wrong
	Do       string // what to change
	Learner  string // what the learners read
}

// Warnings groups the refusals of the last day, the most frequent cause first.
// What only a learner can do something about, such as opening an old page
// again, is left out.
func Warnings(ctx context.Context, tx store.Tx, now time.Time) ([]Warning, error) {
	causes, err := tx.LaunchLog().Causes(ctx, now.Add(-window), most)
	if err != nil {
		return nil, err
	}
	consumers, err := tx.Consumers().List(ctx, "")
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, c := range consumers {
		names[c.ID] = c.Name
	}
	var list []Warning
	for _, c := range causes {
		if c.Count < often || personal(c.Code) {
			continue
		}
		rows, err := tx.LaunchLog().List(ctx, store.LaunchFilter{Reference: c.Newest, Limit: 1})
		if err != nil {
			return nil, err
		}
		w := Warning{LaunchCause: c, Consumer: names[c.ConsumerID]}
		if len(rows) == 1 {
			e := Read(rows[0].Evidence)
			w.Says, w.Do, w.Learner = rows[0].Detail, e.Do, e.Learner
		}
		if w.Says == "" {
			w.Says = w.Learner
		}
		list = append(list, w)
	}
	return list, nil
}

// notPosted is a launch address that somebody opened without a launch.
const notPosted = "launch_not_posted"

// personal reports whether a refusal is about what one learner did.
func personal(code string) bool {
	switch code {
	case lti11.ErrReplayed.Code, lti11.ErrNonceReused.Code, account.ErrRequired.Code, notPosted:
		return true
	}
	return false
}

// Clock returns how far a consumer's clock is from ours, as the median of its
// launches of the last day: positive when the LMS is behind. It reports false
// when there were none.
func Clock(ctx context.Context, tx store.Tx, consumerID string, now time.Time) (time.Duration, bool, error) {
	list, err := tx.LaunchLog().Skews(ctx, consumerID, now.Add(-window), clockRows)
	if err != nil || len(list) == 0 {
		return 0, false, err
	}
	slices.Sort(list)
	return list[len(list)/2], true, nil
}
