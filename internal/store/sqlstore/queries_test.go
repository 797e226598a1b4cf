package sqlstore

import (
	"context"
	"database/sql"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// generated returns the queries that sqlc wrote, by name.
func generated(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("db/*.sql.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no generated files: %v", err)
	}
	queries := map[string]string{}
	for _, file := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				text, err := strconv.Unquote(lit.Value)
				if name, found := strings.CutPrefix(text, "-- name: "); err == nil && found {
					queries[strings.Fields(name)[0]] = text
				}
			}
			return true
		})
	}
	return queries
}

// TestQueriesOnSQLite prepares every query on a migrated SQLite and looks at its
// plan: what happens at every launch or answer never reads a whole table.
func TestQueriesOnSQLite(t *testing.T) {
	lists := []string{ // what an operator asks for may look through everything
		"ConsumerList", "AccountList", "AccountAdmins", "CourseList", "PlacementList", "LogList", "OwedList",
		"OwedResend", "AuditList", "CheckAsk", "StagedList", "UnowedList",
	}
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), Options{Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	queries := generated(t)
	if len(queries) < 70 {
		t.Errorf("found only %d queries", len(queries))
	}
	err = s.engine.migrating(func(pool *sql.DB) error {
		for name, query := range queries {
			query = s.dialect.query(query)
			stmt, err := pool.PrepareContext(t.Context(), query)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			stmt.Close() //nolint:sqlclosecheck // one after the other
			for _, step := range plan(t, pool, query) {
				scan := strings.HasPrefix(step, "SCAN ") && !strings.Contains(step, "USING INDEX") &&
					!strings.Contains(step, "USING COVERING INDEX") && !strings.HasPrefix(step, "SCAN recent") &&
					step != "SCAN CONSTANT ROW"
				if scan && !slices.Contains(lists, name) {
					t.Errorf("%s reads a whole table: %s", name, step)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func plan(t *testing.T, pool *sql.DB, query string) []string {
	t.Helper()
	args := make([]any, strings.Count(query, "$"))
	n := 0
	for i := 1; strings.Contains(query, "$"+strconv.Itoa(i)); i++ {
		n = i
	}
	rows, err := pool.QueryContext(context.Background(), "EXPLAIN QUERY PLAN "+query, args[:n]...)
	if err != nil {
		t.Errorf("%v:\n%s", err, query)
		return nil
	}
	defer rows.Close()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return steps
}

func TestSQLiteDDL(t *testing.T) {
	in := "CREATE TABLE a (\n    b BYTEA, c BIGINT NOT NULL, d BOOLEAN, e DOUBLE PRECISION, my_bytea_x TEXT\n);\nCREATE INDEX i ON a (b);\n"
	want := "CREATE TABLE a (\n    b BLOB, c INTEGER NOT NULL, d INTEGER, e REAL, my_bytea_x TEXT\n) STRICT;\nCREATE INDEX i ON a (b);\n"
	if got := sqliteDDL(in); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestUnlocked(t *testing.T) {
	for in, want := range map[string]string{
		"SELECT 1 FOR UPDATE SKIP LOCKED\n)": "SELECT 1 \n)",
		"SELECT 1\nFOR UPDATE\n":             "SELECT 1\n\n",
		"SELECT 1":                           "SELECT 1",
	} {
		if got := unlocked(in); got != want {
			t.Errorf("unlocked(%q) = %q, want %q", in, got, want)
		}
	}
}
