package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrMissing means that no PostgreSQL server programs were found.
var ErrMissing = errors.New("PostgreSQL is not installed: no initdb in PATH or /usr/lib/postgresql/*/bin")

// superuser is the role that tests connect as.
const superuser = "lectern"

// dropTimeout bounds the removal of a test's database.
const dropTimeout = 10 * time.Second

// Server is one PostgreSQL server. The zero value is ready for use and starts
// on the first call of [Server.Database]. It must not be copied.
type Server struct {
	mu      sync.Mutex
	started bool
	proc    *process
	err     error
}

// Run runs the tests of a package and stops srv afterwards. It returns the exit
// code for os.Exit.
func Run(m *testing.M, srv *Server) int {
	defer srv.Stop()
	return m.Run()
}

// Start returns the URL of a new database on a server of its own, which stops
// when the test ends. Packages with many tests share a [Server] instead.
func Start(t testing.TB) string {
	t.Helper()
	srv := new(Server)
	t.Cleanup(srv.Stop)
	return srv.Database(t)
}

// Database creates an empty database for t and returns its postgres:// URL. The
// database is dropped when t ends. Without PostgreSQL t is skipped, or failed
// when the environment says CI=true.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	p, err := s.start(t.Context())
	if errors.Is(err, ErrMissing) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	name := "test_" + strings.ToLower(rand.Text())
	if err := p.exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatalf("pgtest: create database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), dropTimeout)
		defer cancel()
		if err := p.exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil && !s.stopped() {
			t.Errorf("pgtest: drop database: %v", err)
		}
	})
	return p.url(name)
}

// Outage stops the server, which cuts all connections, calls during, and starts
// it again on the same port with the same data. A [Server.Database] must have been asked
// for before; all databases of the server are gone meanwhile.
func (s *Server) Outage(t testing.TB, during func()) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil {
		t.Fatal("pgtest: no server runs")
	}
	s.proc.halt()
	during()
	next, err := startAt(t.Context(), s.proc.bin, s.proc.dir, s.proc.user, s.proc.port)
	if err != nil {
		t.Fatalf("pgtest: start again: %v", err)
	}
	s.proc = next
}

// Stop stops the server, if it runs, and removes its files. It may be called
// again and again; the next [Server.Database] starts a new server.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc != nil {
		s.proc.stop()
	}
	s.proc, s.err, s.started = nil, nil, false
}

// start starts the server once and hands out the same outcome to every test, so
// that a machine where it cannot start pays the waiting time once.
func (s *Server) start(ctx context.Context) (*process, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.started {
		s.started = true
		s.proc, s.err = startProcess(ctx)
	}
	return s.proc, s.err
}

func (s *Server) stopped() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.started
}

// exec runs one statement on the maintenance database.
func (p *process) exec(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, p.url("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

func (p *process) url(database string) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable", superuser, p.port, database)
}
