package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"lectern/internal/pgtest"
	"lectern/internal/store/sqlstore/db"
)

// TestMerge looks at the statements that several records make together.
func TestMerge(t *testing.T) {
	const (
		one = "INSERT INTO a (x, y) VALUES ($1, lower($2)) ON CONFLICT DO NOTHING"
		two = "INSERT INTO b (x) VALUES ($1)"
		set = "UPDATE c SET x = $1 WHERE y = $2"
	)
	insert := func(x string) *queued { return &queued{query: one, args: []any{x, x}, asked: true} }
	other := func(x string) *queued { return &queued{query: two, args: []any{x}} }
	update := func(x string) *queued { return &queued{query: set, args: []any{x, x}, asked: true} }
	s := &sharer{}
	for name, tt := range map[string]struct {
		records [][]*queued
		want    []string
	}{
		"one record": {[][]*queued{{insert("1"), update("1"), other("1")}}, []string{one + " [1 1]", set + " [1 1]", two + " [1]"}},
		"alike": {[][]*queued{{insert("1"), other("1")}, {insert("2"), other("2")}, {insert("3")}}, []string{
			"INSERT INTO a (x, y) VALUES ($1, lower($2)), ($3, lower($4)), ($5, lower($6)) ON CONFLICT DO NOTHING [1 1 2 2 3 3]",
			"INSERT INTO b (x) VALUES ($1), ($2) [1 2]",
		}},
		"updates stay apart": {[][]*queued{{update("1")}, {update("2")}}, []string{set + " [2 2]", set + " [1 1]"}},
		"each keeps its order": {[][]*queued{{insert("1"), other("1")}, {other("2"), insert("2")}}, []string{
			one + " [1 1]", "INSERT INTO b (x) VALUES ($1), ($2) [1 2]", one + " [2 2]",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var list []*sharing
			for _, writes := range tt.records {
				list = append(list, &sharing{writes: writes})
			}
			var got []string
			rows := 0
			for _, w := range s.merge(list) {
				got = append(got, fmt.Sprint(w.query, " ", w.args))
				rows += 1 + w.more
			}
			if strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
			for _, writes := range tt.records {
				rows -= len(writes)
			}
			if rows != 0 {
				t.Errorf("%d rows more than written", rows)
			}
		})
	}
}

// TestRowForms prepares every insert for several rows.
func TestRowForms(t *testing.T) {
	s, err := Open(t.Context(), pgtest.Start(t), Options{Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	n := 0
	for name, query := range generated(t) {
		params := 0
		for i := 1; strings.Contains(query, fmt.Sprintf("$%d", i)); i++ {
			params = i
		}
		f := newForm(query, params)
		if f == nil || strings.Contains(query, "RETURNING") {
			continue
		}
		n++
		func() {
			stmt, err := s.engine.(*postgres).pool.PrepareContext(t.Context(), f.query(3))
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			defer stmt.Close()
		}()
	}
	if n < 20 {
		t.Errorf("only %d queries have a form", n)
	}
}

// TestShareLock holds the lock of a row that one of many records needs: the others
// are committed all the same, and that one when the lock is free.
func TestShareLock(t *testing.T) {
	s, err := Open(t.Context(), pgtest.Start(t), Options{Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p := s.engine.(*postgres)
	ctx := t.Context()
	put := func(run func(context.Context, func(db.DBTX) error) error, name string, then func()) error {
		return run(ctx, func(tx db.DBTX) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
				name, "x")
			then()
			return err
		})
	}
	nothing := func() {}
	if err := put(p.update, "locked", nothing); err != nil {
		t.Fatal(err)
	}
	locked, free := make(chan bool), make(chan bool)
	var all, others sync.WaitGroup
	all.Go(func() {
		if err := put(p.update, "locked", func() { close(locked); <-free }); err != nil {
			t.Error(err)
		}
	})
	<-locked
	waited := make(chan error, 1)
	go func() { waited <- put(p.record, "locked", nothing) }()
	for i := range 8 {
		others.Go(func() {
			for n := range 3 {
				if err := put(p.record, fmt.Sprintf("other-%d-%d", i, n), nothing); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan bool)
	go func() { others.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Error("the others wait for a lock that is none of theirs")
	}
	select {
	case err := <-waited:
		t.Errorf("a row was written that another transaction holds: %v", err)
	default:
	}
	close(free)
	all.Wait()
	others.Wait()
	if err := <-waited; err != nil {
		t.Error(err)
	}
}

// TestShareSilence stops the server's process behind the shared connection, as a
// network does that drops packets: the record fails, and the next has a new
// connection.
func TestShareSilence(t *testing.T) {
	s, err := Open(t.Context(), pgtest.Start(t), Options{Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p := s.engine.(*postgres)
	p.sharer.most = 300 * time.Millisecond
	put := func(name string) error {
		return p.record(t.Context(), func(tx db.DBTX) error {
			_, err := tx.ExecContext(t.Context(), "INSERT INTO setting (name, value) VALUES ($1, $2)", name, "x")
			return err
		})
	}
	if err := put("before"); err != nil {
		t.Fatal(err)
	}
	var pid int
	if err := p.sharer.pool.QueryRowContext(t.Context(), "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatalf("the server's process: %v", err)
	}
	defer func() { _ = syscall.Kill(pid, syscall.SIGCONT) }() // also when the test fails before
	if err := s.named(put("silence")); !errors.Is(err, ErrDown) {
		t.Errorf("while the server is silent: %v", err)
	}
	if err := put("after"); err != nil {
		t.Errorf("on a new connection: %v", err)
	}
}
