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

// readers is a pool of reading SQLite connections, each with its statements. The
// one used last is used next: what it has in its cache is newest, and those that
// are seldom needed stay small.
type readers struct {
	pool   *sql.DB
	slots  chan struct{} // one token for each connection that nobody uses
	closed chan struct{}
	close1 sync.Once

	mu   sync.Mutex
	idle []*sqliteConn // those that are open; the last was used last

	waits, waited atomic.Int64 // how often somebody waited, and nanoseconds
}

func newReaders(path string, n int) (*readers, error) {
	pool, err := sqlitePool(path, n, true, schemaWait)
	if err != nil {
		return nil, err
	}
	r := &readers{pool: pool, slots: make(chan struct{}, n), closed: make(chan struct{})}
	for range n {
		r.slots <- struct{}{}
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
	if err := r.enter(ctx); err != nil {
		return err
	}
	defer func() { r.slots <- struct{}{} }()
	c := r.pop()
	if c == nil {
		var err error
		if c, err = newSQLiteConn(ctx, r.pool, false); err != nil {
			return fmt.Errorf("open reader: %w", err)
		}
	}
	keep := true // also when f panics
	defer func() {
		if keep {
			r.push(c)
		}
	}()
	keep, err := f(c)
	if !keep {
		err = errors.Join(err, c.close()) // the next one opens it anew
	}
	return err
}

// pop returns the open connection used last, or nil when none is idle.
func (r *readers) pop() *sqliteConn {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.idle) - 1
	if last < 0 {
		return nil
	}
	c := r.idle[last]
	r.idle = r.idle[:last]
	return c
}

func (r *readers) push(c *sqliteConn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.idle = append(r.idle, c)
}

// enter waits until a connection may be used.
func (r *readers) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-r.closed:
		return ErrClosed
	default:
	}
	select {
	case <-r.slots:
		return nil
	default:
	}
	began := time.Now()
	r.waits.Add(1)
	defer func() { r.waited.Add(int64(time.Since(began))) }()
	select {
	case <-r.slots:
		return nil
	case <-r.closed:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stats returns how the connections are used.
func (r *readers) stats() Pool {
	idle := len(r.slots)
	return Pool{
		InUse: cap(r.slots) - idle, Idle: idle, Max: cap(r.slots),
		Waits: r.waits.Load(), Waited: time.Duration(r.waited.Load()),
	}
}

// close waits for running views.
func (r *readers) close() (err error) {
	r.close1.Do(func() {
		close(r.closed)
		var list []error
		for range cap(r.slots) {
			<-r.slots
		}
		for _, c := range r.idle {
			list = append(list, c.close())
		}
		err = errors.Join(append(list, r.pool.Close())...)
	})
	return err
}
