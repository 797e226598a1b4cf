package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/google/uuid"

	"lectern/internal/assets"
	"lectern/internal/course"
	"lectern/internal/course/olx"
	"lectern/internal/course/trial"
	"lectern/internal/errs"
	"lectern/internal/problem/script"
	"lectern/internal/store"
)

// Refusals of trying again.
var (
	// ErrTrying means that a course is being tried right now.
	ErrTrying = errs.New(errs.Conflict, "course_being_checked", "",
		"Another check is running. Please wait until it has ended.",
		"One course is checked at a time, for at most a minute.")
	// ErrReplaced means that another version was published in the meantime.
	ErrReplaced = errs.New(errs.Conflict, "course_replaced_while_checked", "",
		"The course was imported while it was checked. Please check it again.",
		"What the check found belongs to the version before and was thrown away.")
)

// runners returns what problems are tried with.
func (i *Importer) runners() trial.Options {
	return trial.Options{Scripts: i.Scripts, External: i.External}
}

// try returns how the problems of a course that is being read are tried.
func (i *Importer) try(ctx context.Context) olx.Try {
	return func(c *course.Course, files []olx.File, sources map[course.Ref]trial.Source) []trial.Entry {
		o := i.runners()
		o.Sources = sources
		o.Library = trial.Library(c.Assets, func(_ context.Context, a course.Asset) ([]byte, error) {
			for _, f := range files {
				if f.Name != a.Name {
					continue
				}
				r, err := f.Open()
				if err != nil {
					return nil, err
				}
				b, err := io.ReadAll(r)
				return b, errors.Join(err, r.Close())
			}
			return nil, ErrCourse // the list of assets is made from the files
		})
		return trial.Run(ctx, c, o)
	}
}

// Library returns the modules that a published course brings along, or nil. It
// is what problems get as [problem.Options.Library].
func (i *Importer) Library(c *course.Course) *script.Library {
	return trial.Library(c.Assets, func(ctx context.Context, a course.Asset) ([]byte, error) {
		b, err := i.Blobs.ReadAll(ctx, course.BlobKey(a.SHA256))
		return b, assets.Explain(err)
	})
}

// CheckAgain tries the problems of a published course once more, because what
// runs their Python may have changed, and publishes nothing.
func (i *Importer) CheckAgain(ctx context.Context, courseKey string) (*Report, error) {
	_, _, fresh, err := i.again(ctx, courseKey)
	return fresh, err
}

// TryAgain is [Importer.CheckAgain] that puts into effect what it finds: where
// something is other than it was it publishes a version of the same content, so
// that learners can answer what this site can grade by now. It tells whether it
// did. Who is named in the audit.
func (i *Importer) TryAgain(ctx context.Context, who, courseKey string) (r *Report, changed bool, err error) {
	c, old, fresh, err := i.again(ctx, courseKey)
	if err != nil {
		return nil, false, err
	}
	changed = !reflect.DeepEqual(old.Checks, fresh.Checks)
	act := store.Act{
		At: i.Clock().UTC(), Who: who, Name: "course.check", Subject: courseKey, Before: old.Problems, After: fresh.Problems,
	}
	if !changed {
		err := i.Store.Update(ctx, func(tx store.Tx) error { return store.Note(ctx, tx, act) })
		return old, false, err
	}
	if err := i.republish(ctx, c, fresh, act); err != nil {
		return nil, false, err
	}
	return fresh, true, nil
}

// again loads a published course and its report, and tries its problems.
func (i *Importer) again(ctx context.Context, courseKey string) (c *course.Course, old, fresh *Report, err error) {
	if !i.trying.TryLock() {
		return nil, nil, nil, ErrTrying
	}
	defer i.trying.Unlock()
	if old, err = i.Report(ctx, courseKey); err != nil {
		return nil, nil, nil, err
	}
	err = i.Store.View(ctx, func(tx store.Tx) (err error) {
		c, err = tx.Courses().Load(ctx, old.VersionID) // a copy of our own
		return err
	})
	if err != nil {
		return nil, nil, nil, fmt.Errorf("check %s: %w", courseKey, err)
	}
	fates := map[course.Ref]course.Fate{}
	c.Blocks(func(b *course.Block) {
		if b.Type == "problem" {
			fates[b.Ref] = b.Fate
		}
	})
	o := i.runners()
	o.Library = i.Library(c)
	checks := trial.Run(ctx, c, o)
	if err := ctx.Err(); err != nil { // who asked has gone; the entries are of half a check
		return nil, nil, nil, err
	}
	return c, old, old.Retried(c, fates, checks), nil
}

// republish publishes c, which differs from the version before in what its
// problems are worth.
func (i *Importer) republish(ctx context.Context, c *course.Course, r *Report, act store.Act) error {
	before := r.VersionID
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("publish %s: %w", c.Key, err)
	}
	c.VersionID, r.VersionID = id.String(), id.String()
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("publish %s: %w", c.Key, err)
	}
	source, err := r.Digest()
	if err != nil {
		return fmt.Errorf("publish %s: %w", c.Key, err)
	}
	err = i.Store.Update(ctx, func(tx store.Tx) error {
		info, err := tx.Courses().Info(ctx, act.Subject)
		if err != nil {
			return err
		}
		if info.VersionID != before {
			return ErrReplaced
		}
		r.Version, err = tx.Courses().Publish(ctx, &store.CourseVersion{
			Course: c, Source: source, Report: string(text), ImportAt: act.At, By: act.Who,
		})
		if err != nil {
			return err
		}
		return store.Note(ctx, tx, act)
	})
	if err != nil {
		return fmt.Errorf("publish %s: %w", c.Key, err)
	}
	return nil
}
