package pgtest_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"lectern/internal/pgtest"
)

var postgres pgtest.Server

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m, &postgres)) }

// victimEnv turns this test program into one that starts a server, prints its
// address and is then killed.
const victimEnv = "LECTERN_PGTEST_VICTIM"

func TestDatabasesAreSeparate(t *testing.T) {
	a, b := postgres.Database(t), postgres.Database(t)
	if a == b {
		t.Fatalf("two databases share the address %s", a)
	}
	query(t, a, "CREATE TABLE only_in_a (x BIGINT)")
	if got := query(t, b, "SELECT count(*)::text FROM pg_tables WHERE tablename = 'only_in_a'"); got != "0" {
		t.Errorf("a table made in one database is seen in another")
	}
}

func TestServerSettings(t *testing.T) {
	url := postgres.Database(t)
	for name, want := range map[string]string{
		"fsync":            "off",
		"listen_addresses": "127.0.0.1",
		"server_encoding":  "UTF8",
		"TimeZone":         "UTC",
	} {
		if got := query(t, url, "SHOW "+name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestDatabaseIsDropped(t *testing.T) {
	url := postgres.Database(t)
	var inner string
	t.Run("inner", func(t *testing.T) { inner = postgres.Database(t) })
	if t.Failed() {
		return
	}
	cfg, err := pgx.ParseConfig(inner)
	if err != nil {
		t.Fatal(err)
	}
	if got := query(t, url, "SELECT count(*)::text FROM pg_database WHERE datname = '"+cfg.Database+"'"); got != "0" {
		t.Errorf("the database outlives its test")
	}
}

func TestStopAndStartAgain(t *testing.T) {
	srv := new(pgtest.Server)
	t.Cleanup(srv.Stop)
	first := ""
	t.Run("first", func(t *testing.T) { first = srv.Database(t) })
	if first == "" {
		t.Skip("no server")
	}
	srv.Stop()
	srv.Stop()
	if _, err := pgx.Connect(t.Context(), first); err == nil {
		t.Error("the server answers after Stop")
	}
	query(t, srv.Database(t), "SELECT 'up'")
}

// TestKilled proves that a server ends with the process that started it.
func TestKilled(t *testing.T) {
	if os.Getenv(victimEnv) != "" {
		fmt.Println(pgtest.Start(t))
		time.Sleep(time.Minute) // killed long before
		return
	}
	postgres.Database(t) // skips where there is no PostgreSQL
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
	cmd.Env = append(os.Environ(), victimEnv+"=1", "TMPDIR="+openTempDir(t))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Scan()
	url := lines.Text()
	query(t, url, "SELECT 'up'")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed: it says so
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			return
		}
		_ = conn.Close(t.Context()) // only its being there mattered
		if time.Now().After(deadline) {
			t.Fatal("the server outlives the test that started it")
		}
	}
}

// openTempDir returns a folder for the files of a killed server; unlike
// t.TempDir, every user may pass through it.
func openTempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lectern-victim-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

// query runs a statement and returns its first value, if any, as text.
func query(t *testing.T, url, statement string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, statement)
	if err != nil {
		t.Fatal(err)
	}
	var value string
	for rows.Next() {
		if err := rows.Scan(&value); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestOutage(t *testing.T) {
	srv := new(pgtest.Server)
	t.Cleanup(srv.Stop)
	url := srv.Database(t)
	query(t, url, "CREATE TABLE kept (x BIGINT)")
	srv.Outage(t, func() {
		if conn, err := pgx.Connect(t.Context(), url); err == nil {
			_ = conn.Close(t.Context()) // that it opened is the failure
			t.Error("the server answers during its outage")
		}
	})
	if got := query(t, url, "SELECT count(*)::text FROM kept"); got != "0" {
		t.Errorf("after the outage: %q", got)
	}
}
