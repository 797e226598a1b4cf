package course_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"lectern/internal/course"
	"lectern/internal/keys"
)

func refs(ids ...string) []course.Ref {
	var out []course.Ref
	for _, id := range ids {
		out = append(out, course.Ref{Type: "problem", ID: id})
	}
	return out
}

func dice() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) } //nolint:gosec // a test

func TestDraw(t *testing.T) {
	pool := refs("a", "b", "c", "d")
	for _, tt := range []struct {
		name     string
		selected []course.Ref
		size     int
		length   int
		keeps    []course.Ref // must still be there
		changed  bool
	}{
		{"first draw", nil, 2, 2, nil, true},
		{"nothing new", refs("b", "a"), 2, 2, refs("b", "a"), false},
		{"one left the pool", refs("b", "x"), 2, 2, refs("b"), true},
		{"fewer wanted", refs("a", "b", "c"), 1, 1, nil, true},
		{"more wanted", refs("a"), 3, 3, refs("a"), true},
		{"more wanted than there are", refs("a"), 9, 4, refs("a"), true},
		{"no limit", nil, -1, 4, pool, true},
		{"all of them already", refs("d", "c", "b", "a"), -1, 4, pool, false},
		{"none wanted", nil, 0, 0, nil, false},
		{"twice the same", refs("a", "a"), 2, 2, refs("a"), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := slices.Clone(tt.selected)
			got, changed := course.Draw(tt.selected, pool, tt.size, dice())
			if changed != tt.changed || len(got) != tt.length {
				t.Errorf("Draw = %v, %v", got, changed)
			}
			for _, ref := range tt.keeps {
				if !slices.Contains(got, ref) {
					t.Errorf("Draw = %v lost %v", got, ref)
				}
			}
			if !slices.Equal(before, tt.selected) {
				t.Errorf("Draw changed its argument to %v", tt.selected)
			}
		})
	}
}

func TestDrawProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.StringMatching(`[a-f]`)
		pool := refs(rapid.SliceOfDistinct(id, rapid.ID[string]).Draw(t, "pool")...)
		selected := refs(rapid.SliceOf(id).Draw(t, "selected")...)
		size := rapid.IntRange(-1, 8).Draw(t, "size")
		got, changed := course.Draw(selected, pool, size, dice())
		want := size
		if want < 0 || want > len(pool) {
			want = len(pool)
		}
		if len(got) != want {
			t.Fatalf("%d drawn, want %d", len(got), want)
		}
		seen := map[course.Ref]bool{}
		for _, ref := range got {
			if seen[ref] || !slices.Contains(pool, ref) {
				t.Fatalf("%v is drawn twice or not in the pool", ref)
			}
			seen[ref] = true
		}
		if again, more := course.Draw(got, pool, size, dice()); more || !slices.Equal(again, got) {
			t.Fatalf("a second draw changed %v to %v", got, again)
		}
		if !changed && !slices.Equal(got, selected) {
			t.Fatal("unchanged, yet different")
		}
	})
}

func TestDrawIsFair(t *testing.T) {
	pool := refs("a", "b", "c", "d")
	count := map[course.Ref]int{}
	rnd := dice()
	for range 4000 {
		got, _ := course.Draw(nil, pool, 1, rnd)
		count[got[0]]++
	}
	for _, ref := range pool {
		if n := count[ref]; n < 850 || n > 1150 {
			t.Errorf("%s drawn %d times of 4000", ref.ID, n)
		}
	}
}

func TestDrawSize(t *testing.T) {
	b := &course.Block{Ref: course.Ref{Type: "library_content"}, Children: make([]*course.Block, 5)}
	for count, want := range map[string]int{"2": 2, "-1": 5, "": 1, "x": 1, " 3 ": 3, "0": 0} {
		b.Fields = map[string]string{"max_count": count}
		if got := b.DrawSize(); got != want {
			t.Errorf("max_count %q: %d, want %d", count, got, want)
		}
	}
	if b.Type = "randomize"; b.DrawSize() != 1 || !b.Draws() {
		t.Error("randomize shows one")
	}
}

func TestPickGroup(t *testing.T) {
	if _, ok := course.PickGroup(course.Partition{}, dice()); ok {
		t.Error("a group out of none")
	}
	seen := map[int]bool{}
	rnd := dice()
	for range 50 {
		g, ok := course.PickGroup(course.Partition{Groups: []course.Group{{ID: 1}, {ID: 2}}}, rnd)
		seen[g.ID] = ok
	}
	if !seen[1] || !seen[2] {
		t.Errorf("groups picked: %v", seen)
	}
}

// container makes a course with one block that has the children p0, p1, …
func container(typ string, fields map[string]string, children int) (*course.Course, *course.Block) {
	b := &course.Block{Ref: course.Ref{Type: typ, ID: "b"}, Fields: fields, Fate: course.Container}
	for i := range children {
		b.Children = append(b.Children, &course.Block{
			Ref: course.Ref{Type: "problem", ID: "p" + strconv.Itoa(i)}, Fate: course.Shown,
		})
	}
	root := &course.Block{Ref: course.Ref{Type: "course", ID: "course"}, Children: []*course.Block{b}}
	return course.New(&course.Course{
		Key: keys.Course{Org: "o", Course: "c", Run: "r"}, Root: root,
		Partitions: []course.Partition{{ID: 7, Groups: []course.Group{{ID: 1}, {ID: 2}}}},
	}), b
}

func ids(blocks []*course.Block) []string {
	out := []string{}
	for _, b := range blocks {
		out = append(out, b.ID)
	}
	return out
}

func TestVisibleChildren(t *testing.T) {
	split := map[string]string{
		"user_partition_id": "7",
		"group_id_to_child": `{"1": "i4x://old/names/problem/p0", "2": "block-v1:x+y+z+type@problem+block@p1"}`,
	}
	chosen := func(ids ...string) course.Choices {
		return course.Choices{{Type: "library_content", ID: "b"}: refs(ids...), {Type: "split_test", ID: "b"}: refs(ids...)}
	}
	for _, tt := range []struct {
		name    string
		typ     string
		fields  map[string]string
		choices course.Choices
		viewer  course.Viewer
		want    []string
	}{
		{"vertical", "vertical", nil, nil, course.Viewer{}, []string{"p0", "p1", "p2"}},
		{"library before the draw", "library_content", nil, nil, course.Viewer{}, []string{}},
		{"library before the draw, staff", "library_content", nil, nil, course.Viewer{Staff: true}, []string{"p0", "p1", "p2"}},
		{"library in the drawn order", "library_content", nil, chosen("p2", "p0"), course.Viewer{}, []string{"p2", "p0"}},
		{"drawn ones that are gone", "library_content", nil, chosen("p2", "x", "p2"), course.Viewer{}, []string{"p2"}},
		{"branch of the group", "split_test", split, nil, course.Viewer{Groups: map[int]int{7: 2}}, []string{"p1"}},
		{"branch as chosen", "split_test", split, chosen("p0"), course.Viewer{Groups: map[int]int{7: 2}}, []string{"p0"}},
		{"no group", "split_test", split, nil, course.Viewer{}, []string{}},
		{"all branches for staff", "split_test", split, nil, course.Viewer{Staff: true}, []string{"p0", "p1", "p2"}},
		{"experiment not set up", "split_test", nil, nil, course.Viewer{Groups: map[int]int{7: 2}}, []string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, b := container(tt.typ, tt.fields, 3)
			got := ids(c.VisibleChildren(b, tt.choices, tt.viewer, now))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestVisibleChildrenLeavesOut(t *testing.T) {
	c, b := container("vertical", nil, 4)
	b.Children[0].Fate = course.Hidden
	b.Children[1].Fate = course.Broken
	b.Children[2].Settings.StaffOnly = true
	if got := ids(c.VisibleChildren(b, nil, course.Viewer{}, now)); !slices.Equal(got, []string{"p3"}) {
		t.Errorf("learner sees %v", got)
	}
	if got := ids(c.VisibleChildren(b, nil, course.Viewer{Staff: true}, now)); !slices.Equal(got, []string{"p1", "p2", "p3"}) {
		t.Errorf("staff see %v", got)
	}
}

type answers map[string]string // "id attribute" → value

func (a answers) Attribute(b *course.Block, name string) (string, bool) {
	v, ok := a[b.ID+" "+name]
	return v, ok
}

func TestSatisfied(t *testing.T) {
	const two = "i4x://o/c/problem/p0; block-v1:a+b+c+type@problem+block@p1"
	for _, tt := range []struct {
		name    string
		fields  map[string]string
		answers answers
		want    bool
		err     bool
	}{
		{"all sources", map[string]string{"sources": two, "attempted": "True"},
			answers{"p0 attempted": "True", "p1 attempted": "True"}, true, false},
		{"one of two", map[string]string{"sources": two, "attempted": "True"},
			answers{"p0 attempted": "True", "p1 attempted": "False"}, false, false},
		{"no such attribute", map[string]string{"sources": two, "voted": "True"}, answers{}, false, false},
		{"text compares exactly", map[string]string{"sources": "i4x://o/c/problem/p0", "correct": "true"},
			answers{"p0 correct": "True"}, false, false},
		{"poll answer", map[string]string{"sources": "i4x://o/c/problem/p0", "poll_answer": "blue"},
			answers{"p0 poll_answer": "blue"}, true, false},
		{"default is correct", map[string]string{"sources": "i4x://o/c/problem/p0"},
			answers{"p0 correct": "True"}, true, false},
		{"Studio's fields", map[string]string{
			"sources_list": `["block-v1:a+b+c+type@problem+block@p0"]`, "conditional_attr": "is_attempted", "conditional_value": "True",
		}, answers{"p0 is_attempted": "True"}, true, false},
		{"source of nowhere", map[string]string{"sources": "i4x://o/c/problem/nowhere"}, nil, false, true},
		{"no key", map[string]string{"sources": "p0"}, nil, false, true},
		{"no sources", nil, nil, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, b := container("conditional", tt.fields, 2)
			got, err := c.Satisfied(b, tt.answers)
			if got != tt.want || (err != nil) != tt.err || err != nil && !errors.Is(err, course.ErrCondition) {
				t.Errorf("Satisfied = %v, %v", got, err)
			}
		})
	}
	if (&course.Block{}).ConditionMessage() != course.DefaultConditionMessage {
		t.Error("no message without a message")
	}
}
