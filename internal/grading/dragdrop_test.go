package grading_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"lectern/internal/course"
	"lectern/internal/dragdrop"
	"lectern/internal/grading"
	"lectern/internal/lti"
	"lectern/internal/problem"
)

// dragging is a drag-and-drop block of two items and one decoy.
func dragging(id, mode string, change ...func(*course.Block)) *course.Block {
	b := block(grading.DragType, id)
	b.Fate, b.Scored, b.MaxScore = course.Shown, true, 1
	b.Settings.ShowAnswer = "finished"
	b.Fields["mode"] = mode
	b.Fields["data"] = `{"items":[{"id":0,"zones":["l"]},{"id":1,"zones":["r"]},{"id":2,"zones":[]}],"zones":[{"uid":"l"},{"uid":"r"}]}`
	for _, f := range change {
		f(b)
	}
	return b
}

func most(n int) func(*course.Block) {
	return func(b *course.Block) { b.Settings.MaxAttempts = &n }
}

func (b *bench) drag(id string, attempt bool, places map[string]string) (*grading.DragOutcome, error) {
	return b.Drag(b.t.Context(), b.who, b.at(id), grading.DragForm{Places: places, Attempt: attempt, Attempts: grading.NoVersion})
}

func (b *bench) mustDrag(id string, attempt bool, places map[string]string) *grading.DragOutcome {
	b.t.Helper()
	out, err := b.drag(id, attempt, places)
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

// TestDragStandard owes a score for every better drop, weighted, to the block's
// gradebook cell and to those around it.
func TestDragStandard(t *testing.T) {
	b := newBench(t, dragging("D", "standard", weight(3)), question("P"))
	b.target("c1", "a1", "leaf", "D")
	b.target("c1", "a1", "unit", "V")
	if s, answered := b.score("D"); s != (lti.Score{Possible: 3}) || answered {
		t.Fatalf("before: %+v %v", s, answered)
	}
	for _, step := range []struct {
		places map[string]string
		want   lti.Score
		owed   int64 // versions of both cells
	}{
		{map[string]string{"0": "r"}, lti.Score{Earned: 1, Possible: 3}, 2},
		{map[string]string{"1": "l"}, lti.Score{Earned: 1, Possible: 3}, 2},
		{map[string]string{"0": "l"}, lti.Score{Earned: 2, Possible: 3}, 4},
		{map[string]string{"1": "r"}, lti.Score{Earned: 3, Possible: 3}, 6},
	} {
		b.mustDrag("D", false, step.places)
		if got, answered := b.score("D"); got != step.want || !answered {
			t.Errorf("%v: %+v %v, want %+v", step.places, got, answered, step.want)
		}
		if _, versions := b.owes(); versions != step.owed {
			t.Errorf("%v: owed %d times, want %d", step.places, versions, step.owed)
		}
	}
	if got, _ := b.score("V"); got != (lti.Score{Earned: 3, Possible: 4}) {
		t.Errorf("the unit: %+v", got)
	}
	v, err := b.ResetDrag(t.Context(), b.who, b.at("D"))
	if err != nil || len(v.Dropped.Placed) != 0 {
		t.Fatal(v, err)
	}
	if got, _ := b.score("D"); got.Earned != 3 {
		t.Errorf("a reset took points: %+v", got)
	}
}

func TestDragAssessment(t *testing.T) {
	b := newBench(t, dragging("D", "assessment", most(2)))
	b.target("c1", "a1", "leaf", "D")
	out := b.mustDrag("D", false, map[string]string{"0": "r"})
	if _, answered := b.score("D"); answered || out.Published || b.woken.Load() != 0 {
		t.Error("placing alone was scored")
	}
	if _, err := b.ResetDrag(t.Context(), b.who, b.at("D")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.drag("D", true, nil); !errors.Is(err, dragdrop.ErrNothingPlaced) {
		t.Errorf("an empty attempt: %v", err)
	}
	out = b.mustDrag("D", true, map[string]string{"0": "l", "1": "l"})
	if out.Returned != 1 || out.Dropped.Attempts != 1 || b.woken.Load() != 1 {
		t.Errorf("first attempt: %+v", out)
	}
	if got, _ := b.score("D"); got.Earned < 0.66 || got.Earned > 0.67 {
		t.Errorf("%+v, want two thirds", got)
	}
	again, err := b.Drag(t.Context(), b.who, b.at("D"), grading.DragForm{Places: map[string]string{"1": "r"}, Attempt: true, Attempts: 0})
	if err != nil || !again.Repeated || again.Dropped.Attempts != 1 {
		t.Errorf("the same form twice: %+v %v", again, err)
	}
	out = b.mustDrag("D", true, map[string]string{"1": "l", "2": "l"})
	if out.Returned != 0 || out.Published || len(out.Dropped.Placed) != 3 {
		t.Errorf("last attempt: %+v", out)
	}
	for name, err := range map[string]error{
		"attempt": second(b.drag("D", true, nil)), "drop": second(b.drag("D", false, map[string]string{"1": "r"})),
		"reset": second(b.ResetDrag(t.Context(), b.who, b.at("D"))),
	} {
		if !errors.Is(err, problem.ErrClosed) {
			t.Errorf("%s after the last attempt: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestDragHiddenCorrectness keeps items where they are, since an item that comes
// back says that it was wrong.
func TestDragHiddenCorrectness(t *testing.T) {
	b := newBench(t, dragging("D", "assessment", func(b *course.Block) { b.Settings.ShowCorrectness = "never" }))
	if out := b.mustDrag("D", true, map[string]string{"0": "r"}); out.Returned != 0 || len(out.Dropped.Placed) != 1 {
		t.Errorf("%+v", out)
	}
}

func TestDragClosed(t *testing.T) {
	due := time.Date(2026, 11, 23, 12, 30, 0, 0, time.UTC)
	b := newBench(t, dragging("D", "standard", func(b *course.Block) { b.Settings.Due, b.Settings.Grace = &due, time.Hour }),
		dragging("Z", "assessment", most(0)))
	b.pass(time.Hour)
	b.mustDrag("D", false, map[string]string{"0": "l"})
	b.pass(time.Hour)
	if _, err := b.drag("D", false, map[string]string{"1": "r"}); !errors.Is(err, problem.ErrClosed) {
		t.Errorf("after due date and grace: %v", err)
	}
	b.mustDrag("Z", true, map[string]string{"0": "l"}) // no attempts set means any number
	if _, err := b.DragDrop(t.Context(), b.who, b.at("V")); !errors.Is(err, grading.ErrNotProblem) {
		t.Errorf("a unit: %v", err)
	}
}

// TestDragTogether drops two items at once from two tabs: none is lost.
func TestDragTogether(t *testing.T) {
	b := newBench(t, dragging("D", "standard"))
	var wg sync.WaitGroup
	for item, zone := range map[string]string{"0": "l", "1": "r"} {
		wg.Go(func() {
			if _, err := b.drag("D", false, map[string]string{item: zone}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got, _ := b.score("D"); got.Earned != 1 {
		t.Errorf("%+v", got)
	}
}
