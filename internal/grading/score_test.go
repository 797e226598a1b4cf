package grading_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/grading"
	"lectern/internal/lti"
	"lectern/internal/store"
)

// Tests named T and a number are cases of Open edX's score tests.

func TestT148To153AffectedTargets(t *testing.T) {
	for _, tt := range []struct {
		name    string
		targets [][4]string // consumer, account, link, block
		want    int
	}{
		{"T148 none", nil, 0},
		{"T149 the problem", [][4]string{{"c1", "a1", "l", "P"}}, 1},
		{"T150 its unit", [][4]string{{"c1", "a1", "l", "V"}}, 1},
		{"T150 problem and unit", [][4]string{{"c1", "a1", "l", "P"}, {"c1", "a1", "m", "V"}}, 2},
		{"T151 twice with different links", [][4]string{{"c1", "a1", "l", "P"}, {"c1", "a1", "m", "P"}}, 2},
		{"T152 another user", [][4]string{{"c1", "a2", "l", "P"}}, 0},
		{"T153 two consumers", [][4]string{{"c1", "a1", "l", "P"}, {"c2", "a1", "l", "P"}}, 2},
		{"subsection, section and course", [][4]string{{"c1", "a1", "l", "S"}, {"c1", "a1", "m", "C"}, {"c1", "a1", "n", "course"}}, 3},
		{"another problem", [][4]string{{"c1", "a1", "l", "Q"}}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, question("P"), question("Q"))
			for _, target := range tt.targets {
				b.target(target[0], target[1], target[2], target[3])
			}
			b.answer("P", right)
			if rows, _ := b.owes(); rows != tt.want {
				t.Errorf("%d scores owed, want %d", rows, tt.want)
			}
			if woken := b.woken.Load() > 0; woken != (tt.want > 0) {
				t.Errorf("outcome woken: %v", woken)
			}
		})
	}
}

func TestOtherScopeIsNotOwed(t *testing.T) {
	b := newBench(t, question("P"))
	b.target("c1", "a1", "l", "P")
	b.who.Scope = "another LMS course"
	b.answer("P", right)
	if rows, _ := b.owes(); rows != 0 {
		t.Errorf("%d scores owed for work in another scope", rows)
	}
}

func TestT161LeafAtOnceCompositeAfterDelay(t *testing.T) {
	b := newBench(t, question("P"), question("Q"))
	b.target("c1", "a1", "leaf", "P")
	b.target("c1", "a1", "unit", "V")
	first := b.clock()
	b.answer("P", wrong)
	if due := b.owed("c1", "a1", "leaf").NextAt; !due.Equal(first) {
		t.Errorf("leaf due %v, want at once", due.Sub(first))
	}
	for range 4 {
		b.pass(15 * time.Second)
		b.answer("P", right)
		b.answer("Q", right)
	}
	unit := b.owed("c1", "a1", "unit")
	if want := first.Add(b.AggregateDelay); !unit.NextAt.Equal(want) || unit.WantedVersion != 9 {
		t.Errorf("unit due %v at version %d, want %v after the first change at version 9",
			unit.NextAt.Sub(first), unit.WantedVersion, b.AggregateDelay)
	}
}

func TestT162ContentGone(t *testing.T) {
	b := newBench(t, question("P"))
	for _, target := range []lti.GradeTarget{
		{AccountID: "a1", CourseKey: "library-v1:some_org+lib", UsageKey: "lib-block-v1:some_org+lib+type@problem+block@P"},
		{AccountID: "a1", CourseKey: b.course.Key.String(), UsageKey: "not a key"},
		{AccountID: "a1", CourseKey: b.course.Key.String(), UsageKey: "block-v1:some_org+some_course+some_run+type@problem+block@gone"},
	} {
		_, answered, err := b.TargetScore(t.Context(), target)
		if answered || err == nil || errs.From(err).Kind != errs.NotFound {
			t.Errorf("TargetScore(%s) = %v, %v; want kind not found", target.UsageKey, answered, err)
		}
	}
}

func TestScore(t *testing.T) {
	hidden := func(b *course.Block) { b.Settings.StaffOnly = true }
	future := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	past := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name     string
		children []*course.Block
		do       func(b *bench)
		of       string
		want     lti.Score
		answered bool
	}{
		{"nothing answered", []*course.Block{question("P"), question("Q", weight(3))}, nil, "V", lti.Score{Possible: 4}, false},
		{"leaf right", []*course.Block{question("P")}, answers("P", right), "P", lti.Score{Earned: 1, Possible: 1}, true},
		{"leaf wrong", []*course.Block{question("P")}, answers("P", wrong), "P", lti.Score{Possible: 1}, true},
		{"leaf weighted", []*course.Block{question("P", weight(5))}, answers("P", right), "P", lti.Score{Earned: 5, Possible: 5}, true},
		{"weight zero counts nothing", []*course.Block{question("P", weight(0)), question("Q")}, answers("P", right), "V", lti.Score{Possible: 1}, true},
		{"unit sums points", []*course.Block{question("P", weight(3)), question("Q")}, answers("P", right), "V", lti.Score{Earned: 3, Possible: 4}, true},
		{"course sums points", []*course.Block{question("P"), question("Q")}, answers("P", right), "course", lti.Score{Earned: 1, Possible: 2}, true},
		{"staff only does not count", []*course.Block{question("P"), question("Q", hidden)}, answers("P", right), "V", lti.Score{Earned: 1, Possible: 1}, true},
		{"not started does not count", []*course.Block{question("P"), question("Q", func(b *course.Block) { b.Settings.Start = &future })},
			answers("P", right), "V", lti.Score{Earned: 1, Possible: 1}, true},
		{"hidden after due still counts", []*course.Block{question("P"), question("Q", func(b *course.Block) { b.Settings.HideAfterDue, b.Settings.Due = true, &past })},
			answers("P", right), "V", lti.Score{Earned: 1, Possible: 2}, true},
		{"what cannot be answered does not count", []*course.Block{question("P"), question("Q", func(b *course.Block) { b.Fate = course.Unsupported })},
			answers("P", right), "V", lti.Score{Earned: 1, Possible: 1}, true},
		{"saved is not answered", []*course.Block{question("P")}, func(b *bench) {
			if _, err := b.Save(b.t.Context(), b.who, b.at("P"), b.form("P", right, 0)); err != nil {
				b.t.Fatal(err)
			}
		}, "V", lti.Score{Possible: 1}, false},
		{"somebody else answered", []*course.Block{question("P")}, func(b *bench) {
			mine := b.who
			b.who.AccountID = "a2"
			b.answer("P", right)
			b.who = mine
		}, "P", lti.Score{Possible: 1}, false},
		{"html has no score", []*course.Block{block("html", "H")}, nil, "H", lti.Score{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, tt.children...)
			if tt.do != nil {
				tt.do(b)
			}
			if got, answered := b.score(tt.of); got != tt.want || answered != tt.answered {
				t.Errorf("score %+v, answered %v; want %+v, %v", got, answered, tt.want, tt.answered)
			}
		})
	}
}

func answers(id, choice string) func(*bench) {
	return func(b *bench) { b.answer(id, choice) }
}

// The points a problem could bring are those of the moment it was answered.
func TestPossibleIsFrozenAtTheAttempt(t *testing.T) {
	b := newBench(t, question("P", weight(2)))
	b.answer("P", right)
	b.course = newCourse(t, question("P", weight(10)))
	b.course.VersionID = "v2"
	if got, _ := b.score("P"); got != (lti.Score{Earned: 2, Possible: 2}) {
		t.Errorf("score %+v after the weight changed", got)
	}
}

func TestT163ResetOwesZero(t *testing.T) {
	b := newBench(t, question("P"))
	b.target("c1", "a1", "l", "P")
	if _, err := b.Reset(t.Context(), b.who, b.at("P")); err == nil {
		t.Error("reset before any answer must be refused")
	}
	if rows, _ := b.owes(); rows != 0 {
		t.Fatal("a score is owed for somebody who never answered")
	}
	b.answer("P", right)
	if _, err := b.Reset(t.Context(), b.who, b.at("P")); err != nil {
		t.Fatal(err)
	}
	if got, answered := b.score("P"); got != (lti.Score{Possible: 1}) || !answered {
		t.Errorf("score %+v, answered %v; want zero of one, answered", got, answered)
	}
	if o := b.owed("c1", "a1", "l"); o.WantedVersion != 2 {
		t.Errorf("version %d, want 2", o.WantedVersion)
	}
	var events []store.ScoreEvent
	b.update(func(tx store.Tx) (err error) {
		events, err = tx.Learners().Scores(t.Context(), store.LearnerKey{
			AccountID: "a1", CourseKey: b.course.Key.String(), Ref: course.Ref{Type: "problem", ID: "P"},
		})
		return err
	})
	if len(events) != 2 || events[0].Why != "answer" || events[1].Why != "reset" || events[1].Earned != 0 {
		t.Errorf("history %+v", events)
	}
}

func TestScoreNotFinite(t *testing.T) {
	b := newBench(t, question("P", func(b *course.Block) { b.MaxScore = math.Inf(1) }), question("Q", weight(math.NaN())))
	if got, _ := b.score("V"); got != (lti.Score{}) {
		t.Errorf("score %+v", got)
	}
}

func TestScoreUnknownBlock(t *testing.T) {
	b := newBench(t)
	_, _, err := b.Score(t.Context(), b.who, b.course, course.Ref{Type: "problem", ID: "x"})
	if !errors.Is(err, grading.ErrGone) {
		t.Errorf("error %v, want %v", err, grading.ErrGone)
	}
}
