package sqlstore

import (
	"context"
	"time"

	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

func (t courses) Point(ctx context.Context, courseKey, versionID string, at time.Time) error {
	if !storable(courseKey, versionID) {
		return store.ErrNotFound
	}
	err := t.q.VersionLeave(ctx, db.VersionLeaveParams{At: micros(at), NextID: versionID, CourseKey: courseKey})
	if err != nil {
		return t.wrap(err, "leave version")
	}
	rows, err := t.q.CoursePoint(ctx, versionID, courseKey)
	if err := t.one(rows, err, "point course to version", store.ErrNotFound); err != nil {
		return err
	}
	return t.wrap(t.q.VersionReturn(ctx, versionID), "return to version")
}

func (t courses) DeleteVersion(ctx context.Context, courseKey, versionID string, at time.Time) error {
	if err := t.q.GarbageMark(ctx, micros(at), versionID); err != nil {
		return t.wrap(err, "mark files of version")
	}
	rows, err := t.q.VersionDelete(ctx, versionID, courseKey)
	return t.one(rows, err, "delete version", store.ErrConflict)
}

func (t courses) MarkFiles(ctx context.Context, versionID string, at time.Time) error {
	return t.wrap(t.q.GarbageMark(ctx, micros(at), versionID), "mark files of version")
}

func (t courses) Garbage(ctx context.Context, before time.Time, limit int) ([]string, error) {
	list, err := t.q.GarbageDue(ctx, micros(before), maxRows(limit))
	return list, t.wrap(err, "files nobody names")
}

func (t courses) TakeGarbage(ctx context.Context, sha256 string) (bool, error) {
	rows, err := t.q.GarbageGoing(ctx, sha256)
	if err != nil || rows > 0 {
		return rows > 0, t.wrap(err, "take file nobody names")
	}
	return false, t.wrap(t.q.GarbageForget(ctx, sha256), "keep file")
}

func (t courses) ForgetGarbage(ctx context.Context, sha256 string) error {
	return t.wrap(t.q.GarbageForget(ctx, sha256), "forget file")
}

func (t courses) Rescue(ctx context.Context, sums []string) (going []string, err error) {
	for _, sum := range sums {
		if _, err := t.q.GarbageRescue(ctx, sum); err != nil {
			return nil, t.wrap(err, "rescue file")
		}
		n, err := t.q.GarbageGone(ctx, sum)
		if err != nil {
			return nil, t.wrap(err, "file that goes")
		}
		if n > 0 {
			going = append(going, sum)
		}
	}
	return going, nil
}
