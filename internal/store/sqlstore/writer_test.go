package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"lectern/internal/store/sqlstore/db"
)

func openWriter(t *testing.T) (*writer, *Store) {
	t.Helper()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), Options{Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s.engine.(*sqliteDB).writer, s
}

func set(name string) func(db.DBTX) error {
	return func(conn db.DBTX) error { return db.New(conn).SettingPut(context.Background(), name, name) }
}

func settingNames(t *testing.T, s *Store) (n int) {
	t.Helper()
	err := s.engine.view(t.Context(), func(conn db.DBTX) error {
		return conn.QueryRowContext(t.Context(), "SELECT count(*) FROM setting").Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// together runs functions so that all are in one batch: while the first runs,
// the others queue in their order. It returns their errors.
func together(t *testing.T, w *writer, list ...func(db.DBTX) error) []error {
	t.Helper()
	errs := make([]error, len(list))
	var all sync.WaitGroup
	waiting := func(n int) {
		for w.waiting.Load() < int64(n) {
			runtime.Gosched()
		}
	}
	first := make(chan struct{})
	all.Go(func() {
		errs[0] = w.update(t.Context(), func(conn db.DBTX) error {
			close(first)
			waiting(len(list) - 1)
			w.open.began = time.Now().Add(time.Hour) // the batch stays young
			return list[0](conn)
		})
	})
	<-first
	for i, f := range list[1:] {
		all.Go(func() { errs[i+1] = w.update(t.Context(), f) })
		if i+2 < len(list) { // the last one lets the first one go on
			waiting(i + 1)
		}
	}
	all.Wait()
	return errs
}

func TestBatchSharesOneCommit(t *testing.T) {
	w, s := openWriter(t)
	batches := map[*batch]bool{}
	var list []func(db.DBTX) error
	for i := range 20 {
		list = append(list, func(conn db.DBTX) error {
			batches[w.open] = true
			if i%3 == 0 {
				return errors.Join(set(fmt.Sprint(i))(conn), context.DeadlineExceeded)
			}
			return set(fmt.Sprint(i))(conn)
		})
	}
	for i, err := range together(t, w, list...) {
		if failed := err != nil; failed != (i%3 == 0) {
			t.Errorf("function %d: %v", i, err)
		}
	}
	if len(batches) != 1 {
		t.Errorf("%d transactions for 20 functions", len(batches))
	}
	if n := settingNames(t, s); n != 13 {
		t.Errorf("%d writes were kept, want 13", n)
	}
}

func TestBatchIsBounded(t *testing.T) {
	w, s := openWriter(t)
	batches := map[*batch]int{}
	var list []func(db.DBTX) error
	for i := range 3 * batchMost {
		list = append(list, func(conn db.DBTX) error {
			batches[w.open]++
			w.open.began = time.Now().Add(time.Hour) // age does not end it
			return set(fmt.Sprint(i))(conn)
		})
	}
	together(t, w, list...)
	for _, n := range batches {
		if n > batchMost {
			t.Errorf("a batch of %d functions", n)
		}
	}
	if n := settingNames(t, s); n != 3*batchMost || len(batches) != 3 {
		t.Errorf("%d writes in %d batches", n, len(batches))
	}
}

// TestCommitFails makes the commit itself fail: everybody in the batch is told,
// nobody's writes are kept, and the next batch works.
func TestCommitFails(t *testing.T) {
	w, s := openWriter(t)
	spoil := func(conn db.DBTX) error {
		_, err := conn.ExecContext(t.Context(), "PRAGMA defer_foreign_keys = 1")
		_, err2 := conn.ExecContext(t.Context(),
			"INSERT INTO setup_link (token_hash, account_id, expires_at) VALUES (x'00', 'nobody', 0)")
		return errors.Join(err, err2)
	}
	for i, err := range together(t, w, set("before"), spoil, set("after")) {
		if err == nil {
			t.Errorf("function %d was told that its writes are kept", i)
		}
	}
	if err := w.update(t.Context(), set("next")); err != nil {
		t.Errorf("the next update: %v", err)
	}
	if n := settingNames(t, s); n != 1 {
		t.Errorf("%d writes were kept, want 1", n)
	}
}

// TestTransactionLost ends the transaction behind the writer's back, as SQLite
// does when the disk is full.
func TestTransactionLost(t *testing.T) {
	for _, instead := range []error{nil, errors.New("disk full")} {
		w, s := openWriter(t)
		lose := func(conn db.DBTX) error {
			_, err := conn.ExecContext(t.Context(), "ROLLBACK")
			return errors.Join(err, instead)
		}
		errs := together(t, w, set("before"), lose, set("after"))
		if errs[0] == nil || errs[1] == nil || errs[2] != nil {
			t.Errorf("got %v, want an error for the first two", errs)
		}
		if n := settingNames(t, s); n != 1 {
			t.Errorf("%d writes were kept, want 1", n)
		}
	}
}

// TestGoexit ends the goroutine inside an update, as t.FailNow does.
func TestGoexit(t *testing.T) {
	w, s := openWriter(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = w.update(t.Context(), func(conn db.DBTX) error { // never returns
			_ = set("lost")(conn)
			runtime.Goexit()
			return nil
		})
	}()
	<-done
	if err := w.update(t.Context(), set("next")); err != nil {
		t.Error(err)
	}
	if n := settingNames(t, s); n != 1 {
		t.Errorf("%d writes were kept, want 1", n)
	}
}

// TestCancelledWhileQueued gives up waiting for the turn; what others wrote is
// committed all the same.
func TestCancelledWhileQueued(t *testing.T) {
	w, s := openWriter(t)
	ctx, cancel := context.WithCancel(t.Context())
	gaveUp := make(chan error, 1)
	err := w.update(t.Context(), func(conn db.DBTX) error {
		go func() { gaveUp <- w.update(ctx, set("never")) }()
		for w.waiting.Load() == 0 {
			runtime.Gosched()
		}
		cancel()
		if err := <-gaveUp; !errors.Is(err, context.Canceled) {
			t.Errorf("queued update: got %v", err)
		}
		return set("kept")(conn)
	})
	if err != nil {
		t.Error(err)
	}
	if n := settingNames(t, s); n != 1 {
		t.Errorf("%d writes were kept, want 1", n)
	}
}

// TestLongUpdateIsCancelled stops a function between two statements.
func TestLongUpdateIsCancelled(t *testing.T) {
	w, s := openWriter(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := w.update(ctx, func(conn db.DBTX) error {
		for i := 0; ; i++ {
			if err := db.New(conn).SettingPut(ctx, fmt.Sprint(i), ""); err != nil {
				return err
			}
		}
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if n := settingNames(t, s); n != 0 {
		t.Errorf("%d writes were kept", n)
	}
}
