package sqlstore

import (
	"context"
	"slices"
	"strings"
	"time"

	"lectern/internal/lti"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

// kindPOX marks targets that take LTI 1.1 Basic Outcomes.
const kindPOX = "pox"

type placements struct{ *tx }

func (t placements) Upsert(ctx context.Context, p store.Placement) (string, error) {
	if !nameable(p.LMSContext.ID, p.LinkKey) {
		return "", ErrText
	}
	if p.FirstAt.IsZero() {
		p.FirstAt = p.LastLaunchAt
	}
	if p.LastLaunchAt.IsZero() {
		p.LastLaunchAt = p.FirstAt
	}
	contextID, err := t.q.ContextUpsert(ctx, db.ContextUpsertParams{
		ID: newID(), ConsumerID: p.ConsumerID, ContextID: p.LMSContext.ID,
		Title: clean(p.LMSContext.Title), Label: clean(p.LMSContext.Label),
	})
	if err != nil {
		return "", t.wrap(err, "record LMS course")
	}
	if p.ID == "" {
		p.ID = newID()
	}
	id, err := t.q.PlacementUpsert(ctx, db.PlacementUpsertParams{
		ID: p.ID, ConsumerID: p.ConsumerID, LmsContextID: contextID, LinkKey: p.LinkKey,
		Title: clean(p.Title), CourseKey: p.CourseKey, UsageKey: p.UsageKey,
		FirstAt: micros(p.FirstAt), LastLaunchAt: micros(p.LastLaunchAt),
	})
	return id, t.wrap(err, "record placement")
}

func (t placements) List(ctx context.Context, consumerID, courseKey string) ([]store.Placement, error) {
	rows, err := t.q.PlacementList(ctx, clean(consumerID), clean(courseKey))
	list := make([]store.Placement, 0, len(rows))
	for _, row := range rows {
		list = append(list, placement(row))
	}
	return list, t.wrap(err, "list placements")
}

func (t placements) ByID(ctx context.Context, id string) (*store.Placement, error) {
	if !storable(id) {
		return nil, store.ErrNotFound
	}
	row, err := t.q.PlacementByID(ctx, id)
	if err != nil {
		return nil, t.wrap(err, "placement")
	}
	p := placement(db.PlacementListRow(row))
	return &p, nil
}

func (t placements) Find(ctx context.Context, consumerID, contextID, linkKey string) (*store.Placement, error) {
	if !nameable(contextID, linkKey) {
		return nil, store.ErrNotFound
	}
	row, err := t.q.PlacementFind(ctx, db.PlacementFindParams{
		ConsumerID: consumerID, ContextID: contextID, LinkKey: linkKey,
	})
	if err != nil {
		return nil, t.wrap(err, "placement of link")
	}
	p := placement(db.PlacementListRow(row))
	return &p, nil
}

func placement(row db.PlacementListRow) store.Placement {
	return store.Placement{
		ID: row.ID, ConsumerID: row.ConsumerID, LinkKey: row.LinkKey,
		LMSContext: lti.Context{ID: row.ContextID, Title: row.ContextTitle, Label: row.ContextLabel},
		Title:      row.Title, CourseKey: row.CourseKey, UsageKey: row.UsageKey,
		FirstAt: moment(row.FirstAt), LastLaunchAt: moment(row.LastLaunchAt), Launches: row.Launches,
		CopiedFrom: row.CopiedFrom,
	}
}

func (t placements) Copied(ctx context.Context, id, consumerID string, linkKeys []string) (string, error) {
	for _, key := range linkKeys {
		if !nameable(key) {
			continue
		}
		from, err := t.q.PlacementOfHistory(ctx, db.PlacementOfHistoryParams{ConsumerID: consumerID, LinkKey: key, NotID: id})
		if absent(err) {
			continue
		}
		if err != nil {
			return "", t.wrap(err, "link in history")
		}
		rows, err := t.q.PlacementCopied(ctx, from, id)
		if err != nil || rows == 0 {
			return "", t.wrap(err, "note copied link")
		}
		return from, nil
	}
	return "", nil
}

func (t placements) PutTarget(ctx context.Context, g lti.GradeTarget) (string, error) {
	if !nameable(g.LinkKey, g.Scope) {
		return "", ErrText
	}
	if g.ID == "" {
		g.ID = newID()
	}
	id, err := t.q.TargetUpsert(ctx, db.TargetUpsertParams{
		ID: g.ID, Kind: kindPOX, ConsumerID: g.ConsumerID, AccountID: g.AccountID, LinkKey: g.LinkKey,
		CourseKey: g.CourseKey, UsageKey: g.UsageKey, Scope: g.Scope,
		ServiceURL: clean(g.Outcome.ServiceURL), SourcedID: []byte(g.Outcome.SourcedID),
		Refused: clean(g.Refused), UpdatedAt: micros(g.UpdatedAt), PlacementID: g.PlacementID,
	})
	if err != nil || g.Refused != "" {
		return id, t.wrap(err, "put grade target")
	}
	rows, err := t.q.OwedRevive(ctx, micros(g.UpdatedAt), id)
	t.due = t.due || rows > 0
	return id, t.wrap(err, "revive parked score")
}

func (t placements) Aim(ctx context.Context, g lti.GradeTarget, first bool) error {
	if !nameable(g.LinkKey, g.Scope) {
		return ErrText
	}
	err := t.q.TargetAim(ctx, db.TargetAimParams{
		ID: newID(), Kind: kindPOX, ConsumerID: g.ConsumerID, AccountID: g.AccountID, LinkKey: g.LinkKey,
		CourseKey: g.CourseKey, UsageKey: g.UsageKey, Scope: g.Scope,
		ServiceURL: clean(g.Outcome.ServiceURL), SourcedID: []byte(g.Outcome.SourcedID),
		Refused: clean(g.Refused), UpdatedAt: micros(g.UpdatedAt), PlacementID: g.PlacementID,
	})
	if err != nil || first || g.Refused != "" {
		return t.wrap(err, "aim grade target")
	}
	return t.wrap(t.q.OwedReviveLink(ctx, db.OwedReviveLinkParams{
		At: micros(g.UpdatedAt), ConsumerID: g.ConsumerID, AccountID: g.AccountID, LinkKey: g.LinkKey,
	}), "revive parked score")
}

func (t placements) Count(ctx context.Context, id string, more int64, at time.Time) error {
	return t.wrap(t.q.PlacementCount(ctx, db.PlacementCountParams{More: more, At: micros(at), ID: id}), "count launches")
}

func (t placements) Rename(ctx context.Context, consumerID, accountID, from, to string) error {
	if !nameable(from, to) {
		return ErrText
	}
	_, err := t.q.TargetRename(ctx, db.TargetRenameParams{
		ConsumerID: consumerID, AccountID: accountID, OldKey: from, NewKey: to,
	})
	return t.wrap(err, "rename grade target")
}

func (t placements) Admit(ctx context.Context, id string) error {
	_, err := t.q.TargetAdmit(ctx, id)
	return t.wrap(err, "admit grade target")
}

func (t placements) Target(ctx context.Context, id string) (*lti.GradeTarget, error) {
	row, err := t.q.TargetByID(ctx, id)
	if err != nil {
		return nil, t.wrap(err, "grade target")
	}
	g := target(row)
	return &g, nil
}

func (t placements) Targets(ctx context.Context, accountID, scope, courseKey string,
	usageKeys []string,
) ([]lti.GradeTarget, error) {
	rows, err := t.q.TargetList(ctx, db.TargetListParams{AccountID: accountID, CourseKey: courseKey, Scope: scope})
	if err != nil {
		return nil, t.wrap(err, "grade targets of learner")
	}
	wanted := make(map[string]bool, len(usageKeys))
	for _, key := range usageKeys {
		wanted[key] = true
	}
	var list []lti.GradeTarget
	for _, row := range rows {
		if wanted[row.UsageKey] {
			list = append(list, target(row))
		}
	}
	return list, nil
}

func (t placements) Aimed(ctx context.Context, accountID, scope, courseKey string) ([]store.Aimed, error) {
	rows, err := t.q.TargetUsages(ctx, db.TargetUsagesParams{AccountID: accountID, CourseKey: courseKey, Scope: scope})
	if err != nil {
		return nil, t.wrap(err, "grade targets of learner")
	}
	list := make([]store.Aimed, len(rows))
	for i, row := range rows {
		list[i] = store.Aimed(row)
	}
	slices.SortFunc(list, func(a, b store.Aimed) int { return strings.Compare(a.ID, b.ID) })
	return list, nil
}

func target(row db.GradeTarget) lti.GradeTarget {
	return lti.GradeTarget{
		ID: row.ID, ConsumerID: row.ConsumerID, AccountID: row.AccountID, LinkKey: row.LinkKey,
		CourseKey: row.CourseKey, UsageKey: row.UsageKey, Scope: row.Scope,
		Outcome: lti.Outcome{ServiceURL: row.ServiceURL, SourcedID: string(row.SourcedID)},
		Refused: row.Refused, UpdatedAt: moment(row.UpdatedAt), PlacementID: row.PlacementID,
	}
}
