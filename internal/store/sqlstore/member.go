package sqlstore

import (
	"context"
	"time"

	"lectern/internal/account"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

type members struct{ *tx }

func (t members) Seen(ctx context.Context, placementID, accountID string, staff bool, at time.Time) error {
	return t.wrap(t.q.MemberSeen(ctx, db.MemberSeenParams{
		AccountID: accountID, Staff: staff, Since: micros(at), PlacementID: placementID,
	}), "note member of LMS course")
}

func (t members) List(ctx context.Context, placementID, after string, limit int) ([]store.Member, error) {
	if !storable(after) {
		return nil, nil
	}
	rows, err := t.q.MemberList(ctx, db.MemberListParams{
		PlacementID: placementID, AfterAccount: after, MaxRows: maxRows(limit),
	})
	var list []store.Member
	for _, row := range rows {
		list = append(list, store.Member{
			AccountID: row.AccountID, Username: row.Username, Name: row.Name, Kind: account.Kind(row.Kind),
			LTIUserID: row.LTIUserID, Since: moment(row.Since),
		})
	}
	return list, t.wrap(err, "members of LMS course")
}

func (t members) Count(ctx context.Context, placementID string) (int64, error) {
	n, err := t.q.MemberCount(ctx, placementID)
	return n, t.wrap(err, "count members of LMS course")
}

func (t members) States(ctx context.Context, placementID, after string, k store.LearnerKey, limit int) ([]store.LearnerState, error) {
	rows, err := t.q.MemberStates(ctx, db.MemberStatesParams{
		PlacementID: placementID, AfterAccount: after, CourseKey: k.CourseKey, Scope: k.Scope,
		BlockType: k.Ref.Type, BlockID: k.Ref.ID, MaxRows: maxRows(limit),
	})
	list := make([]store.LearnerState, 0, len(rows))
	for _, row := range rows {
		list = append(list, *state(row))
	}
	return list, t.wrap(err, "states of LMS course")
}

func (t members) Takes(ctx context.Context, accountID, courseKey string) (bool, error) {
	n, err := t.q.MemberOf(ctx, accountID, clean(courseKey))
	return n > 0, t.wrap(err, "learner of course")
}
