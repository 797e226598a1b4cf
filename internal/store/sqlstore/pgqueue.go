package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"lectern/internal/store/sqlstore/db"
)

// errGuess means that a statement did something else than pgQueue told its
// caller. What came of it is undone.
var errGuess = errors.New("a statement did not do what was expected")

// record is update for functions that hardly ever meet a conflict. Their writes
// wait in a [pgQueue] and go to the server together, with the commit and with
// those of others: see [sharer]. When one of them does not do what the function
// was told, all is undone and the function runs again as an update: then it is
// told what happened.
func (p *postgres) record(ctx context.Context, f func(db.DBTX) error) error {
	err := p.recordOnce(ctx, f)
	if errors.Is(err, errGuess) && ctx.Err() == nil {
		return p.update(ctx, f)
	}
	return err
}

func (p *postgres) recordOnce(ctx context.Context, f func(db.DBTX) error) error {
	q := &pgQueue{db: p, pool: p.pool}
	defer q.end(ctx)
	if err := f(q); err != nil {
		q.flush(ctx) // the function may have failed for what it was told
		return q.or(err)
	}
	if err := q.or(ctx.Err()); err != nil {
		return err
	}
	if !q.begun && len(q.queue) > 0 {
		if err := p.sharer.commit(q.queue); !errors.Is(err, errAlone) {
			return err
		}
	}
	began := time.Now()
	if err := q.commit(ctx); err != nil {
		return err
	}
	p.metrics.committed(1, began)
	return nil
}

// pgQueue is a PostgreSQL transaction whose INSERTs and UPDATEs wait until
// something is read or the transaction ends. Their callers are told that one row
// was written; that is checked when it has happened. The transaction begins with
// the first write: what is read before needs none, as each statement sees what
// was committed when it began anyway.
type pgQueue struct {
	db     *postgres
	pool   *sql.DB   // where its connection comes from
	shared bool      // by several records: no request ends it
	conn   *sql.Conn // nil until the transaction begins
	queue  []*queued
	begun  bool
	failed error // what a statement did instead; the queue is of no use any more
}

// queued is a statement that waits, and the answer to its caller.
type queued struct {
	query string
	args  []any
	asked bool // the caller wanted to know whether a row was written
	more  int  // rows that it writes besides the one
}

// LastInsertId is not something that PostgreSQL has.
func (*queued) LastInsertId() (int64, error) { return 0, errors.ErrUnsupported }

// RowsAffected says that the row was written.
func (s *queued) RowsAffected() (int64, error) {
	s.asked = true
	return 1, nil
}

// strict returns the statement so that it fails when its caller was told wrong.
// ok is false where that cannot be: then the rows have to be looked at.
func (s *queued) strict() (query string, ok bool) {
	if !s.asked {
		return s.query, true
	}
	head, found := strings.CutSuffix(strings.TrimSpace(s.query), "DO NOTHING")
	if i := strings.LastIndex(head, "ON CONFLICT"); found && i >= 0 {
		return head[:i], strings.Contains(head[:i], "VALUES")
	}
	return s.query, false
}

// or returns errGuess when a guess was wrong, else err.
func (q *pgQueue) or(err error) error {
	if q.failed != nil {
		return fmt.Errorf("%w: %w", errGuess, q.failed)
	}
	return err
}

// ExecContext queues a write, or runs what is none of ours.
func (q *pgQueue) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := checkTexts(args); err != nil {
		return nil, err
	}
	if verb := verbOf(query); verb == "INSERT" || verb == "UPDATE" {
		s := &queued{query: query, args: args}
		q.queue = append(q.queue, s)
		return s, nil
	}
	on, ctx := q.ready(ctx, true)
	return on.ExecContext(ctx, query, args...)
}

// PrepareContext prepares query, to be closed by the caller.
func (q *pgQueue) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	on, ctx := q.ready(ctx, true)
	return on.PrepareContext(ctx, query)
}

// QueryContext runs a query after what waits.
func (q *pgQueue) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	on, ctx := q.ready(ctx, writes(query))
	return on.QueryContext(ctx, query, args...)
}

// QueryRowContext runs a query after what waits.
func (q *pgQueue) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	on, ctx := q.ready(ctx, writes(query))
	return on.QueryRowContext(ctx, query, args...)
}

// verbOf returns the first word of a query, after its comments.
func verbOf(query string) string {
	for {
		query = strings.TrimLeft(query, " \n")
		if !strings.HasPrefix(query, "--") {
			break
		}
		_, query, _ = strings.Cut(query, "\n")
	}
	verb, _, _ := strings.Cut(query, " ")
	return verb
}

// writes reports whether a query changes or locks something.
func writes(query string) bool {
	return verbOf(query) != "SELECT" || strings.Contains(query, "FOR UPDATE")
}

// ready sends what waits and begins the transaction if it has to be. It returns
// where to send what comes next. When it failed, that is the pool with a context
// that has ended, which answers at once; on the connection the driver would take
// the ended context for a reason to close it.
func (q *pgQueue) ready(ctx context.Context, inside bool) (db.DBTX, context.Context) {
	_ = q.send(ctx, inside, false) // only a commit has an error of its own
	if q.failed != nil {
		ended, end := context.WithCancel(ctx)
		end()
		return q.pool, ended
	}
	if !q.begun {
		return q.pool, ctx
	}
	return q.conn, ctx
}

// flush sends what waits.
func (q *pgQueue) flush(ctx context.Context) { _ = q.send(ctx, false, false) }

// commit sends what waits and ends the transaction.
func (q *pgQueue) commit(ctx context.Context) error {
	if len(q.queue) == 0 && !q.begun {
		return nil // only read
	}
	together := true
	for _, s := range q.queue {
		_, strict := s.strict()
		together = together && strict
	}
	if !together {
		q.flush(ctx)
	}
	if q.failed == nil {
		if err := q.send(ctx, false, true); err != nil {
			return err
		}
	}
	return q.or(nil)
}

// send sends what waits in one go and looks at what came of it. Its error is of
// a commit that failed, or that may have happened.
func (q *pgQueue) send(ctx context.Context, begin, commit bool) error {
	if q.failed != nil || len(q.queue) == 0 && (!begin || q.begun) && !commit {
		return nil
	}
	if err := q.connect(ctx); err != nil {
		q.failed = err
		return nil
	}
	batch := &pgx.Batch{}
	list := q.queue
	if !q.begun {
		list = append([]*queued{{query: "BEGIN ISOLATION LEVEL READ COMMITTED"}}, list...)
	}
	for _, s := range list {
		query, _ := s.strict()
		batch.Queue(query, s.args...)
	}
	if commit {
		batch.Queue("COMMIT")
	}
	q.queue, q.begun = nil, true
	if !q.shared {
		ctx = context.WithoutCancel(ctx)
	}
	var failed, ended error
	err := q.conn.Raw(func(c any) error {
		results := c.(*stdlib.Conn).Conn().SendBatch(ctx, batch)
		for _, s := range list {
			if failed = s.check(results.Exec()); failed != nil {
				break
			}
		}
		if commit && failed == nil {
			_, ended = results.Exec()
		}
		if err := results.Close(); failed == nil && ended == nil {
			ended = err
		}
		if lost(failed) || lost(ended) {
			return driver.ErrBadConn
		}
		return nil
	})
	if commit && lost(failed) {
		ended = failed // how far did it get?
	}
	if ended == nil && failed == nil {
		ended = err
	}
	switch {
	case ended != nil && commit:
		return fmt.Errorf("commit: %w", ended)
	case ended != nil:
		failed = ended
	}
	q.failed, q.begun = failed, !commit || failed != nil
	return nil
}

// errRows means that a statement wrote more or fewer rows than was said.
var errRows = errors.New("more or fewer rows than expected")

// check compares what a statement did with what its caller was told.
func (s *queued) check(tag pgconn.CommandTag, err error) error {
	if err == nil && s.asked && tag.RowsAffected() != int64(1+s.more) {
		return fmt.Errorf("%s: %w", tag, errRows)
	}
	return err
}

// lost reports whether err is none that the server told: the connection is of
// no use any more.
func lost(err error) bool {
	var told *pgconn.PgError
	return err != nil && !errors.Is(err, errRows) && !errors.As(err, &told)
}

// connect takes a connection for the transaction.
func (q *pgQueue) connect(ctx context.Context) (err error) {
	if q.conn != nil {
		return nil
	}
	began := time.Now()
	if q.conn, err = q.db.conn(ctx, q.pool); err == nil {
		q.db.metrics.waited(began)
	}
	return err
}

// end undoes what was not committed and gives the connection back. One on which
// that fails is not used again.
func (q *pgQueue) end(ctx context.Context) {
	if q.conn == nil {
		return
	}
	if q.begun {
		q.begun = false
		if _, err := q.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); err != nil {
			_ = q.conn.Raw(func(any) error { return driver.ErrBadConn })
		}
	}
	_ = q.conn.Close() // it goes back to the pool, or was closed there
	q.conn = nil
}
