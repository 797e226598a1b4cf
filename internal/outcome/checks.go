package outcome

import (
	"context"
	"time"

	"lectern/internal/store"
)

// DrainChecks makes all comparisons that were asked for and sends nothing. It
// returns when none is left, when stopped, when ctx ends, or with the first
// error of the store. It needs no Start.
func (d *Deliverer) DrainChecks(ctx context.Context) error {
	d.prepare()
	defer d.tries.Wait()
	for !d.stopping() {
		if _, err := d.claimChecks(ctx); err != nil {
			return err
		}
		var left int64
		err := d.Store.View(ctx, func(tx store.Tx) (err error) {
			left, err = tx.Checks().Pending(ctx)
			return err
		})
		if err != nil || left == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * pollLeast):
		}
	}
	return nil
}
