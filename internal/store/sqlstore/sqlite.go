package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"modernc.org/sqlite"

	"lectern/internal/store/sqlstore/db"
)

// minReaders is the least number of SQLite connections for reading.
const minReaders = 4

// schemaWait is how long changing the schema waits for other processes.
const schemaWait = 30 * time.Second

// sqliteDB is the engine for one machine.
type sqliteDB struct {
	path    string
	writer  *writer
	readers *readers
}

func openSQLite(ctx context.Context, path string, opts Options) (*sqliteDB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, ErrDSN.Wrap(err)
	}
	_, _ = sqlite.Fdatasync(true) // as safe as fsync and often faster; not on every system
	if err := touch(path); err != nil {
		return nil, fmt.Errorf("open database file: %w", err)
	}
	w, err := newWriter(ctx, path, opts.Metrics)
	if err != nil {
		return nil, fmt.Errorf("open database file: %w", err)
	}
	n := opts.MaxConns
	if n < 1 {
		n = max(minReaders, runtime.GOMAXPROCS(0))
	}
	r, err := newReaders(path, n)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database file: %w", err), w.close())
	}
	return &sqliteDB{path: path, writer: w, readers: r}, nil
}

// touch makes the file and its folder, for its owner only.
func touch(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// sqlitePool opens a pool on the file. The pragmas run on every connection;
// busy is how long SQLite itself waits for another process.
func sqlitePool(path string, conns int, readOnly bool, busy time.Duration) (*sql.DB, error) {
	cache := "cache_size(-8000)" // KiB: the writer knows its file, and many indexes are random
	if readOnly {
		cache = "cache_size(-2000)" // for each: after every commit a reader reads anew
	}
	q := url.Values{"_pragma": {
		fmt.Sprintf("busy_timeout(%d)", busy.Milliseconds()),
		"foreign_keys(1)",
		"synchronous(FULL)",
		cache,
		"temp_store(MEMORY)",           // what a savepoint would undo: else every page of it goes to a file first
		"wal_autocheckpoint(4000)",     // pages: those that are written often are copied into the file once
		"journal_size_limit(67108864)", // the log shrinks back to 64 MiB
	}}
	if readOnly {
		q.Set("mode", "ro")
	} else {
		q.Add("_pragma", "journal_mode(WAL)")
	}
	file := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}
	pool, err := sql.Open("sqlite", file.String())
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	return pool, nil
}

func (s *sqliteDB) update(ctx context.Context, f func(db.DBTX) error) error {
	return s.writer.update(ctx, f)
}

// record is update: to whom the file is next door, one statement after the other
// costs nothing.
func (s *sqliteDB) record(ctx context.Context, f func(db.DBTX) error) error {
	return s.writer.update(ctx, f)
}

func (s *sqliteDB) view(ctx context.Context, f func(db.DBTX) error) error {
	return s.readers.view(ctx, f)
}

// tell does nothing: the process that wrote wakes itself, others look.
func (s *sqliteDB) tell() {}

func (s *sqliteDB) watch(ctx context.Context, _ func(lost error)) { <-ctx.Done() }

func (s *sqliteDB) ping(ctx context.Context) error {
	return s.readers.view(ctx, func(conn db.DBTX) error {
		var tables int
		return conn.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master").Scan(&tables)
	})
}

func (s *sqliteDB) stats() Pool { return s.readers.stats() }

func (s *sqliteDB) migrating(f func(*sql.DB) error) error {
	pool, err := sqlitePool(s.path, 1, false, schemaWait)
	if err != nil {
		return err
	}
	return errors.Join(f(pool), pool.Close())
}

func (s *sqliteDB) close() error {
	return errors.Join(s.readers.close(), s.writer.close())
}
