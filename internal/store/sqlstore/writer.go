package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"lectern/internal/store/sqlstore/db"
)

// How the writer shares commits and the file.
const (
	batchMost  = 64                     // functions that share one commit, at most
	batchAge   = 10 * time.Millisecond  // no function joins a transaction older than this
	gatherFor  = 500 * time.Microsecond // how long a busy writer waits for one more before it commits
	lockWait   = 15 * time.Second       // how long to wait for another process to finish writing
	lockPause  = time.Millisecond       // between two tries for the lock
	yieldEvery = 100 * time.Millisecond // under load, the lock is free for others this often …
	yieldFor   = 3 * lockPause          // … and this long
)

// writer is the one connection that writes, with group commit.
//
// A function runs on its caller's goroutine while the caller has the turn,
// inside a savepoint of the open transaction, the batch. Giving up the turn,
// the caller commits the batch, unless somebody waits for the turn and the
// batch is small and young: then the next one will. So a lone caller commits at
// once, and while one commit waits for the disk, callers gather for the next.
// While callers come together, the last of a batch waits a moment for one more,
// unless as many came as the last times: on a busy processor the others have yet
// to get to their writing, and each commit costs more than they do. A caller returns when the batch it is in is durable.
type writer struct {
	pool    *sql.DB
	conn    *sqliteConn
	turn    chan struct{} // holds one token while somebody has the turn
	waiting atomic.Int64  // callers waiting for the turn
	metrics Metrics

	// Only who has the turn may touch these.
	open    *batch    // nil when no transaction is open
	crowd   int       // how many functions the next batch is likely to have
	yielded time.Time // when the file was last free for long enough
	freed   time.Time // when the last transaction ended
	closed  bool
}

// batch is one transaction. err is set before done is closed.
type batch struct {
	began time.Time
	kept  int // functions whose writes are in it
	done  chan struct{}
	err   error
}

func newWriter(ctx context.Context, path string, metrics Metrics) (*writer, error) {
	pool, err := sqlitePool(path, 1, false, lockWait)
	if err != nil {
		return nil, err
	}
	conn, err := newSQLiteConn(ctx, pool, true)
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	w := &writer{pool: pool, conn: conn, turn: make(chan struct{}, 1), metrics: metrics}
	// From here on begin waits, more evenly than SQLite would.
	if err := conn.do("PRAGMA busy_timeout = 0"); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// update runs f in a savepoint and returns when what it wrote is durable.
func (w *writer) update(ctx context.Context, f func(db.DBTX) error) error {
	began := time.Now()
	if err := w.enter(ctx); err != nil {
		return err
	}
	w.metrics.waited(began)
	b, err := w.run(ctx, f)
	if err != nil {
		return err
	}
	<-b.done
	return b.err
}

// enter waits for the turn.
func (w *writer) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.waiting.Add(1)
	select {
	case w.turn <- struct{}{}:
		w.waiting.Add(-1)
		return nil
	case <-ctx.Done():
		if w.waiting.Add(-1) == 0 {
			// Whoever had the turn may have left the commit to us.
			go func() {
				w.turn <- struct{}{}
				w.leave()
			}()
		}
		return ctx.Err()
	}
}

// leave gives up the turn, and commits unless somebody else is going to.
func (w *writer) leave() {
	if b := w.open; b != nil && !w.gathers(b) {
		w.commit(b)
	}
	<-w.turn
}

// gathers reports whether somebody else will join the batch and see to it.
func (w *writer) gathers(b *batch) bool {
	if b.kept >= batchMost || time.Since(b.began) >= batchAge {
		return false
	}
	if w.waiting.Load() == 0 && b.kept < w.crowd {
		time.Sleep(gatherFor)
	}
	return w.waiting.Load() > 0
}

// run runs f inside a savepoint and gives up the turn. It returns the batch
// that f's writes belong to.
func (w *writer) run(ctx context.Context, f func(db.DBTX) error) (*batch, error) {
	defer w.leave()
	if w.closed {
		return nil, ErrClosed
	}
	b, err := w.begin(ctx)
	if err != nil {
		return nil, err
	}
	if err := w.conn.do("SAVEPOINT one"); err != nil {
		w.abort(b, err)
		return nil, err
	}
	kept, failed := false, error(nil)
	defer func() { // also when f panics
		if kept {
			return
		}
		// On a full disk SQLite may have undone the whole transaction: there is no
		// savepoint any more, and those who share the batch are told why.
		if err := errors.Join(w.conn.do("ROLLBACK TO one"), w.conn.do("RELEASE one")); err != nil {
			w.abort(b, errors.Join(failed, err))
		}
	}()
	if failed = f(w.conn); failed != nil {
		return nil, failed
	}
	if failed = w.conn.do("RELEASE one"); failed != nil {
		return nil, fmt.Errorf("keep: %w", failed)
	}
	kept = true
	b.kept++
	return b, nil
}

// begin returns the open batch, or opens one. While another process writes it
// tries again and again, evenly, so that it is not starved by a busy one.
func (w *writer) begin(ctx context.Context) (*batch, error) {
	if w.open != nil {
		return w.open, nil
	}
	for deadline := time.Now().Add(lockWait); ; {
		err := w.conn.do("BEGIN IMMEDIATE")
		if err == nil {
			break
		}
		if sqliteFault(err) != faultRetry {
			return nil, fmt.Errorf("begin: %w", err)
		}
		if time.Now().After(deadline) {
			return nil, ErrBusy.Wrap(err)
		}
		select {
		case <-time.After(lockPause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	w.open = &batch{began: time.Now(), done: make(chan struct{})}
	if w.open.began.Sub(w.freed) >= yieldFor {
		w.yielded = w.open.began
	}
	return w.open, nil
}

// commit makes the batch durable and tells its callers.
func (w *writer) commit(b *batch) {
	if b.kept == 0 {
		w.abort(b, nil)
		return
	}
	began := time.Now()
	if err := w.conn.do("COMMIT"); err != nil {
		w.abort(b, fmt.Errorf("commit: %w", err))
		return
	}
	w.open, w.crowd = nil, max(b.kept, w.crowd*3/4)
	w.metrics.committed(b.kept, began)
	close(b.done)
	w.freed = time.Now()
	if w.freed.Sub(w.yielded) > yieldEvery {
		time.Sleep(yieldFor) // another process may want to write
		w.yielded = time.Now()
	}
}

// abort undoes the batch and fails its callers with err.
func (w *writer) abort(b *batch, err error) {
	_ = w.conn.do("ROLLBACK") // fails when SQLite did it already, as on a full disk
	w.open = nil
	b.err = err
	close(b.done)
}

// close waits for the running update; those that wait fail.
func (w *writer) close() error {
	w.turn <- struct{}{}
	defer w.leave()
	if w.closed {
		return nil
	}
	if w.open != nil {
		w.commit(w.open)
	}
	w.closed = true
	return errors.Join(w.conn.close(), w.pool.Close())
}
