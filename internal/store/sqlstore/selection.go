package sqlstore

import (
	"context"
	"time"

	"lectern/internal/course"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

type selections struct{ *tx }

func (t selections) ByID(ctx context.Context, id string) (*store.Selection, error) {
	if !storable(id) {
		return nil, store.ErrNotFound
	}
	row, err := t.q.SelectionByID(ctx, id)
	if err != nil {
		return nil, t.wrap(err, "selection")
	}
	return &store.Selection{
		ID: row.ID, ConsumerID: row.ConsumerID, TokenHash: row.TokenHash, UserAgent: row.UserAgent, Box: row.Box,
		CreatedAt: moment(row.CreatedAt), OpenedAt: moment(row.OpenedAt), ExpiresAt: moment(row.ExpiresAt),
	}, nil
}

func (t selections) Create(ctx context.Context, s *store.Selection) error {
	if s.ID == "" {
		s.ID = newID()
	}
	rows, err := t.q.SelectionCreate(ctx, db.SelectionCreateParams{
		ID: s.ID, ConsumerID: s.ConsumerID, TokenHash: blob(s.TokenHash), UserAgent: blob(s.UserAgent), Box: blob(s.Box),
		CreatedAt: micros(s.CreatedAt), ExpiresAt: micros(s.ExpiresAt),
	})
	return t.one(rows, err, "create selection", store.ErrConflict)
}

func (t selections) Opened(ctx context.Context, id string, at time.Time) error {
	_, err := t.q.SelectionOpen(ctx, micros(at), id)
	return t.wrap(err, "open selection")
}

func (t selections) Renew(ctx context.Context, id string, tokenHash []byte) error {
	rows, err := t.q.SelectionRenew(ctx, blob(tokenHash), id)
	return t.one(rows, err, "renew selection", store.ErrNotFound)
}

func (t selections) Prune(ctx context.Context, now time.Time, limit int) (int64, error) {
	rows, err := t.q.SelectionPrune(ctx, micros(now), maxRows(limit))
	return rows, t.wrap(err, "prune selections")
}

type staged struct{ *tx }

func (t staged) ByID(ctx context.Context, id string) (*store.StagedImport, error) {
	if !storable(id) {
		return nil, store.ErrNotFound
	}
	row, err := t.q.StagedByID(ctx, id)
	if err != nil {
		return nil, t.wrap(err, "staged import")
	}
	return &store.StagedImport{
		ID: row.ID, CourseKey: row.CourseKey, Base: row.Base, FileName: row.FileName, Size: row.Size, By: row.MadeBy,
		Report: row.Report, Changes: row.Changes, CreatedAt: moment(row.CreatedAt), ExpiresAt: moment(row.ExpiresAt),
	}, nil
}

func (t staged) List(ctx context.Context, courseKey string) ([]store.StagedImport, error) {
	rows, err := t.q.StagedList(ctx, clean(courseKey))
	list := make([]store.StagedImport, 0, len(rows))
	for _, row := range rows {
		list = append(list, store.StagedImport{
			ID: row.ID, CourseKey: row.CourseKey, Base: row.Base, FileName: row.FileName, Size: row.Size, By: row.MadeBy,
			CreatedAt: moment(row.CreatedAt), ExpiresAt: moment(row.ExpiresAt),
		})
	}
	return list, t.wrap(err, "list staged imports")
}

func (t staged) Create(ctx context.Context, s *store.StagedImport) error {
	if s.ID == "" {
		s.ID = newID()
	}
	rows, err := t.q.StagedCreate(ctx, db.StagedCreateParams{
		ID: s.ID, CourseKey: s.CourseKey, Base: s.Base, FileName: clean(s.FileName), Size: s.Size, MadeBy: clean(s.By),
		Report: clean(s.Report), Changes: clean(s.Changes), CreatedAt: micros(s.CreatedAt), ExpiresAt: micros(s.ExpiresAt),
	})
	return t.one(rows, err, "create staged import", store.ErrConflict)
}

func (t staged) Delete(ctx context.Context, id string) error {
	rows, err := t.q.StagedDelete(ctx, id)
	return t.one(rows, err, "delete staged import", store.ErrNotFound)
}

func (t staged) Expired(ctx context.Context, now time.Time, limit int) ([]string, error) {
	list, err := t.q.StagedExpired(ctx, micros(now), maxRows(limit))
	return list, t.wrap(err, "expired staged imports")
}

func (t courses) Versions(ctx context.Context, courseKey string, limit int) ([]store.VersionInfo, error) {
	rows, err := t.q.VersionList(ctx, clean(courseKey), maxRows(limit))
	list := make([]store.VersionInfo, 0, len(rows))
	for _, row := range rows {
		list = append(list, store.VersionInfo{
			ID: row.ID, Number: row.Number, Name: row.Name, Blocks: row.Blocks,
			ImportedAt: moment(row.ImportedAt), By: row.ImportedBy, LeftAt: moment(row.LeftAt),
		})
	}
	return list, t.wrap(err, "list course versions")
}

func (t placements) Use(ctx context.Context, courseKey string) ([]store.PlacementUse, error) {
	rows, err := t.q.PlacementUse(ctx, clean(courseKey))
	list := make([]store.PlacementUse, 0, len(rows))
	for _, row := range rows {
		list = append(list, store.PlacementUse{
			UsageKey: row.UsageKey, ConsumerID: row.ConsumerID, Links: row.Links, Launches: row.Launches,
			LastLaunchAt: moment(row.LastLaunchAt),
		})
	}
	return list, t.wrap(err, "use of a course's links")
}

func (t learners) Use(ctx context.Context, courseKey string) (map[course.Ref]int64, error) {
	rows, err := t.q.StateUse(ctx, clean(courseKey))
	counts := make(map[course.Ref]int64, len(rows))
	for _, row := range rows {
		counts[course.Ref{Type: row.BlockType, ID: row.BlockID}] = row.Learners
	}
	return counts, t.wrap(err, "use of a course's blocks")
}
