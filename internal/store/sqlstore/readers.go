package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"lectern/internal/store/sqlstore/db"
)

// readers is a pool of reading SQLite connections, each with its statements.
type readers struct {
	pool   *sql.DB
	idle   chan *sqliteConn // one slot per connection; nil: not opened yet
	closed chan struct{}
	close1 sync.Once

	waits, waited atomic.Int64 // how often somebody waited, and nanoseconds
}

func newReaders(path string, n int) (*readers, error) {
	pool, err := sqlitePool(path, n, true, schemaWait)
	if err != nil {
		return nil, err
	}
	r := &readers{pool: pool, idle: make(chan *sqliteConn, n), closed: make(chan struct{})}
	for range n {
		r.idle <- nil
	}
	return r, nil
}

// view runs f in a transaction, so that all of it sees one snapshot.
func (r *readers) view(ctx context.Context, f func(db.DBTX) error) error {
	return r.use(ctx, func(c *sqliteConn) (keep bool, err error) {
		if err := c.do("BEGIN"); err != nil {
			return false, fmt.Errorf("begin: %w", err)
		}
		defer c.do("ROLLBACK") //nolint:errcheck // nothing was written
		return true, f(c)
	})
}

// look runs f without one. Its statements are not interrupted: the driver has a
// goroutine watch each one that can be, which costs more than a short read.
func (r *readers) look(ctx context.Context, f func(db.DBTX) error) error {
	return r.use(ctx, func(c *sqliteConn) (keep bool, err error) {
		c.steady = true
		defer func() { c.steady = false }()
		return true, f(c)
	})
}

// use lends a connection to f, which says whether it is still good.
func (r *readers) use(ctx context.Context, f func(*sqliteConn) (keep bool, err error)) error {
	c, err := r.take(ctx)
	if err != nil {
		return err
	}
	defer func() { r.idle <- c }()
	if c == nil {
		if c, err = newSQLiteConn(ctx, r.pool, false); err != nil {
			return fmt.Errorf("open reader: %w", err)
		}
	}
	keep, err := f(c)
	if !keep {
		err = errors.Join(err, c.close())
		c = nil // the next one opens it anew
	}
	return err
}

// take returns an idle connection, or nil for one that is not open yet.
func (r *readers) take(ctx context.Context) (*sqliteConn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-r.closed:
		return nil, ErrClosed
	default:
	}
	select {
	case c := <-r.idle:
		return c, nil
	default:
	}
	began := time.Now()
	r.waits.Add(1)
	defer func() { r.waited.Add(int64(time.Since(began))) }()
	select {
	case c := <-r.idle:
		return c, nil
	case <-r.closed:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// stats returns how the connections are used.
func (r *readers) stats() Pool {
	idle := len(r.idle)
	return Pool{
		InUse: cap(r.idle) - idle, Idle: idle, Max: cap(r.idle),
		Waits: r.waits.Load(), Waited: time.Duration(r.waited.Load()),
	}
}

// close waits for running views.
func (r *readers) close() (err error) {
	r.close1.Do(func() {
		close(r.closed)
		var list []error
		for range cap(r.idle) {
			if c := <-r.idle; c != nil {
				list = append(list, c.close())
			}
		}
		err = errors.Join(append(list, r.pool.Close())...)
	})
	return err
}
