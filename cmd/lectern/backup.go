package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gocloud.dev/blob"

	"lectern/internal/assets"
	"lectern/internal/backup"
	"lectern/internal/course"
	"lectern/internal/sealed"
	"lectern/internal/store/sqlstore"
)

// lostKey is what an operator must know of a backup without the key.
const lostKey = "Without it the secrets of all LMSs are lost: each needs a new secret here and in the LMS. Courses, accounts, answers and scores are not sealed."

// keyFile returns where the sealing key is when no setting holds it.
func (a *App) keyFile() string { return filepath.Join(a.Config.Data, "sealing.key") }

// sealingKeys returns the site's keys, the one that seals first, and says where
// they are. It makes none: the error is fs.ErrNotExist then.
func (a *App) sealingKeys() (list []sealed.Key, where string, err error) {
	if a.Config.SealingKey != "" {
		list, err = sealed.ParseKeys(a.Config.SealingKey)
		return list, keySetting, err
	}
	list, err = sealed.LoadKeys(a.keyFile())
	return list, a.keyFile(), err
}

// keySetting is where the sealing key is when no file holds it.
const keySetting = "LECTERN_SEALING_KEY"

// hasKey reports whether the key with this id is among list.
func hasKey(list []sealed.Key, id string) bool {
	return slices.ContainsFunc(list, func(k sealed.Key) bool { return k.ID() == id })
}

// bucket opens where course files are.
func (a *App) bucket() (*blob.Bucket, error) {
	address, err := a.Config.AssetURL()
	if err != nil {
		return nil, err
	}
	return assets.Open(a.Context, address)
}

// backupCmd saves a site in one file.
type backupCmd struct {
	File          string `arg:"" type:"path" help:"File to write; it must not be there yet. Its folder needs room for twice the database."`
	WithoutAssets bool   `help:"Leave course files out, e.g. because their bucket has backups of its own."`
	WithKey       bool   `help:"Put the sealing key into the file. Whoever has the file can then read the LMSs' secrets."`
}

// Run saves one snapshot of the database, then the course files that belong to
// it: files are stored before a course names them and are never changed, so the
// two fit each other while the site runs.
func (c *backupCmd) Run(app *App) error {
	s, err := app.database(app.Config.DSN())
	if err != nil {
		return err
	}
	defer closing(app.Err, s)
	w, err := backup.Create(c.File)
	if err != nil {
		return err
	}
	defer w.Abort()
	m := backup.Manifest{Release: version, MadeAt: app.Clock(), WithAssets: !c.WithoutAssets, WithKey: c.WithKey}
	sums, err := c.database(app, s, w, &m)
	if err != nil {
		return err
	}
	if !c.WithoutAssets {
		if err := c.assets(app, w, &m, sums); err != nil {
			return err
		}
	}
	where, err := c.key(app, w, &m)
	if err != nil {
		return err
	}
	done, err := w.Finish(m)
	if err != nil {
		return err
	}
	return c.say(app, &m, done, where)
}

// database saves a snapshot and returns the course files it names.
func (c *backupCmd) database(app *App, s *sqlstore.Store, w *backup.Writer, m *backup.Manifest) (sums []string, err error) {
	facts, err := s.Facts(app.Context)
	if err != nil {
		return nil, err
	}
	m.Engine = facts.Engine
	dir, err := os.MkdirTemp(filepath.Dir(c.File), ".lectern-backup-*")
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, backup.Database)
	if err := s.Snapshot(app.Context, path, app.progress("saving")); err != nil {
		return nil, fmt.Errorf("save database: %w", err)
	}
	if sums, err = describe(app.Context, path, m); err != nil {
		return nil, err
	}
	return sums, addFile(w, backup.Database, path)
}

// describe writes into the manifest what the database at path holds.
func describe(ctx context.Context, path string, m *backup.Manifest) (sums []string, err error) {
	s, err := sqlstore.Open(ctx, path, sqlstore.Options{MaxConns: 1})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if m.Schema, _, err = s.Version(ctx); err != nil {
		return nil, err
	}
	if m.Schema == 0 {
		return nil, errNoDatabase.With("the database has no tables")
	}
	rows, err := s.Counts(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		m.Rows = append(m.Rows, backup.Rows(r))
	}
	return s.AssetSums(ctx)
}

func addFile(w *backup.Writer, name, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return w.Add(name, info.Size(), file)
}

// assets saves every file of the bucket and notes which of sums are not there.
func (c *backupCmd) assets(app *App, w *backup.Writer, m *backup.Manifest, sums []string) error {
	bucket, err := app.bucket()
	if err != nil {
		return err
	}
	defer closing(app.Err, bucket)
	there := map[string]bool{}
	for list := bucket.List(nil); ; {
		object, err := list.Next(app.Context)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("course files: %w", err)
		}
		if strings.HasPrefix(object.Key, probePrefix) {
			continue
		}
		if err := addBlob(app.Context, w, bucket, object); err != nil {
			return err
		}
		there[object.Key] = true
	}
	for _, sum := range sums {
		if key := course.BlobKey(sum); !there[key] {
			m.Missing = append(m.Missing, key)
		}
	}
	return nil
}

func addBlob(ctx context.Context, w *backup.Writer, bucket *blob.Bucket, object *blob.ListObject) error {
	r, err := bucket.NewReader(ctx, object.Key, nil)
	if err != nil {
		return fmt.Errorf("course files: %w", err)
	}
	defer r.Close()
	return w.Add(backup.Assets+object.Key, r.Size(), r)
}

// key saves the sealing key if that was asked for, and says where it is.
func (c *backupCmd) key(app *App, w *backup.Writer, m *backup.Manifest) (where string, err error) {
	keys, where, err := app.sealingKeys()
	if errors.Is(err, fs.ErrNotExist) && !c.WithKey {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	m.KeyID = keys[0].ID()
	if !c.WithKey {
		return where, nil
	}
	text := sealed.EncodeKeys(keys)
	return where, w.Add(backup.Key, int64(len(text)), strings.NewReader(text))
}

// say prints what was saved, and above all what was not.
func (c *backupCmd) say(app *App, m *backup.Manifest, done backup.File, where string) error {
	var rows int64
	for _, r := range m.Rows {
		rows += r.Rows
	}
	fmt.Fprintf(app.Out, "Saved %s: %d bytes, %d rows of %s with schema %d", c.File, done.Size, rows, m.Engine, m.Schema)
	if c.WithoutAssets {
		fmt.Fprintln(app.Out, ", without course files.")
	} else {
		fmt.Fprintln(app.Out, ", with course files.")
	}
	fmt.Fprintf(app.Out, "SHA-256 %s\n", done.SHA256)
	switch {
	case c.WithKey:
		fmt.Fprintf(app.Out, "The sealing key %s IS in it: keep the file as safe as a password.\n", m.KeyID)
	case where == "":
		fmt.Fprintf(app.Out, "The sealing key is NOT in it, and none was found (%s).\n%s\n", app.keyFile(), lostKey)
	default:
		fmt.Fprintf(app.Out, "The sealing key %s is NOT in it. It is in %s: keep a copy elsewhere.\n%s\n", m.KeyID, where, lostKey)
	}
	if len(m.Missing) > 0 {
		fmt.Fprintf(app.Err, "lectern: warning: %d course files are lost and not in the backup, the first is %s. Import the courses again.\n",
			len(m.Missing), m.Missing[0])
	}
	return nil
}
