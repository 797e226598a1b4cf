package sqlstore

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"regexp"
	"slices"
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
	faultDown          // the database cannot be reached
	faultFull          // the database cannot be written
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
		if unreachable(err) {
			return faultDown
		}
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
	case "53100", "25006": // the disk is full; only reading is allowed
		return faultFull
	case "57P01", "57P02", "57P03", "53300": // it stops, crashed, starts, or has no connection left
		return faultDown
	}
	if strings.HasPrefix(e.Code, "08") {
		return faultDown
	}
	return faultOther
}

// unreachable reports whether err is about the way to the server.
func unreachable(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		strings.Contains(err.Error(), "conn closed") // pgconn has no value for it
}

// SQLite's result codes, from its C interface.
const (
	sqliteBusy       = 5
	sqliteReadOnly   = 8
	sqliteIO         = 10
	sqliteFull       = 13
	sqliteCantOpen   = 14
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
	case slices.Contains([]int{sqliteReadOnly, sqliteIO, sqliteFull, sqliteCantOpen}, e.Code()&0xff):
		return faultFull
	case strings.Contains(e.Error(), "no such table"):
		return faultNoTable
	}
	return faultOther
}

// absent reports whether err means that a query found no row.
func absent(err error) bool { return errors.Is(err, sql.ErrNoRows) }
