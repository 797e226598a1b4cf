package main

import (
	"context"
	"log/slog"
	"time"

	"lectern/internal/access"
	"lectern/internal/linktest"
	"lectern/internal/people"
	"lectern/internal/store"
)

// How often and how much is pruned.
const (
	pruneEvery    = 10 * time.Minute
	pruneRows     = 5000
	pruneLearners = 20             // transactions
	pruneLater    = 24 * time.Hour // a clock that was ahead for hours must not have forgotten which launches were used
	sweepFiles    = 200
)

// prune removes what has outlived its use, a bounded number of rows at a time.
func (s *site) prune(ctx context.Context) {
	defer close(s.pruner)
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		err := s.pruneOnce(ctx)
		if err == nil {
			_, err = s.app.Importer.Sweep(ctx, sweepFiles)
		}
		if err != nil && ctx.Err() == nil {
			s.app.Log.WarnContext(ctx, "prune", slog.String("error", err.Error()))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *site) pruneOnce(ctx context.Context) error {
	learners := &people.Service{Store: s.app.Store, Clock: s.app.Clock}
	if err := learners.Expire(ctx, pruneLearners); err != nil {
		return err
	}
	if err := s.app.Importer.Prune(ctx, pruneRows); err != nil {
		return err
	}
	return s.app.Store.Update(ctx, func(tx store.Tx) error {
		if _, err := tx.Launches().Prune(ctx, s.app.Clock().Add(-pruneLater), pruneRows); err != nil {
			return err
		}
		if _, err := tx.Continuations().Prune(ctx, s.app.Clock(), pruneRows); err != nil {
			return err
		}
		if _, err := tx.Selections().Prune(ctx, s.app.Clock(), pruneRows); err != nil {
			return err
		}
		before := s.app.Clock().AddDate(0, 0, -s.app.Config.LaunchLogDays)
		if _, err := tx.LaunchLog().Prune(ctx, before, pruneRows); err != nil {
			return err
		}
		if _, err := tx.TestLaunches().Prune(ctx, s.app.Clock().Add(-linktest.Kept), pruneRows); err != nil {
			return err
		}
		if _, err := access.Prune(ctx, tx, s.app.Clock(), pruneRows); err != nil {
			return err
		}
		return tx.Console().Prune(ctx, s.app.Clock())
	})
}
