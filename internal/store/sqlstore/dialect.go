package sqlstore

import (
	"database/sql"
	"errors"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
)

// fault is what an engine's error means to us.
type fault int

const (
	faultOther   fault = iota
	faultUnique        // a unique value is taken
	faultMissing       // a row that the statement refers to is not there
	faultText          // text that the engine cannot hold
	faultRetry         // the transaction lost a race; running it again may succeed
	faultNoTable       // the schema is not there
)

// dialect is everything in which the engines differ.
type dialect struct {
	goose goose.Dialect
	query func(string) string // rewrites a query
	ddl   func(string) string // rewrites a migration
	fault func(error) fault
}

func postgresDialect() dialect {
	same := func(s string) string { return s }
	return dialect{goose: goose.DialectPostgres, query: same, ddl: same, fault: postgresFault}
}

func sqliteDialect() dialect {
	return dialect{goose: goose.DialectSQLite3, query: unlocked, ddl: sqliteDDL, fault: sqliteFault}
}

// unlocked drops the locking clause: with one writer there is nobody to lock out.
func unlocked(query string) string {
	query = strings.ReplaceAll(query, "FOR UPDATE SKIP LOCKED", "")
	return strings.ReplaceAll(query, "FOR UPDATE\n", "\n")
}

// sqliteDDL translates column types and makes every table STRICT.
func sqliteDDL(ddl string) string {
	ddl = strings.NewReplacer("\n);", "\n) STRICT;", "DOUBLE PRECISION", "REAL").Replace(ddl)
	return columnType.ReplaceAllStringFunc(ddl, func(typ string) string {
		if typ == "BYTEA" {
			return "BLOB"
		}
		return "INTEGER"
	})
}

var columnType = regexp.MustCompile(`\b(?:BYTEA|BIGINT|BOOLEAN)\b`)

func postgresFault(err error) fault {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return faultOther
	}
	switch e.Code {
	case "23505":
		return faultUnique
	case "23503":
		return faultMissing
	case "22021", "22P05", "54000":
		return faultText
	case "40001", "40P01":
		return faultRetry
	case "42P01":
		return faultNoTable
	}
	return faultOther
}

// SQLite's result codes, from its C interface.
const (
	sqliteBusy       = 5
	sqliteForeignKey = 787
	sqlitePrimaryKey = 1555
	sqliteUnique     = 2067
)

func sqliteFault(err error) fault {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return faultOther
	}
	switch {
	case e.Code() == sqliteUnique || e.Code() == sqlitePrimaryKey:
		return faultUnique
	case e.Code() == sqliteForeignKey:
		return faultMissing
	case e.Code()&0xff == sqliteBusy:
		return faultRetry
	case strings.Contains(e.Error(), "no such table"):
		return faultNoTable
	}
	return faultOther
}

// absent reports whether err means that a query found no row.
func absent(err error) bool { return errors.Is(err, sql.ErrNoRows) }
