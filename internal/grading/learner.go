package grading

import (
	"context"
	"time"

	"lectern/internal/course"
	"lectern/internal/store"
)

// Learner is what one learner has done in one course, as it was at one moment.
// It answers what a page needs to know without asking the store again. It is
// safe for concurrent use.
type Learner struct {
	Who     Who
	Course  *course.Course
	Dates   *course.Dates  // as they count for the learner; nil: the course's own
	Viewer  course.Viewer  // for course.Visible: the learner's groups
	Choices course.Choices // for course.VisibleChildren: draws and branches

	now    time.Time
	states map[course.Ref]*store.LearnerState
}

// Learner reads what who has done in at.Course. At first sight it also makes
// and keeps the choices that at.Block and the blocks below it need: draws from
// libraries and groups of experiments. Two requests at once get the same
// choices.
func (s *Service) Learner(ctx context.Context, who Who, at At) (*Learner, error) {
	l, err := s.read(ctx, who, at.Course)
	if err != nil {
		return nil, err
	}
	return s.chosen(ctx, l, at)
}

// LearnerOf is [Service.Learner] with what was just read of who.
func (s *Service) LearnerOf(ctx context.Context, who Who, at At, f *store.Opened) (*Learner, error) {
	return s.chosen(ctx, s.learner(who, at.Course, f.States, &f.Terms), at)
}

// chosen makes and keeps the choices that l still needs.
func (s *Service) chosen(ctx context.Context, l *Learner, at At) (*Learner, error) {
	who := l.Who
	if who.Staff || len(l.missing(at.Block, s.random())) == 0 {
		return l, nil
	}
	err := again(func(bool) error {
		return s.Store.Update(ctx, func(tx store.Tx) error {
			fresh, err := s.readIn(ctx, tx, who, at.Course)
			if err != nil {
				return err
			}
			for _, state := range fresh.missing(at.Block, s.random()) {
				if err := tx.Learners().Put(ctx, state); err != nil {
					return err
				}
			}
			l = fresh
			return nil
		})
	})
	return l, err
}

// Read reads what who has done in c, without making choices.
func (s *Service) Read(ctx context.Context, who Who, c *course.Course) (*Learner, error) {
	return s.read(ctx, who, c)
}

// read reads without choosing anything.
func (s *Service) read(ctx context.Context, who Who, c *course.Course) (l *Learner, err error) {
	err = s.Store.View(ctx, func(tx store.Tx) error {
		l, err = s.readIn(ctx, tx, who, c)
		return err
	})
	return l, err
}

func (s *Service) readIn(ctx context.Context, tx store.Tx, who Who, c *course.Course) (*Learner, error) {
	states, err := tx.Learners().States(ctx, who.AccountID, who.Scope, c.Key.String())
	if err != nil {
		return nil, err
	}
	terms, err := tx.Dates().Terms(ctx, store.TermsKey{
		CourseKey: c.Key.String(), ConsumerID: who.ConsumerID, PlacementID: who.PlacementID,
		AccountID: who.AccountID, Scope: who.Scope,
	})
	if err != nil {
		return nil, err
	}
	return s.learner(who, c, states, terms), nil
}

// learner puts together what was read.
func (s *Service) learner(who Who, c *course.Course, states map[course.Ref]*store.LearnerState, terms *store.Terms) *Learner {
	l := &Learner{
		Who: who, Course: c, Choices: course.Choices{}, now: s.now(), states: states,
		Dates: course.NewDates(c, terms.Rule, terms.Extra),
	}
	l.Viewer = course.Viewer{Staff: who.Staff, Dates: l.Dates, Groups: map[int]int{}}
	for _, p := range c.Partitions {
		if group, ok := l.group(p); ok {
			l.Viewer.Groups[p.ID] = group
		}
	}
	for ref, state := range states {
		if b := c.Block(ref); b != nil && b.Draws() {
			l.Choices[ref] = drawn(state.State)
		}
	}
	return l
}

// State returns the learner's state on a block, or one with version 0.
func (l *Learner) State(b *course.Block) *store.LearnerState {
	return l.stateAt(b.Ref)
}

func (l *Learner) stateAt(ref course.Ref) *store.LearnerState {
	if s := l.states[ref]; s != nil {
		return s
	}
	return &store.LearnerState{Key: l.Who.key(l.Course, ref)}
}

// Children returns the children of b that the learner sees, none where a
// conditional is closed.
func (l *Learner) Children(b *course.Block) []*course.Block {
	if !l.Open(b) {
		return nil
	}
	return l.Course.VisibleChildren(b, l.Choices, l.Viewer, l.now)
}

// Sees reports whether b is at or below top and the learner meets it on the way
// down from there.
func (l *Learner) Sees(top, b *course.Block) bool {
	if b == top {
		return l.Course.Visible(b, l.Viewer, l.now) == nil
	}
	if b.Parent == nil || !b.Within(top) || !l.Sees(top, b.Parent) {
		return false
	}
	for _, child := range l.Children(b.Parent) {
		if child == b {
			return true
		}
	}
	return false
}
