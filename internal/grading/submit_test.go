package grading_test

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"lectern/internal/course"
	"lectern/internal/grading"
	"lectern/internal/problem"
	"lectern/internal/store"
)

func TestSubmit(t *testing.T) {
	b := newBench(t, question("P"))
	out := b.answer("P", wrong)
	if out.Attempt.Success != problem.Incorrect || out.State.Attempts != 1 || out.Score.Earned != 0 || !out.Answered {
		t.Errorf("wrong answer: %+v", out.View)
	}
	out = b.answer("P", right)
	if out.Attempt.Success != problem.Correct || out.State.Attempts != 2 || out.Score.Earned != 1 || out.Score.Possible != 1 {
		t.Errorf("right answer: %+v", out.View)
	}
	v, err := b.Problem(t.Context(), b.who, b.at("P"))
	if err != nil || v.State.Attempts != 2 || v.Version != out.Version {
		t.Errorf("read again: %+v, %v; want version %d", v, err, out.Version)
	}
}

// A double click posts one form twice; it costs one attempt.
func TestSubmitTwiceIsOneAttempt(t *testing.T) {
	b := newBench(t, question("P"))
	b.target("c1", "a1", "l", "P")
	form := b.form("P", wrong, 0)
	first, err := b.Submit(t.Context(), b.who, b.at("P"), form)
	if err != nil {
		t.Fatal(err)
	}
	second, err := b.Submit(t.Context(), b.who, b.at("P"), form)
	if err != nil || !second.Repeated || second.Attempt != nil || second.State.Attempts != 1 || second.Version != first.Version {
		t.Errorf("second: %+v, %v; want the first repeated", second, err)
	}
	if _, versions := b.owes(); versions != 1 {
		t.Errorf("%d changes owed, want 1", versions)
	}
	other, err := b.Submit(t.Context(), b.who, b.at("P"), b.form("P", right, 0))
	if err != nil || other.Repeated || other.State.Attempts != 2 {
		t.Errorf("another answer from a stale page: %+v, %v; want an attempt", other, err)
	}
	again, err := b.Submit(t.Context(), b.who, b.at("P"), b.form("P", right, other.Version))
	if err != nil || again.Repeated || again.State.Attempts != 3 {
		t.Errorf("the same answer from a fresh page: %+v, %v; want an attempt", again, err)
	}
	again, err = b.Submit(t.Context(), b.who, b.at("P"), b.form("P", right, grading.NoVersion))
	if err != nil || again.Repeated || again.State.Attempts != 4 {
		t.Errorf("the same answer without a version: %+v, %v; want an attempt", again, err)
	}
}

func TestSubmitTwiceAtOnce(t *testing.T) {
	b := newBench(t, question("P"))
	b.target("c1", "a1", "l", "P")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := b.Submit(t.Context(), b.who, b.at("P"), b.form("P", right, 0)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	v, err := b.Problem(t.Context(), b.who, b.at("P"))
	if err != nil || v.State.Attempts != 1 {
		t.Errorf("attempts %d, %v; want 1", v.State.Attempts, err)
	}
	if rows, versions := b.owes(); rows != 1 || versions != 1 {
		t.Errorf("%d rows, %d changes owed; want one of each", rows, versions)
	}
}

func TestRefusals(t *testing.T) {
	one := 1
	past := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name   string
		change func(*course.Block)
		before func(*bench)
		want   error
	}{
		{"no attempts left", func(b *course.Block) { b.Settings.MaxAttempts = &one }, answers("P", wrong), problem.ErrClosed},
		{"past due", func(b *course.Block) { b.Settings.Due = &past }, nil, problem.ErrClosed},
		{"must be reset", func(b *course.Block) { b.Settings.Rerandomize = "always" }, answers("P", wrong), problem.ErrMustReset},
		{"too soon", func(b *course.Block) { b.Settings.SubmissionWait = time.Minute }, answers("P", wrong), problem.ErrWait},
		{"not a problem", func(b *course.Block) { b.Type = "html" }, nil, grading.ErrNotProblem},
		{"not XML", func(b *course.Block) { b.Data = "<problem" }, nil, problem.ErrContent},
		{"unsupported", func(b *course.Block) {
			b.Data = `<problem><jsmeresponse><textline/></jsmeresponse></problem>`
		}, nil, problem.ErrUnsupported},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, question("P", tt.change))
			b.target("c1", "a1", "l", "V")
			if tt.before != nil {
				tt.before(b)
			}
			_, before := b.owes()
			_, err := b.Submit(t.Context(), b.who, b.at("P"), b.form("P", right, -1))
			if !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if _, after := b.owes(); after != before {
				t.Error("a refused submission owes a score")
			}
		})
	}
}

// What cannot be graded costs no attempt, is kept, and owes nothing.
func TestAnswerNotUnderstood(t *testing.T) {
	b := newBench(t, question("P", func(b *course.Block) {
		b.Data = `<problem><numericalresponse answer="4"><formulaequationinput/></numericalresponse></problem>`
	}))
	b.target("c1", "a1", "l", "P")
	_, err := b.Submit(t.Context(), b.who, b.at("P"), b.form("P", "four+", 0))
	if !errors.Is(err, problem.ErrAnswer) {
		t.Fatalf("error %v, want %v", err, problem.ErrAnswer)
	}
	v, err := b.Problem(t.Context(), b.who, b.at("P"))
	if err != nil || v.State.Attempts != 0 || v.State.Answers["P_2_1"].Value() != "four+" || v.Answered {
		t.Errorf("state %+v, %v", v.State, err)
	}
	if rows, _ := b.owes(); rows != 0 {
		t.Error("a score is owed for an answer that was not graded")
	}
}

func TestSaveAndReset(t *testing.T) {
	b := newBench(t, question("P"))
	v, err := b.Save(t.Context(), b.who, b.at("P"), b.form("P", wrong, 0))
	if err != nil || !v.State.Saved || v.State.Answers["P_2_1"].Value() != wrong || v.Version != 1 {
		t.Errorf("save: %+v, %v", v, err)
	}
	b.answer("P", right)
	if v, err = b.Reset(t.Context(), b.who, b.at("P")); err != nil || v.State.Done || len(v.State.Answers) != 0 || v.State.Attempts != 1 {
		t.Errorf("reset: %+v, %v", v, err)
	}
}

func TestSeeds(t *testing.T) {
	random := func(b *course.Block) { b.Settings.Rerandomize = "onreset" }
	student := func(b *course.Block) { b.Settings.Rerandomize = "per_student" }
	b := newBench(t, question("N"), question("R", random), question("T", student))
	seed := func(id string) (int64, int64) {
		v, err := b.Problem(t.Context(), b.who, b.at(id))
		if err != nil {
			t.Fatal(err)
		}
		return *v.State.Seed, v.Version
	}
	if s, version := seed("N"); s != 1 || version != 0 {
		t.Errorf("never: seed %d, version %d; want 1 and nothing written", s, version)
	}
	first, version := seed("R")
	if second, _ := seed("R"); second != first || version != 1 {
		t.Errorf("onreset: seeds %d and %d, version %d; want the first kept", first, second, version)
	}
	fixed, _ := seed("T")
	if want := problem.Seed("per_student", "a1", b.course.Usage(b.at("T").Block).String(), nil); fixed != want {
		t.Errorf("per_student: seed %d, want %d", fixed, want)
	}
	seeds := map[int64]bool{first: true}
	for range 20 {
		b.answer("R", wrong)
		if _, err := b.Reset(t.Context(), b.who, b.at("R")); err != nil {
			t.Fatal(err)
		}
		s, _ := seed("R")
		seeds[s] = true
	}
	if len(seeds) < 3 {
		t.Errorf("20 resets gave %d seeds", len(seeds))
	}
}

// A learner with many large answers must not make rows that hurt everybody.
func TestStateStaysSmall(t *testing.T) {
	b := newBench(t, question("P", func(b *course.Block) {
		b.Data = `<problem><stringresponse answer="x"><textline/></stringresponse></problem>`
	}))
	big := strings.Repeat("y", 200<<10)
	for n := range 20 {
		v, err := b.Problem(t.Context(), b.who, b.at("P"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Submit(t.Context(), b.who, b.at("P"), b.form("P", big+string(rune('a'+n)), v.Version)); err != nil {
			t.Fatal(err)
		}
	}
	b.update(func(tx store.Tx) error {
		state, err := tx.Learners().State(t.Context(), store.LearnerKey{
			AccountID: "a1", CourseKey: b.course.Key.String(), Ref: course.Ref{Type: "problem", ID: "P"},
		})
		if err == nil && (len(state.State) > 2<<20 || !json.Valid([]byte(state.State))) {
			t.Errorf("state of %d bytes", len(state.State))
		}
		return err
	})
	v, err := b.Problem(t.Context(), b.who, b.at("P"))
	if err != nil || v.State.Attempts != 20 {
		t.Errorf("attempts %d, %v", v.State.Attempts, err)
	}
}

// State that somebody spoiled is an error, never a panic, and nothing is lost.
func TestSpoiledState(t *testing.T) {
	b := newBench(t, question("P"))
	b.update(func(tx store.Tx) error {
		return tx.Learners().Put(t.Context(), &store.LearnerState{
			Key:   store.LearnerKey{AccountID: "a1", CourseKey: b.course.Key.String(), Ref: course.Ref{Type: "problem", ID: "P"}},
			State: `{"attempts":"many"}`, UpdatedAt: b.clock(),
		})
	})
	if _, err := b.Problem(t.Context(), b.who, b.at("P")); err == nil {
		t.Error("no error")
	}
}
