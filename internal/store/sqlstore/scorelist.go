package sqlstore

import (
	"context"
	"math"

	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

// afterAll is greater than every ID, in every collation.
const afterAll = "zzzz"

// List walks owed scores by their first change, then the places that nothing
// was ever owed to by their ID: two ranges of two indexes, one after the other.
func (t owed) List(ctx context.Context, f store.OwedFilter) (list []store.OwedRow, err error) {
	begun := f.Before.At.IsZero() && f.Before.ID != "" // the page begins among those without a score
	if f.State != store.Unowed && !begun {
		if list, err = t.listOwed(ctx, f); err != nil {
			return nil, t.wrap(err, "list owed scores")
		}
	}
	if f.State != "" && f.State != store.Unowed || f.Limit > 0 && len(list) >= f.Limit {
		return list, nil
	}
	rest := f
	if f.Limit > 0 {
		rest.Limit = f.Limit - len(list)
	}
	if rest.Before.ID = f.Before.ID; !begun {
		rest.Before.ID = afterAll
	}
	more, err := t.listUnowed(ctx, rest)
	if err != nil {
		return nil, t.wrap(err, "list places without a score")
	}
	return append(list, more...), nil
}

func (t owed) listOwed(ctx context.Context, f store.OwedFilter) ([]store.OwedRow, error) {
	before := int64(math.MaxInt64) // the first page
	if !f.Before.At.IsZero() {
		before = micros(f.Before.At)
	}
	rows, err := t.q.OwedList(ctx, db.OwedListParams{
		ConsumerID: clean(f.ConsumerID), CourseKey: clean(f.CourseKey), AccountID: clean(f.AccountID),
		LinkKey: clean(f.Link), Learner: clean(f.Learner), LearnerFolded: fold(f.Learner),
		State: string(f.State), Verdict: string(f.Verdict),
		BeforeAt: before, BeforeID: clean(f.Before.ID), MaxRows: maxRows(f.Limit),
	})
	list := make([]store.OwedRow, 0, len(rows))
	for _, row := range rows {
		list = append(list, owedRow(row))
	}
	return list, err
}

func (t owed) listUnowed(ctx context.Context, f store.OwedFilter) ([]store.OwedRow, error) {
	rows, err := t.q.UnowedList(ctx, db.UnowedListParams{
		ConsumerID: clean(f.ConsumerID), CourseKey: clean(f.CourseKey), AccountID: clean(f.AccountID),
		LinkKey: clean(f.Link), Learner: clean(f.Learner), LearnerFolded: fold(f.Learner),
		Verdict: string(f.Verdict), BeforeID: clean(f.Before.ID), MaxRows: maxRows(f.Limit),
	})
	list := make([]store.OwedRow, 0, len(rows))
	for _, row := range rows {
		list = append(list, unowedRow(row))
	}
	return list, err
}

func (t owed) Row(ctx context.Context, id string) (store.OwedRow, error) {
	id = clean(id)
	row, err := t.q.OwedRow(ctx, id)
	if err == nil {
		return owedRow(db.OwedListRow(row)), nil
	}
	if !absent(err) {
		return store.OwedRow{}, t.wrap(err, "owed score")
	}
	none, err := t.q.UnowedRow(ctx, id)
	if err != nil {
		return store.OwedRow{}, t.wrap(err, "place of a score")
	}
	return unowedRow(db.UnowedListRow(none)), nil
}

func owedRow(row db.OwedListRow) store.OwedRow {
	o := unowedRow(db.UnowedListRow{
		GradeTarget: row.GradeTarget, ConsumerName: row.ConsumerName, Username: row.Username, LTIUserID: row.LTIUserID,
		CheckDue: row.CheckDue, CheckedAt: row.CheckedAt, Verdict: row.Verdict, Here: row.Here, There: row.There,
		Said: row.Said, CheckReason: row.CheckReason,
	})
	o.OwedScore = debt(row.OwedScore)
	return o
}

func unowedRow(row db.UnowedListRow) store.OwedRow {
	g := row.GradeTarget
	return store.OwedRow{
		OwedScore:  store.OwedScore{ID: g.ID, TargetID: g.ID, State: store.Unowed},
		ConsumerID: g.ConsumerID, ConsumerName: row.ConsumerName,
		AccountID: g.AccountID, Username: row.Username, LTIUserID: row.LTIUserID,
		CourseKey: g.CourseKey, UsageKey: g.UsageKey, LinkKey: g.LinkKey, Scope: g.Scope, ServiceURL: g.ServiceURL,
		Check: store.Check{
			Pending: row.CheckDue != 0, CheckedAt: moment(row.CheckedAt), Verdict: store.Verdict(row.Verdict),
			Here: ratio(row.Here), There: ratio(row.There), Said: row.Said, Reason: row.CheckReason,
		},
	}
}
