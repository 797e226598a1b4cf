package pyrun

import (
	"context"
	"slices"
	"sync"
)

// turns says who may compute: so many at once, jobs before starts. Somebody waits
// for a job, and a start is for whoever comes later.
type turns struct {
	mu     sync.Mutex
	free   int
	jobs   []chan struct{} // who waits, the first to come in front
	starts []chan struct{}
}

// take waits for a turn and reports whether it came before ctx ended.
func (t *turns) take(ctx context.Context, queue *[]chan struct{}) bool {
	t.mu.Lock()
	if t.free > 0 {
		t.free--
		t.mu.Unlock()
		return true
	}
	mine := make(chan struct{})
	*queue = append(*queue, mine)
	t.mu.Unlock()
	select {
	case <-mine:
		return true
	case <-ctx.Done():
	}
	t.mu.Lock()
	i := slices.Index(*queue, mine)
	if i >= 0 {
		*queue = slices.Delete(*queue, i, i+1)
	}
	t.mu.Unlock()
	if i < 0 { // it came at the same moment
		t.end()
	}
	return false
}

// end gives a turn back.
func (t *turns) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, queue := range []*[]chan struct{}{&t.jobs, &t.starts} {
		if len(*queue) > 0 {
			close((*queue)[0])
			*queue = slices.Delete(*queue, 0, 1)
			return
		}
	}
	t.free++
}
