package main

import (
	"context"
	"database/sql"
	"errors"

	_ "modernc.org/sqlite" // the driver
)

// batchMost is how many transactions share one commit, at most.
const batchMost = 64

// schema has the tables that a launch and an answer cannot do without.
const schema = `
CREATE TABLE IF NOT EXISTS nonce (value TEXT NOT NULL PRIMARY KEY, used_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS user (id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, seen_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS result (user TEXT NOT NULL, link TEXT NOT NULL, url TEXT NOT NULL, sourced_id TEXT NOT NULL,
	updated_at INTEGER NOT NULL, PRIMARY KEY (user, link));
CREATE TABLE IF NOT EXISTS session (hash TEXT NOT NULL PRIMARY KEY, user TEXT NOT NULL, context TEXT NOT NULL,
	created_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS state (user TEXT NOT NULL, block TEXT NOT NULL, value TEXT NOT NULL, updated_at INTEGER NOT NULL,
	PRIMARY KEY (user, block));
CREATE TABLE IF NOT EXISTS event (id TEXT NOT NULL PRIMARY KEY, user TEXT NOT NULL, block TEXT NOT NULL,
	earned REAL NOT NULL, possible REAL NOT NULL, happened_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS owed (user TEXT NOT NULL PRIMARY KEY, wanted INTEGER NOT NULL, due_at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS owed_due ON owed (due_at);`

// database is a file with one writer.
type database struct {
	pool *sql.DB
	jobs chan job
	done chan struct{}
}

type job struct {
	ctx   context.Context //nolint:containedctx // travels with the request it belongs to
	f     func(context.Context, *statements) error
	reply chan error
}

// statements are prepared once.
type statements struct {
	nonce, user, result, session *sql.Stmt
	state, event, owed           *sql.Stmt
}

func (s *statements) exec(ctx context.Context, stmt *sql.Stmt, args ...any) (int64, error) {
	result, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func openDatabase(ctx context.Context, file string) (*database, error) {
	pool, err := sql.Open("sqlite", "file:"+file+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)")
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(2) // one writes, one counts
	if _, err := pool.ExecContext(ctx, schema); err != nil {
		return nil, err
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	s := &statements{}
	for _, p := range []struct {
		to  **sql.Stmt
		sql string
	}{
		{&s.nonce, "INSERT INTO nonce VALUES (?, ?) ON CONFLICT DO NOTHING"},
		{&s.user, "INSERT INTO user VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name, seen_at = excluded.seen_at"},
		{&s.result, `INSERT INTO result VALUES (?, ?, ?, ?, ?) ON CONFLICT (user, link) DO UPDATE SET
			url = excluded.url, sourced_id = excluded.sourced_id, updated_at = excluded.updated_at`},
		{&s.session, "INSERT INTO session VALUES (?, ?, ?, ?)"},
		{&s.state, `INSERT INTO state VALUES (?, ?, ?, ?) ON CONFLICT (user, block) DO UPDATE SET
			value = excluded.value, updated_at = excluded.updated_at`},
		{&s.event, "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)"},
		{&s.owed, "INSERT INTO owed VALUES (?, 1, ?) ON CONFLICT (user) DO UPDATE SET wanted = owed.wanted + 1, due_at = excluded.due_at"},
	} {
		if *p.to, err = conn.PrepareContext(ctx, p.sql); err != nil { //nolint:sqlclosecheck // kept as long as the connection
			return nil, err
		}
	}
	d := &database{pool: pool, jobs: make(chan job), done: make(chan struct{})}
	go d.write(context.WithoutCancel(ctx), conn, s)
	return d, nil
}

// do runs f in a transaction and returns when it is durable.
func (d *database) do(ctx context.Context, f func(context.Context, *statements) error) error {
	reply := make(chan error, 1)
	d.jobs <- job{context.WithoutCancel(ctx), f, reply}
	return <-reply
}

// write runs all transactions: those that wait share a commit.
func (d *database) write(ctx context.Context, conn *sql.Conn, s *statements) {
	defer close(d.done)
	for first := range d.jobs {
		batch := []job{first}
		_, begun := conn.ExecContext(ctx, "BEGIN IMMEDIATE")
		errs := []error{errors.Join(begun, first.f(first.ctx, s))}
	gather:
		for len(batch) < batchMost {
			select {
			case j, ok := <-d.jobs:
				if !ok {
					break gather
				}
				batch, errs = append(batch, j), append(errs, errors.Join(begun, j.f(j.ctx, s)))
			default:
				break gather
			}
		}
		_, err := conn.ExecContext(ctx, "COMMIT")
		for i, j := range batch {
			j.reply <- errors.Join(errs[i], err)
		}
	}
}

func (d *database) sessions(ctx context.Context) (n int, err error) {
	err = d.pool.QueryRowContext(ctx, "SELECT count(*) FROM session").Scan(&n)
	return n, err
}

func (d *database) close() error {
	close(d.jobs)
	<-d.done
	return nil // the process ends with it
}
