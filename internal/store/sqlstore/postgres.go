package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"lectern/internal/store/sqlstore/db"
)

// How PostgreSQL is used.
const (
	postgresConns    = 16              // unless the options say otherwise
	postgresIdle     = 5 * time.Minute // an unused connection is closed after this time
	postgresLifetime = time.Hour       // and any after this, so that failovers are noticed
	postgresTries    = 6               // of one update that loses races
	postgresPause    = 10 * time.Millisecond
	postgresBroken   = 3 // broken connections that one transaction puts up with
)

// postgres is the engine for any number of processes.
type postgres struct {
	pool    *sql.DB
	config  *pgx.ConnConfig
	teller  *teller
	sharer  *sharer
	metrics Metrics
}

func openPostgres(ctx context.Context, dsn string, opts Options) (*postgres, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, ErrDSN.With("%T", err) // the text may hold the password
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "lectern"
	}
	conns := opts.MaxConns
	if conns < 1 {
		conns = postgresConns
	}
	pool := postgresPool(config, max(1, conns-1))
	p := &postgres{pool: pool, config: config, teller: newTeller(pool), metrics: opts.Metrics}
	p.sharer = &sharer{db: p, pool: pool, most: shareTime}
	if conns > 1 {
		p.sharer.pool = postgresPool(config, 1)
	}
	if err := pool.PingContext(ctx); err != nil {
		_ = p.close() // the first error says more
		return nil, fmt.Errorf("open PostgreSQL: %w", err)
	}
	return p, nil
}

func postgresPool(config *pgx.ConnConfig, conns int) *sql.DB {
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	pool.SetConnMaxIdleTime(postgresIdle)
	pool.SetConnMaxLifetime(postgresLifetime)
	return pool
}

func (p *postgres) ping(ctx context.Context) error { return p.pool.PingContext(ctx) }

func (p *postgres) stats() Pool {
	s := p.pool.Stats()
	all := Pool{InUse: s.InUse, Idle: s.Idle, Max: s.MaxOpenConnections, Waits: s.WaitCount, Waited: s.WaitDuration}
	if p.sharer.pool != p.pool { // nobody waits for its connection: records wait for each other
		s := p.sharer.pool.Stats()
		all.InUse, all.Idle, all.Max = all.InUse+s.InUse, all.Idle+s.Idle, all.Max+s.MaxOpenConnections
	}
	return all
}

func (p *postgres) close() error {
	p.teller.close()
	return errors.Join(p.pool.Close(), p.sharer.pool.Close())
}

func (p *postgres) migrating(f func(*sql.DB) error) error { return f(p.pool) }

func (p *postgres) view(ctx context.Context, f func(db.DBTX) error) error {
	return p.once(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, f)
}

func (p *postgres) update(ctx context.Context, f func(db.DBTX) error) error {
	for try := 1; ; try++ {
		err := p.once(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted}, f)
		if err == nil || try == postgresTries || postgresFault(err) != faultRetry {
			return err
		}
		pause := time.Duration(try) * postgresPause
		select {
		case <-time.After(pause + rand.N(pause)):
		case <-ctx.Done():
			return err
		}
	}
}

// once runs f in one transaction. ctx ends it until the commit is sent and not
// after: a commit that is cut off may have happened, and the caller would be
// told that it had not.
func (p *postgres) once(ctx context.Context, opts *sql.TxOptions, f func(db.DBTX) error) error {
	conn, tx, err := p.begin(ctx, opts)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer tx.Rollback()
	if err := f(pgTx{tx}); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	began := time.Now()
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	if !opts.ReadOnly {
		p.metrics.committed(1, began)
	}
	return nil
}

// begin opens a transaction. A connection that broke since it was used last, as
// all do when the server restarts, is thrown away for the next.
func (p *postgres) begin(ctx context.Context, opts *sql.TxOptions) (*sql.Conn, *sql.Tx, error) {
	for broken := 0; ; broken++ {
		began := time.Now()
		conn, err := p.conn(ctx, p.pool)
		if err != nil {
			return nil, nil, err
		}
		if !opts.ReadOnly {
			p.metrics.waited(began)
		}
		tx, err := conn.BeginTx(context.WithoutCancel(ctx), opts)
		if err == nil {
			return conn, tx, nil
		}
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // so that the pool drops it
		_ = conn.Close()
		if broken == postgresBroken || postgresFault(err) != faultDown {
			return nil, nil, fmt.Errorf("begin: %w", err)
		}
	}
}

func (p *postgres) conn(ctx context.Context, pool *sql.DB) (*sql.Conn, error) {
	conn, err := pool.Conn(ctx)
	if errors.Is(err, sql.ErrConnDone) {
		return nil, ErrClosed.Wrap(err)
	}
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return conn, nil
}

// pgTx is a PostgreSQL transaction. The driver keeps prepared statements.
type pgTx struct{ *sql.Tx }

// ExecContext refuses texts that PostgreSQL would refuse, before they end the
// transaction.
func (t pgTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := checkTexts(args); err != nil {
		return nil, err
	}
	return t.Tx.ExecContext(ctx, query, args...)
}

func checkTexts(args []any) error {
	for _, a := range args {
		if s, ok := a.(string); ok && !storable(s) {
			return ErrText
		}
	}
	return nil
}
