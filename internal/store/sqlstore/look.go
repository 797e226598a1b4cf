package sqlstore

import (
	"context"

	"lectern/internal/store/sqlstore/db"
)

func (s *sqliteDB) look(ctx context.Context, f func(db.DBTX) error) error {
	return s.readers.look(ctx, f)
}

// look needs no transaction: the pool itself replaces connections that broke.
func (p *postgres) look(_ context.Context, f func(db.DBTX) error) error { return f(p.pool) }
