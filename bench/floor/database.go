package main

import (
	"context"
	"database/sql"
	"errors"

	"lectern/internal/store/sqlstore" // brings the driver
)

// batchMost is how many transactions share one commit, at most.
const batchMost = 64

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

// migrated makes a file with Lectern's own tables and indexes.
func migrated(ctx context.Context, file string) error {
	s, err := sqlstore.Open(ctx, file, sqlstore.Options{Migrate: true, MaxConns: 1})
	if err != nil {
		return err
	}
	return s.Close()
}

func openDatabase(ctx context.Context, file string) (*database, error) {
	if err := migrated(ctx, file); err != nil {
		return nil, err
	}
	pool, err := sql.Open("sqlite", "file:"+file+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)"+
		"&_pragma=cache_size(-8000)&_pragma=temp_store(MEMORY)&_pragma=wal_autocheckpoint(4000)")
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(2) // one writes, one counts
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	s, err := prepare(ctx, conn)
	if err != nil {
		return nil, err
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
	err = d.pool.QueryRowContext(ctx, "SELECT count(*) FROM launch_session").Scan(&n)
	return n, err
}

func (d *database) close() error {
	close(d.jobs)
	<-d.done
	return nil // the process ends with it
}
