package sqlstore_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"lectern/internal/pgtest"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore"
	"lectern/internal/storetest"
)

var server pgtest.Server

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m, &server)) }

func TestSQLite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return openAt(t, filepath.Join(t.TempDir(), "lectern.db")) })
}

func TestPostgres(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return openAt(t, server.Database(t)) })
}

// recording is a store whose every update is a record: what comes of it must be
// the same.
type recording struct{ store.Store }

func (s recording) Update(ctx context.Context, f func(tx store.Tx) error) error {
	return s.Record(ctx, f)
}

func TestPostgresRecord(t *testing.T) {
	storetest.RunRecords(t, func(t *testing.T) store.Store { return recording{openAt(t, server.Database(t))} })
}

// openAt opens a migrated store that is closed when t ends.
func openAt(t testing.TB, dsn string) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), dsn, sqlstore.Options{Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}
