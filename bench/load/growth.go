package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"lectern/internal/account"
	"lectern/internal/course"
	"lectern/internal/lti"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore"
)

// How large the grown site is.
const (
	grownBlocks   = 10_000
	grownLearners = 10_000
	statesEach    = 100 // a million
	targetsEach   = 10  // 100,000 owed scores
)

// growth compares launches and answers on a grown site with those on an empty
// one, on both engines.
func growth(ctx context.Context, b *bench) error {
	for _, engine := range []string{"SQLite", "PostgreSQL"} {
		if !b.wanted(engine) {
			continue
		}
		err := b.grow(ctx, engine)
		if errors.Is(err, errNoPostgres) {
			fmt.Fprintln(b.out, "left out:", err)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// grow measures on one engine.
func (b *bench) grow(ctx context.Context, engine string) error {
	var all []*line
	for _, name := range []string{"empty", "grown"} {
		dsn, db := "", (func() time.Duration)(nil)
		if engine == "PostgreSQL" {
			var err error
			if dsn, err = b.database(ctx); err != nil {
				return err
			}
			db = b.postgres.cpu
		}
		blocks := 20
		if name == "grown" {
			blocks = b.scale(grownBlocks, 400)
		}
		s, err := b.newSite(ctx, name+"-"+engine, dsn, blocks)
		if err != nil {
			return err
		}
		if name == "grown" {
			begin := time.Now()
			if err := s.fill(ctx, b.scale(grownLearners, 20)); err != nil {
				return err
			}
			fmt.Fprintf(b.out, "%s: filled in %s\n", engine, time.Since(begin).Round(time.Second))
		}
		private, err := b.private(s)
		if err != nil {
			return err
		}
		srv, err := b.serve(ctx, name+"-"+engine, serverCore, s)
		if err != nil {
			return err
		}
		if err := srv.settle(ctx); err != nil {
			return err
		}
		by := newSigner(srv.addr, "vertical", unitID)
		launch := &line{what: engine + ", " + name + ": launch", to: srv.target(http.StatusSeeOther, db), make: func() ([]request, error) {
			list := make([]request, b.scale(2000, 100))
			for i := range list {
				if list[i], err = by.launch(false); err != nil {
					return nil, err
				}
			}
			return list, nil
		}}
		answer := b.answering(ctx, engine+", "+name+": answer", srv, by, acceptPage, http.StatusSeeOther)
		answer.to.db = db
		launch.private, answer.private = private, private
		all = append(all, launch, answer)
	}
	if err := b.lines(ctx, all...); err != nil {
		return err
	}
	for i, what := range []string{"launch", "answer"} {
		b.bar(fmt.Sprintf("%s: CPU time of a %s on the grown site to the empty one", engine, what),
			ratioOf(all[2+i], all[i], (*tally).all), false, 1.3, "")
	}
	return nil
}

// settle returns when what a server does at its start is done: it has used hardly
// any CPU time for a while.
func (s *server) settle(ctx context.Context) error {
	const look, quiet, most = 500 * time.Millisecond, 4, 240
	still := 0
	for last, i := cpu(s.pid()), 0; i < most && still < quiet; i++ {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(look):
		}
		now := cpu(s.pid())
		if still++; now-last > look/20 {
			still = 0
		}
		last = now
	}
	if still < quiet {
		return fmt.Errorf("%s: busy without being asked for anything", s.name)
	}
	return nil
}

// fill adds learners with their states and owed scores.
func (s *site) fill(ctx context.Context, people int) error {
	db, err := sqlstore.Open(ctx, s.dsn, sqlstore.Options{})
	if err != nil {
		return err
	}
	var c *lti.Consumer
	err = db.View(ctx, func(tx store.Tx) (err error) {
		c, err = tx.Consumers().ByKey(ctx, consumerKey)
		return err
	})
	if err != nil {
		return errors.Join(err, db.Close())
	}
	const workers, perUpdate = 4, 10
	var next atomic.Int64
	var all sync.WaitGroup
	failed := make(chan error, workers)
	for range workers {
		all.Go(func() {
			for i := int(next.Add(perUpdate)) - perUpdate; i < people; i = int(next.Add(perUpdate)) - perUpdate {
				err := db.Record(ctx, func(tx store.Tx) error {
					for n := i; n < i+perUpdate; n++ {
						if err := fillOne(ctx, tx, c.ID, n); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					failed <- err
					return
				}
			}
		})
	}
	all.Wait()
	close(failed)
	return errors.Join(<-failed, db.Close())
}

// fillOne adds the n-th learner.
func fillOne(ctx context.Context, tx store.Tx, consumerID string, n int) error {
	now := time.Now().UTC()
	a := &account.Account{Username: fmt.Sprintf("grown%d", n), Kind: account.Anonymous, Enabled: true, CreatedAt: now}
	if err := tx.Accounts().Create(ctx, a); err != nil {
		return err
	}
	link := account.Link{ConsumerID: consumerID, LTIUserID: fmt.Sprintf("grown%d", n), AccountID: a.ID, How: account.ByLaunch, CreatedAt: now}
	if _, err := tx.Accounts().Link(ctx, link); err != nil {
		return err
	}
	for i := range statesEach {
		key := store.LearnerKey{AccountID: a.ID, CourseKey: courseKey, Ref: course.Ref{Type: "problem", ID: fmt.Sprintf("problem%d", i)}}
		err := tx.Learners().Put(ctx, &store.LearnerState{Key: key, State: state, Answered: true, Earned: 1, Possible: 1, UpdatedAt: now})
		if err != nil {
			return err
		}
	}
	for i := range targetsEach {
		id, err := tx.Placements().PutTarget(ctx, lti.GradeTarget{
			ConsumerID: consumerID, AccountID: a.ID, LinkKey: fmt.Sprintf("link%d", i), CourseKey: courseKey,
			UsageKey: fmt.Sprintf("block-v1:Bench+LOAD+2026+type@vertical+block@unit%d", i), UpdatedAt: now,
			Outcome: lti.Outcome{ServiceURL: "https://canvas.school.example/outcome", SourcedID: fmt.Sprintf("cell %d %d", n, i)},
		})
		if err != nil {
			return err
		}
		if err := tx.Owed().Owe(ctx, store.Debt{TargetID: id, At: now, Delay: 5 * time.Hour}); err != nil {
			return err
		}
	}
	return nil
}
