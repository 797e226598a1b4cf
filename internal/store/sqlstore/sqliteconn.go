package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"regexp"
	"strconv"
	"strings"
)

// sqliteConn is one SQLite connection with its prepared statements. The queries
// are those of the program, with their filters set or not, so there is a bounded
// number of them. It is used by one goroutine at a time.
//
// A steady connection never interrupts a statement: an interrupted write would
// undo the whole transaction, which belongs to other callers as well. It looks
// at the context between statements instead.
type sqliteConn struct {
	conn   *sql.Conn
	steady bool
	query  func(string) string
	known  map[string]*kept
}

// kept is a query with its statement, once there is one.
type kept struct {
	stmt    *sql.Stmt
	filters bool // that may be narrowed
}

func newSQLiteConn(ctx context.Context, pool *sql.DB, steady bool) (*sqliteConn, error) {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &sqliteConn{conn: conn, steady: steady, query: unlocked, known: map[string]*kept{}}, nil
}

func (c *sqliteConn) close() error {
	var list []error
	for _, k := range c.known {
		if k.stmt != nil {
			list = append(list, k.stmt.Close())
		}
	}
	return errors.Join(append(list, c.conn.Close())...)
}

// prepare returns the kept statement of a query with its arguments.
func (c *sqliteConn) prepare(ctx context.Context, query string, args []any) (*sql.Stmt, error) {
	k := c.keep(query)
	if k.filters {
		query = narrowed(query, args)
		k = c.keep(query)
	}
	var err error
	if k.stmt == nil {
		k.stmt, err = c.PrepareContext(ctx, query)
	}
	return k.stmt, err
}

func (c *sqliteConn) keep(query string) *kept {
	k := c.known[query]
	if k == nil {
		k = &kept{filters: strings.Contains(query, optionalMark)}
		c.known[query] = k
	}
	return k
}

// do runs a statement that steers the transaction. It is never interrupted.
func (c *sqliteConn) do(query string) error {
	ctx := context.Background()
	stmt, err := c.prepare(ctx, query, nil) //nolint:sqlclosecheck // kept as long as the connection
	if err != nil {
		return err
	}
	_, err = stmt.ExecContext(ctx)
	return err
}

// optionalMark begins a filter that selects all when its parameter is empty.
const optionalMark = " AS TEXT) = '' OR "

var optional = regexp.MustCompile(`\(CAST\(\$(\d+) AS TEXT\) = '' OR `)

// narrowed returns the query without the ways out of its filters that are set:
// "(CAST($2 AS TEXT) = ” OR t.account_id = $2)" becomes "(t.account_id = $2)".
// SQLite plans a statement before it knows the parameters and uses no index for
// the first form; PostgreSQL plans it for what they are. Filters that many rows
// pass are written "(” = CAST($2 AS TEXT) OR …" and stay: for those it is
// better to walk the list in its order.
func narrowed(query string, args []any) string {
	return optional.ReplaceAllStringFunc(query, func(way string) string {
		n, err := strconv.Atoi(optional.FindStringSubmatch(way)[1])
		if err != nil || n < 1 || n > len(args) || args[n-1] == "" {
			return way
		}
		return "("
	})
}

// PrepareContext prepares query, to be closed by the caller.
func (c *sqliteConn) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return c.conn.PrepareContext(ctx, c.query(query))
}

// ExecContext runs a query that returns no rows.
func (c *sqliteConn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := checkTexts(args); err != nil {
		return nil, err
	}
	ctx, err := c.calm(ctx)
	if err != nil {
		return nil, err
	}
	stmt, err := c.prepare(ctx, query, args) //nolint:sqlclosecheck // kept as long as the connection
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...)
}

// QueryContext runs a query that returns rows.
func (c *sqliteConn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	ctx, err := c.calm(ctx)
	if err != nil {
		return nil, err
	}
	stmt, err := c.prepare(ctx, query, args) //nolint:sqlclosecheck // kept as long as the connection
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

// QueryRowContext runs a query that returns one row. It has no way to report
// that preparing failed, so it runs the plain query then, which fails as well.
func (c *sqliteConn) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if c.steady {
		ctx = context.WithoutCancel(ctx)
	}
	stmt, err := c.prepare(ctx, query, nil) //nolint:sqlclosecheck // kept as long as the connection
	if err != nil {
		return c.conn.QueryRowContext(ctx, c.query(query), args...)
	}
	return stmt.QueryRowContext(ctx, args...)
}

// calm returns the context to run a statement with.
func (c *sqliteConn) calm(ctx context.Context) (context.Context, error) {
	if !c.steady {
		return ctx, nil
	}
	return context.WithoutCancel(ctx), ctx.Err()
}
