package health_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"lectern/internal/health"
)

// checked is a check that fails while broken is set, and counts.
type checked struct {
	broken atomic.Bool
	looks  atomic.Int64
}

func (c *checked) look(context.Context) error {
	c.looks.Add(1)
	if c.broken.Load() {
		return errors.New("nobody there")
	}
	return nil
}

func TestReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var database, files checked
		h := health.New(time.Now, health.Check{Name: "database", Look: database.look}, health.Check{Name: "files", Look: files.look})
		if r := h.Report(t.Context()); !r.Ready || len(r.Findings) != 2 || !r.Findings[0].OK {
			t.Errorf("all well: %+v", r)
		}
		database.broken.Store(true)
		if r := h.Report(t.Context()); !r.Ready {
			t.Error("looked again at once")
		}
		time.Sleep(4 * time.Second)
		r := h.Report(t.Context())
		if r.Ready || r.Findings[0].Check != "database" || r.Findings[0].OK || r.Findings[0].Says != "nobody there" || !r.Findings[1].OK {
			t.Errorf("without a database: %+v", r)
		}
		if n := database.looks.Load(); n != 2 {
			t.Errorf("%d looks", n)
		}
		database.broken.Store(false)
		time.Sleep(4 * time.Second)
		if r := h.Report(t.Context()); !r.Ready {
			t.Errorf("mended: %+v", r)
		}
		h.Leave()
		if r := h.Report(t.Context()); r.Ready || r.Findings[2].Check != health.Stopping {
			t.Errorf("stopping: %+v", r)
		}
	})
}

// TestHangingCheck has a check that does not even mind its context.
func TestHangingCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		var files checked
		h := health.New(time.Now,
			health.Check{Name: "database", Look: func(context.Context) error { <-release; return nil }},
			health.Check{Name: "files", Look: files.look})
		began := time.Now()
		r := h.Report(t.Context())
		if took := time.Since(began); r.Ready || r.Findings[0].OK || r.Findings[0].Says == "" || !r.Findings[1].OK || took > 5*time.Second {
			t.Errorf("%+v after %s", r, took)
		}
	})
}

// TestAskerGone answers the next one truly when the first one hung up.
func TestAskerGone(t *testing.T) {
	h := health.New(time.Now, health.Check{Name: "database", Look: func(ctx context.Context) error { return ctx.Err() }})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if r := h.Report(gone); !r.Ready {
		t.Errorf("%+v", r)
	}
}
