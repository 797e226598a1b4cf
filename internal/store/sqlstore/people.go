package sqlstore

import (
	"context"
	"time"

	"lectern/internal/account"
	"lectern/internal/course"
	"lectern/internal/lti"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

// mergedAway is why a gradebook cell that a merge left gets no scores.
const mergedAway = "the learner's account was merged into another one, which has this gradebook cell too"

type persons struct{ *tx }

func (t persons) ByIdentity(ctx context.Context, issuer, subject string) (*account.Account, error) {
	if !storable(issuer, subject) {
		return nil, store.ErrNotFound
	}
	row, err := t.q.AccountByIdentity(ctx, issuer, subject)
	return accounts(t).found(row, err, "account by identity")
}

func (t persons) PutIdentity(ctx context.Context, i store.Identity) error {
	rows, err := t.q.IdentityCreate(ctx, db.IdentityCreateParams{
		Issuer: i.Issuer, Subject: i.Subject, AccountID: i.AccountID, Email: clean(i.Email),
		CreatedAt: micros(i.CreatedAt),
	})
	return t.one(rows, err, "put identity", store.ErrConflict)
}

func (t persons) Identities(ctx context.Context, accountID string) ([]store.Identity, error) {
	rows, err := t.q.IdentityList(ctx, accountID)
	list := make([]store.Identity, 0, len(rows))
	for _, row := range rows {
		list = append(list, store.Identity{
			Issuer: row.Issuer, Subject: row.Subject, AccountID: row.AccountID, Email: row.Email,
			CreatedAt: moment(row.CreatedAt),
		})
	}
	return list, t.wrap(err, "identities of account")
}

func (t persons) DeleteIdentity(ctx context.Context, i store.Identity) error {
	rows, err := t.q.IdentityDelete(ctx, db.IdentityDeleteParams{
		AccountID: i.AccountID, Issuer: i.Issuer, Subject: i.Subject,
	})
	return t.one(rows, err, "delete identity", store.ErrNotFound)
}

func (t persons) History(ctx context.Context, accountID string) (*store.History, error) {
	h := &store.History{}
	states, err := t.q.HistoryStates(ctx, accountID)
	if err != nil {
		return nil, t.wrap(err, "states of account")
	}
	for _, row := range states {
		h.States = append(h.States, *state(row))
	}
	events, err := t.q.HistoryEvents(ctx, accountID)
	if err != nil {
		return nil, t.wrap(err, "score history of account")
	}
	for _, row := range events {
		h.Events = append(h.Events, event(row))
	}
	h.Targets, err = t.targets(ctx, accountID)
	return h, err
}

func (t persons) targets(ctx context.Context, accountID string) ([]lti.GradeTarget, error) {
	rows, err := t.q.HistoryTargets(ctx, accountID)
	list := make([]lti.GradeTarget, 0, len(rows))
	for _, row := range rows {
		list = append(list, target(row))
	}
	return list, t.wrap(err, "gradebook cells of account")
}

func (t persons) AuditAbout(ctx context.Context, subject string, limit int) ([]store.AuditEntry, error) {
	if !storable(subject) {
		return nil, nil
	}
	rows, err := t.q.AuditAbout(ctx, subject, maxRows(limit))
	return entries(rows), t.wrap(err, "audit of one subject")
}

func (t persons) EndLaunches(ctx context.Context, accountID string) error {
	return t.wrap(t.q.LaunchesOfAccountDelete(ctx, accountID), "end launches of account")
}

func (t persons) Merge(ctx context.Context, from, into string, at time.Time) (*store.Merged, error) {
	m := &store.Merged{}
	var err error
	if m.States, err = t.q.MergeStates(ctx, into, from); err != nil {
		return nil, t.wrap(err, "merge states")
	}
	if m.Events, err = t.q.MergeEvents(ctx, into, from); err != nil {
		return nil, t.wrap(err, "merge score history")
	}
	if err = t.q.MergeAllowances(ctx, into, from); err != nil {
		return nil, t.wrap(err, "merge allowances")
	}
	if err = t.q.MergeMembers(ctx, into, from); err != nil {
		return nil, t.wrap(err, "merge members")
	}
	if m.Targets, err = t.q.MergeTargets(ctx, into, from); err != nil {
		return nil, t.wrap(err, "merge gradebook cells")
	}
	if _, err := t.q.MergeTargetsLeft(ctx, mergedAway, from); err != nil {
		return nil, t.wrap(err, "gradebook cells left")
	}
	m.Links, err = t.q.MergeLinks(ctx, db.MergeLinksParams{
		IntoID: into, FromID: from, How: account.ByOperator, CreatedAt: micros(at),
	})
	if err != nil {
		return nil, t.wrap(err, "merge links")
	}
	if err := t.q.MergeIdentities(ctx, into, from); err != nil {
		return nil, t.wrap(err, "merge identities")
	}
	left, err := t.q.HistoryStates(ctx, from)
	if err != nil {
		return nil, t.wrap(err, "states left")
	}
	for _, row := range left {
		m.Kept = append(m.Kept, state(row).Key)
	}
	return m, t.end(ctx, from)
}

// end ends every session of an account.
func (t persons) end(ctx context.Context, accountID string) error {
	for _, do := range []func(context.Context, string) error{
		t.q.LaunchesOfAccountDelete, t.q.ConsoleSessionDeleteAll, t.q.SetupLinkDeleteAll,
	} {
		if err := do(ctx, accountID); err != nil {
			return t.wrap(err, "end sessions of account")
		}
	}
	return nil
}

func (t persons) Delete(ctx context.Context, accountID string) error {
	if err := t.end(ctx, accountID); err != nil {
		return err
	}
	for _, do := range []func(context.Context, string) error{
		t.q.TargetsOfAccountDelete, t.q.EventsOfAccountDelete, t.q.StatesOfAccountDelete,
		t.q.LinksOfAccountDelete, t.q.AuditForget,
	} {
		if err := do(ctx, accountID); err != nil {
			return t.wrap(err, "delete what belongs to account")
		}
	}
	rows, err := t.q.AccountDelete(ctx, accountID)
	return t.one(rows, err, "delete account", store.ErrNotFound)
}

func event(row db.ScoreEvent) store.ScoreEvent {
	return store.ScoreEvent{
		ID: row.ID, Key: store.LearnerKey{
			AccountID: row.AccountID, Scope: row.Scope, CourseKey: row.CourseKey,
			Ref: course.Ref{Type: row.BlockType, ID: row.BlockID},
		},
		At: moment(row.HappenedAt), Earned: row.Earned, Possible: row.Possible, Why: row.Why,
	}
}

func entries(rows []db.Audit) []store.AuditEntry {
	list := make([]store.AuditEntry, 0, len(rows))
	for _, row := range rows {
		list = append(list, store.AuditEntry{
			ID: row.ID, At: moment(row.HappenedAt), Who: row.Who, Act: row.Act, Subject: row.Subject,
			Before: row.Before, After: row.After,
		})
	}
	return list
}
