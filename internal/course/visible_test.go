package course_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/keys"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(d time.Duration) *time.Time {
	t := now.Add(d)
	return &t
}

// tree is a course of one problem, with the blocks around it.
func tree() (c *course.Course, chapter, sequential, vertical, problem *course.Block) {
	block := func(typ, id string, children ...*course.Block) *course.Block {
		return &course.Block{Ref: course.Ref{Type: typ, ID: id}, Fate: course.Shown, Children: children}
	}
	problem = block("problem", "p")
	vertical = block("vertical", "v", problem)
	sequential = block("sequential", "s", vertical)
	chapter = block("chapter", "c", sequential)
	c = course.New(&course.Course{
		Key:        keys.Course{Org: "o", Course: "c", Run: "r"},
		Root:       block("course", "course", chapter),
		Partitions: []course.Partition{{ID: 50, Groups: []course.Group{{ID: 1}, {ID: 2}}}},
	})
	return c, chapter, sequential, vertical, problem
}

func TestVisible(t *testing.T) {
	for _, tt := range []struct {
		name   string
		set    func(c *course.Course, chapter, sequential, problem *course.Block)
		viewer course.Viewer
		want   *errs.Error
	}{
		{"plain", func(*course.Course, *course.Block, *course.Block, *course.Block) {}, course.Viewer{}, nil},
		{"course not started", func(c *course.Course, _, _, _ *course.Block) { c.Start = at(time.Hour) },
			course.Viewer{}, course.ErrCourseNotStarted},
		{"course ended", func(c *course.Course, _, _, _ *course.Block) { c.End = at(-time.Hour) }, course.Viewer{}, nil},
		{"not started, staff", func(c *course.Course, _, _, _ *course.Block) { c.Start = at(time.Hour) },
			course.Viewer{Staff: true}, nil},
		{"not started, dates ignored", func(c *course.Course, _, _, _ *course.Block) { c.Start = at(time.Hour) },
			course.Viewer{IgnoreDates: true}, nil},
		{"block not started", func(_ *course.Course, _, _, p *course.Block) { p.Settings.Start = at(time.Second) },
			course.Viewer{}, course.ErrBlockNotStarted},
		{"block starts now", func(_ *course.Course, _, _, p *course.Block) { p.Settings.Start = at(0) }, course.Viewer{}, nil},
		{"chapter for staff", func(_ *course.Course, c, _, _ *course.Block) { c.Settings.StaffOnly = true },
			course.Viewer{}, course.ErrStaffOnly},
		{"chapter for staff, staff", func(_ *course.Course, c, _, _ *course.Block) { c.Settings.StaffOnly = true },
			course.Viewer{Staff: true}, nil},
		{"due, not hidden", func(_ *course.Course, _, s, _ *course.Block) { s.Settings.Due = at(-1) }, course.Viewer{}, nil},
		{"due and hidden", func(_ *course.Course, _, s, _ *course.Block) {
			s.Settings.Due, s.Settings.HideAfterDue = at(-1), true
		}, course.Viewer{}, course.ErrAfterDue},
		{"hidden, not yet due", func(_ *course.Course, _, s, _ *course.Block) {
			s.Settings.Due, s.Settings.HideAfterDue = at(1), true
		}, course.Viewer{}, nil},
		{"in the group", func(_ *course.Course, c, _, _ *course.Block) {
			c.Settings.GroupAccess = map[int][]int{50: {1}}
		}, course.Viewer{Groups: map[int]int{50: 1}}, nil},
		{"in another group", func(_ *course.Course, c, _, _ *course.Block) {
			c.Settings.GroupAccess = map[int][]int{50: {1}}
		}, course.Viewer{Groups: map[int]int{50: 2}}, course.ErrGroup},
		{"in no group", func(_ *course.Course, c, _, _ *course.Block) {
			c.Settings.GroupAccess = map[int][]int{50: {1}}
		}, course.Viewer{}, course.ErrGroup},
		{"no groups named", func(_ *course.Course, c, _, _ *course.Block) {
			c.Settings.GroupAccess = map[int][]int{50: {}}
		}, course.Viewer{}, nil},
		{"partition of nowhere", func(_ *course.Course, c, _, _ *course.Block) {
			c.Settings.GroupAccess = map[int][]int{51: {1}}
		}, course.Viewer{Groups: map[int]int{51: 1}}, course.ErrGroup},
		{"both levels count", func(_ *course.Course, c, _, p *course.Block) {
			c.Settings.GroupAccess = map[int][]int{50: {1}}
			p.Settings.GroupAccess = map[int][]int{50: {1, 2}}
		}, course.Viewer{Groups: map[int]int{50: 2}}, course.ErrGroup},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, chapter, sequential, _, problem := tree()
			tt.set(c, chapter, sequential, problem)
			err := c.Visible(problem, tt.viewer, now)
			if tt.want == nil && err != nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if err != nil && errs.From(err).Kind != errs.NotFound {
				t.Errorf("kind %v, want NotFound", errs.From(err).Kind)
			}
		})
	}
}

func TestVisibleSaysWhen(t *testing.T) {
	c, _, _, _, problem := tree()
	problem.Settings.Start = at(0)
	err := c.Visible(problem, course.Viewer{}, now.Add(-time.Hour))
	if got := errs.From(err).Public; !strings.Contains(got, "1 March 2026, 12:00 UTC") {
		t.Errorf("public sentence %q does not say when", got)
	}
}

func TestLevelOf(t *testing.T) {
	for typ, want := range map[string]course.Level{
		"course": course.LevelCourse, "chapter": course.LevelSection, "sequential": course.LevelSubsection,
		"videosequence": course.LevelSubsection, "vertical": course.LevelUnit, "problem": course.LevelComponent,
		"library_content": course.LevelComponent, "unheard-of": course.LevelComponent,
	} {
		if got := course.LevelOf(typ); got != want {
			t.Errorf("LevelOf(%q) = %s, want %s", typ, got, want)
		}
	}
}
