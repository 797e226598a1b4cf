package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"lectern/internal/course"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

type rescores struct{ *tx }

func (t rescores) Create(ctx context.Context, r store.Rescore) error {
	return t.wrap(t.q.RescoreCreate(ctx, db.RescoreCreateParams{
		ID: r.ID, CourseKey: r.CourseKey, BlockType: r.Ref.Type, BlockID: r.Ref.ID, AccountID: r.AccountID,
		Scope: r.Scope, OnlyHigher: r.OnlyHigher, AskedBy: r.AskedBy, AskedAt: micros(r.AskedAt), DueAt: micros(r.AskedAt),
	}), "create rescore")
}

func (t rescores) ByID(ctx context.Context, id string) (*store.Rescore, error) {
	if !storable(id) {
		return nil, store.ErrNotFound
	}
	row, err := t.q.RescoreByID(ctx, id)
	if err != nil {
		return nil, t.wrap(err, "rescore")
	}
	r := rescoreOf(row)
	return &r, nil
}

func (t rescores) List(ctx context.Context, courseKey string, limit int) ([]store.Rescore, error) {
	rows, err := t.q.RescoreList(ctx, clean(courseKey), maxRows(limit))
	var list []store.Rescore
	for _, row := range rows {
		list = append(list, rescoreOf(row))
	}
	return list, t.wrap(err, "list rescores")
}

func (t rescores) Due(ctx context.Context, now time.Time) (bool, error) {
	_, err := t.q.RescoreDue(ctx, micros(now))
	if absent(err) {
		return false, nil
	}
	return err == nil, t.wrap(err, "rescore that is due")
}

func (t rescores) Claim(ctx context.Context, now, until time.Time) (*store.Rescore, error) {
	row, err := t.q.RescoreDue(ctx, micros(now))
	if err != nil {
		return nil, t.wrap(err, "rescore that is due")
	}
	rows, err := t.q.RescoreClaim(ctx, db.RescoreClaimParams{Until: micros(until), ID: row.ID, SeenDue: row.DueAt.Int64})
	if err := t.one(rows, err, "claim rescore", store.ErrConflict); err != nil {
		return nil, err
	}
	row.DueAt.Int64 = micros(until)
	r := rescoreOf(row)
	return &r, nil
}

func (t rescores) Save(ctx context.Context, r store.Rescore, claimed time.Time) error {
	rows, err := t.q.RescoreSave(ctx, db.RescoreSaveParams{
		State: string(r.State), FinishedAt: micros(r.FinishedAt), DueAt: due(r.DueAt),
		CursorAccount: r.After.AccountID, CursorScope: r.After.Scope, Seen: r.Seen, Raised: r.Raised, Lowered: r.Lowered,
		Failed: r.Failed, Cells: r.Cells, Applied: r.Applied, ID: r.ID, Claimed: micros(claimed),
	})
	return t.one(rows, err, "save rescore", store.ErrConflict)
}

func (t rescores) Move(ctx context.Context, id string, from, to store.RescoreState, dueAt, finished time.Time) error {
	rows, err := t.q.RescoreMove(ctx, db.RescoreMoveParams{
		State: string(to), DueAt: due(dueAt), FinishedAt: micros(finished), ID: id, FromState: string(from),
	})
	return t.one(rows, err, "move rescore", store.ErrConflict)
}

func (t rescores) PutRow(ctx context.Context, id string, r store.RescoreRow) error {
	return t.wrap(t.q.RescoreRowPut(ctx, db.RescoreRowPutParams{
		RescoreID: id, AccountID: r.AccountID, Scope: r.Scope, OldEarned: r.OldEarned, OldPossible: r.OldPossible,
		NewEarned: r.NewEarned, NewPossible: r.NewPossible, Outcome: r.Outcome, Detail: cut(r.Detail, nameMost),
	}), "put rescored learner")
}

func (t rescores) Rows(ctx context.Context, id string, after store.RescoreKey, limit int) ([]store.RescoreRow, error) {
	if !storable(after.AccountID, after.Scope) {
		return nil, nil
	}
	rows, err := t.q.RescoreRows(ctx, db.RescoreRowsParams{
		RescoreID: id, AfterAccount: after.AccountID, AfterScope: after.Scope, MaxRows: maxRows(limit),
	})
	var list []store.RescoreRow
	for _, row := range rows {
		list = append(list, store.RescoreRow{
			RescoreKey: store.RescoreKey{AccountID: row.AccountID, Scope: row.Scope}, Username: row.Username,
			OldEarned: row.OldEarned, OldPossible: row.OldPossible, NewEarned: row.NewEarned, NewPossible: row.NewPossible,
			Outcome: row.Outcome, Detail: row.Detail,
		})
	}
	return list, t.wrap(err, "rescored learners")
}

func due(at time.Time) sql.NullInt64 { return sql.NullInt64{Int64: micros(at), Valid: !at.IsZero()} }

func rescoreOf(row db.Rescore) store.Rescore {
	r := store.Rescore{
		ID: row.ID, CourseKey: row.CourseKey, Ref: course.Ref{Type: row.BlockType, ID: row.BlockID},
		AccountID: row.AccountID, Scope: row.Scope, OnlyHigher: row.OnlyHigher, State: store.RescoreState(row.State),
		AskedBy: row.AskedBy, AskedAt: moment(row.AskedAt), FinishedAt: moment(row.FinishedAt),
		After: store.RescoreKey{AccountID: row.CursorAccount, Scope: row.CursorScope},
		Seen:  row.Seen, Raised: row.Raised, Lowered: row.Lowered, Failed: row.Failed, Cells: row.Cells, Applied: row.Applied,
	}
	if row.DueAt.Valid {
		r.DueAt = moment(row.DueAt.Int64)
	}
	return r
}
