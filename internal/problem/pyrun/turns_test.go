package pyrun

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
)

// TestTurns checks that jobs go before starts, each in the order they came, and
// that whoever leaves takes no turn along.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		order := &turns{free: 1}
		ctx, leave := context.WithCancel(t.Context())
		var got []string
		wait := func(ctx context.Context, name string, queue *[]chan struct{}) {
			go func() {
				if order.take(ctx, queue) {
					got = append(got, name) // one has the turn at a time
					order.end()
				}
			}()
			synctest.Wait()
		}
		if !order.take(ctx, &order.jobs) {
			t.Fatal("no turn although one is free")
		}
		wait(t.Context(), "start 1", &order.starts)
		wait(ctx, "left", &order.jobs)
		wait(t.Context(), "job 1", &order.jobs)
		wait(t.Context(), "start 2", &order.starts)
		wait(t.Context(), "job 2", &order.jobs)
		leave()
		synctest.Wait()
		order.end()
		synctest.Wait()
		if want := []string{"job 1", "job 2", "start 1", "start 2"}; !slices.Equal(got, want) || order.free != 1 {
			t.Errorf("%v, %d free", got, order.free)
		}
	})
}
