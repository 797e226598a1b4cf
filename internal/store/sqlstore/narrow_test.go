package sqlstore

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSelections keeps the one text that selects scores the same in all queries
// that have it.
func TestSelections(t *testing.T) {
	const begin, end = "  AND ('' = CAST(@consumer_id AS TEXT)", "k.verdict IN ('missing', 'differs')))\n"
	first, n := "", 0
	for _, file := range []string{"owed.sql", "check.sql"} {
		text, err := os.ReadFile(filepath.Join("queries", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(string(text), begin)[1:] {
			selection, _, ok := strings.Cut(part, end)
			if n++; n == 1 {
				first = selection
			}
			if !ok || selection != first {
				t.Errorf("%s: selection %d is\n%s\nand the first one\n%s", file, n, selection, first)
			}
		}
	}
	if n != 4 {
		t.Errorf("%d selections, want 4", n)
	}
}

func TestNarrowed(t *testing.T) {
	const query = "SELECT 1 WHERE (CAST($1 AS TEXT) = '' OR a = $1) AND (CAST($12 AS TEXT) = '' OR b = $12) AND ('' = CAST($2 AS TEXT) OR c = $2)"
	args := []any{"x", "y", 3, 4, 5, 6, 7, 8, 9, 10, 11, ""}
	want := "SELECT 1 WHERE (a = $1) AND (CAST($12 AS TEXT) = '' OR b = $12) AND ('' = CAST($2 AS TEXT) OR c = $2)"
	if got := narrowed(query, args); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := narrowed(query, nil); got != query {
		t.Errorf("without parameters: %s", got)
	}
}

// TestScoreListPlans looks how SQLite goes about lists of scores: in the order
// of an index, or by the few rows that a filter leaves.
func TestScoreListPlans(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), Options{Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	list := generated(t)["OwedList"]
	// state, consumer, course, account, link, learner, folded, verdict, before, ID, limit
	none := []any{"", "", "", "", "", "", "", "", int64(1), "", int64(1)}
	with := func(n int, value string) []any {
		args := append([]any(nil), none...)
		args[n] = value
		return args
	}
	err = s.engine.migrating(func(pool *sql.DB) error {
		for _, tt := range []struct {
			name  string
			args  []any
			first string // of the steps
			sorts bool
		}{
			{"all", none, "owed_score_change", false},
			{"a state", with(0, "parked"), "owed_score_state", false},
			{"a consumer", with(1, "c"), "owed_score_change", false},
			{"a course", with(2, "c"), "owed_score_change", false},
			{"an account", with(3, "a"), "grade_target_learner", true},
			{"a link", with(4, "l"), "grade_target_", true},
			{"a learner", with(5, "l"), "grade_target_learner", true},
			{"a verdict", with(7, "same"), "owed_score_change", false},
		} {
			query := s.dialect.query(narrowed(list, tt.args))
			steps := plan(t, pool, query)
			text := strings.Join(steps, "\n")
			// The last but one is of the subquery for the LMS's user ID.
			sorts := strings.HasSuffix(text, "FOR ORDER BY\nUSE TEMP B-TREE FOR ORDER BY")
			if !strings.Contains(text, tt.first) || sorts != tt.sorts || strings.Contains(text, "SCAN t\n") {
				t.Errorf("%s: want %s, sorted %v:\n%s", tt.name, tt.first, tt.sorts, text)
			}
			if _, err := pool.ExecContext(context.Background(), query, tt.args...); err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestClaimPlans: a claim takes the first rows of an index and sorts nothing,
// for after an outage thousands of rows are due at the same moment.
func TestClaimPlans(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), Options{Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.engine.migrating(func(pool *sql.DB) error {
		for query, index := range map[string]string{"OwedClaim": "owed_score_due", "CheckClaim": "score_check_due"} {
			steps := strings.Join(plan(t, pool, unlocked(generated(t)[query])), "\n")
			if !strings.Contains(steps, index) || strings.Contains(steps, "TEMP B-TREE") {
				t.Errorf("%s:\n%s", query, steps)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
