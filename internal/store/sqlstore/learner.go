package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"

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
	text, err := givenText(s.Given)
	if err != nil {
		return err
	}
	if s.Version == 0 {
		rows, err = t.q.StateInsert(ctx, db.StateInsertParams{
			AccountID: s.Key.AccountID, Scope: s.Key.Scope, CourseKey: s.Key.CourseKey,
			BlockType: s.Key.Ref.Type, BlockID: s.Key.Ref.ID,
			State: clean(s.State), Answered: s.Answered, Earned: s.Earned, Possible: s.Possible,
			UpdatedAt: micros(s.UpdatedAt), Given: text,
		})
	} else {
		rows, err = t.q.StateUpdate(ctx, db.StateUpdateParams{
			State: clean(s.State), Answered: s.Answered, Earned: s.Earned, Possible: s.Possible,
			UpdatedAt: micros(s.UpdatedAt), Given: text,
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

func (t learners) Scopes(ctx context.Context, accountID, courseKey string) ([]string, error) {
	list, err := t.q.StateScopes(ctx, accountID, clean(courseKey))
	return list, t.wrap(err, "scopes of learner")
}

func (t learners) OfBlock(ctx context.Context, courseKey string, ref course.Ref, after store.RescoreKey,
	limit int,
) ([]store.RescoreKey, error) {
	rows, err := t.q.StatesOfBlock(ctx, db.StatesOfBlockParams{
		CourseKey: courseKey, BlockType: ref.Type, BlockID: ref.ID,
		AfterAccount: after.AccountID, AfterScope: after.Scope, MaxRows: maxRows(limit),
	})
	var list []store.RescoreKey
	for _, row := range rows {
		list = append(list, store.RescoreKey{AccountID: row.AccountID, Scope: row.Scope})
	}
	return list, t.wrap(err, "learners of block")
}

// givenText is how a teacher's score is stored.
func givenText(g *store.Given) (string, error) {
	if g == nil {
		return "", nil
	}
	kept := *g
	kept.Why = clean(kept.Why)
	b, err := json.Marshal(kept)
	if err != nil {
		return "", fmt.Errorf("teacher's score: %w", err)
	}
	return string(b), nil
}

// given is the inverse of givenText. What cannot be read is nothing given.
func given(text string) *store.Given {
	g := &store.Given{}
	if text == "" || json.Unmarshal([]byte(text), g) != nil {
		return nil
	}
	return g
}

func state(row db.LearnerState) *store.LearnerState {
	return &store.LearnerState{
		Given: given(row.Given),
		Key: store.LearnerKey{
			AccountID: row.AccountID, Scope: row.Scope, CourseKey: row.CourseKey,
			Ref: course.Ref{Type: row.BlockType, ID: row.BlockID},
		},
		Version: row.Version, State: row.State, Answered: row.Answered,
		Earned: row.Earned, Possible: row.Possible, UpdatedAt: moment(row.UpdatedAt),
	}
}
