package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"text/tabwriter"
	"time"

	"gocloud.dev/blob"

	"lectern/internal/account"
	"lectern/internal/assets"
	"lectern/internal/catalog"
	"lectern/internal/config"
	"lectern/internal/grading"
	"lectern/internal/health"
	"lectern/internal/importer"
	"lectern/internal/outcome"
	"lectern/internal/problem/pyrun"
	"lectern/internal/registry"
	"lectern/internal/sealed"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore"
	"lectern/internal/telemetry"
)

// commandLine is who the audit names when nobody is signed in.
const commandLine = "command line"

// App is what commands work with. Parts that need the database are there after
// [App.Open].
type App struct {
	Config  *config.Config
	Context context.Context //nolint:containedctx // one command is one context; kong hands the App to it
	Out     io.Writer
	Err     io.Writer
	Clock   func() time.Time

	Store     store.Store
	Blobs     *blob.Bucket
	Catalog   *catalog.Catalog
	Registry  *registry.Registry
	Networks  *outcome.Networks
	Grading   *grading.Service
	Importer  *importer.Importer
	Passwords *account.Passwords
	Sandbox   *pyrun.Pool // nil: all Python goes to the operator's grader
	Metrics   *telemetry.Metrics
	Health    *health.Health
	Log       *slog.Logger
}

// utcNow is the clock of everything that is not a test.
func utcNow() time.Time { return time.Now().UTC() }

// Open opens database and asset bucket and brings the schema up to date. It
// does nothing when that is done.
func (a *App) Open() error {
	if a.Store != nil {
		return nil
	}
	if err := config.Unreadable(); err != nil {
		return err
	}
	if err := os.MkdirAll(a.Config.Data, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	a.Log = telemetry.NewLogger(a.Err, telemetry.Format(a.Config.LogFormat), slog.LevelInfo)
	keyring, err := a.keyring()
	if err != nil {
		return err
	}
	a.Metrics = telemetry.New()
	a.Metrics.Build(version + revision())
	if err := a.openStore(); err != nil {
		return err
	}
	if a.Blobs, err = a.bucket(); err != nil {
		return err
	}
	a.Catalog = catalog.New(a.Store)
	a.Registry = &registry.Registry{Store: a.Store, Keys: keyring, Clock: a.Clock}
	a.Networks = &outcome.Networks{Store: a.Store, Clock: a.Clock}
	a.Grading = &grading.Service{
		Store: a.Store, Courses: a.Catalog, Clock: a.Clock, AggregateDelay: a.Config.Gather(), Graded: a.Metrics.Graded,
	}
	a.Importer = &importer.Importer{Store: a.Store, Blobs: a.Blobs, Clock: a.Clock}
	a.Passwords = account.NewPasswords(2)
	return a.python()
}

// checkAssets refuses a place for course files that is not there or not ours.
// One that cannot be reached is reported only: launches, answers and scores do
// without it, and it may come back.
func (a *App) checkAssets() error {
	err := assets.Check(a.Context, a.Blobs)
	if errors.Is(err, assets.ErrUnavailable) {
		a.Log.Error("course files", "error", err)
		return nil
	}
	return err
}

// openStore opens the database and brings its schema up to date.
func (a *App) openStore() error {
	s, err := sqlstore.Open(a.Context, a.Config.DSN(), sqlstore.Options{
		Migrate: true, MaxConns: a.Config.DatabaseConns,
		Metrics: sqlstore.Metrics{Waited: a.Metrics.DatabaseWaited, Committed: a.Metrics.DatabaseCommitted},
	})
	if err != nil {
		return err
	}
	a.Store = s
	data := a.Config.Data
	a.Metrics.Read(telemetry.Sources{
		Database: func() telemetry.Pool { return telemetry.Pool(s.Pool()) },
		Disk: func() (uint64, bool) {
			free, _, err := freeDisk(data)
			return free, err == nil
		},
		Ready: a.readiness(s),
	})
	return nil
}

func (a *App) keyring() (*sealed.Keyring, error) {
	if raw := a.Config.SealingKey; raw != "" {
		list, err := sealed.ParseKeys(raw)
		if err != nil {
			return nil, err
		}
		return sealed.NewKeyring(list[0], list[1:]...), nil
	}
	return sealed.OpenKeyring(a.keyFile())
}

// Close lets go of what Open took.
func (a *App) Close() {
	err := a.closePython()
	if a.Blobs != nil {
		err = errors.Join(err, a.Blobs.Close())
	}
	if a.Store != nil {
		err = errors.Join(err, a.Store.Close())
	}
	if err != nil {
		fmt.Fprintln(a.Err, "lectern: closing:", err)
	}
}

// printJSON prints v as one indented JSON document.
func (a *App) printJSON(v any) error {
	enc := json.NewEncoder(a.Out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// printTable prints rows under a header, in columns.
func (a *App) printTable(header []string, rows [][]string) error {
	w := tabwriter.NewWriter(a.Out, 0, 4, 2, ' ', 0)
	for _, row := range append([][]string{header}, rows...) {
		for i, cell := range row {
			if i > 0 {
				fmt.Fprint(w, "\t")
			}
			fmt.Fprint(w, cell)
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}
