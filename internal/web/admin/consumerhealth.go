package admin

import (
	"cmp"
	"context"
	"slices"
	"time"

	"lectern/internal/store"
)

// What the health of a consumer looks at.
const (
	healthSpan     = 24 * time.Hour
	healthLaunches = 1000 // refusals, the latest
)

// consumerHealth is how launches and scores of one LMS go.
type consumerHealth struct {
	Refused  []codeCount // in the last day, the most frequent first
	Waiting  int         // scores on their way
	Retrying int
	Parked   int
	Oldest   time.Time // the oldest of those on their way; zero when there is none
}

type codeCount struct {
	Code  string
	Count int64
}

// consumerHealth reads how an LMS does.
func (h *Handler) consumerHealth(ctx context.Context, consumerID string) (consumerHealth, error) {
	var (
		out      consumerHealth
		backlog  store.Backlog
		refusals []store.LaunchEntry
	)
	err := h.Store.View(ctx, func(tx store.Tx) (err error) {
		if backlog, err = tx.Owed().BacklogOf(ctx, consumerID); err != nil {
			return err
		}
		refusals, err = tx.LaunchLog().List(ctx, store.LaunchFilter{ConsumerID: consumerID, Failed: true, Limit: healthLaunches})
		return err
	})
	if err != nil {
		return out, err
	}
	out.Waiting = backlog.Count[store.Waiting] + backlog.Count[store.Sending]
	out.Retrying, out.Parked, out.Oldest = backlog.Count[store.Retrying], backlog.Count[store.Parked], backlog.Oldest
	counts, since := map[string]int64{}, h.Clock().Add(-healthSpan)
	for _, e := range refusals {
		if e.At.After(since) {
			counts[e.Code] += 1 + e.Repeats
		}
	}
	for code, n := range counts {
		out.Refused = append(out.Refused, codeCount{code, n})
	}
	slices.SortFunc(out.Refused, func(a, b codeCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code))
	})
	return out, nil
}
