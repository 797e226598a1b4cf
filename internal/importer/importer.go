// Package importer puts courses into the store. It reads an archive or folder
// with package olx, stores the files beside the course by content, and publishes
// the whole as one new version in one transaction: readers see the old version
// or the new one, and what learners did is kept, since it hangs on usage keys.
//
// Importing what is published already changes nothing and says so.
package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/google/uuid"
	"gocloud.dev/blob"

	"lectern/internal/assets"
	"lectern/internal/course"
	"lectern/internal/course/olx"
	"lectern/internal/errs"
	"lectern/internal/keys"
	"lectern/internal/problem/script"
	"lectern/internal/store"
)

// ErrCourse means that no course with this key has been imported.
var ErrCourse = errs.New(errs.NotFound, "course_not_imported", "",
	"There is no course with this key.",
	"lectern course list shows the courses that are here.")

// Report is what an import says about a course.
type Report = olx.Report

// Note is a remark of a report.
type Note = olx.Note

// Importer imports courses. It is safe for concurrent use.
type Importer struct {
	Store store.Store
	Blobs *blob.Bucket // files beside courses, keyed by course.BlobKey
	Clock func() time.Time

	Scripts  script.Runner // runs the Python of problems to try them; nil: they are only read
	External script.Runner // of Python that needs more; nil: there is none

	trying sync.Mutex // one course is tried again at a time
}

// Options are what an operator may decide about an import.
type Options struct {
	CourseKey      *keys.Course // what it is imported as; nil takes what the course says
	LegacyAttempts olx.When     // whether "attempts" of 2012 means max_attempts
	Limits         olx.Limits   // zero for the defaults
	Force          bool         // make a new version even of the same content
	By             string       // who imports: account ID, or a word for a program; audited when not empty

	base *string // version that must still be published; nil: whatever is
}

// Check reads the course at path and reports on it without storing anything.
func (i *Importer) Check(ctx context.Context, path string, opts Options) (*Report, error) {
	tree, r, err := i.read(ctx, path, opts)
	if err != nil {
		return nil, err
	}
	return r.Report, tree.Close()
}

// read opens and reads a course. The caller closes the tree.
func (i *Importer) read(ctx context.Context, path string, opts Options) (olx.Tree, *olx.Result, error) {
	tree, err := olx.Open(ctx, path, opts.Limits)
	if err != nil {
		return nil, nil, err
	}
	r, err := olx.Import(tree, olx.Options{
		CourseKey: opts.CourseKey, LegacyAttempts: opts.LegacyAttempts, Try: i.try(ctx),
	})
	if err != nil {
		return nil, nil, errors.Join(err, tree.Close())
	}
	return tree, r, nil
}

// Import reads the course at path, an archive or a folder, and publishes it.
// Errors of package olx say why a course is refused.
func (i *Importer) Import(ctx context.Context, path string, opts Options) (*Report, error) {
	tree, r, err := i.read(ctx, path, opts)
	if err != nil {
		return nil, err
	}
	defer tree.Close()
	if !opts.Force {
		if same, err := i.published(ctx, r.Report); err != nil || same != nil {
			return same, err
		}
	}
	if err := i.upload(ctx, r.Files); err != nil {
		return nil, err
	}
	return i.publish(ctx, r, opts)
}

// published returns the report of the published version if it has the content
// that fresh speaks of.
func (i *Importer) published(ctx context.Context, fresh *Report) (*Report, error) {
	old, err := i.Report(ctx, fresh.CourseKey)
	if errors.Is(err, ErrCourse) {
		return nil, nil
	}
	if err != nil || old.Source != fresh.Source {
		return nil, err
	}
	old.Unchanged = true
	return old, nil
}

// upload stores the files that are not stored yet. Files that no version needs
// do no harm, so there is nothing to undo when publishing fails.
func (i *Importer) upload(ctx context.Context, files []olx.File) error {
	sums := make([]string, len(files))
	for n, f := range files {
		sums[n] = f.SHA256
	}
	if err := i.rescue(ctx, sums); err != nil {
		return err
	}
	done := map[string]bool{}
	for _, f := range files {
		if done[f.SHA256] {
			continue
		}
		done[f.SHA256] = true
		if err := i.uploadFile(ctx, f); err != nil {
			return fmt.Errorf("store asset %s: %w", f.Name, assets.Explain(err))
		}
	}
	return nil
}

func (i *Importer) uploadFile(ctx context.Context, f olx.File) error {
	key := course.BlobKey(f.SHA256)
	attrs, err := i.Blobs.Attributes(ctx, key)
	if err == nil && attrs.Size == f.Size {
		return nil // by its name it has the same content
	}
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // before Close, it keeps half a file from being stored
	w, err := i.Blobs.NewWriter(ctx, key, &blob.WriterOptions{ContentType: "application/octet-stream"})
	if err != nil {
		return err
	}
	if n, err := io.Copy(w, r); err != nil || n != f.Size {
		cancel()
		_ = w.Close()
		return errors.Join(err, fmt.Errorf("%d of %d bytes", n, f.Size))
	}
	return w.Close()
}

// publish writes the version and its report.
func (i *Importer) publish(ctx context.Context, r *olx.Result, opts Options) (*Report, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("publish %s: %w", r.Course.Key, err)
	}
	r.Course.VersionID, r.Report.VersionID = id.String(), id.String()
	report, err := json.Marshal(r.Report)
	if err != nil {
		return nil, fmt.Errorf("publish %s: %w", r.Course.Key, err)
	}
	var number int64
	err = i.Store.Update(ctx, func(tx store.Tx) (err error) {
		if err := unchanged(ctx, tx, r.Report.CourseKey, opts.base); err != nil {
			return err
		}
		now := i.Clock().UTC()
		number, err = tx.Courses().Publish(ctx, &store.CourseVersion{
			Course: r.Course, Source: r.Source, Report: string(report), ImportAt: now, By: opts.By,
		})
		if err != nil || opts.By == "" {
			return err
		}
		return store.Note(ctx, tx, store.Act{
			At: now, Who: opts.By, Name: "course.import", Subject: r.Report.CourseKey, After: map[string]any{"version": number, "version_id": id},
		})
	})
	if err != nil {
		return nil, fmt.Errorf("publish %s: %w", r.Course.Key, err)
	}
	r.Report.Version = number
	return r.Report, nil
}

// unchanged fails with [ErrReplaced] unless base is what is published; "" is
// nothing.
func unchanged(ctx context.Context, tx store.Tx, courseKey string, base *string) error {
	if base == nil {
		return nil
	}
	info, err := tx.Courses().Info(ctx, courseKey)
	switch {
	case errors.Is(err, store.ErrNotFound) && *base == "":
		return nil
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return err
	case err != nil || info.VersionID != *base:
		return ErrReplaced
	}
	return nil
}

// Report returns the import report of a course's published version, or
// ErrCourse.
func (i *Importer) Report(ctx context.Context, courseKey string) (*Report, error) {
	var text string
	var info *store.CourseInfo
	err := i.Store.View(ctx, func(tx store.Tx) (err error) {
		if info, err = tx.Courses().Info(ctx, courseKey); err != nil {
			return err
		}
		text, err = tx.Courses().Report(ctx, info.VersionID)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrCourse.With("course %q", courseKey)
	}
	if err != nil {
		return nil, fmt.Errorf("report of %s: %w", courseKey, err)
	}
	r := &Report{}
	if err := json.Unmarshal([]byte(text), r); err != nil {
		return nil, fmt.Errorf("report of %s: %w", courseKey, err)
	}
	r.Version, r.VersionID = info.Version, info.VersionID
	return r, nil
}
