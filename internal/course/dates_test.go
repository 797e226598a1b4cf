package course_test

import (
	"testing"
	"time"

	"lectern/internal/course"
)

func TestDates(t *testing.T) {
	day := func(n int) *time.Time {
		at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n)
		return &at
	}
	three := 3
	problem := func(id string, due *time.Time) *course.Block {
		return &course.Block{
			Ref: course.Ref{Type: "problem", ID: id}, Fate: course.Shown, Scored: true,
			Settings: course.Settings{Start: day(1), Due: due, Grace: time.Hour, MaxAttempts: &three},
		}
	}
	p, q := problem("p", day(10)), problem("q", day(20))
	unit := &course.Block{Ref: course.Ref{Type: "vertical", ID: "u"}, Fate: course.Container, Children: []*course.Block{p}}
	c := course.New(&course.Course{Start: day(0), End: day(30), Root: &course.Block{
		Ref: course.Ref{Type: "course", ID: "c"}, Fate: course.Container, Children: []*course.Block{unit, q},
	}})
	counts := func(d *course.Dates, now *time.Time) [3]int {
		e := c.Effect(d, c.Root, *now)
		return [3]int{e.Open, e.Closed, e.NotStarted}
	}
	rule := func(r course.DateRule) *course.Dates { return course.NewDates(c, r, nil) }
	for _, tt := range []struct {
		name string
		rule course.DateRule
		now  int
		want [3]int
	}{
		{"obeyed, before", course.DateRule{}, -1, [3]int{0, 0, 2}},
		{"obeyed, between", course.DateRule{}, 15, [3]int{1, 1, 0}},
		{"obeyed, long past", course.DateRule{Mode: course.Obey}, 500, [3]int{0, 2, 0}},
		{"ignored, long past", course.DateRule{Mode: course.Ignore}, 500, [3]int{2, 0, 0}},
		{"ignored, before", course.DateRule{Mode: course.Ignore}, -1, [3]int{2, 0, 0}},
		{"a year on", course.DateRule{Mode: course.Shift, Days: 365}, 365 + 15, [3]int{1, 1, 0}},
		{"back", course.DateRule{Mode: course.Shift, Days: -100}, -85, [3]int{1, 1, 0}},
		{"starts on", course.DateRule{Mode: course.Shift, Starts: *day(1000)}, 1015, [3]int{1, 1, 0}},
	} {
		if got := counts(rule(tt.rule), day(tt.now)); got != tt.want {
			t.Errorf("%s: open, closed, not started = %v, want %v", tt.name, got, tt.want)
		}
	}
	d := course.NewDates(c, course.DateRule{}, []course.Extra{
		{Time: 24 * time.Hour}, {Ref: unit.Ref, Time: 48 * time.Hour}, {Ref: p.Ref, Attempts: 2},
	})
	if got := d.Due(p); !got.Equal(*day(12)) {
		t.Errorf("the nearest extra time counts: due %v", got)
	}
	if got := d.Due(q); !got.Equal(*day(21)) {
		t.Errorf("extra time of the whole course: due %v", got)
	}
	if n := d.MaxAttempts(p); *n != 5 || *d.MaxAttempts(q) != 3 {
		t.Errorf("extra attempts: %d", *n)
	}
	late := course.Viewer{Dates: d}
	p.Settings.HideAfterDue = true
	if err := c.Visible(p, late, *day(11)); err != nil {
		t.Errorf("hidden before the learner's own due date: %v", err)
	}
	if err := c.Visible(p, course.Viewer{}, *day(11)); err == nil {
		t.Error("shown after everybody's due date")
	}
}
