package extern

import (
	"context"
	"time"

	"lectern/internal/problem/script"
)

// Limits of one job and of all together. Zero values stand for the defaults.
type Limits struct {
	Timeout    time.Duration // of one job, from its turn to its reply; 20 s
	Concurrent int           // jobs at once; 4
	Wait       time.Duration // of a job for its turn; 10 s
}

func (l Limits) withDefaults() Limits {
	if l.Timeout <= 0 {
		l.Timeout = 20 * time.Second
	}
	if l.Concurrent <= 0 {
		l.Concurrent = 4
	}
	if l.Wait <= 0 {
		l.Wait = 10 * time.Second
	}
	return l
}

// turns lets a bounded number of jobs run at once.
type turns struct {
	free chan struct{}
	wait time.Duration // how long a job waits for its turn
}

func newTurns(l Limits) turns { return turns{make(chan struct{}, l.Concurrent), l.Wait} }

// take waits for a turn. The caller gives it back with the function returned.
func (t turns) take(ctx context.Context) (func(), error) {
	timer := time.NewTimer(t.wait)
	defer timer.Stop()
	select {
	case t.free <- struct{}{}:
		return func() { <-t.free }, nil
	case <-timer.C:
		return nil, script.ErrBusy.With("%d jobs at the external grader, none ended within %s", cap(t.free), t.wait)
	case <-ctx.Done():
		return nil, script.ErrBusy.With("waiting for the external grader: %w", context.Cause(ctx))
	}
}
