package sqlstore

import (
	"cmp"
	"context"
	"slices"

	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

type tallies struct{ *tx }

// Add writes the counts in the order of their key, so that two transactions
// never wait for each other.
func (t tallies) Add(ctx context.Context, k store.TallyKey, changes []store.Tally, most int) error {
	changes = slices.Clone(changes)
	slices.SortFunc(changes, func(a, b store.Tally) int {
		return cmp.Or(cmp.Compare(a.Question, b.Question), cmp.Compare(a.Answer, b.Answer))
	})
	for _, c := range changes {
		if !nameable(c.Question, c.Answer) {
			return ErrText.With("answer %.80q", c.Answer)
		}
		if err := t.add(ctx, k, c, most); err != nil {
			return t.wrap(err, "count votes")
		}
	}
	return nil
}

func (t tallies) add(ctx context.Context, k store.TallyKey, c store.Tally, most int) error {
	rows, err := t.q.TallyRaise(ctx, db.TallyRaiseParams{
		By: c.Votes, CourseKey: k.CourseKey, Scope: k.Scope, BlockType: k.Ref.Type, BlockID: k.Ref.ID,
		Question: c.Question, Answer: c.Answer,
	})
	if err != nil || rows > 0 || c.Votes <= 0 {
		return err
	}
	size, err := t.q.TallySize(ctx, db.TallySizeParams{
		CourseKey: k.CourseKey, Scope: k.Scope, BlockType: k.Ref.Type, BlockID: k.Ref.ID,
	})
	if err != nil || size >= int64(most) {
		return err
	}
	return t.q.TallyInsert(ctx, db.TallyInsertParams{
		CourseKey: k.CourseKey, Scope: k.Scope, BlockType: k.Ref.Type, BlockID: k.Ref.ID,
		Question: c.Question, Answer: c.Answer, Votes: c.Votes,
	})
}

func (t tallies) Top(ctx context.Context, k store.TallyKey, limit int) ([]store.Tally, error) {
	rows, err := t.q.TallyTop(ctx, db.TallyTopParams{
		CourseKey: k.CourseKey, Scope: k.Scope, BlockType: k.Ref.Type, BlockID: k.Ref.ID, MaxRows: maxRows(limit),
	})
	list := make([]store.Tally, 0, len(rows))
	for _, row := range rows {
		list = append(list, store.Tally{Question: row.Question, Answer: row.Answer, Votes: row.Votes})
	}
	slices.SortFunc(list, func(a, b store.Tally) int { // engines differ in how they order text
		return cmp.Or(cmp.Compare(b.Votes, a.Votes), cmp.Compare(a.Question, b.Question), cmp.Compare(a.Answer, b.Answer))
	})
	return list, t.wrap(err, "votes")
}

func (t tallies) Sum(ctx context.Context, k store.TallyKey) (int64, error) {
	sum, err := t.q.TallySum(ctx, db.TallySumParams{
		CourseKey: k.CourseKey, Scope: k.Scope, BlockType: k.Ref.Type, BlockID: k.Ref.ID,
	})
	return sum, t.wrap(err, "votes")
}
