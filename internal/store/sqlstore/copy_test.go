package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lectern/internal/pgtest"
	"lectern/internal/store/sqlstore/db"
)

// openMigrated opens a store that is closed when t ends.
func openMigrated(t *testing.T, dsn string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dsn, Options{Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// checked are the columns that take only certain words.
func checked() map[string]string {
	return map[string]string{
		"consumer_secret.slot": "current", "owed_score.state": "waiting", "continuation.state": "waiting",
		"score_check.verdict": "same", "date_rule.level": "course", "date_rule.mode": "obey", "access_request.state": "waiting",
		"rescore.state": "ready", "rescore_row.outcome": "same",
	}
}

// fill writes rows to every table of an SQLite store, made up from the schema:
// a column that refers to another one holds the same words as that one.
func fill(t *testing.T, s *Store, rows int) {
	t.Helper()
	words := checked()
	err := s.engine.update(t.Context(), func(conn db.DBTX) error {
		tables, err := s.dialect.tables(t.Context(), conn)
		if err != nil {
			return err
		}
		for _, tab := range tables {
			types, keys, err := describe(t.Context(), conn, tab.name)
			if err != nil {
				return err
			}
			c := copying{to: s.dialect}
			for i := range rows {
				args := make([]any, len(tab.columns))
				for j, col := range tab.columns {
					key := tab.name + "." + col.name
					if to := keys[col.name]; to != "" {
						key = to
					}
					args[j] = sampleValue(types[col.name], key, words, i)
					if col.nullable && i%2 == 1 {
						args[j] = nil
					}
				}
				if _, err := conn.ExecContext(t.Context(), c.insert(&tab, 1), args...); err != nil {
					return fmt.Errorf("fill %s (a new CHECK? then name a good word in checked): %w", tab.name, err)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func sampleValue(typ, key string, words map[string]string, i int) any {
	switch typ {
	case "integer":
		return int64(i % 2) // may be a truth value
	case "real":
		return float64(i) / 3
	case "blob":
		if i == 3 {
			return []byte{}
		}
		return fmt.Appendf(nil, "\x00\xff%s-%d", key, i)
	}
	if words[key] != "" {
		return words[key]
	}
	return fmt.Sprintf("%s-%d ü'\"😀", key, i)
}

// describe returns the types of a table's columns and what they refer to.
func describe(ctx context.Context, conn db.DBTX, name string) (types, keys map[string]string, err error) {
	types, keys = map[string]string{}, map[string]string{}
	err = errors.Join(
		each(ctx, conn, "SELECT name, lower(type) FROM pragma_table_info('"+name+"')", func(scan func(...any) error) error {
			var col, typ string
			err := scan(&col, &typ)
			types[col] = typ
			return err
		}),
		each(ctx, conn, `SELECT "from", "table" || '.' || "to" FROM pragma_foreign_key_list('`+name+"')", func(scan func(...any) error) error {
			var col, to string
			err := scan(&col, &to)
			keys[col] = to
			return err
		}))
	return types, keys, err
}

// dump returns every row of every table as text.
func dump(t *testing.T, s *Store) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	err := s.engine.view(t.Context(), func(conn db.DBTX) error {
		tables, err := s.dialect.tables(t.Context(), conn)
		if err != nil {
			return err
		}
		for _, tab := range tables {
			slices.SortFunc(tab.columns, func(a, b column) int { return strings.Compare(a.name, b.name) })
			err := each(t.Context(), conn, "SELECT "+tab.names()+` FROM "`+tab.name+`"`, func(scan func(...any) error) error {
				row, err := tab.row(scan)
				for i, v := range row {
					if v == true {
						row[i] = int64(1)
					}
					if v == false {
						row[i] = int64(0)
					}
				}
				out[tab.name] = append(out[tab.name], fmt.Sprintf("%#v", row))
				return err
			})
			if err != nil {
				return err
			}
			slices.Sort(out[tab.name])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestCopy copies rows of every table to PostgreSQL and back, and compares them
// one by one. A table that the migrations make and Copy leaves out fails it.
func TestCopy(t *testing.T) {
	const rows = 2*rowsAtOnce + 3
	lite, back := openMigrated(t, filepath.Join(t.TempDir(), "a.db")), openMigrated(t, filepath.Join(t.TempDir(), "b.db"))
	pg := openMigrated(t, pgtest.Start(t))
	fill(t, lite, rows)
	want := dump(t, lite)
	for _, step := range [][2]*Store{{lite, pg}, {pg, back}} {
		told := map[string]int64{}
		list, err := Copy(t.Context(), step[0], step[1], func(table string, done, _ int64) { told[table] = done })
		if err != nil {
			t.Fatal(err)
		}
		made := madeTables(t)
		for _, c := range list {
			if c.Source != rows || c.Target != rows || told[c.Table] != rows {
				t.Errorf("%+v, told %d; want %d", c, told[c.Table], rows)
			}
			delete(made, c.Table)
		}
		if len(made) > 0 {
			t.Errorf("not copied: %v", slices.Sorted(maps.Keys(made)))
		}
		got := dump(t, step[1])
		for name := range want {
			for i := range want[name] {
				if i >= len(got[name]) || got[name][i] != want[name][i] {
					t.Errorf("%s: a row came out otherwise, first: %s", name, want[name][i])
					break
				}
			}
		}
	}
	if _, err := Copy(t.Context(), lite, pg, nil); !errors.Is(err, ErrNotEmpty) || !strings.Contains(err.Error(), "consumer: 403") {
		t.Errorf("into a full database: %v", err)
	}
}

// madeTables are the tables that the migrations name.
func madeTables(t *testing.T) map[string]bool {
	t.Helper()
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no migrations", err)
	}
	made := map[string]bool{}
	for _, file := range files {
		text, err := fs.ReadFile(migrations, file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?i)CREATE TABLE (?:IF NOT EXISTS )?"?(\w+)`).FindAllSubmatch(text, -1) {
			made[string(m[1])] = true
		}
		for _, m := range regexp.MustCompile(`(?i)DROP TABLE (?:IF EXISTS )?"?(\w+)`).FindAllSubmatch(text, -1) {
			delete(made, string(m[1]))
		}
		for _, m := range regexp.MustCompile(`(?i)ALTER TABLE (\w+) RENAME TO (\w+)`).FindAllSubmatch(text, -1) {
			delete(made, string(m[1]))
			made[string(m[2])] = true
		}
	}
	return made
}

// TestCopyStopped ends a copy half-way, as Ctrl-C does: nothing stays behind.
func TestCopyStopped(t *testing.T) {
	lite := openMigrated(t, filepath.Join(t.TempDir(), "a.db"))
	fill(t, lite, rowsAtOnce+1)
	for name, dsn := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "x.db"), "postgres": pgtest.Start(t)} {
		t.Run(name, func(t *testing.T) {
			to := openMigrated(t, dsn)
			ctx, cancel := context.WithCancel(t.Context())
			_, err := Copy(ctx, lite, to, func(table string, done, total int64) {
				if table == "learner_state" && done == rowsAtOnce {
					cancel()
				}
			})
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("got %v, want it canceled", err)
			}
			if err := to.CheckEmpty(t.Context()); err != nil {
				t.Error(err)
			}
			if _, err := Copy(t.Context(), lite, to, nil); err != nil {
				t.Errorf("once more: %v", err)
			}
		})
	}
}

func TestCopyRefuses(t *testing.T) {
	ready := openMigrated(t, filepath.Join(t.TempDir(), "a.db"))
	bare, err := Open(t.Context(), filepath.Join(t.TempDir(), "bare.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer bare.Close()
	if _, err := Copy(t.Context(), bare, ready, nil); !errors.Is(err, ErrSchemaOld) {
		t.Errorf("from a database without a schema: %v", err)
	}
	other := openMigrated(t, filepath.Join(t.TempDir(), "other.db"))
	err = other.engine.update(t.Context(), func(conn db.DBTX) error {
		_, err := conn.ExecContext(t.Context(), "ALTER TABLE account ADD COLUMN later TEXT")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, pair := range [][2]*Store{{other, ready}, {ready, other}} {
		if _, err := Copy(t.Context(), pair[0], pair[1], nil); !errors.Is(err, ErrSchemasDiffer) || !strings.Contains(err.Error(), "account.later") {
			t.Errorf("another schema: %v", err)
		}
	}
}

// TestSnapshot saves both engines' databases to a file.
func TestSnapshot(t *testing.T) {
	lite, pg := openMigrated(t, filepath.Join(t.TempDir(), "a.db")), openMigrated(t, pgtest.Start(t))
	fill(t, lite, 20)
	if _, err := Copy(t.Context(), lite, pg, nil); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*Store{"sqlite": lite, "postgres": pg} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "it's a snapshot.db")
			if err := s.Snapshot(t.Context(), path, nil); err != nil {
				t.Fatal(err)
			}
			got := openMigrated(t, path)
			if fmt.Sprint(dump(t, got)) != fmt.Sprint(dump(t, lite)) {
				t.Error("the snapshot holds something else")
			}
			facts, err := s.Facts(t.Context())
			if err != nil || facts.Version == "" || !strings.EqualFold(facts.Engine, map[string]string{"sqlite": "SQLite", "postgres": "PostgreSQL"}[name]) {
				t.Errorf("%+v, %v", facts, err)
			}
			if wantDurable := name == "sqlite"; facts.Durable != wantDurable { // pgtest turns fsync off
				t.Errorf("durable: %v", facts.Durable)
			}
		})
	}
}

// TestMigrationHeaders keeps the rule that every migration says why it is there
// and what the release before does while both run.
func TestMigrationHeaders(t *testing.T) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no migrations", err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(migrations, file)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkHeader(filepath.Base(file), string(text)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	for name, text := range map[string]string{
		"no why":      "-- 0009_x.sql\n-- Rolling upgrade: a new table.\n\n-- +goose Up\n",
		"empty why":   "-- 0009_x.sql\n-- Why:\n-- Rolling upgrade: a new table.\n\n-- +goose Up\n",
		"no rule":     "-- 0009_x.sql\n-- Why: it is.\n\n-- +goose Up\n",
		"too late":    "-- 0009_x.sql\n-- Why: it is.\n-- +goose Up\n-- Rolling upgrade: a new table.\n",
		"other name":  "-- 0008_x.sql\n-- Why: it is.\n-- Rolling upgrade: a new table.\n\n-- +goose Up\n",
		"no goose Up": "-- 0009_x.sql\n-- Why: it is.\n-- Rolling upgrade: a new table.\n",
	} {
		if checkHeader("0009_x.sql", text) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func checkHeader(name, text string) error {
	header, _, found := strings.Cut(text, "-- +goose Up")
	switch {
	case !found:
		return errors.New(`no "-- +goose Up"`)
	case !strings.HasPrefix(header, "-- "+name+"\n"):
		return errors.New("the first line must be its name")
	case !regexp.MustCompile(`(?m)^-- Why: \S`).MatchString(header):
		return errors.New(`the header must say "Why:"`)
	case !regexp.MustCompile(`(?m)^-- Rolling upgrade: \S`).MatchString(header):
		return errors.New(`the header must say "Rolling upgrade:", what the release before does meanwhile`)
	}
	return nil
}

func TestMigrations(t *testing.T) {
	for name, dsn := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "x.db"), "postgres": pgtest.Start(t)} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(t.Context(), dsn, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			for _, applied := range []bool{false, true} {
				list, err := s.Migrations(t.Context())
				if err != nil || len(list) == 0 || list[0].Name != "initial" {
					t.Fatalf("%v, %v", list, err)
				}
				for _, m := range list {
					if m.Applied != applied {
						t.Errorf("%+v, want applied %v", m, applied)
					}
				}
				if err := s.Migrate(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
