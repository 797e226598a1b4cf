package sqlstore

import (
	"context"

	"lectern/internal/course"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

type learners struct{ *tx }

func (t learners) State(ctx context.Context, k store.LearnerKey) (*store.LearnerState, error) {
	row, err := t.q.StateGet(ctx, db.StateGetParams{
		AccountID: k.AccountID, CourseKey: k.CourseKey, Scope: k.Scope, BlockType: k.Ref.Type, BlockID: k.Ref.ID,
	})
	if absent(err) {
		return &store.LearnerState{Key: k}, nil
	}
	if err != nil {
		return nil, t.wrap(err, "learner state")
	}
	return state(row), nil
}

func (t learners) States(ctx context.Context, accountID, scope, courseKey string,
) (map[course.Ref]*store.LearnerState, error) {
	rows, err := t.q.StateList(ctx, db.StateListParams{AccountID: accountID, CourseKey: courseKey, Scope: scope})
	if err != nil {
		return nil, t.wrap(err, "learner states")
	}
	states := make(map[course.Ref]*store.LearnerState, len(rows))
	for _, row := range rows {
		s := state(row)
		states[s.Key.Ref] = s
	}
	return states, nil
}

// Put leaves s as it is: an update may run more than once.
func (t learners) Put(ctx context.Context, s *store.LearnerState) error {
	var rows int64
	var err error
	if s.Version == 0 {
		rows, err = t.q.StateInsert(ctx, db.StateInsertParams{
			AccountID: s.Key.AccountID, Scope: s.Key.Scope, CourseKey: s.Key.CourseKey,
			BlockType: s.Key.Ref.Type, BlockID: s.Key.Ref.ID,
			State: clean(s.State), Answered: s.Answered, Earned: s.Earned, Possible: s.Possible,
			UpdatedAt: micros(s.UpdatedAt),
		})
	} else {
		rows, err = t.q.StateUpdate(ctx, db.StateUpdateParams{
			State: clean(s.State), Answered: s.Answered, Earned: s.Earned, Possible: s.Possible,
			UpdatedAt: micros(s.UpdatedAt),
			AccountID: s.Key.AccountID, CourseKey: s.Key.CourseKey, Scope: s.Key.Scope,
			BlockType: s.Key.Ref.Type, BlockID: s.Key.Ref.ID, Version: s.Version,
		})
	}
	return t.one(rows, err, "put learner state", store.ErrConflict)
}

func (t learners) AppendScore(ctx context.Context, e store.ScoreEvent) error {
	if e.ID == "" {
		e.ID = newID()
	}
	rows, err := t.q.ScoreAppend(ctx, db.ScoreAppendParams{
		ID: e.ID, AccountID: e.Key.AccountID, Scope: e.Key.Scope, CourseKey: e.Key.CourseKey,
		BlockType: e.Key.Ref.Type, BlockID: e.Key.Ref.ID,
		HappenedAt: micros(e.At), Earned: e.Earned, Possible: e.Possible, Why: e.Why,
	})
	return t.one(rows, err, "append score", store.ErrConflict)
}

func (t learners) Scores(ctx context.Context, k store.LearnerKey) ([]store.ScoreEvent, error) {
	rows, err := t.q.ScoreList(ctx, db.ScoreListParams{
		AccountID: k.AccountID, CourseKey: k.CourseKey, Scope: k.Scope, BlockType: k.Ref.Type, BlockID: k.Ref.ID,
	})
	list := make([]store.ScoreEvent, 0, len(rows))
	for _, row := range rows {
		list = append(list, event(row))
	}
	return list, t.wrap(err, "score history")
}

func state(row db.LearnerState) *store.LearnerState {
	return &store.LearnerState{
		Key: store.LearnerKey{
			AccountID: row.AccountID, Scope: row.Scope, CourseKey: row.CourseKey,
			Ref: course.Ref{Type: row.BlockType, ID: row.BlockID},
		},
		Version: row.Version, State: row.State, Answered: row.Answered,
		Earned: row.Earned, Possible: row.Possible, UpdatedAt: moment(row.UpdatedAt),
	}
}
