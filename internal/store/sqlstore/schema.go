package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"

	"lectern/internal/store/sqlstore/db"
)

// table is a table as the database itself describes it, so that what works on
// whole tables needs no list of columns that somebody must keep.
type table struct {
	name    string
	columns []column
	refs    []string // other tables that its rows refer to
}

type column struct {
	name     string
	truth    bool // holds true and false, not numbers
	nullable bool
}

// names returns the quoted columns.
func (t *table) names() string {
	list := make([]string, len(t.columns))
	for i, c := range t.columns {
		list[i] = `"` + c.name + `"`
	}
	return strings.Join(list, ", ")
}

// The catalogue of each engine: table, column, type and whether it may be NULL;
// then table and the table it refers to. What the migrations tool notes about
// itself is left out.
const (
	sqliteColumns = `SELECT m.name, c.name, lower(c.type), c."notnull" = 0
FROM sqlite_schema m JOIN pragma_table_info(m.name) c
WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\' AND m.name <> 'goose_db_version'
ORDER BY m.name, c.cid`
	sqliteRefs = `SELECT DISTINCT m.name, f."table"
FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) f
WHERE m.type = 'table' ORDER BY 1, 2`

	postgresColumns = `SELECT c.table_name, c.column_name, c.data_type, c.is_nullable = 'YES'
FROM information_schema.columns c
JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER'
  AND c.table_name <> 'goose_db_version'
ORDER BY c.table_name COLLATE "C", c.ordinal_position`
	postgresRefs = `SELECT DISTINCT r.relname::text, f.relname::text
FROM pg_constraint k
JOIN pg_class r ON r.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid
JOIN pg_namespace n ON n.oid = r.relnamespace
WHERE k.contype = 'f' AND n.nspname = current_schema() ORDER BY 1, 2`
)

// tables reads the schema. A table comes after those that it refers to.
func (d dialect) tables(ctx context.Context, conn db.DBTX) ([]table, error) {
	columnsOf, refsOf := sqliteColumns, sqliteRefs
	if d.goose == goose.DialectPostgres {
		columnsOf, refsOf = postgresColumns, postgresRefs
	}
	var list []table
	err := each(ctx, conn, columnsOf, func(scan func(...any) error) error {
		var name, typ string
		var c column
		if err := scan(&name, &c.name, &typ, &c.nullable); err != nil {
			return err
		}
		c.truth = typ == "boolean"
		if len(list) == 0 || list[len(list)-1].name != name {
			list = append(list, table{name: name})
		}
		last := &list[len(list)-1]
		last.columns = append(last.columns, c)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	err = each(ctx, conn, refsOf, func(scan func(...any) error) error {
		var from, to string
		if err := scan(&from, &to); err != nil {
			return err
		}
		if i := slices.IndexFunc(list, func(t table) bool { return t.name == from }); i >= 0 && from != to {
			list[i].refs = append(list[i].refs, to)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	return inOrder(list)
}

// inOrder sorts tables so that each comes after those that it refers to.
func inOrder(list []table) ([]table, error) {
	out := make([]table, 0, len(list))
	done := map[string]bool{}
	for len(out) < len(list) {
		before := len(out)
		for _, t := range list {
			waits := slices.ContainsFunc(t.refs, func(name string) bool { return !done[name] })
			if !done[t.name] && !waits {
				out, done[t.name] = append(out, t), true
			}
		}
		if len(out) == before {
			return nil, errors.New("tables refer to each other in a circle")
		}
	}
	return out, nil
}

// each runs query and calls f for every row.
func each(ctx context.Context, conn db.DBTX, query string, f func(scan func(...any) error) error) error {
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// TableRows says how many rows a table has.
type TableRows struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
}

// Counts counts the rows of every table, on one snapshot. A table comes after
// those that it refers to. A database without a schema has no tables.
func (s *Store) Counts(ctx context.Context) (list []TableRows, err error) {
	err = s.engine.view(ctx, func(conn db.DBTX) error {
		tables, err := s.dialect.tables(ctx, conn)
		if err != nil {
			return err
		}
		list, err = counts(ctx, conn, tables)
		return err
	})
	return list, err
}

func counts(ctx context.Context, conn db.DBTX, tables []table) ([]TableRows, error) {
	list := make([]TableRows, len(tables))
	for i, t := range tables {
		list[i].Table = t.name
		if err := conn.QueryRowContext(ctx, `SELECT count(*) FROM "`+t.name+`"`).Scan(&list[i].Rows); err != nil {
			return nil, fmt.Errorf("count %s: %w", t.name, err)
		}
	}
	return list, nil
}

// Migration is one step of the schema.
type Migration struct {
	Version int64  `json:"version"`
	Name    string `json:"name"`
	Applied bool   `json:"applied"` // to this database
}

// Migrations lists the steps that this program knows, the oldest first. It
// changes nothing.
func (s *Store) Migrations(ctx context.Context) ([]Migration, error) {
	applied := map[int64]bool{}
	err := s.engine.view(ctx, func(conn db.DBTX) error {
		return each(ctx, conn, "SELECT version_id FROM goose_db_version", func(scan func(...any) error) error {
			var version int64
			err := scan(&version)
			applied[version] = true
			return err
		})
	})
	if err != nil && s.dialect.fault(err) != faultNoTable {
		return nil, fmt.Errorf("read schema versions: %w", err)
	}
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	list := make([]Migration, len(files))
	for i, file := range files {
		number, name, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(file, "migrations/"), ".sql"), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("migration %s: %w", file, err)
		}
		list[i] = Migration{Version: version, Name: name, Applied: applied[version]}
	}
	return list, nil
}
