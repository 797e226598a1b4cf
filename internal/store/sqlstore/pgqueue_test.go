package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"lectern/internal/pgtest"
	"lectern/internal/store/sqlstore/db"
)

// TestConflictKeepsConnection lets a transaction meet a conflict again and again:
// a replayed launch must not cost a connection.
func TestConflictKeepsConnection(t *testing.T) {
	s, err := Open(t.Context(), pgtest.Start(t), Options{Migrate: true, MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p := s.engine.(*postgres)
	put := func(read bool) (pid int, err error) {
		ctx, end := context.WithCancel(t.Context())
		defer end()
		return pid, p.record(ctx, func(tx db.DBTX) error {
			if err := tx.QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&pid); err != nil {
				return err
			}
			r, err := tx.ExecContext(ctx, "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING", "name", "x")
			if err != nil {
				return err
			}
			if n, err := r.RowsAffected(); n == 0 {
				return errors.Join(sql.ErrNoRows, err)
			}
			if read {
				var n int
				if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM setting").Scan(&n); err != nil {
					return err
				}
			}
			_, err = tx.ExecContext(ctx, "UPDATE setting SET value = $1 WHERE name = $2", "y", "other")
			return err
		})
	}
	first, err := put(false)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		pid, err := put(i%2 == 0)
		if !errors.Is(err, sql.ErrNoRows) || pid != first {
			t.Errorf("conflict %d: %v; connection %d, was %d", i, err, pid, first)
			first = pid
		}
	}
}
