package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"lectern/internal/errs"
	"lectern/internal/store/sqlstore"
)

// errNoDatabase means that a database that is to be read is not there.
var errNoDatabase = errs.New(errs.NotFound, "database_missing", "", "There is no database there.",
	"Check --data and --database, or start the site once: lectern serve.")

// database opens a database as it is: it makes none and migrates nothing.
func (a *App) database(dsn string) (*sqlstore.Store, error) {
	if err := present(dsn); err != nil {
		return nil, err
	}
	return sqlstore.Open(a.Context, dsn, sqlstore.Options{})
}

// present reports, as an error, that dsn is a file that is not there.
func present(dsn string) error {
	if isPostgres(dsn) {
		return nil
	}
	info, err := os.Stat(dsn)
	if os.IsNotExist(err) || err == nil && info.IsDir() {
		return errNoDatabase.With("%s", dsn)
	}
	return err
}

func isPostgres(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
}

// migrateCmd brings the schema up to date; serve does so too.
type migrateCmd struct {
	Status bool `help:"Change nothing: print which steps the database has."`
	JSON   bool `name:"json" help:"With --status, print JSON."`
}

// Run migrates the database, or says how far it is. Any number of processes may
// do so at once; each step is done by one of them.
func (c migrateCmd) Run(app *App) error {
	if c.Status {
		return c.status(app)
	}
	if !isPostgres(app.Config.DSN()) {
		if err := os.MkdirAll(app.Config.Data, 0o700); err != nil {
			return fmt.Errorf("data folder: %w", err)
		}
	}
	s, err := sqlstore.Open(app.Context, app.Config.DSN(), sqlstore.Options{})
	if err != nil {
		return err
	}
	defer closing(app.Err, s)
	before, _, err := s.Version(app.Context)
	if err != nil {
		return err
	}
	if err := s.Migrate(app.Context); err != nil {
		return err
	}
	have, _, err := s.Version(app.Context)
	if err != nil {
		return err
	}
	if have == before {
		_, err = fmt.Fprintf(app.Out, "The database has this version's schema, %d. Nothing was to do.\n", have)
	} else {
		_, err = fmt.Fprintf(app.Out, "The database has this version's schema, %d; it had %d.\n", have, before)
	}
	return err
}

// status prints the steps.
func (c migrateCmd) status(app *App) error {
	s, err := app.database(app.Config.DSN())
	if err != nil {
		return err
	}
	defer closing(app.Err, s)
	have, want, err := s.Version(app.Context)
	if err != nil {
		return err
	}
	list, err := s.Migrations(app.Context)
	if err != nil {
		return err
	}
	if c.JSON {
		return app.printJSON(struct {
			Have  int64                `json:"have"`
			Want  int64                `json:"want"`
			Steps []sqlstore.Migration `json:"steps"`
		}{have, want, list})
	}
	rows := make([][]string, len(list))
	for i, m := range list {
		applied := "no"
		if m.Applied {
			applied = "yes"
		}
		rows[i] = []string{strconv.FormatInt(m.Version, 10), m.Name, applied}
	}
	if err := app.printTable([]string{"VERSION", "STEP", "APPLIED"}, rows); err != nil {
		return err
	}
	switch {
	case have < want:
		_, err = fmt.Fprintf(app.Out, "\nThe database has version %d, this program wants %d: run lectern migrate, or start the site.\n", have, want)
	case have > want:
		_, err = fmt.Fprintf(app.Out, "\nThe database has version %d, newer than this program's %d: a newer Lectern has migrated it. This one goes on working meanwhile.\n", have, want)
	default:
		_, err = fmt.Fprintf(app.Out, "\nThe database has version %d, as this program wants.\n", have)
	}
	return err
}

// closing closes what a command has only read, or reports why it could not.
func closing(w io.Writer, c io.Closer) {
	if err := c.Close(); err != nil {
		fmt.Fprintln(w, "lectern: closing:", err)
	}
}

// copyCmd copies a whole database.
type copyCmd struct {
	From string `required:"" placeholder:"DSN" help:"Database to read: a file for SQLite, or a postgres:// URL. Stop the site first: what it writes after the copy began is not in it."`
	To   string `required:"" placeholder:"DSN" help:"Database to fill, in the same form. It must be empty; a file that is missing is made."`
}

// Validate refuses a copy onto itself.
func (c *copyCmd) Validate() error {
	from, err := filepath.Abs(c.From)
	to, errTo := filepath.Abs(c.To)
	if c.From == c.To || err == nil && errTo == nil && from == to {
		return errors.New("--from and --to are the same database")
	}
	return nil
}

// Run copies in one transaction and prints each table with its rows on both
// sides.
func (c *copyCmd) Run(app *App) error {
	from, err := app.database(c.From)
	if err != nil {
		return err
	}
	defer closing(app.Err, from)
	if err := from.CheckVersion(app.Context); err != nil {
		return err
	}
	to, err := sqlstore.Open(app.Context, c.To, sqlstore.Options{Migrate: true})
	if err != nil {
		return err
	}
	defer closing(app.Err, to)
	list, err := sqlstore.Copy(app.Context, from, to, app.progress("copying"))
	if err != nil {
		return err
	}
	rows, total := make([][]string, len(list)), int64(0)
	for i, t := range list {
		rows[i] = []string{t.Table, strconv.FormatInt(t.Source, 10), strconv.FormatInt(t.Target, 10)}
		total += t.Target
	}
	if err := app.printTable([]string{"TABLE", "SOURCE", "TARGET"}, rows); err != nil {
		return err
	}
	_, err = fmt.Fprintf(app.Out, `
%d rows copied; every table has as many rows as before.
Sealed secrets were copied as they are: give the site the same sealing key (sealing.key in the data folder, or
LECTERN_SEALING_KEY). Course files are not in the database: keep the assets folder, or set LECTERN_ASSETS.
Now start the site with LECTERN_DATABASE set to the new database, and never again with the old one.
`, total)
	return err
}

// progress reports on the error output, about once a second.
func (a *App) progress(what string) sqlstore.Progress {
	last := time.Now()
	return func(table string, done, total int64) {
		if time.Since(last) < time.Second {
			return
		}
		last = time.Now()
		fmt.Fprintf(a.Err, "lectern: %s %s: %d of %d rows\n", what, table, done, total)
	}
}
