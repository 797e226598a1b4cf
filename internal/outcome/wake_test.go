package outcome_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"lectern/internal/outcome"
	"lectern/internal/pgtest"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore"
)

var server pgtest.Server

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m, &server)) }

// replica returns a deliverer of another process on the database at dsn: a
// store of its own, and an hour between two looks.
func (b *bench) replica(dsn, name string) *outcome.Deliverer {
	b.t.Helper()
	s, err := sqlstore.Open(b.t.Context(), dsn, sqlstore.Options{})
	if err != nil {
		b.t.Fatal(err)
	}
	d := b.another(name)
	d.Store, d.Seldom, d.Clock = s, time.Hour, nil
	b.t.Cleanup(func() { _ = s.Close() })
	return d
}

// arrives waits until the LMS has received n messages.
func (b *bench) arrives(n int) {
	b.t.Helper()
	for end := time.Now().Add(20 * time.Second); len(b.lms.received()) < n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("LMS received %v, want %d messages", b.lms.received(), n)
		}
	}
}

// asleep waits until d has looked and sleeps, told by its store.
func asleep(t *testing.T, d *outcome.Deliverer) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !d.Told(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the store never began to tell")
		}
	}
}

// TestWokenByAnotherReplica owes scores on a replica that delivers nothing:
// another one, which would look in an hour, delivers them because it is told,
// also after its listening connection was cut.
func TestWokenByAnotherReplica(t *testing.T) {
	dsn := server.Database(t)
	b := newBenchAt(t, dsn)
	b.now = time.Now().UTC()
	other := b.replica(dsn, "other")
	other.Start(t.Context())
	t.Cleanup(func() { _ = other.Stop(context.Background()) })
	asleep(t, other)

	first := b.target("first")
	b.answer(first, 1, 1, 0)
	b.arrives(1)

	b.now = time.Now().UTC()
	b.answer(first, 0, 1, 200*time.Millisecond) // known in advance: slept until exactly
	b.arrives(2)

	cutListeners(t, dsn)
	b.answer(first, 1, 2, 0) // told, or found by looking after the cut
	b.arrives(3)
	asleep(t, other)
	b.answer(first, 1, 4, 0)
	b.arrives(4)
	b.wants("first=1", "first=0", "first=0.5", "first=0.25")
}

// cutListeners ends every listening connection to a database, and waits until
// none is there.
func cutListeners(t *testing.T, dsn string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var n int
	err = conn.QueryRow(t.Context(), `SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name LIKE '% wakes') AS cut`).Scan(&n)
	if err != nil || n != 1 {
		t.Fatalf("%d listening connections cut, %v; want 1", n, err)
	}
}

// TestWokenForComparisons asks for a comparison on one replica, and another one
// makes it.
func TestWokenForComparisons(t *testing.T) {
	dsn := server.Database(t)
	b := newBenchAt(t, dsn)
	b.now = time.Now().UTC()
	b.answer(b.target("l"), 1, 1, 0)
	b.drain()
	other := b.replica(dsn, "other")
	other.Start(t.Context())
	t.Cleanup(func() { _ = other.Stop(context.Background()) })
	asleep(t, other)
	b.lms.read = holds("1")
	if _, err := outcome.Compare(t.Context(), b.store, "ann", store.OwedFilter{}, false, b.clock()); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); b.pending() > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody compared")
		}
	}
}

// TestRolledBackWakesNobody rolls a change back: nothing is told of it.
func TestRolledBackWakesNobody(t *testing.T) {
	dsn := server.Database(t)
	b := newBenchAt(t, dsn)
	target := b.target("l")
	heard := make(chan error, 100)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.store.Watch(ctx, func(lost error) { heard <- lost })
	}()
	if err := <-heard; err != nil {
		t.Fatal(err)
	}
	undone := errors.New("undone")
	err := b.store.Update(t.Context(), func(tx store.Tx) error {
		return errors.Join(undone, tx.Owed().Owe(t.Context(), store.Debt{TargetID: target, At: b.clock()}))
	})
	if !errors.Is(err, undone) {
		t.Fatal(err)
	}
	if err := b.store.Update(t.Context(), func(tx store.Tx) error { return tx.Settings().Put(t.Context(), "x", "y") }); err != nil {
		t.Fatal(err)
	}
	b.answer(target, 1, 1, 0)
	if err := <-heard; err != nil { // this is of the answer …
		t.Fatal(err)
	}
	cancel()
	<-done
	if len(heard) != 0 { // … and there was no other
		t.Errorf("%d calls too many", len(heard))
	}
}

// TestToldAtClose checks that a process that ends right after a commit,
// as a command does, still tells the others.
func TestToldAtClose(t *testing.T) {
	dsn := server.Database(t)
	b := newBenchAt(t, dsn)
	b.now = time.Now().UTC()
	target := b.target("l")
	other := b.replica(dsn, "other")
	other.Start(t.Context())
	t.Cleanup(func() { _ = other.Stop(context.Background()) })
	asleep(t, other)
	command, err := sqlstore.Open(t.Context(), dsn, sqlstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b.scores.set(target, 1, 1)
	err = command.Update(t.Context(), func(tx store.Tx) error {
		return tx.Owed().Owe(t.Context(), store.Debt{TargetID: target, At: b.clock()})
	})
	if err := errors.Join(err, command.Close()); err != nil {
		t.Fatal(err)
	}
	b.arrives(1)
}
