package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/uuid"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"lectern/internal/errs"
	"lectern/internal/store"
)

// StagedLife is how long an import waits to be published.
const StagedLife = 24 * time.Hour

// ErrStaged means that there is no import that waits.
var ErrStaged = errs.New(errs.NotFound, "import_not_waiting", "",
	"This import was published or discarded, or has waited too long. Please upload the course again.",
	"An uploaded course waits for a day to be published.")

// Staged is an import that waits, with what it would do.
type Staged struct {
	store.StagedImport
	Report  *Report
	Changes *Changes
}

// stagedBlob is where the archive of an import waits.
func stagedBlob(id string) string { return "staged/" + id }

// Stage reads the archive at path, compares it with what is published, and keeps
// both for somebody to decide about. Nothing is published.
func (i *Importer) Stage(ctx context.Context, who, path, name string, opts Options) (*Staged, error) {
	report, changes, err := i.Preview(ctx, path, opts)
	if err != nil {
		return nil, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("stage %s: %w", report.CourseKey, err)
	}
	now := i.Clock().UTC()
	s := &Staged{Report: report, Changes: changes, StagedImport: store.StagedImport{
		ID: id.String(), CourseKey: report.CourseKey, Base: changes.Base, FileName: name, By: who,
		CreatedAt: now, ExpiresAt: now.Add(StagedLife),
	}}
	for _, side := range []struct {
		v    any
		text *string
	}{{report, &s.StagedImport.Report}, {changes, &s.StagedImport.Changes}} {
		b, err := json.Marshal(side.v)
		if err != nil {
			return nil, fmt.Errorf("stage %s: %w", report.CourseKey, err)
		}
		*side.text = string(b)
	}
	if s.Size, err = i.keep(ctx, path, stagedBlob(s.ID)); err != nil {
		return nil, fmt.Errorf("stage %s: %w", report.CourseKey, err)
	}
	return s, i.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.Staged().Create(ctx, &s.StagedImport); err != nil {
			return err
		}
		return store.Note(ctx, tx, store.Act{At: now, Who: who, Name: "course.upload", Subject: s.CourseKey, After: map[string]any{"file": name, "bytes": s.Size}})
	})
}

// keep copies a file into the blob store.
func (i *Importer) keep(ctx context.Context, path, key string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // before Close, it keeps half a file from being stored
	w, err := i.Blobs.NewWriter(ctx, key, &blob.WriterOptions{ContentType: "application/gzip"})
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(w, f)
	if err != nil {
		cancel()
		_ = w.Close()
		return n, err
	}
	return n, w.Close()
}

// Waiting returns an import that waits, or [ErrStaged].
func (i *Importer) Waiting(ctx context.Context, id string) (*Staged, error) {
	s := &Staged{Report: &Report{}, Changes: &Changes{}}
	err := i.Store.View(ctx, func(tx store.Tx) error {
		row, err := tx.Staged().ByID(ctx, id)
		if err == nil {
			s.StagedImport = *row
		}
		return err
	})
	if errors.Is(err, store.ErrNotFound) || err == nil && !i.Clock().Before(s.ExpiresAt) {
		return nil, ErrStaged.Wrap(err)
	}
	if err != nil {
		return nil, err
	}
	return s, errors.Join(json.Unmarshal([]byte(s.StagedImport.Report), s.Report), json.Unmarshal([]byte(s.StagedImport.Changes), s.Changes))
}

// Publish publishes an import that waits. It fails with [ErrReplaced] when
// another version was published since it was compared.
func (i *Importer) Publish(ctx context.Context, who, id string, opts Options) (*Report, error) {
	s, err := i.Waiting(ctx, id)
	if err != nil {
		return nil, err
	}
	path, err := i.fetch(ctx, stagedBlob(id))
	if err != nil {
		return nil, err
	}
	defer os.Remove(path)
	opts.By, opts.base = who, &s.Base
	report, err := i.Import(ctx, path, opts)
	if err != nil {
		return nil, err
	}
	return report, i.drop(ctx, id, nil)
}

// Discard forgets an import that waits.
func (i *Importer) Discard(ctx context.Context, who, id string) error {
	s, err := i.Waiting(ctx, id)
	if err != nil {
		return err
	}
	return i.drop(ctx, id, &store.Act{At: i.Clock().UTC(), Who: who, Name: "course.discard", Subject: s.CourseKey, Before: map[string]any{"file": s.FileName}})
}

// drop removes an import that waits, and its archive.
func (i *Importer) drop(ctx context.Context, id string, act *store.Act) error {
	err := i.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.Staged().Delete(ctx, id); err != nil {
			return err
		}
		if act == nil {
			return nil
		}
		return store.Note(ctx, tx, *act)
	})
	if err != nil {
		return err
	}
	if err := i.Blobs.Delete(ctx, stagedBlob(id)); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return fmt.Errorf("delete the archive of import %s: %w", id, err)
	}
	return nil
}

// Prune drops imports that waited too long, at most limit of them.
func (i *Importer) Prune(ctx context.Context, limit int) error {
	var ids []string
	err := i.Store.View(ctx, func(tx store.Tx) (err error) {
		ids, err = tx.Staged().Expired(ctx, i.Clock(), limit)
		return err
	})
	for _, id := range ids {
		if err == nil {
			err = i.drop(ctx, id, nil)
		}
	}
	return err
}

// fetch copies an archive out of the blob store and returns where it is.
func (i *Importer) fetch(ctx context.Context, key string) (path string, err error) {
	f, err := os.CreateTemp("", "lectern-import-*.tar.gz")
	if err != nil {
		return "", err
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	r, err := i.Blobs.NewReader(ctx, key, nil)
	if err != nil {
		return "", fmt.Errorf("archive of an import: %w", err)
	}
	defer r.Close()
	_, err = io.Copy(f, r)
	return f.Name(), err
}
