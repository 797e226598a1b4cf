package outcome

import (
	"context"
	"errors"
	"time"

	"lectern/internal/store"
)

// claimDue claims what is due, and does not write when nothing is. It returns
// how many rows it leased, and when the first was due before it did.
func (d *Deliverer) claimDue(ctx context.Context) (n int, next time.Time, err error) {
	if err := d.watchClock(ctx); err != nil {
		return 0, time.Time{}, err
	}
	var scores, checks time.Time
	err = d.Store.View(ctx, func(tx store.Tx) error {
		var errScores, errChecks error
		scores, errScores = due(tx.Owed().NextDue(ctx))
		checks, errChecks = due(tx.Checks().NextDue(ctx))
		return errors.Join(errScores, errChecks)
	})
	if err != nil {
		return 0, time.Time{}, err
	}
	now := d.now()
	if !scores.IsZero() && !scores.After(now) {
		if n, err = d.claim(ctx); err != nil {
			return n, scores, err
		}
	}
	if !checks.IsZero() && !checks.After(now) { // after the scores: comparing can wait
		read, err := d.claimChecks(ctx)
		if n += read; err != nil {
			return n, checks, err
		}
	}
	if scores.IsZero() || !checks.IsZero() && checks.Before(scores) {
		return n, checks, nil
	}
	return n, scores, nil
}

// due is at, or zero when the store has none.
func due(at time.Time, err error) (time.Time, error) {
	if errors.Is(err, store.ErrNotFound) {
		return time.Time{}, nil
	}
	return at, err
}

// claim leases due rows and starts a try for each that gets a pass. The others
// go back, due when their host can take them. It returns how many it leased.
func (d *Deliverer) claim(ctx context.Context) (int, error) {
	room := min(claimBatch, passesMax-d.lanes.load())
	if room <= 0 {
		return 0, nil
	}
	var list []store.Claimed
	err := d.Store.Update(ctx, func(tx store.Tx) (err error) {
		list, err = tx.Owed().Claim(ctx, d.now(), d.Name, leaseFor, room)
		return err
	})
	if err != nil {
		return 0, err
	}
	var back []putBack
	for _, c := range list {
		p, again := d.lanes.admit(c.Target.Outcome.ServiceURL, c.Target.Outcome.SourcedID, d.now())
		if p == nil {
			back = append(back, putBack{c.ID, again})
			continue
		}
		d.tries.Go(func() {
			d.deliver(ctx, c, p)
			d.Wake() // a pass is free, and the row may be owed anew
		})
	}
	return len(list), d.release(ctx, back...)
}

// watchClock looks for times that a clock set back has put out of reach: once at
// the start, since it may have happened before, and whenever it happens.
func (d *Deliverer) watchClock(ctx context.Context) error {
	d.seenMu.Lock()
	defer d.seenMu.Unlock()
	now := d.now().Round(0) // as the wall shows it
	back := d.seen.IsZero() || now.Before(d.seen.Add(-clockBack))
	if back {
		limits := store.Limits{Slack: clockSlack, Pause: longestPause, Lease: leaseFor}
		err := d.Store.Update(ctx, func(tx store.Tx) error {
			_, err := tx.Owed().TurnBack(ctx, now, d.Name, limits)
			return err
		})
		if err != nil {
			return err
		}
	}
	d.seen = now
	return nil
}

// putBack is a lease to give back and when its row is due again.
type putBack struct {
	id    string
	again time.Time
}

// release gives leases back without a try. A lease that ran out is not ours to
// give.
func (d *Deliverer) release(ctx context.Context, back ...putBack) error {
	if len(back) == 0 {
		return nil
	}
	return d.Store.Update(ctx, func(tx store.Tx) error {
		for _, b := range back {
			err := tx.Owed().Release(ctx, b.id, d.Name, b.again)
			if err != nil && !errors.Is(err, store.ErrConflict) && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		return nil
	})
}
