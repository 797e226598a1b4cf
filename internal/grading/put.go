package grading

import (
	"context"

	"lectern/internal/store"
)

// put writes a state and, with a why, its score's history and what is now owed
// to gradebooks, in one transaction with what also adds. It returns the row as it
// is now and whether a score is owed. It is store.ErrConflict when the state
// changed since it was read.
func (s *Service) put(ctx context.Context, who Who, at At, row store.LearnerState, text, why string,
	also func(store.Tx) error,
) (now store.LearnerState, owed bool, err error) {
	row.State, row.UpdatedAt = text, s.now()
	err = s.Store.Record(ctx, func(tx store.Tx) (err error) {
		var debts []store.Debt
		if why != "" { // read first: then all writes go together
			if debts, err = s.debts(ctx, tx, who, at, row.UpdatedAt); err != nil {
				return err
			}
		}
		owed = len(debts) > 0
		put := row
		if err := tx.Learners().Put(ctx, &put); err != nil {
			return err
		}
		if also != nil {
			if err := also(tx); err != nil {
				return err
			}
		}
		if why == "" {
			return nil
		}
		return raise(ctx, tx, &row, debts, why)
	})
	row.Version++
	return row, owed, err
}

// row returns the state of a block. When a race was lost it is read inside an
// update: see [again].
func (s *Service) row(ctx context.Context, who Who, at At, retry bool) (row *store.LearnerState, err error) {
	if at.Learner != nil && at.Learner.Who == who && !retry {
		known := *at.Learner.stateAt(at.Block.Ref)
		return &known, nil
	}
	read := s.Store.View
	if retry {
		read = s.Store.Update
	}
	err = read(ctx, func(tx store.Tx) (err error) {
		row, err = tx.Learners().State(ctx, who.key(at.Course, at.Block.Ref))
		return err
	})
	return row, err
}
