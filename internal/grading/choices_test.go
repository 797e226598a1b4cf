package grading_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lectern/internal/course"
	"lectern/internal/grading"
	"lectern/internal/lti"
	"lectern/internal/store"
)

// library is a block that draws n of the children.
func library(id string, n int, children ...*course.Block) *course.Block {
	b := block("library_content", id, children...)
	b.Fields["max_count"] = fmt.Sprint(n)
	return b
}

func questions(prefix string, n int) []*course.Block {
	list := make([]*course.Block, n)
	for i := range list {
		list[i] = question(fmt.Sprint(prefix, i))
	}
	return list
}

// experiment is a split_test over partition 7.
func experiment(id string, a, b *course.Block) *course.Block {
	x := block("split_test", id, a, b)
	x.Fields["user_partition_id"] = "7"
	key := "block-v1:some_org+some_course+some_run+type@%s+block@%s"
	x.Fields["group_id_to_child"] = fmt.Sprintf(`{"0":"`+key+`","1":"`+key+`"}`, a.Type, a.ID, b.Type, b.ID)
	return x
}

func ids(list []*course.Block) []string {
	out := []string{}
	for _, b := range list {
		out = append(out, b.ID)
	}
	return out
}

func (b *bench) learner(id string) *grading.Learner {
	b.t.Helper()
	l, err := b.Learner(b.t.Context(), b.who, b.at(id))
	if err != nil {
		b.t.Fatal(err)
	}
	return l
}

func TestDrawIsKept(t *testing.T) {
	b := newBench(t, library("L", 3, questions("q", 10)...))
	first := ids(b.learner("V").Children(b.at("L").Block))
	if len(first) != 3 {
		t.Fatalf("drew %v, want 3", first)
	}
	for range 5 {
		if again := ids(b.learner("V").Children(b.at("L").Block)); !cmp.Equal(again, first) {
			t.Errorf("drew %v, then %v", first, again)
		}
	}
	b.update(func(tx store.Tx) error {
		state, err := tx.Learners().State(t.Context(), store.LearnerKey{
			AccountID: "a1", CourseKey: b.course.Key.String(), Ref: course.Ref{Type: "library_content", ID: "L"},
		})
		var kept struct {
			Selected [][]string `json:"selected"`
		}
		if err == nil {
			err = json.Unmarshal([]byte(state.State), &kept)
		}
		if len(kept.Selected) != 3 || kept.Selected[0][0] != "problem" || kept.Selected[0][1] != first[0] {
			t.Errorf("kept %s", state.State)
		}
		return err
	})
	got, answered := b.score("V")
	if got != (lti.Score{Possible: 3}) || answered {
		t.Errorf("score %+v: only what was drawn counts", got)
	}
	b.answer(first[0], right)
	if got, _ := b.score("L"); got != (lti.Score{Earned: 1, Possible: 3}) {
		t.Errorf("score %+v", got)
	}
}

func TestDrawAtOnce(t *testing.T) {
	b := newBench(t, library("L", 2, questions("q", 10)...), experiment("X", question("a"), question("b")))
	var mu sync.Mutex
	draws := map[string]int{}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			l, err := b.Learner(t.Context(), b.who, b.at("V"))
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			draws[fmt.Sprint(ids(l.Children(b.at("L").Block)), ids(l.Children(b.at("X").Block)))]++
		})
	}
	wg.Wait()
	if len(draws) != 1 {
		t.Errorf("simultaneous first views drew %v", draws)
	}
}

func TestDrawFollowsTheCourse(t *testing.T) {
	b := newBench(t, library("L", 2, questions("q", 4)...))
	first := b.learner("V").Choices[course.Ref{Type: "library_content", ID: "L"}]
	var rest []*course.Block
	for _, q := range questions("q", 4) {
		if q.ID != first[0].ID {
			rest = append(rest, q)
		}
	}
	b.course = newCourse(t, library("L", 3, rest...))
	b.course.VersionID = "v2"
	got := ids(b.learner("V").Children(b.at("L").Block))
	if len(got) != 3 || got[0] == first[0].ID || got[1] == first[0].ID || got[2] == first[0].ID {
		t.Errorf("drew %v after %s left the pool", got, first[0].ID)
	}
}

func TestStaffSeeAllAndDrawNothing(t *testing.T) {
	b := newBench(t, library("L", 2, questions("q", 5)...), experiment("X", question("a"), question("b")))
	b.who.Staff = true
	l := b.learner("V")
	if got := ids(l.Children(b.at("L").Block)); len(got) != 5 {
		t.Errorf("staff see %v", got)
	}
	if got := ids(l.Children(b.at("X").Block)); len(got) != 2 {
		t.Errorf("staff see %v", got)
	}
	if l.State(b.at("L").Block).Version != 0 {
		t.Error("a draw was kept for staff")
	}
}

func TestExperimentsOverOnePartitionAgree(t *testing.T) {
	groups := map[string]bool{}
	for range 20 {
		b := newBench(t, experiment("X", question("xa"), question("xb")), experiment("Y", question("ya"), question("yb")))
		l := b.learner("X") // only one of the two is opened first
		x, y := ids(l.Children(b.at("X").Block)), ids(b.learner("Y").Children(b.at("Y").Block))
		if len(x) != 1 || len(y) != 1 || x[0][1:] != y[0][1:] {
			t.Fatalf("branches %v and %v", x, y)
		}
		groups[x[0]] = true
		if got, _ := b.score("V"); got != (lti.Score{Possible: 2}) {
			t.Errorf("score %+v: only the branches seen count", got)
		}
		if len(groups) == 2 {
			return
		}
	}
	t.Errorf("20 learners all got %v", groups)
}

func TestRandomize(t *testing.T) {
	b := newBench(t, block("randomize", "R", questions("q", 5)...))
	first := ids(b.learner("V").Children(b.at("R").Block))
	if again := ids(b.learner("V").Children(b.at("R").Block)); len(first) != 1 || !cmp.Equal(first, again) {
		t.Errorf("showed %v, then %v", first, again)
	}
}

func TestRedraw(t *testing.T) {
	b := newBench(t, library("L", 1, questions("q", 50)...))
	at := b.at("L")
	if err := b.Redraw(t.Context(), b.who, at); !errors.Is(err, grading.ErrRedraw) {
		t.Errorf("error %v, want %v", err, grading.ErrRedraw)
	}
	at.Block.Fields["allow_resetting_children"] = "true"
	if err := b.Redraw(t.Context(), b.who, at); err != nil {
		t.Errorf("redraw before any draw: %v", err)
	}
	seen := map[string]bool{}
	for range 10 {
		drawn := ids(b.learner("V").Children(at.Block))[0]
		seen[drawn] = true
		b.answer(drawn, right)
		if err := b.Redraw(t.Context(), b.who, at); err != nil {
			t.Fatal(err)
		}
		if v, err := b.Problem(t.Context(), b.who, b.at(drawn)); err != nil || v.State.Done || v.Score.Earned != 0 {
			t.Errorf("problem was not reset: %+v, %v", v, err)
		}
	}
	if len(seen) < 2 {
		t.Errorf("ten draws all gave %v", seen)
	}
}

func TestConditional(t *testing.T) {
	for _, tt := range []struct {
		attribute, value string
		do               func(*bench)
		want             bool
	}{
		{"correct", "True", nil, false},
		{"correct", "True", answers("src", wrong), false},
		{"correct", "True", answers("src", right), true},
		{"correct", "False", answers("src", wrong), true},
		{"attempted", "True", nil, false},
		{"attempted", "False", nil, true},
		{"attempted", "True", answers("src", wrong), true},
		{"submitted", "True", answers("src", wrong), true},
		{"attempted", "true", answers("src", wrong), false}, // compared as Python writes it
		{"poll_answer", "yes", answers("src", right), false},
	} {
		t.Run(tt.attribute+"="+tt.value, func(t *testing.T) {
			c := block("conditional", "K", question("inner"))
			c.Fields["sources"] = "i4x://some_org/some_course/problem/src"
			c.Fields[tt.attribute] = tt.value
			b := newBench(t, question("src"), c)
			if tt.do != nil {
				tt.do(b)
			}
			met, err := b.ConditionMet(t.Context(), b.who, b.at("K"))
			if err != nil || met != tt.want {
				t.Errorf("met %v, %v; want %v", met, err, tt.want)
			}
			if shown := len(b.learner("V").Children(b.at("K").Block)) == 1; shown != tt.want {
				t.Errorf("children shown: %v", shown)
			}
			possible := 1.0
			if tt.want {
				possible = 2
			}
			if got, _ := b.score("V"); got.Possible != possible {
				t.Errorf("score %+v; what is closed does not count", got)
			}
		})
	}
}

func TestConditionalWithoutSource(t *testing.T) {
	c := block("conditional", "K", question("inner"))
	c.Fields["sources"] = "i4x://o/c/problem/missing"
	b := newBench(t, c)
	if _, err := b.ConditionMet(t.Context(), b.who, b.at("K")); !errors.Is(err, course.ErrCondition) {
		t.Errorf("error %v, want %v", err, course.ErrCondition)
	}
	if got := b.learner("V").Children(b.at("K").Block); len(got) != 0 {
		t.Errorf("children %v below a conditional nobody understands", ids(got))
	}
}

func TestPollAttributes(t *testing.T) {
	poll := block("poll_question", "poll")
	b := newBench(t, poll)
	for _, tt := range []struct{ state, name, want string }{
		{"", "voted", "False"}, {"", "poll_answer", ""},
		{`{"voted":true,"poll_answer":"yes"}`, "voted", "True"},
		{`{"voted":true,"poll_answer":"yes"}`, "poll_answer", "yes"},
	} {
		if tt.state != "" {
			b.update(func(tx store.Tx) error {
				state, err := tx.Learners().State(t.Context(), store.LearnerKey{
					AccountID: "a1", CourseKey: b.course.Key.String(), Ref: poll.Ref,
				})
				if err != nil {
					return err
				}
				state.State, state.UpdatedAt = tt.state, b.clock()
				return tx.Learners().Put(t.Context(), state)
			})
		}
		if got, ok := b.learner("V").Attribute(poll, tt.name); !ok || got != tt.want {
			t.Errorf("%s of %q = %q, %v; want %q", tt.name, tt.state, got, ok, tt.want)
		}
	}
	if _, ok := b.learner("V").Attribute(poll, "colour"); ok {
		t.Error("an attribute nobody has")
	}
}

func TestPosition(t *testing.T) {
	b := newBench(t, question("P"))
	at := b.at("C")
	at.Block.Children = append(at.Block.Children, block("sequential", "S2"), block("sequential", "S3"))
	if got := b.learner("C").Position(at.Block); got != 1 {
		t.Errorf("position %d before any", got)
	}
	for _, tt := range []struct{ to, want int }{{3, 3}, {2, 2}, {2, 2}, {0, 2}, {-1, 2}, {4, 2}} {
		if err := b.GoTo(t.Context(), b.who, at, tt.to); err != nil {
			t.Fatal(err)
		}
		if got := b.learner("C").Position(at.Block); got != tt.want {
			t.Errorf("position %d after going to %d, want %d", got, tt.to, tt.want)
		}
	}
}

func TestSees(t *testing.T) {
	hidden := question("H", func(b *course.Block) { b.Settings.StaffOnly = true })
	b := newBench(t, question("P"), hidden, library("L", 1, questions("q", 3)...))
	l := b.learner("V")
	drawn := ids(l.Children(b.at("L").Block))[0]
	for id, want := range map[string]bool{"V": true, "P": true, "H": false, "S": false, drawn: true} {
		if got := l.Sees(b.at("V").Block, b.at(id).Block); got != want {
			t.Errorf("sees %s: %v, want %v", id, got, want)
		}
	}
	seen := 0
	for _, q := range questions("q", 3) {
		if l.Sees(b.at("V").Block, b.at(q.ID).Block) {
			seen++
		}
	}
	if seen != 1 {
		t.Errorf("sees %d of the library, want 1", seen)
	}
}
