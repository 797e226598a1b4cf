package sqlstore

import (
	"context"
	"fmt"
	"strings"

	"lectern/internal/store/sqlstore/db"
)

// Facts is what somebody who looks after a database wants to know of it.
type Facts struct {
	Engine  string // SQLite or PostgreSQL
	Version string // of the engine
	Journal string // SQLite's journal mode; wal unless the file system cannot
	Durable bool   // a commit is on disk when it returns
}

// Facts asks the database about itself.
func (s *Store) Facts(ctx context.Context) (f Facts, err error) {
	err = s.engine.view(ctx, func(conn db.DBTX) error {
		ask := func(query string, into any) error {
			if err := conn.QueryRowContext(ctx, query).Scan(into); err != nil {
				return fmt.Errorf("ask database: %w", err)
			}
			return nil
		}
		if _, lite := s.engine.(*sqliteDB); lite {
			f.Engine = "SQLite"
			var synchronous int
			if err := ask("PRAGMA synchronous", &synchronous); err != nil {
				return err
			}
			f.Durable = synchronous >= 2
			if err := ask("PRAGMA journal_mode", &f.Journal); err != nil {
				return err
			}
			return ask("SELECT sqlite_version()", &f.Version)
		}
		f.Engine = "PostgreSQL"
		var commit, fsync string
		if err := ask("SELECT current_setting('synchronous_commit')", &commit); err != nil {
			return err
		}
		if err := ask("SELECT current_setting('fsync')", &fsync); err != nil {
			return err
		}
		f.Durable = fsync == "on" && commit != "off"
		err := ask("SELECT current_setting('server_version')", &f.Version)
		f.Version, _, _ = strings.Cut(f.Version, " ")
		return err
	})
	return f, err
}

// AssetSums lists the SHA-256 of every course file that some version names, in
// order.
func (s *Store) AssetSums(ctx context.Context) (list []string, err error) {
	err = s.engine.view(ctx, func(conn db.DBTX) error {
		return each(ctx, conn, "SELECT DISTINCT sha256 FROM asset ORDER BY sha256", func(scan func(...any) error) error {
			var sum string
			err := scan(&sum)
			list = append(list, sum)
			return err
		})
	})
	return list, err
}

// OutcomeAddress is where an LMS said that scores go.
type OutcomeAddress struct{ Consumer, URL string }

// OutcomeAddresses lists them all, each once per consumer.
func (s *Store) OutcomeAddresses(ctx context.Context) (list []OutcomeAddress, err error) {
	const query = `SELECT DISTINCT c.name, g.service_url FROM grade_target g JOIN consumer c ON c.id = g.consumer_id
WHERE g.service_url <> '' ORDER BY 1, 2`
	err = s.engine.view(ctx, func(conn db.DBTX) error {
		return each(ctx, conn, query, func(scan func(...any) error) error {
			var a OutcomeAddress
			err := scan(&a.Consumer, &a.URL)
			list = append(list, a)
			return err
		})
	})
	return list, err
}
