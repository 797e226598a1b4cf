package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gocloud.dev/blob"

	"lectern/internal/backup"
	"lectern/internal/errs"
	"lectern/internal/sealed"
	"lectern/internal/store/sqlstore"
)

// Reasons not to restore.
var (
	errOtherKey = errs.New(errs.Conflict, "restore_key_differs", "",
		"The backup brings another sealing key than the one that is here.",
		"Restore into an empty data folder, without LECTERN_SEALING_KEY; or set that to the key of the backup.")
	errOtherFiles = errs.New(errs.Conflict, "restore_files_not_empty", "",
		"There are course files here that are not in the backup.",
		"Restore into an empty data folder, or set LECTERN_ASSETS to an empty bucket.")
)

// restoreCmd brings a site back.
type restoreCmd struct {
	File string `arg:"" type:"existingfile" help:"Backup made by lectern backup."`
}

// Run verifies the whole file, refuses a place that is in use, and restores
// course files, key and, last and in one transaction, the database: until then
// nothing that was restored counts, and the command may be run again.
func (c *restoreCmd) Run(app *App) error {
	m, err := backup.Verify(c.File)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(app.Config.Data, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	to, err := sqlstore.Open(app.Context, app.Config.DSN(), sqlstore.Options{})
	if err != nil {
		return err
	}
	defer closing(app.Err, to)
	if err := to.CheckEmpty(app.Context); err != nil {
		return err
	}
	bucket, err := app.bucket()
	if err != nil {
		return err
	}
	defer closing(app.Err, bucket)
	if err := onlyOf(app.Context, bucket, m); err != nil {
		return err
	}
	if err := sameKey(app, m); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(app.Config.Data, ".lectern-restore-*")
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, backup.Database)
	if err := c.unpack(app, m, bucket, path); err != nil {
		return err
	}
	if err := fillFrom(app, path, to, m); err != nil {
		return err
	}
	return c.say(app, m)
}

// onlyOf returns errOtherFiles when the bucket has a file that the backup lacks.
// Files of the backup may be there, from a restore that was interrupted.
func onlyOf(ctx context.Context, bucket *blob.Bucket, m *backup.Manifest) error {
	known := map[string]bool{}
	for _, f := range m.Files {
		known[f.Name] = true
	}
	for list := bucket.List(nil); ; {
		object, err := list.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("course files: %w", err)
		}
		if m.WithAssets && !known[backup.Assets+object.Key] {
			return errOtherFiles.With("such as %s", object.Key)
		}
	}
}

// unpack writes the files of the backup to their places, the database to path.
func (c *restoreCmd) unpack(app *App, m *backup.Manifest, bucket *blob.Bucket, path string) error {
	return backup.Read(c.File, m, func(f backup.File, r io.Reader) error {
		if err := app.Context.Err(); err != nil {
			return err
		}
		switch {
		case f.Name == backup.Key:
			return c.key(app, r)
		case f.Name == backup.Database:
			return toFile(path, r)
		}
		return putBlob(app.Context, bucket, strings.TrimPrefix(f.Name, backup.Assets), r)
	})
}

func toFile(path string, r io.Reader) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, r)
	return errors.Join(err, file.Close())
}

func putBlob(ctx context.Context, bucket *blob.Bucket, key string, r io.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // before Close, it keeps half a file from being stored
	w, err := bucket.NewWriter(ctx, key, &blob.WriterOptions{ContentType: "application/octet-stream"})
	if err != nil {
		return fmt.Errorf("course files: %w", err)
	}
	if _, err := io.Copy(w, r); err != nil {
		cancel()
		_ = w.Close() // the first error says more
		return fmt.Errorf("course files: %w", err)
	}
	return w.Close()
}

// sameKey returns errOtherKey when the backup brings another key than the site
// has.
func sameKey(app *App, m *backup.Manifest) error {
	have, where, err := app.sealingKeys()
	switch {
	case !m.WithKey || errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil && !hasKey(have, m.KeyID):
		return errOtherKey.With("%s has %s, the backup %s", where, have[0].ID(), m.KeyID)
	}
	return err
}

// key keeps the backup's key, unless the site has it already.
func (c *restoreCmd) key(app *App, r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	brought, err := sealed.ParseKeys(string(text))
	if err != nil {
		return err
	}
	if _, _, err := app.sealingKeys(); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return sealed.SaveKeys(app.keyFile(), brought)
}

// fillFrom copies the unpacked database to where the site wants it, on whatever
// engine. An older schema is brought up to date first.
func fillFrom(app *App, path string, to *sqlstore.Store, m *backup.Manifest) error {
	from, err := sqlstore.Open(app.Context, path, sqlstore.Options{})
	if err != nil {
		return err
	}
	defer closing(app.Err, from)
	have, want, err := from.Version(app.Context)
	if err != nil {
		return err
	}
	if have > want {
		return backup.ErrFormat.With("schema %d, this program knows %d", m.Schema, want)
	}
	if err := errors.Join(from.Migrate(app.Context), to.Migrate(app.Context)); err != nil {
		return err
	}
	_, err = sqlstore.Copy(app.Context, from, to, app.progress("restoring"))
	return err
}

// say prints what there is now, and what is still to be done.
func (c *restoreCmd) say(app *App, m *backup.Manifest) error {
	var rows int64
	for _, r := range m.Rows {
		rows += r.Rows
	}
	fmt.Fprintf(app.Out, "Restored the backup of %s: %d rows.\n", m.MadeAt.Format("2006-01-02 15:04:05 MST"), rows)
	if !m.WithAssets {
		fmt.Fprintln(app.Out, "Course files were not in it: bring the assets folder or bucket back as well.")
	}
	if len(m.Missing) > 0 {
		fmt.Fprintf(app.Out, "%d course files were lost already when it was made. Import the courses again.\n", len(m.Missing))
	}
	have, where, err := app.sealingKeys()
	switch {
	case err == nil && hasKey(have, m.KeyID):
		fmt.Fprintf(app.Out, "The sealing key %s is in %s.\n", m.KeyID, where)
	case errors.Is(err, fs.ErrNotExist):
		fmt.Fprintf(app.Out, "The sealing key %s was NOT in it. Put it into %s BEFORE you start the site, which would make a new one.\n%s\n",
			m.KeyID, app.keyFile(), lostKey)
	case err == nil:
		fmt.Fprintf(app.Out, "The sealing key in %s is %s, but the backup needs %s.\n%s\n", where, have[0].ID(), m.KeyID, lostKey)
	default:
		return err
	}
	return nil
}
