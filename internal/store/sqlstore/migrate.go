package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"lectern/internal/errs"
	"lectern/internal/store/sqlstore/db"
)

// ErrSchemaOld means that the database was not migrated to what this program
// needs.
var ErrSchemaOld = errs.New(errs.Unavailable, "database_schema_old", "",
	"This site is being upgraded. Please try again in a moment.",
	"Run lectern migrate, or start lectern serve once.")

//go:embed migrations/*.sql
var migrations embed.FS

// How several processes that migrate at once get along.
const (
	lockPeriod   = 1   // seconds between two tries for PostgreSQL's lock
	lockTries    = 300 // before giving up
	migrateTries = 5   // on SQLite, where the slower process fails
)

// Migrate brings the schema up to date. Processes that do so at the same time
// wait for each other. It never goes back.
func (s *Store) Migrate(ctx context.Context) error {
	err := s.engine.migrating(func(pool *sql.DB) error { return s.dialect.migrate(ctx, pool) })
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

func (d dialect) migrate(ctx context.Context, pool *sql.DB) error {
	provider, err := d.provider(pool)
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		_, err := provider.Up(ctx)
		if err == nil || d.goose == goose.DialectPostgres || try == migrateTries {
			return err
		}
		select { // another process may just have done the same step
		case <-time.After(time.Duration(try) * batchAge):
		case <-ctx.Done():
			return err
		}
	}
}

func (d dialect) provider(pool *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	opts := []goose.ProviderOption{
		goose.WithDisableGlobalRegistry(true),
		goose.WithLogger(goose.NopLogger()),
	}
	if d.goose == goose.DialectPostgres {
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(lockPeriod, lockTries))
		if err != nil {
			return nil, err
		}
		opts = append(opts, goose.WithSessionLocker(locker))
	}
	return goose.NewProvider(d.goose, pool, ddlFS{files, d.ddl}, opts...)
}

// Version returns the schema version of the database, 0 when it has none, and
// the one this program was built with.
func (s *Store) Version(ctx context.Context) (have, want int64, err error) {
	if want, err = wantVersion(); err != nil {
		return 0, 0, err
	}
	err = s.engine.view(ctx, func(conn db.DBTX) error {
		return conn.QueryRowContext(ctx,
			"SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version").Scan(&have)
	})
	if err != nil && s.dialect.fault(err) == faultNoTable {
		return 0, want, nil
	}
	return have, want, err
}

// CheckVersion returns [ErrSchemaOld] unless the schema is the one this program
// needs, or a newer one: while replicas are upgraded one by one, the old ones
// go on working.
func (s *Store) CheckVersion(ctx context.Context) error {
	have, want, err := s.Version(ctx)
	if err == nil && have < want {
		err = ErrSchemaOld.With("version %d, want %d", have, want)
	}
	return err
}

// wantVersion is the number of the last migration.
func wantVersion() (int64, error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(files) == 0 {
		return 0, errors.Join(errors.New("no migrations"), err)
	}
	name := strings.TrimPrefix(files[len(files)-1], "migrations/")
	number, _, _ := strings.Cut(name, "_")
	return strconv.ParseInt(number, 10, 64)
}

// ddlFS is a folder of migrations, rewritten for a dialect as they are read.
type ddlFS struct {
	fs.FS
	rewrite func(string) string
}

// Open opens a folder as it is and a file rewritten.
func (f ddlFS) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil || info.IsDir() {
		return file, err
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	text = []byte(f.rewrite(string(text)))
	return &ddlFile{File: file, info: ddlInfo{info, int64(len(text))}, Reader: bytes.NewReader(text)}, nil
}

type ddlFile struct {
	fs.File
	*bytes.Reader
	info ddlInfo
}

func (f *ddlFile) Read(b []byte) (int, error) { return f.Reader.Read(b) }
func (f *ddlFile) Stat() (fs.FileInfo, error) { return f.info, nil }

type ddlInfo struct {
	fs.FileInfo
	size int64
}

func (i ddlInfo) Size() int64 { return i.size }
