package sqlstore

import (
	"context"
	"time"

	"lectern/internal/account"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

type rails struct{ *tx }

func (t rails) Count(ctx context.Context, consumerID string, at time.Time) (int, error) {
	n, err := t.q.LaunchCount(ctx, consumerID, at.Unix()/60)
	return int(n), t.wrap(err, "count launch")
}

func (t rails) Stale(ctx context.Context, consumerID string, before time.Time, limit int) ([]account.Link, error) {
	rows, err := t.q.LinkStale(ctx, db.LinkStaleParams{
		ConsumerID: consumerID, Before: micros(before), MaxRows: maxRows(limit),
	})
	list := make([]account.Link, 0, len(rows))
	for _, row := range rows {
		list = append(list, linkOf(row))
	}
	return list, t.wrap(err, "learners not seen for long")
}

func (t rails) StaleUsage(ctx context.Context, consumerID string, before time.Time) (store.StaleUsage, error) {
	row, err := t.q.LinkStaleCount(ctx, consumerID, micros(before))
	return store.StaleUsage{Learners: row.Learners, Accounts: row.Accounts}, t.wrap(err, "count learners not seen for long")
}

func (t rails) Unlink(ctx context.Context, l account.Link) error {
	if err := t.q.LaunchesOfLinkDelete(ctx, l.AccountID, l.ConsumerID); err != nil {
		return t.wrap(err, "end launches of link")
	}
	if err := t.q.TargetsOfLinkDelete(ctx, l.AccountID, l.ConsumerID); err != nil {
		return t.wrap(err, "delete gradebook cells of link")
	}
	return accounts(t).Unlink(ctx, l.ConsumerID, l.LTIUserID)
}

func (t accounts) SeenLink(ctx context.Context, consumerID, ltiUserID string, at time.Time) error {
	return t.wrap(t.q.LinkSeen(ctx, db.LinkSeenParams{
		SeenAt: micros(at), ConsumerID: consumerID, LTIUserID: ltiUserID,
	}), "see learner")
}
