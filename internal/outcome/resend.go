package outcome

import (
	"context"
	"time"

	"lectern/internal/store"
)

// Resend makes the scores that f selects due now, delivered and parked ones too,
// and returns how many. who is the acting account's ID, for the audit. Call
// [Deliverer.Wake] afterwards where there is one.
func Resend(ctx context.Context, s store.Store, who string, f store.OwedFilter, now time.Time) (int64, error) {
	var n int64
	err := s.Update(ctx, func(tx store.Tx) (err error) {
		if n, err = tx.Owed().Resend(ctx, f, now); err != nil {
			return err
		}
		return store.Note(ctx, tx, store.Act{At: now, Who: who, Name: "score.resend", Subject: subject(f), After: noteOf(f)})
	})
	return n, err
}

// filterNote is a selection of scores as the audit keeps it.
type filterNote struct {
	Consumer string `json:"consumer"`
	Course   string `json:"course"`
	Account  string `json:"account"`
	State    string `json:"state"`
	Learner  string `json:"learner,omitempty"`
	Link     string `json:"link,omitempty"`
	Verdict  string `json:"verdict,omitempty"`
	ID       string `json:"id,omitempty"`
}

func noteOf(f store.OwedFilter) filterNote {
	return filterNote{
		Consumer: f.ConsumerID, Course: f.CourseKey, Account: f.AccountID, State: string(f.State),
		Learner: f.Learner, Link: f.Link, Verdict: string(f.Verdict), ID: f.ID,
	}
}

// subject is what an act on scores is about: one score, or a consumer's.
func subject(f store.OwedFilter) string {
	if f.ID != "" {
		return f.ID
	}
	return f.ConsumerID
}
