package course

import (
	"slices"
	"time"

	"lectern/internal/errs"
	"lectern/internal/locale"
)

// Why somebody may not see a block. Each is a NotFound: learners must not learn
// from an address what they are not shown.
var (
	ErrCourseNotStarted = errs.New(errs.NotFound, "course_not_started", "",
		"This course has not started yet.",
		"The course's start date is in the future.")
	ErrBlockNotStarted = errs.New(errs.NotFound, "block_not_started", "",
		"This part of the course is not open yet.",
		"The start date of this block, or of a block around it, is in the future.")
	ErrStaffOnly = errs.New(errs.NotFound, "block_staff_only", "",
		"This part of the course is not for learners.",
		"The course team has hidden this block, or a block around it, from learners.")
	ErrGroup = errs.New(errs.NotFound, "block_group", "",
		"This part of the course is for another group of learners.",
		"The block is limited to groups that this learner is not in. Cohorts and enrolment tracks do not reach us by LTI.")
	ErrAfterDue = errs.New(errs.NotFound, "block_hidden_after_due", "",
		"This part of the course closed when it was due.",
		"The subsection hides its content after its due date.")
)

// Viewer is the person in front of the page, as far as visibility goes.
type Viewer struct {
	Staff       bool        // sees everything
	IgnoreDates bool        // sees what has not started yet
	Dates       *Dates      // as they count for them
	Groups      map[int]int // partition → the group they are in
}

// Visible returns nil when v may see b at the time now, else the reason as one
// of this package's errors. Dates of blocks count as inherited; hiding and
// groups count on the block and on every block around it. Ended courses stay
// visible, and so does a course that says no start.
func (c *Course) Visible(b *Block, v Viewer, now time.Time) error {
	if v.Staff {
		return nil
	}
	if !v.IgnoreDates {
		if s := v.Dates.CourseStart(c); s != nil && now.Before(*s) {
			return until(ErrCourseNotStarted, "This course opens on %s.", *s)
		}
		if s := v.Dates.Start(b); s != nil && now.Before(*s) {
			return until(ErrBlockNotStarted, "This part of the course opens on %s.", *s)
		}
	}
	for n := b; n != nil; n = n.Parent {
		if err := c.visibleHere(n, v, now); err != nil {
			return err
		}
	}
	return nil
}

// visibleHere checks what b itself demands.
func (c *Course) visibleHere(b *Block, v Viewer, now time.Time) error {
	s := &b.Settings
	if s.StaffOnly {
		return ErrStaffOnly.With("block %s/%s", b.Type, b.ID)
	}
	if due := v.Dates.Due(b); s.HideAfterDue && due != nil && now.After(*due) {
		return ErrAfterDue.With("block %s/%s", b.Type, b.ID)
	}
	for partition, groups := range s.GroupAccess {
		if len(groups) == 0 {
			continue // no limit
		}
		group, member := v.Groups[partition]
		if !member || !slices.Contains(groups, group) || !c.hasGroup(partition, group) {
			return ErrGroup.With("block %s/%s, partition %d", b.Type, b.ID, partition)
		}
	}
	return nil
}

func (c *Course) hasGroup(partition, group int) bool {
	p := c.Partition(partition)
	return p != nil && slices.ContainsFunc(p.Groups, func(g Group) bool { return g.ID == group })
}

// Partition returns the partition with this id, or nil.
func (c *Course) Partition(id int) *Partition {
	for i := range c.Partitions {
		if c.Partitions[i].ID == id {
			return &c.Partitions[i]
		}
	}
	return nil
}

// until names the moment in e's public sentence. Course dates are no secret.
func until(e *errs.Error, format string, t time.Time) error {
	return e.Say(format, locale.Moment(t))
}

// Level says what an operator calls a block of this type.
type Level string

// The levels, from the whole course down.
const (
	LevelCourse     Level = "course"
	LevelSection    Level = "section"
	LevelSubsection Level = "subsection"
	LevelUnit       Level = "unit"
	LevelComponent  Level = "component"
)

// LevelOf returns the level of a block type; what is not a container of the
// outline is a component.
func LevelOf(typ string) Level {
	switch typ {
	case "course", "library":
		return LevelCourse
	case "chapter":
		return LevelSection
	case "sequential", "videosequence", "problemset", "section":
		return LevelSubsection
	case "vertical", "wrapper":
		return LevelUnit
	}
	return LevelComponent
}
