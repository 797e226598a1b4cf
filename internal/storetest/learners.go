package storetest

import (
	"math"

	"lectern/internal/course"
	"lectern/internal/store"
)

func learnerKey(accountID string) store.LearnerKey {
	return store.LearnerKey{AccountID: accountID, CourseKey: "c", Ref: course.Ref{Type: "problem", ID: "p1"}}
}

func testLearnerStates(s suite) {
	k := learnerKey(s.person("a").ID)
	get := func(k store.LearnerKey) store.LearnerState {
		s.Helper()
		return *read(s, func(tx store.Tx) (*store.LearnerState, error) { return tx.Learners().State(s.ctx, k) })
	}
	equal(s, "no state yet", get(k), store.LearnerState{Key: k})
	st := store.LearnerState{
		Key: k, State: `{"a":"☃"}`, Answered: true, Earned: 1.0 / 3, Possible: math.MaxFloat64, UpdatedAt: now(),
	}
	s.put1(st, nil)
	s.put1(st, store.ErrConflict) // there is one by now
	st.Version = 1
	equal(s, "first", get(k), st)
	st.State, st.Answered, st.Earned, st.Possible, st.UpdatedAt = "", false, -0.5, 0, after(1)
	s.put1(st, nil)
	s.put1(st, store.ErrConflict) // stale
	st.Version = 2
	equal(s, "second", get(k), st)
	stray := store.LearnerState{Key: learnerKey("nobody")}
	s.put1(stray, store.ErrNotFound)

	scoped, other, elsewhere := k, k, k
	scoped.Scope = "ctx"
	other.Ref = course.Ref{Type: "html", ID: "p1"}
	elsewhere.CourseKey = "C"
	for _, key := range []store.LearnerKey{scoped, other, elsewhere} {
		s.put1(store.LearnerState{Key: key, State: "x"}, nil)
	}
	all := func(scope string) map[course.Ref]*store.LearnerState {
		s.Helper()
		return read(s, func(tx store.Tx) (map[course.Ref]*store.LearnerState, error) {
			return tx.Learners().States(s.ctx, k.AccountID, scope, "c")
		})
	}
	equal(s, "states", all(""), map[course.Ref]*store.LearnerState{
		k.Ref: &st, other.Ref: {Key: other, Version: 1, State: "x"},
	})
	equal(s, "scoped states", len(all("ctx")), 1)
	equal(s, "no states", len(all("nothing")), 0)
}

// put1 puts a state and checks the error, and that the function may go on after
// a conflict.
func (s suite) put1(st store.LearnerState, want error) {
	s.Helper()
	if want == nil {
		s.update(func(tx store.Tx) error { return tx.Learners().Put(s.ctx, &st) })
		return
	}
	before := st
	s.fails(want, func(tx store.Tx) error { return tx.Learners().Put(s.ctx, &st) })
	equal(s, "state that was given", st, before)
}

func testScoreHistory(s suite) {
	k := learnerKey(s.person("a").ID)
	other := k
	other.Scope = "ctx"
	var want []store.ScoreEvent
	for i, e := range []store.ScoreEvent{
		{ID: "2", Key: k, At: after(5), Earned: 1, Possible: 2, Why: "answer"},
		{ID: "1", Key: k, At: after(9), Earned: 0, Possible: 2, Why: "reset"},
		{ID: "3", Key: k, At: after(9), Earned: 2, Possible: 2, Why: "answer"},
		{ID: "4", Key: other, At: after(1), Why: "answer"},
	} {
		s.update(func(tx store.Tx) error { return tx.Learners().AppendScore(s.ctx, e) })
		if i < 3 {
			want = append(want, e)
		}
	}
	equal(s, "history, oldest first", read(s, func(tx store.Tx) ([]store.ScoreEvent, error) {
		return tx.Learners().Scores(s.ctx, k)
	}), want)
	s.fails(store.ErrConflict, func(tx store.Tx) error { return tx.Learners().AppendScore(s.ctx, want[0]) })
}
