package sqlstore

import (
	"cmp"
	"context"
	"slices"
	"time"

	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

type accessRequests struct{ *tx }

func accessRequest(row db.AccessRequest) store.AccessRequest {
	return store.AccessRequest{
		ID: row.ID, LMS: row.Lms, State: store.AccessState(row.State), AskedAt: moment(row.AskedAt), Repeats: row.Repeats,
		Name: row.Name, Institution: row.Institution, Email: row.Contact, Message: row.Reason,
		ConsumerKey: row.ConsumerKey, LMSName: row.LmsName, LMSGUID: row.LmsGUID, LMSFamily: row.LmsFamily,
		ContextTitle: row.ContextTitle, LinkTitle: row.LinkTitle, CourseKey: row.CourseKey, UsageKey: row.UsageKey,
		LaunchID: row.LaunchID, DecidedAt: moment(row.DecidedAt), DecidedBy: row.DecidedBy, Answer: row.Answer,
		ConsumerID: row.ConsumerID,
	}
}

func (t accessRequests) ByID(ctx context.Context, id string) (*store.AccessRequest, error) {
	if !storable(id) {
		return nil, store.ErrNotFound
	}
	row, err := t.q.AccessByID(ctx, id)
	if err != nil {
		return nil, t.wrap(err, "request for access")
	}
	r := accessRequest(row)
	return &r, nil
}

func (t accessRequests) Create(ctx context.Context, r *store.AccessRequest) error {
	if r.ID == "" {
		r.ID = newID()
	}
	r.State = store.AccessWaiting
	rows, err := t.q.AccessCreate(ctx, db.AccessCreateParams{
		ID: r.ID, Lms: r.LMS, AskedAt: micros(r.AskedAt),
		Name: clean(r.Name), Institution: clean(r.Institution), Contact: clean(r.Email), Reason: clean(r.Message),
		ConsumerKey: clean(r.ConsumerKey), LmsName: clean(r.LMSName), LmsGUID: clean(r.LMSGUID), LmsFamily: clean(r.LMSFamily),
		ContextTitle: clean(r.ContextTitle), LinkTitle: clean(r.LinkTitle), CourseKey: clean(r.CourseKey),
		UsageKey: clean(r.UsageKey), LaunchID: clean(r.LaunchID),
	})
	return t.one(rows, err, "create request for access", store.ErrConflict)
}

func (t accessRequests) Repeat(ctx context.Context, lms string) error {
	rows, err := t.q.AccessRepeat(ctx, lms)
	return t.one(rows, err, "repeat request for access", store.ErrNotFound)
}

func (t accessRequests) Waiting(ctx context.Context) (int, error) {
	n, err := t.q.AccessWaiting(ctx)
	return int(n), t.wrap(err, "count requests for access")
}

func (t accessRequests) List(ctx context.Context, limit int) ([]store.AccessRequest, error) {
	var list []store.AccessRequest
	for _, state := range []store.AccessState{store.AccessWaiting, store.AccessApproved, store.AccessDeclined} {
		rows, err := t.q.AccessList(ctx, string(state), maxRows(limit))
		if err != nil {
			return nil, t.wrap(err, "list requests for access")
		}
		for _, row := range rows {
			list = append(list, accessRequest(row))
		}
	}
	slices.SortStableFunc(list, func(a, b store.AccessRequest) int {
		return cmp.Or(cmp.Compare(decided(a), decided(b)), b.AskedAt.Compare(a.AskedAt))
	})
	return list[:min(len(list), max(limit, 0))], nil
}

// decided is 0 for a request that waits, so that it comes first.
func decided(r store.AccessRequest) int {
	if r.State == store.AccessWaiting {
		return 0
	}
	return 1
}

func (t accessRequests) Decide(ctx context.Context, r *store.AccessRequest) error {
	rows, err := t.q.AccessDecide(ctx, db.AccessDecideParams{
		ID: r.ID, State: string(r.State), DecidedAt: micros(r.DecidedAt), DecidedBy: r.DecidedBy,
		Answer: clean(r.Answer), ConsumerID: r.ConsumerID,
	})
	return t.one(rows, err, "decide request for access", store.ErrNotFound)
}

func (t accessRequests) Delete(ctx context.Context, id string) error {
	rows, err := t.q.AccessDelete(ctx, id)
	return t.one(rows, err, "delete request for access", store.ErrNotFound)
}

func (t accessRequests) Prune(ctx context.Context, decided, asked time.Time, limit int) (int64, error) {
	rows, err := t.q.AccessPruneDecided(ctx, micros(decided), maxRows(limit))
	if err != nil || rows >= int64(limit) {
		return rows, t.wrap(err, "prune requests for access")
	}
	more, err := t.q.AccessPruneWaiting(ctx, micros(asked), maxRows(limit-int(rows)))
	return rows + more, t.wrap(err, "prune requests for access")
}
