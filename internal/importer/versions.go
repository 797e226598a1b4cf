package importer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gocloud.dev/gcerrors"

	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/store"
)

// ErrVersion means that a course has no such version any more.
var ErrVersion = errs.New(errs.NotFound, "course_version_unknown", "",
	"This version of the course is not kept here any more.", "Import it again.")

// ErrFilesGoing means that files an import needs are being deleted right now.
var ErrFilesGoing = errs.New(errs.Conflict, "course_files_going", "",
	"Files of this course are being cleared up right now. Please import it again in a minute.", "")

// How long a version stays after it stopped being the published one, since pages
// that are open ask for its files, and a file after no version names it.
const (
	versionStays = 24 * time.Hour
	fileStays    = 24 * time.Hour
	rescueTries  = 20
	rescuePause  = 250 * time.Millisecond
)

// shownVersion is a version as the audit keeps it.
type shownVersion struct {
	Version string `json:"version"`
	Number  int64  `json:"number"`
}

// Return makes an earlier version of a course the published one. Learners'
// work stays: it belongs to blocks, not to versions.
func (i *Importer) Return(ctx context.Context, by, courseKey, versionID string) error {
	return i.Store.Update(ctx, func(tx store.Tx) error {
		before, err := tx.Courses().Info(ctx, courseKey)
		if errors.Is(err, store.ErrNotFound) {
			return ErrCourse
		}
		if err != nil {
			return err
		}
		if err := tx.Courses().Point(ctx, courseKey, versionID, i.now()); err != nil {
			if errors.Is(err, store.ErrNotFound) {
				return ErrVersion
			}
			return err
		}
		after, err := tx.Courses().Info(ctx, courseKey)
		if err != nil {
			return err
		}
		return store.Note(ctx, tx, store.Act{
			At: i.now(), Who: by, Name: "course.return", Subject: courseKey,
			Before: shownVersion{before.VersionID, before.Version}, After: shownVersion{after.VersionID, after.Version},
		})
	})
}

// Purgeable returns the versions that [Importer.Purge] would delete: all but the
// newest keep ones, the published one, and those that were until a day ago.
func (i *Importer) Purgeable(ctx context.Context, courseKey string, keep int) (list []store.VersionInfo, err error) {
	err = i.Store.View(ctx, func(tx store.Tx) error {
		list, err = i.purgeable(ctx, tx, courseKey, keep)
		return err
	})
	return list, err
}

func (i *Importer) purgeable(ctx context.Context, tx store.Tx, courseKey string, keep int) ([]store.VersionInfo, error) {
	info, err := tx.Courses().Info(ctx, courseKey)
	if err != nil {
		return nil, err
	}
	all, err := tx.Courses().Versions(ctx, courseKey, 0)
	if err != nil {
		return nil, err
	}
	var list []store.VersionInfo
	for n, v := range all {
		last := v.LeftAt
		if last.IsZero() {
			last = v.ImportedAt
		}
		if n >= max(keep, 1) && v.ID != info.VersionID && i.now().Sub(last) > versionStays {
			list = append(list, v)
		}
	}
	return list, nil
}

// Purge deletes old versions and returns how many. Files that no version names
// any more go a day later, see [Importer.Sweep].
func (i *Importer) Purge(ctx context.Context, by, courseKey string, keep int) (n int, err error) {
	err = i.Store.Update(ctx, func(tx store.Tx) error {
		list, err := i.purgeable(ctx, tx, courseKey, keep)
		if err != nil || len(list) == 0 {
			return err
		}
		var gone []shownVersion
		for _, v := range list {
			if err := tx.Courses().DeleteVersion(ctx, courseKey, v.ID, i.now()); err != nil {
				return err
			}
			gone = append(gone, shownVersion{v.ID, v.Number})
		}
		n = len(gone)
		return store.Note(ctx, tx, store.Act{At: i.now(), Who: by, Name: "course.purge", Subject: courseKey, Before: gone})
	})
	return n, err
}

// Delete removes a course with all its versions. Learners' work and the links in
// LMSs stay: they work again when the course is imported again.
func (i *Importer) Delete(ctx context.Context, by, courseKey string) error {
	return i.Store.Update(ctx, func(tx store.Tx) error {
		info, err := tx.Courses().Info(ctx, courseKey)
		if errors.Is(err, store.ErrNotFound) {
			return ErrCourse
		}
		if err != nil {
			return err
		}
		all, err := tx.Courses().Versions(ctx, courseKey, 0)
		if err != nil {
			return err
		}
		for _, v := range all {
			if v.ID == info.VersionID {
				continue
			}
			if err := tx.Courses().DeleteVersion(ctx, courseKey, v.ID, i.now()); err != nil {
				return err
			}
		}
		if err := tx.Courses().MarkFiles(ctx, info.VersionID, i.now()); err != nil {
			return err
		}
		if err := tx.Courses().Delete(ctx, courseKey); err != nil {
			return err
		}
		return store.Note(ctx, tx, store.Act{
			At: i.now(), Who: by, Name: "course.delete", Subject: courseKey, Before: shownVersion{info.VersionID, info.Version},
		})
	})
}

// Sweep deletes at most limit files that no version has named for a day and
// returns how many. A file is first taken, so that no import relies on it, then
// deleted, then forgotten; whoever is interrupted is followed by the next sweep.
func (i *Importer) Sweep(ctx context.Context, limit int) (n int, err error) {
	var sums []string
	err = i.Store.View(ctx, func(tx store.Tx) error {
		sums, err = tx.Courses().Garbage(ctx, i.now().Add(-fileStays), limit)
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, sum := range sums {
		taken := false
		err := i.Store.Update(ctx, func(tx store.Tx) (err error) {
			taken, err = tx.Courses().TakeGarbage(ctx, sum)
			return err
		})
		if err != nil {
			return n, err
		}
		if !taken {
			continue
		}
		if err := i.Blobs.Delete(ctx, course.BlobKey(sum)); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
			return n, fmt.Errorf("delete file %s: %w", sum, err)
		}
		err = i.Store.Update(ctx, func(tx store.Tx) error { return tx.Courses().ForgetGarbage(ctx, sum) })
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// rescue keeps files that an import relies on from being swept, and waits for
// those that are being deleted this moment.
func (i *Importer) rescue(ctx context.Context, sums []string) error {
	for range rescueTries {
		var going []string
		err := i.Store.Update(ctx, func(tx store.Tx) (err error) {
			going, err = tx.Courses().Rescue(ctx, sums)
			return err
		})
		if err != nil || len(going) == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rescuePause):
		}
	}
	return ErrFilesGoing
}

func (i *Importer) now() time.Time { return i.Clock().UTC() }
