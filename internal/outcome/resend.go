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
		return store.Note(ctx, tx, store.Act{
			At: now, Who: who, Name: "score.resend", Subject: f.ConsumerID,
			After: map[string]string{
				"consumer": f.ConsumerID, "course": f.CourseKey, "account": f.AccountID, "state": string(f.State),
			},
		})
	})
	return n, err
}
