package sqlstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"lectern/internal/store"
	"lectern/internal/store/sqlstore"
)

func put(ctx context.Context, name string) func(tx store.Tx) error {
	return func(tx store.Tx) error { return tx.Settings().Put(ctx, name, name) }
}

func has(ctx context.Context, s store.Store, name string) error {
	return s.View(ctx, func(tx store.Tx) error {
		_, err := tx.Settings().Value(ctx, name)
		return err
	})
}

func TestOpen(t *testing.T) {
	for _, dsn := range []string{"", ":memory:", "mysql://x/y", "postgres://%zz", "a\x00b", "postgres://host:port/x"} {
		if _, err := sqlstore.Open(t.Context(), dsn, sqlstore.Options{}); !errors.Is(err, sqlstore.ErrDSN) {
			t.Errorf("open %q: got %v, want ErrDSN", dsn, err)
		}
	}
	secret := "postgres://user:hunter2@127.0.0.1:1/x"
	if _, err := sqlstore.Open(t.Context(), secret, sqlstore.Options{}); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("open an unreachable server: %v", err)
	}
	folder := filepath.Join(t.TempDir(), "made", "for ? it#%20")
	path := filepath.Join(folder, "lectern.db")
	s := openAt(t, path)
	if err := s.Update(t.Context(), put(t.Context(), "a")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{folder: 0o700, path: 0o600, path + "-wal": 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want mode %v", name, info, err, want)
		}
	}
}

func TestVersion(t *testing.T) {
	for name, dsn := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "x.db"), "postgres": server.Database(t)} {
		t.Run(name, func(t *testing.T) {
			s, err := sqlstore.Open(t.Context(), dsn, sqlstore.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := s.Ping(t.Context()); err != nil {
				t.Errorf("ping an empty database: %v", err)
			}
			if err := s.CheckVersion(t.Context()); !errors.Is(err, sqlstore.ErrSchemaOld) {
				t.Errorf("empty database: got %v, want ErrSchemaOld", err)
			}
			for range 2 { // migrating again changes nothing
				if err := s.Migrate(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			have, want, err := s.Version(t.Context())
			if err != nil || have != want || have < 1 {
				t.Errorf("version %d of %d, %v", have, want, err)
			}
			if err := s.CheckVersion(t.Context()); err != nil {
				t.Errorf("migrated: %v", err)
			}
		})
	}
}

// TestMigrateAtOnce starts replicas on an empty database at the same moment.
func TestMigrateAtOnce(t *testing.T) {
	for name, dsn := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "x.db"), "postgres": server.Database(t)} {
		t.Run(name, func(t *testing.T) {
			var all sync.WaitGroup
			for range 16 {
				all.Go(func() {
					s, err := sqlstore.Open(t.Context(), dsn, sqlstore.Options{Migrate: true, MaxConns: 2})
					if err != nil {
						t.Error(err)
						return
					}
					if err := errors.Join(s.CheckVersion(t.Context()), s.Close()); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
		})
	}
}

func TestClosed(t *testing.T) {
	for name, dsn := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "x.db"), "postgres": server.Database(t)} {
		t.Run(name, func(t *testing.T) {
			s := openAt(t, dsn)
			for range 2 {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
			if err := s.Update(t.Context(), put(t.Context(), "late")); err == nil {
				t.Error("updated a closed store")
			}
			if err := has(t.Context(), s, "late"); err == nil || errors.Is(err, store.ErrNotFound) {
				t.Errorf("viewed a closed store: %v", err)
			}
		})
	}
}

// TestBesideAnotherProcess writes with a second store to a file that the first
// one keeps busy: both get on.
func TestBesideAnotherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	server, cli := openAt(t, path), openAt(t, path)
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if err := server.Update(t.Context(), put(t.Context(), fmt.Sprintf("%d/%d", i, n%50))); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range 20 {
		name, began := fmt.Sprint("cli ", i), time.Now()
		if err := cli.Update(t.Context(), put(t.Context(), name)); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("waited %v for the file", took)
		}
		if err := has(t.Context(), server, name); err != nil {
			t.Errorf("the server does not see it: %v", err)
		}
	}
	stop()
	all.Wait()
}

const victimEnv = "LECTERN_SQLSTORE_VICTIM"

// TestKilled kills a process in the middle of its work: whatever it was told is
// kept, is there.
func TestKilled(t *testing.T) {
	if path := os.Getenv(victimEnv); path != "" {
		writeForEver(t, path)
		return
	}
	path := filepath.Join(t.TempDir(), "x.db")
	for round := range 3 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
		cmd.Env = append(os.Environ(), victimEnv+"="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var told []string
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if name, ok := strings.CutPrefix(lines.Text(), "kept "); ok {
				told = append(told, name)
			}
			if len(told) == 200*(round+1) {
				_ = cmd.Process.Kill() // what it printed before is read on
			}
		}
		_ = cmd.Wait() // killed: it says so
		if len(told) < 200 {
			t.Fatalf("the victim kept only %d rows", len(told))
		}
		s, err := sqlstore.Open(t.Context(), path, sqlstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range told {
			if err := has(t.Context(), s, name); err != nil {
				t.Errorf("%s was lost: %v", name, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func writeForEver(t *testing.T, path string) {
	t.Helper()
	s := openAt(t, path)
	var all sync.WaitGroup
	var mu sync.Mutex
	for i := range 8 {
		all.Go(func() {
			for n := range 100_000 {
				name := fmt.Sprintf("%d-%d-%d", os.Getpid(), i, n)
				if err := s.Update(t.Context(), put(t.Context(), name)); err != nil {
					return
				}
				mu.Lock()
				fmt.Println("kept", name)
				mu.Unlock()
			}
		})
	}
	all.Wait()
}
