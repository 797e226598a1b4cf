package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

type checks struct{ *tx }

func (t checks) Ask(ctx context.Context, f store.OwedFilter, who string, repair bool, now time.Time) (int64, error) {
	if f.ID != "" {
		rows, err := t.q.CheckAskOne(ctx, db.CheckAskOneParams{At: micros(now), AskedBy: clean(who), Repair: repair, ID: clean(f.ID)})
		return rows, t.wrap(err, "ask for comparison")
	}
	rows, err := t.q.CheckAsk(ctx, db.CheckAskParams{
		At: micros(now), AskedBy: clean(who), Repair: repair,
		ConsumerID: clean(f.ConsumerID), CourseKey: clean(f.CourseKey), AccountID: clean(f.AccountID),
		LinkKey: clean(f.Link), Learner: clean(f.Learner), LearnerFolded: fold(f.Learner),
		State: string(f.State), Verdict: string(f.Verdict),
	})
	t.due = t.due || rows > 0
	return rows, t.wrap(err, "ask for comparison")
}

func (t checks) Claim(ctx context.Context, now time.Time, by string, lease time.Duration,
	limit int,
) ([]store.ClaimedCheck, error) {
	if limit < 1 {
		return nil, nil
	}
	until := now.Add(lease)
	ids, err := t.q.CheckClaim(ctx, db.CheckClaimParams{
		LeaseUntil: micros(until), LeaseBy: by, Now: micros(now), MaxRows: maxRows(limit),
	})
	if err != nil || len(ids) == 0 {
		return nil, t.wrap(err, "claim comparisons")
	}
	rows, err := t.q.CheckClaimed(ctx, micros(until), by)
	if err != nil {
		return nil, t.wrap(err, "claimed comparisons")
	}
	fresh := make(map[string]bool, len(ids))
	for _, id := range ids {
		fresh[id] = true
	}
	list := make([]store.ClaimedCheck, 0, len(ids))
	for _, row := range rows {
		c := row.ScoreCheck
		if !fresh[c.TargetID] { // others may have been claimed at the same moment
			continue
		}
		list = append(list, store.ClaimedCheck{
			Check: store.Check{
				TargetID: c.TargetID, AskedAt: moment(c.AskedAt), AskedBy: c.AskedBy, Repair: c.Repair, Pending: true,
				Tries: int(c.Tries), CheckedAt: moment(c.CheckedAt), Verdict: store.Verdict(c.Verdict),
				Here: ratio(c.Here), There: ratio(c.There), Said: c.Said, Reason: c.Reason,
			},
			OwedID: row.OwedID, State: store.OwedState(row.State), LastScore: ratio(row.LastScore),
			Target: target(row.GradeTarget), LeaseUntil: moment(micros(until)),
		})
	}
	return list, nil
}

func (t checks) Finish(ctx context.Context, c store.ClaimedCheck, by string) error {
	rows, err := t.q.CheckFinish(ctx, db.CheckFinishParams{
		TargetID: c.TargetID, By: by, LeaseUntil: micros(c.LeaseUntil), Tries: int64(c.Tries),
		CheckedAt: micros(c.CheckedAt), Verdict: string(c.Verdict), Here: nullable(c.Here), There: nullable(c.There),
		Said: cut(c.Said, attemptDetailMost), Reason: cut(c.Reason, attemptDetailMost),
	})
	return t.one(rows, err, "finish comparison", store.ErrConflict)
}

func (t checks) Release(ctx context.Context, c store.ClaimedCheck, by string, next time.Time) error {
	rows, err := t.q.CheckRelease(ctx, db.CheckReleaseParams{
		TargetID: c.TargetID, By: by, LeaseUntil: micros(c.LeaseUntil), Tries: int64(c.Tries), NextAt: micros(next),
	})
	return t.one(rows, err, "release comparison", store.ErrConflict)
}

func (t checks) NextDue(ctx context.Context) (time.Time, error) {
	due, err := t.q.CheckNextDue(ctx)
	return moment(due.Int64), t.wrap(err, "next due comparison")
}

func (t checks) Pending(ctx context.Context) (int64, error) {
	n, err := t.q.CheckPending(ctx)
	return n, t.wrap(err, "pending comparisons")
}

// ratio is a number that may be absent.
func ratio(n sql.NullFloat64) *float64 {
	if !n.Valid {
		return nil
	}
	return &n.Float64
}

func nullable(n *float64) sql.NullFloat64 {
	if n == nil {
		return sql.NullFloat64{}
	}
	return sql.NullFloat64{Float64: *n, Valid: true}
}
