package learn

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"lectern/internal/store"
)

// scoreLine says where the learner's score is on its way to the LMS.
type scoreLine struct {
	Class, Mark, Text string
	At                time.Time // zero leaves it out
	URL               string    // where a page asks for it again
}

// scoreLine returns the line for a launch that wants a score; nil when it wants
// none or nothing was answered yet.
func (v *view) scoreLine(ctx context.Context) (*scoreLine, error) {
	var line *scoreLine
	if v.facts != nil {
		for i := range v.facts.Owed {
			if line = v.sayOwed(&v.facts.Owed[i]); line != nil {
				line.URL = v.s.Base + "score"
			}
		}
		return line, nil
	}
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
			if line = v.sayOwed(owed); line != nil {
				line.URL = v.s.Base + "score"
			}
		}
		return nil
	})
	return line, err
}

// getScore answers score: the line as it is now, for pages that stay open while
// a score is on its way.
func (v *view) getScore(w http.ResponseWriter, r *http.Request) error {
	line, err := v.scoreLine(r.Context())
	if err != nil {
		return err
	}
	html, err := v.html("score", line)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	return json.NewEncoder(w).Encode(struct {
		Score string `json:"score"`
	}{string(html)})
}

// sayOwed puts the state of an owed score in a learner's words.
func (v *view) sayOwed(o *store.OwedScore) *scoreLine {
	where := v.lang.T("your course")
	if v.s.Consumer.Name != "" {
		where = v.s.Consumer.Name
	}
	switch o.State {
	case store.Delivered:
		if o.DeliveredAt.IsZero() {
			return nil // another site sent it, or nothing
		}
		return &scoreLine{Class: "sent", Mark: "✓", Text: v.lang.T("Sent to %s,", where), At: o.DeliveredAt.UTC()}
	case store.Waiting, store.Sending:
		return &scoreLine{Class: "waiting", Mark: "…", Text: v.lang.T("Your score is on its way to %s.", where)}
	case store.Retrying:
		return &scoreLine{
			Class: "waiting", Mark: "…", At: o.NextAt.UTC(),
			Text: v.lang.T("Waiting, will retry. Your score is kept here; %s did not take it yet. Next try:", where),
		}
	case store.Parked:
		return &scoreLine{Class: "parked", Mark: "!", Text: v.lang.T("Your score is kept here, but %s does not take it. Please tell your course team.", where)}
	}
	return nil
}
