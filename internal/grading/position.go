package grading

import (
	"context"
	"encoding/json"
	"strconv"

	"lectern/internal/course"
	"lectern/internal/store"
)

// positionState is the learner state of a subsection.
type positionState struct {
	Position int `json:"position"`
}

// Position returns which child of b, counted from 1 among those the learner
// sees, was open last; 1 when there was none.
func (l *Learner) Position(b *course.Block) int {
	var p positionState
	if json.Unmarshal([]byte(l.stateAt(b.Ref).State), &p) != nil || p.Position < 1 {
		return 1
	}
	return p.Position
}

// GoTo remembers which child of at.Block, counted from 1, is open now.
func (s *Service) GoTo(ctx context.Context, who Who, at At, position int) error {
	if position < 1 || position > max(1, len(at.Block.Children)) {
		return nil
	}
	return again(func(bool) error {
		return s.Store.Update(ctx, func(tx store.Tx) error {
			state, err := tx.Learners().State(ctx, who.key(at.Course, at.Block.Ref))
			if err != nil {
				return err
			}
			text := `{"position":` + strconv.Itoa(position) + `}`
			if state.State == text {
				return nil
			}
			state.State, state.UpdatedAt = text, s.now()
			return tx.Learners().Put(ctx, state)
		})
	})
}
