package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"lectern/internal/config"
)

// TestMigrateCommand migrates both engines from many processes' commands at
// once, and prints how far they are before and after.
func TestMigrateCommand(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			var args []string
			if engine == "postgres" {
				args = []string{"--database", postgres.Database(t)}
			} else if code, _, errOut := command(data, "migrate", "--status"); code != exitRefused || !strings.Contains(errOut, "no database") {
				t.Fatalf("status of nothing: exit %d: %s", code, errOut)
			} else if _, err := os.Stat(data); err == nil {
				t.Error("asking for the status made a data folder")
			}
			lectern := func(more ...string) (int, string, string) { return command(data, append(args, more...)...) }
			if engine == "postgres" {
				if code, out, errOut := lectern("migrate", "--status"); code != exitDone || !strings.Contains(out, "run lectern migrate") {
					t.Fatalf("status before: exit %d: %s%s", code, out, errOut)
				}
			}
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					if code, out, errOut := lectern("migrate"); code != exitDone || !strings.Contains(out, "has this version's schema") {
						t.Errorf("migrate: exit %d: %s%s", code, out, errOut)
					}
				})
			}
			all.Wait()
			code, out, errOut := lectern("migrate", "--status", "--json")
			if code != exitDone {
				t.Fatalf("status after: exit %d: %s", code, errOut)
			}
			var status struct {
				Have, Want int64
				Steps      []struct {
					Name    string
					Applied bool
				}
			}
			if err := json.Unmarshal([]byte(out), &status); err != nil || status.Have != status.Want || status.Have < 1 {
				t.Fatalf("%+v, %v", status, err)
			}
			for _, step := range status.Steps {
				if !step.Applied {
					t.Errorf("%s is not applied", step.Name)
				}
			}
			if _, out, _ := lectern("migrate", "--status"); !strings.Contains(out, "as this program wants") {
				t.Errorf("status after: %s", out)
			}
		})
	}
}

// TestCopyCommand moves a site to PostgreSQL and back: the scores are listed as
// before, and the consumer's secret opens with the same key.
func TestCopyCommand(t *testing.T) {
	data, pg := scoreData(t), postgres.Database(t)
	lite, back := filepath.Join(data, "lectern.db"), filepath.Join(data, "back.db")
	_, scores, _ := command(data, "score", "list", "--json")
	for _, step := range [][2]string{{lite, pg}, {pg, back}} {
		code, out, errOut := command(data, "copy", "--from", step[0], "--to", step[1])
		if code != exitDone || !strings.Contains(out, "same sealing key") {
			t.Fatalf("exit %d: %s%s", code, out, errOut)
		}
		if got := tableRow(out, "grade_target"); got != "grade_target 3 3" {
			t.Errorf("printed %q", got)
		}
		if _, got, errOut := command(data, "--database", step[1], "score", "list", "--json"); got != scores {
			t.Errorf("scores after the copy: %s%s", got, errOut)
		}
		if got := secretOf(t, data, step[1]); got != "secret" {
			t.Errorf("the secret opens as %q", got)
		}
	}
	code, _, errOut := command(data, "copy", "--from", lite, "--to", pg)
	if code != exitRefused || !strings.Contains(errOut, "not empty") || !strings.Contains(errOut, "grade_target: 3") {
		t.Errorf("into a full database: exit %d: %s", code, errOut)
	}
	for name, tt := range map[string]struct {
		from, to string
		code     int
	}{
		"from nothing":        {filepath.Join(data, "none.db"), back + "2", exitRefused},
		"onto itself":         {lite, data + "/./lectern.db", exitUsage},
		"to no such database": {lite, "mysql://x", exitRefused},
	} {
		if code, out, _ := command(data, "copy", "--from", tt.from, "--to", tt.to); code != tt.code {
			t.Errorf("%s: exit %d: %s", name, code, out)
		}
	}
	if _, err := os.Stat(filepath.Join(data, "none.db")); err == nil {
		t.Error("a source was made")
	}
}

// tableRow returns the row of a printed table that begins with name.
func tableRow(out, name string) string {
	for line := range strings.Lines(out) {
		if f := strings.Fields(line); len(f) > 0 && f[0] == name {
			return strings.Join(f, " ")
		}
	}
	return ""
}

func secretOf(t *testing.T, data, dsn string) string {
	t.Helper()
	app := &App{
		Config: &config.Config{Data: data, Database: dsn, LogFormat: "text"}, Context: context.Background(),
		Out: io.Discard, Err: io.Discard, Clock: utcNow,
	}
	if err := app.Open(); err != nil {
		t.Fatal(err)
	}
	defer app.Close()
	_, secrets, err := app.Registry.ByKey(t.Context(), "key")
	if err != nil || len(secrets) != 1 {
		t.Fatalf("%d secrets, %v", len(secrets), err)
	}
	return secrets[0].Value
}
