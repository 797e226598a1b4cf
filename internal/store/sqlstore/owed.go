package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"
	"unicode/utf8"

	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

// attemptDetailMost is how many bytes of what an LMS said are kept.
const attemptDetailMost = 500

// owed is the outbox. A row is level-triggered: it says that the newest score is
// wanted, not which one. What a change does to it:
//
//	waiting, retrying   waiting; due at the earlier of its time and the change's
//	delivered, parked   waiting; due when the change says; its age starts anew
//	sending             still sending; the change is noted (again_at,
//	                    again_next_at) and finish puts the row back to waiting
//
// Whatever changed before a claim is covered by the score that is read after it.
type owed struct{ *tx }

func (t owed) Owe(ctx context.Context, d store.Debt) error {
	t.due = true
	return t.wrap(t.q.Owe(ctx, db.OweParams{
		ID: newID(), TargetID: d.TargetID, At: micros(d.At), NextAt: micros(d.At.Add(d.Delay)),
	}), "owe score")
}

func (t owed) Settle(ctx context.Context, targetID string, at time.Time) error {
	_, err := t.q.OwedSettle(ctx, db.OwedSettleParams{ID: newID(), TargetID: targetID, At: micros(at)})
	return t.wrap(err, "settle score")
}

func (t owed) Claim(ctx context.Context, now time.Time, by string, lease time.Duration,
	limit int,
) ([]store.Claimed, error) {
	if limit < 1 {
		return nil, nil
	}
	until := micros(now.Add(lease))
	ids, err := t.q.OwedClaim(ctx, db.OwedClaimParams{
		LeaseUntil: until, LeaseBy: by, Now: micros(now), MaxRows: maxRows(limit),
	})
	if err != nil || len(ids) == 0 {
		return nil, t.wrap(err, "claim owed scores")
	}
	rows, err := t.q.OwedClaimed(ctx, until, by)
	if err != nil {
		return nil, t.wrap(err, "claimed scores")
	}
	fresh := make(map[string]bool, len(ids))
	for _, id := range ids {
		fresh[id] = true
	}
	list := make([]store.Claimed, 0, len(ids))
	for _, row := range rows {
		if fresh[row.OwedScore.ID] { // others may have been claimed at the same moment
			list = append(list, store.Claimed{OwedScore: debt(row.OwedScore), Target: target(row.GradeTarget)})
		}
	}
	return list, nil
}

func (t owed) Finish(ctx context.Context, c store.OwedScore, by string, a store.Attempt) error {
	row, err := t.held(ctx, c.ID, by, c.LeaseUntil)
	if err != nil {
		return err
	}
	if a.Version == 0 {
		a.Version = c.WantedVersion
	}
	next, err := finish(row, c, a)
	if err != nil {
		return err
	}
	if err := t.q.OwedSet(ctx, next); err != nil {
		return t.wrap(err, "finish owed score")
	}
	if a.At.IsZero() {
		return nil // there was no try
	}
	a.OwedID = c.ID
	rows, err := t.append(ctx, a)
	return t.one(rows, err, "append attempt", store.ErrConflict)
}

// append keeps a try and returns 0 when it was kept before.
func (t owed) append(ctx context.Context, a store.Attempt) (int64, error) {
	if a.ID == "" {
		a.ID = newID()
	}
	rows, err := t.q.AttemptAppend(ctx, db.AttemptAppendParams{
		ID: a.ID, OwedID: a.OwedID, TriedAt: micros(a.At), Took: a.Took.Microseconds(), Version: a.Version,
		Score: a.Score, Class: a.Class, Status: int64(a.Status), Detail: cut(a.Detail, attemptDetailMost),
	})
	return rows, t.wrap(err, "append attempt")
}

// held returns a row that by has under lease, locked, or ErrConflict. until
// tells two leases of the same holder apart; zero means any.
func (t owed) held(ctx context.Context, id, by string, until time.Time) (db.OwedScore, error) {
	row, err := t.q.OwedHeld(ctx, db.OwedHeldParams{ID: id, LeaseBy: by, LeaseUntil: micros(until)})
	if absent(err) {
		return row, store.ErrConflict.With("owed score %s is not leased to %s", id, by)
	}
	return row, t.wrap(err, "leased score")
}

// finish says what becomes of a leased row after a try.
func finish(row db.OwedScore, c store.OwedScore, a store.Attempt) (db.OwedSetParams, error) {
	next := db.OwedSetParams{
		ID: row.ID, State: string(c.State), Attempts: int64(c.Attempts), LastError: clean(c.LastError),
		DeliveredVersion: row.DeliveredVersion, LastScore: row.LastScore, DeliveredAt: row.DeliveredAt,
		FirstChangeAt: row.FirstChangeAt,
	}
	due := micros(c.NextAt)
	switch c.State {
	case store.Waiting, store.Retrying:
	case store.Delivered:
		next.LastError = ""
		next.DeliveredVersion = a.Version
		next.LastScore = sql.NullFloat64{Float64: a.Score, Valid: true}
		next.DeliveredAt = micros(a.At)
		if !c.DeliveredAt.IsZero() && c.DeliveredAt.After(a.At) {
			next.DeliveredAt = micros(c.DeliveredAt)
		}
	case store.Parked:
	default:
		return next, fmt.Errorf("finish owed score: a try cannot end in state %q", c.State)
	}
	settled := c.State == store.Delivered || c.State == store.Parked
	if row.WantedVersion > a.Version { // changed while it was sent
		next.State = string(store.Waiting)
		due = max(due, row.AgainNextAt)
		if settled {
			next.Attempts, next.FirstChangeAt = 0, max(row.FirstChangeAt, row.AgainAt)
		}
	} else if settled {
		return next, nil // never due
	}
	next.NextAt = due
	next.DueAt = sql.NullInt64{Int64: due, Valid: true}
	return next, nil
}

func (t owed) Release(ctx context.Context, id, by string, at time.Time) error {
	row, err := t.held(ctx, id, by, time.Time{})
	if err != nil {
		return err
	}
	state := store.Waiting
	if row.Attempts > 0 {
		state = store.Retrying
	}
	return t.wrap(t.q.OwedSet(ctx, db.OwedSetParams{
		ID: id, State: string(state), Attempts: row.Attempts, LastError: row.LastError,
		DeliveredVersion: row.DeliveredVersion, LastScore: row.LastScore, DeliveredAt: row.DeliveredAt,
		FirstChangeAt: row.FirstChangeAt,
		NextAt:        micros(at), DueAt: sql.NullInt64{Int64: micros(at), Valid: true},
	}), "release owed score")
}

func (t owed) Overtaken(ctx context.Context, a store.Attempt, d store.Debt) error {
	rows, err := t.append(ctx, a)
	if err != nil || rows == 0 {
		return err
	}
	return t.Owe(ctx, d)
}

func (t owed) Hurry(ctx context.Context, origin string, putOff bool, now time.Time) (int64, error) {
	all := int64(0)
	if putOff {
		all = 1
	}
	rows, err := t.q.OwedHurry(ctx, db.OwedHurryParams{
		Now: micros(now), PutOff: all, Letters: int32(utf8.RuneCountInString(origin)), Origin: clean(origin), //nolint:gosec // a short text
	})
	t.due = t.due || rows > 0
	return rows, t.wrap(err, "hurry owed scores")
}

func (t owed) TurnBack(ctx context.Context, now time.Time, by string, l store.Limits) (int64, error) {
	rows, err := t.q.OwedTurnBack(ctx, db.OwedTurnBackParams{
		Now: micros(now), Ahead: micros(now.Add(l.Slack)), Furthest: micros(now.Add(l.Pause + l.Slack)),
	})
	if err != nil {
		return rows, t.wrap(err, "turn owed scores back")
	}
	leases, err := t.q.OwedTurnBackLeases(ctx, db.OwedTurnBackLeasesParams{
		Lease: micros(now.Add(l.Lease)), LeaseBy: by, Longest: micros(now.Add(l.Lease + l.Slack)),
	})
	return rows + leases, t.wrap(err, "turn leases back")
}

func (t owed) NextDue(ctx context.Context) (time.Time, error) {
	due, err := t.q.OwedNextDue(ctx)
	return moment(due.Int64), t.wrap(err, "next due score")
}

func (t owed) Backlog(ctx context.Context) (store.Backlog, error) {
	b := store.Backlog{Count: map[store.OwedState]int{}}
	rows, err := t.q.OwedBacklog(ctx)
	for _, row := range rows {
		count(&b, row)
	}
	return b, t.wrap(err, "backlog of scores")
}

// count adds a state to the backlog.
func count(b *store.Backlog, row db.OwedBacklogRow) {
	state, oldest := store.OwedState(row.State), moment(row.Oldest)
	b.Count[state] = int(row.N)
	if state != store.Parked && (b.Oldest.IsZero() || oldest.Before(b.Oldest)) {
		b.Oldest = oldest
	}
}

func (t owed) BacklogOf(ctx context.Context, consumerID string) (store.Backlog, error) {
	b := store.Backlog{Count: map[store.OwedState]int{}}
	rows, err := t.q.OwedBacklogOf(ctx, consumerID)
	for _, row := range rows {
		count(&b, db.OwedBacklogRow(row))
	}
	return b, t.wrap(err, "backlog of consumer")
}

func (t owed) Resend(ctx context.Context, f store.OwedFilter, now time.Time) (int64, error) {
	if f.ID != "" {
		rows, err := t.q.OwedResendOne(ctx, micros(now), clean(f.ID))
		return rows, t.wrap(err, "resend score")
	}
	rows, err := t.q.OwedResend(ctx, db.OwedResendParams{
		At: micros(now), ConsumerID: clean(f.ConsumerID), CourseKey: clean(f.CourseKey), AccountID: clean(f.AccountID),
		LinkKey: clean(f.Link), Learner: clean(f.Learner), LearnerFolded: fold(f.Learner),
		State: string(f.State), Verdict: string(f.Verdict), MaxRows: maxRows(f.Limit),
	})
	t.due = t.due || rows > 0
	return rows, t.wrap(err, "resend scores")
}

func (t owed) Attempts(ctx context.Context, owedID string) ([]store.Attempt, error) {
	rows, err := t.q.AttemptList(ctx, owedID)
	list := make([]store.Attempt, 0, len(rows))
	for _, row := range rows {
		list = append(list, store.Attempt{
			ID: row.ID, OwedID: row.OwedID, At: moment(row.TriedAt),
			Took: time.Duration(row.Took) * time.Microsecond, Version: row.Version,
			Score: row.Score, Class: row.Class, Status: int(row.Status), Detail: row.Detail,
		})
	}
	return list, t.wrap(err, "attempts of score")
}

func (t owed) ForLink(ctx context.Context, consumerID, accountID, linkKey string) (*store.OwedScore, error) {
	if !nameable(linkKey) {
		return nil, store.ErrNotFound
	}
	row, err := t.q.OwedByLink(ctx, db.OwedByLinkParams{
		ConsumerID: consumerID, AccountID: accountID, LinkKey: linkKey,
	})
	if err != nil {
		return nil, t.wrap(err, "owed score of link")
	}
	o := debt(row)
	return &o, nil
}

func debt(row db.OwedScore) store.OwedScore {
	o := store.OwedScore{
		ID: row.ID, TargetID: row.TargetID, WantedVersion: row.WantedVersion, DeliveredVersion: row.DeliveredVersion,
		State: store.OwedState(row.State), Attempts: int(row.Attempts),
		FirstChangeAt: moment(row.FirstChangeAt), NextAt: moment(row.NextAt),
		LeaseUntil: moment(row.LeaseUntil), LeaseBy: row.LeaseBy,
		LastError: row.LastError, DeliveredAt: moment(row.DeliveredAt),
	}
	if row.LastScore.Valid {
		o.LastScore = &row.LastScore.Float64
	}
	return o
}
