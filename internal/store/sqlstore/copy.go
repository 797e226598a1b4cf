package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"

	"lectern/internal/errs"
	"lectern/internal/store/sqlstore/db"
)

// ErrNotEmpty means that a database that was to be filled has rows already.
var ErrNotEmpty = errs.New(errs.Conflict, "database_not_empty", "",
	"The database to be filled is not empty.",
	"Give an empty database. A site that was started there once has written to it: drop that database and make a new one.")

// ErrSchemasDiffer means that two databases do not have the same tables and
// columns although they should.
var ErrSchemasDiffer = errs.New(errs.Conflict, "database_schemas_differ", "",
	"The two databases do not have the same tables.",
	"Bring both to this program's version with lectern migrate. A database that a newer Lectern has migrated needs that Lectern.")

// rowsAtOnce is how many rows one statement writes. Values times columns stay
// below the 32,766 parameters of SQLite.
const rowsAtOnce = 200

// CopiedTable is what became of one table.
type CopiedTable struct {
	Table  string `json:"table"`
	Source int64  `json:"source"` // rows there
	Target int64  `json:"target"` // rows here
}

// Progress is told, now and then, how many of a table's rows are copied.
type Progress func(table string, done, total int64)

// Copy copies every row of from, as one snapshot shows it, to the empty database
// to, in one transaction: it holds all or nothing. Both have this program's
// schema. What is copied comes from the schema itself. It fails with
// [ErrNotEmpty], [ErrSchemaOld], [ErrSchemasDiffer], or when a table ends up
// with another number of rows than the source has.
func Copy(ctx context.Context, from, to *Store, progress Progress) (list []CopiedTable, err error) {
	for _, s := range []*Store{from, to} {
		if err := s.CheckVersion(ctx); err != nil {
			return nil, err
		}
	}
	if progress == nil {
		progress = func(string, int64, int64) {}
	}
	err = to.engine.update(ctx, func(dst db.DBTX) error {
		return from.engine.view(ctx, func(src db.DBTX) (err error) {
			c := copying{from: from.dialect, to: to.dialect, src: src, dst: dst, progress: progress}
			list, err = c.all(ctx)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// copying is one run of Copy, with a transaction on each side.
type copying struct {
	from, to dialect
	src, dst db.DBTX
	progress Progress
}

func (c *copying) all(ctx context.Context) ([]CopiedTable, error) {
	sources, err := c.from.tables(ctx, c.src)
	if err != nil {
		return nil, err
	}
	tables, err := c.to.tables(ctx, c.dst)
	if err != nil {
		return nil, err
	}
	if err := same(sources, tables); err != nil {
		return nil, err
	}
	if err := c.empty(ctx, tables); err != nil {
		return nil, err
	}
	want, err := counts(ctx, c.src, tables)
	if err != nil {
		return nil, err
	}
	for i := range tables {
		if err := c.table(ctx, &tables[i], want[i].Rows); err != nil {
			return nil, fmt.Errorf("copy %s: %w", tables[i].name, err)
		}
	}
	have, err := counts(ctx, c.dst, tables)
	if err != nil {
		return nil, err
	}
	list := make([]CopiedTable, len(tables))
	for i, t := range tables {
		list[i] = CopiedTable{Table: t.name, Source: want[i].Rows, Target: have[i].Rows}
		if want[i] != have[i] {
			return nil, fmt.Errorf("copy %s: %d rows became %d", t.name, want[i].Rows, have[i].Rows)
		}
	}
	return list, nil
}

// same reports, as an error, how the tables of the two sides differ. Their
// order and that of their columns may differ.
func same(sources, targets []table) error {
	columns := func(list []table) map[string]bool {
		set := map[string]bool{}
		for _, t := range list {
			for _, col := range t.columns {
				set[t.name+"."+col.name] = true
			}
		}
		return set
	}
	from, to := columns(sources), columns(targets)
	for name := range from {
		if !to[name] {
			return ErrSchemasDiffer.With("the target has no %s", name)
		}
	}
	for name := range to {
		if !from[name] {
			return ErrSchemasDiffer.With("the source has no %s", name)
		}
	}
	return nil
}

// empty keeps others from writing to the target and says what is there.
func (c *copying) empty(ctx context.Context, tables []table) error {
	if c.to.goose == goose.DialectPostgres { // SQLite's writer is alone anyway
		names := make([]string, len(tables))
		for i, t := range tables {
			names[i] = `"` + t.name + `"`
		}
		if _, err := c.dst.ExecContext(ctx, "LOCK TABLE "+strings.Join(names, ", ")+" IN EXCLUSIVE MODE"); err != nil {
			return fmt.Errorf("lock target: %w", err)
		}
	}
	list, err := counts(ctx, c.dst, tables)
	if err != nil {
		return err
	}
	return notEmpty(list)
}

// notEmpty returns ErrNotEmpty with the tables that have rows, or nil.
func notEmpty(list []TableRows) error {
	var found []string
	for _, t := range list {
		if t.Rows > 0 {
			found = append(found, fmt.Sprintf("%s: %d", t.Table, t.Rows))
		}
	}
	if len(found) == 0 {
		return nil
	}
	return ErrNotEmpty.With("rows in %s", strings.Join(found, ", "))
}

// CheckEmpty returns [ErrNotEmpty], naming what is there, unless the database
// has no rows. It need not have a schema.
func (s *Store) CheckEmpty(ctx context.Context) error {
	list, err := s.Counts(ctx)
	if err != nil {
		return err
	}
	return notEmpty(list)
}

// table copies the rows of one table.
func (c *copying) table(ctx context.Context, t *table, total int64) error {
	var done int64
	c.progress(t.name, done, total)
	many, one := c.insert(t, rowsAtOnce), c.insert(t, 1)
	pending := make([]any, 0, rowsAtOnce*len(t.columns))
	err := each(ctx, c.src, "SELECT "+t.names()+` FROM "`+t.name+`"`, func(scan func(...any) error) error {
		row, err := t.row(scan)
		if err != nil {
			return err
		}
		pending = append(pending, row...)
		if len(pending) < cap(pending) {
			return nil
		}
		if _, err = c.dst.ExecContext(ctx, many, pending...); err != nil {
			return err
		}
		pending, done = pending[:0], done+rowsAtOnce
		c.progress(t.name, done, total)
		return nil
	})
	if err != nil {
		return err
	}
	for n := len(t.columns); len(pending) > 0; pending = pending[n:] {
		if _, err := c.dst.ExecContext(ctx, one, pending[:n]...); err != nil {
			return err
		}
		done++
	}
	c.progress(t.name, done, total)
	return ctx.Err()
}

// insert returns the statement that writes rows rows.
func (c *copying) insert(t *table, rows int) string {
	var b strings.Builder
	b.WriteString(`INSERT INTO "` + t.name + `" (` + t.names() + ") VALUES ")
	for i := range rows * len(t.columns) {
		switch {
		case i == 0:
			b.WriteString("(")
		case i%len(t.columns) == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		if c.to.goose == goose.DialectPostgres {
			b.WriteString("$" + strconv.Itoa(i+1))
		} else {
			b.WriteString("?")
		}
	}
	return b.String() + ")"
}

// row reads a row of the source as the target wants it: SQLite has numbers
// where PostgreSQL has true and false, and may read empty bytes as nothing.
func (t *table) row(scan func(...any) error) ([]any, error) {
	values, into := make([]any, len(t.columns)), make([]any, len(t.columns))
	for i := range values {
		into[i] = &values[i]
	}
	if err := scan(into...); err != nil {
		return nil, err
	}
	for i, c := range t.columns {
		switch v := values[i].(type) {
		case int64:
			if c.truth {
				values[i] = v != 0
			}
		case []byte:
			if v == nil { // NULL is no []byte at all
				values[i] = []byte{}
			}
		}
	}
	return values, nil
}

// Snapshot writes what the database holds now to a new SQLite file at path,
// readable by its owner alone, while others go on reading and writing. An
// SQLite file comes out as it is, whatever its schema; from PostgreSQL it is a
// copy, for which both need this program's schema.
func (s *Store) Snapshot(ctx context.Context, path string, progress Progress) error {
	if lite, ok := s.engine.(*sqliteDB); ok {
		return lite.vacuumInto(ctx, path)
	}
	file, err := Open(ctx, path, Options{Migrate: true, MaxConns: 1})
	if err != nil {
		return err
	}
	_, err = Copy(ctx, s, file, progress)
	return errors.Join(err, file.Close())
}

// vacuumInto copies the file by SQLite's own means: one snapshot, no lock that
// a writer would notice, and packed.
func (s *sqliteDB) vacuumInto(ctx context.Context, path string) error {
	if err := touch(path); err != nil { // SQLite would make it readable for others
		return err
	}
	pool, err := sqlitePool(s.path, 1, true, schemaWait)
	if err != nil {
		return err
	}
	_, err = pool.ExecContext(ctx, "VACUUM INTO ?", path)
	return errors.Join(err, pool.Close())
}
