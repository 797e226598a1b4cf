package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"hash/maphash"
	"strings"
	"time"

	"lectern/internal/errs"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

// ErrDSN means that the database setting names neither a file nor PostgreSQL.
var ErrDSN = errs.New(errs.Invalid, "database_address_invalid", "",
	"The database address cannot be used.",
	"Give a file path for SQLite, or postgres://user:password@host/database.")

// ErrBusy means that another process kept the SQLite file locked for too long.
var ErrBusy = errs.New(errs.Unavailable, "database_busy", "",
	"This site is busy. Please try again in a moment.",
	"Another program holds the database file; only Lectern should write to it.")

// ErrClosed means that the store was closed.
var ErrClosed = errs.New(errs.Unavailable, "database_closed", "",
	"This site is shutting down. Please try again in a moment.", "")

// ErrDown means that the database server cannot be reached, or is starting.
var ErrDown = errs.New(errs.Unavailable, "database_unreachable", "",
	"This site cannot reach its database at the moment. Please try again in a minute.",
	"Nothing was written. The site goes on by itself when the database server answers again: see that it runs and has connections left.")

// ErrFull means that the database cannot be written: its disk is full, broken or
// read-only.
var ErrFull = errs.New(errs.Unavailable, "database_not_writable", "",
	"This site cannot save anything at the moment. Please try again later.",
	"Nothing was written. The disk of the database is full or cannot be written; the site goes on by itself when there is room.")

// ErrText means that a text holds a NUL or is not UTF-8, or that a name is too
// long for an index. PostgreSQL cannot hold those; SQLite refuses them too, so
// that both behave alike.
var ErrText = errs.New(errs.Invalid, "database_text_invalid", "",
	"A name or text is too long, or holds characters that cannot be stored.", "")

// Options are what may be chosen when a database is opened. The zero value is
// ready for use.
type Options struct {
	Migrate  bool // bring the schema up to date first
	MaxConns int  // PostgreSQL: connections; SQLite: readers. 0 means a good number
	Metrics  Metrics
}

// Metrics are the numbers that a store reports as they come up. Nil functions
// are skipped.
type Metrics struct {
	Waited    func(d time.Duration)                 // an update, for its turn
	Committed func(updates int, took time.Duration) // updates share commits on SQLite
}

func (m Metrics) waited(since time.Time) {
	if m.Waited != nil {
		m.Waited(time.Since(since))
	}
}

func (m Metrics) committed(updates int, since time.Time) {
	if m.Committed != nil {
		m.Committed(updates, time.Since(since))
	}
}

// Pool is how the connections are used: all of PostgreSQL's, or SQLite's for
// reading.
type Pool struct {
	InUse, Idle, Max int
	Waits            int64         // requests that waited for one
	Waited           time.Duration // all of them together
}

// Pool returns how the connections are used.
func (s *Store) Pool() Pool { return s.engine.stats() }

// Store is a database. It is safe for concurrent use.
type Store struct {
	engine  engine
	dialect dialect
	seed    maphash.Seed // of [store.Facts.Stamp]
}

var _ store.Store = (*Store)(nil)

// engine runs functions inside transactions.
type engine interface {
	view(ctx context.Context, f func(db.DBTX) error) error
	// look is view without a transaction.
	look(ctx context.Context, f func(db.DBTX) error) error
	update(ctx context.Context, f func(db.DBTX) error) error
	record(ctx context.Context, f func(db.DBTX) error) error
	ping(ctx context.Context) error
	// tell lets every process know that something is due. It does not block.
	tell()
	// watch is [store.Store.Watch].
	watch(ctx context.Context, heard func(lost error))
	stats() Pool
	// migrating calls f with a pool made for changing the schema.
	migrating(f func(*sql.DB) error) error
	close() error
}

// Open opens the database that dsn names: the path of an SQLite file, made with
// its folder when missing, or a postgres:// URL. Its errors are [ErrDSN] and
// whatever the engine says.
func Open(ctx context.Context, dsn string, opts Options) (*Store, error) {
	s, err := open(ctx, dsn, opts)
	if err != nil {
		return nil, err
	}
	if opts.Migrate {
		if err := s.Migrate(ctx); err != nil {
			_ = s.Close() // the first error says more
			return nil, err
		}
	}
	return s, nil
}

func open(ctx context.Context, dsn string, opts Options) (*Store, error) {
	switch {
	case strings.HasPrefix(dsn, "postgres://"), strings.HasPrefix(dsn, "postgresql://"):
		e, err := openPostgres(ctx, dsn, opts)
		if err != nil {
			return nil, err
		}
		return &Store{engine: e, dialect: postgresDialect(), seed: maphash.MakeSeed()}, nil
	case dsn == "", strings.Contains(dsn, "://"), strings.HasPrefix(dsn, ":memory:"), strings.Contains(dsn, "\x00"):
		return nil, ErrDSN
	}
	e, err := openSQLite(ctx, dsn, opts)
	if err != nil {
		return nil, err
	}
	return &Store{engine: e, dialect: sqliteDialect(), seed: maphash.MakeSeed()}, nil
}

// View runs f for reading, on one snapshot of what was committed before.
func (s *Store) View(ctx context.Context, f func(tx store.Tx) error) error {
	return s.named(s.engine.view(ctx, func(conn db.DBTX) error { return f(s.tx(conn)) }))
}

// Look runs f for reading; each statement sees what was committed before it. It
// is for reads that are short, and on SQLite nothing interrupts them.
func (s *Store) Look(ctx context.Context, f func(tx store.Tx) error) error {
	return s.named(s.engine.look(ctx, func(conn db.DBTX) error { return f(s.tx(conn)) }))
}

// Update runs f in one transaction and commits when f returns nil. On SQLite it
// waits for other updates, so an Update inside an Update of the same goroutine
// waits for itself: use the transaction at hand. Waiting ends with ctx.
//
// A panic inside f undoes what f wrote and goes on to the caller.
func (s *Store) Update(ctx context.Context, f func(tx store.Tx) error) error {
	return s.telling(ctx, s.engine.update, f)
}

// telling runs f by run and tells everybody when it made something due.
func (s *Store) telling(
	ctx context.Context, run func(context.Context, func(db.DBTX) error) error, f func(tx store.Tx) error,
) error {
	due := false
	err := run(ctx, func(conn db.DBTX) error {
		t := s.tx(conn)
		err := f(t)
		due = t.due
		return err
	})
	if err == nil && due {
		s.engine.tell()
	}
	return s.named(err)
}

// named says of faults of the database itself what they are, so that people are
// asked to come back instead of being told that the site is broken.
func (s *Store) named(err error) error {
	var known *errs.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	switch s.dialect.fault(err) {
	case faultDown:
		return ErrDown.Wrap(err)
	case faultFull:
		return ErrFull.Wrap(err)
	}
	return err
}

// Record is [Store.Update] for functions that hardly ever meet a conflict. On
// PostgreSQL what f writes goes to the server together; f may be told that a row
// was written, find out otherwise by the end, and run again.
func (s *Store) Record(ctx context.Context, f func(tx store.Tx) error) error {
	return s.telling(ctx, s.engine.record, f)
}

// Watch tells of what became due, see [store.Store.Watch]. SQLite does not.
func (s *Store) Watch(ctx context.Context, heard func(lost error)) { s.engine.watch(ctx, heard) }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.engine.ping(ctx) }

// Close waits for running updates and closes the database. Updates that come
// later fail with [ErrClosed].
func (s *Store) Close() error { return s.engine.close() }

func (s *Store) tx(conn db.DBTX) *tx {
	return &tx{q: db.New(conn), conn: conn, dialect: s.dialect, seed: s.seed}
}
