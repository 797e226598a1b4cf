package grading

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strconv"

	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/store"
)

// ErrRedraw means that a block does not let learners have its children drawn
// anew.
var ErrRedraw = errs.New(errs.Forbidden, "block_redraw_refused", "",
	"These problems cannot be reset.",
	"The block's setting allow_resetting_children is off.")

// drawState is the learner state of a block that draws.
type drawState struct {
	Selected [][2]string `json:"selected"` // type and ID of each child, in order
}

// groupState is the learner state under partitionRef.
type groupState struct {
	Group int `json:"group"`
}

// partitionRef is where a learner's group in a partition is kept: once per
// course, so that two experiments over one partition agree.
func partitionRef(id int) course.Ref {
	return course.Ref{Type: "user_partition", ID: strconv.Itoa(id)}
}

// GroupState returns where and how it is kept that a learner is in a group of a
// partition.
func GroupState(partition, group int) (ref course.Ref, state string) {
	return partitionRef(partition), `{"group":` + strconv.Itoa(group) + `}`
}

// drawn reads a draw; what cannot be read is none.
func drawn(state string) []course.Ref {
	var d drawState
	if json.Unmarshal([]byte(state), &d) != nil {
		return nil
	}
	list := make([]course.Ref, len(d.Selected))
	for i, pair := range d.Selected {
		list[i] = course.Ref{Type: pair[0], ID: pair[1]}
	}
	return list
}

func drawText(list []course.Ref) (string, error) {
	d := drawState{Selected: make([][2]string, len(list))}
	for i, ref := range list {
		d.Selected[i] = [2]string{ref.Type, ref.ID}
	}
	b, err := json.Marshal(d)
	return string(b), err
}

// group returns the learner's group in p, if they have one that still exists.
func (l *Learner) group(p course.Partition) (int, bool) {
	var g groupState
	state := l.states[partitionRef(p.ID)]
	if state == nil || json.Unmarshal([]byte(state.State), &g) != nil {
		return 0, false
	}
	exists := slices.ContainsFunc(p.Groups, func(have course.Group) bool { return have.ID == g.Group })
	return g.Group, exists
}

// missing makes the choices that the learner still needs to see b and what is
// below it, and returns the states to be kept.
func (l *Learner) missing(b *course.Block, rnd *rand.Rand) []*store.LearnerState {
	var changed []*store.LearnerState
	for _, p := range l.Course.Partitions {
		if _, has := l.Viewer.Groups[p.ID]; has || p.Scheme != "random" {
			continue
		}
		if g, ok := course.PickGroup(p, rnd); ok {
			l.Viewer.Groups[p.ID] = g.ID
			changed = append(changed, l.keep(GroupState(p.ID, g.ID)))
		}
	}
	return l.draw(b, rnd, changed)
}

func (l *Learner) draw(b *course.Block, rnd *rand.Rand, changed []*store.LearnerState) []*store.LearnerState {
	if b.Draws() {
		made, exists := l.Choices[b.Ref]
		next, differs := course.Draw(made, b.Pool(), b.DrawSize(), rnd)
		if text, err := drawText(next); err == nil && (differs || !exists) {
			l.Choices[b.Ref] = next
			changed = append(changed, l.keep(b.Ref, text))
		}
	}
	for _, child := range l.Course.VisibleChildren(b, l.Choices, l.Viewer, l.now) {
		changed = l.draw(child, rnd, changed)
	}
	return changed
}

// keep sets the text of a state and returns a copy to be put.
func (l *Learner) keep(ref course.Ref, text string) *store.LearnerState {
	state := *l.stateAt(ref)
	state.State, state.UpdatedAt = text, l.now
	l.states[ref] = &state
	put := state
	return &put
}

// Redraw forgets what was drawn for a learner at a block that allows it, and
// resets the problems that were drawn. The next view draws anew.
func (s *Service) Redraw(ctx context.Context, who Who, at At) error {
	if !at.Block.Draws() || !truth(at.Block.Fields["allow_resetting_children"]) {
		return ErrRedraw
	}
	l, err := s.read(ctx, who, at.Course)
	if err != nil {
		return err
	}
	for _, ref := range l.Choices[at.Block.Ref] {
		if b := at.Course.Block(ref); b != nil && b.Type == "problem" && l.State(b).Version > 0 {
			if _, err := s.Reset(ctx, who, At{Course: at.Course, Block: b, Dates: at.Dates}); err != nil && !refusal(err) {
				return err
			}
		}
	}
	return again(func(bool) error {
		return s.Store.Update(ctx, func(tx store.Tx) error {
			state, err := tx.Learners().State(ctx, who.key(at.Course, at.Block.Ref))
			if err != nil || state.Version == 0 {
				return err
			}
			state.State, state.UpdatedAt = `{"selected":[]}`, s.now()
			return tx.Learners().Put(ctx, state)
		})
	})
}

// truth reads a boolean field of a block.
func truth(s string) bool {
	b, err := strconv.ParseBool(s)
	return err == nil && b
}
