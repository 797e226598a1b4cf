// Package health tells whether a site is ready to serve, apart from whether its
// process is alive.
//
// A process is alive as long as it answers at all. It is ready while every
// check passes and it is not being stopped; load balancers send it requests
// only then. Checks run together, at most once in a while, whoever asks and how
// often.
package health

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of looking.
const (
	goodFor = 3 * time.Second // how long what was found is told again
	lookFor = 2 * time.Second // the most that all checks together take
)

// Check is one thing that a site cannot serve without.
type Check struct {
	Name string
	Look func(ctx context.Context) error // safe for concurrent use
}

// Finding is what a check found.
type Finding struct {
	Check string `json:"check"`
	OK    bool   `json:"ok"`
	Says  string `json:"says,omitempty"` // what is wrong, for the operator
}

// Report is the state of a site.
type Report struct {
	Ready    bool      `json:"ready"`
	Findings []Finding `json:"checks"`
	At       time.Time `json:"at"` // when the checks ran
}

// Stopping is the name of the finding that says that the site is being stopped.
const Stopping = "stopping"

// Health looks after one site. Make it with [New]; it is safe for concurrent
// use.
type Health struct {
	checks []Check
	clock  func() time.Time
	leave  atomic.Bool

	mu   sync.Mutex
	last Report
}

// New returns the health of a site that needs all of checks.
func New(clock func() time.Time, checks ...Check) *Health {
	return &Health{checks: checks, clock: clock}
}

// Leave makes the site not ready for good: it is being stopped.
func (h *Health) Leave() { h.leave.Store(true) }

// Report looks, or tells what was found a moment ago. Who asks while somebody
// else looks waits for that. ctx ends nothing but the waiting for checks.
func (h *Health) Report(ctx context.Context) Report {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.clock()
	if h.last.At.IsZero() || now.Sub(h.last.At).Abs() >= goodFor {
		h.last = h.look(ctx, now)
	}
	r := h.last
	r.Findings = slices.Clone(r.Findings)
	if h.leave.Load() {
		r.Ready = false
		r.Findings = append(r.Findings, Finding{Check: Stopping, Says: "the site is being stopped"})
	}
	return r
}

func (h *Health) look(ctx context.Context, now time.Time) Report {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookFor) // others get the answer too
	defer cancel()
	r := Report{Ready: true, Findings: make([]Finding, len(h.checks)), At: now}
	done := make(chan Finding, len(h.checks))
	for i, c := range h.checks {
		r.Findings[i] = Finding{Check: c.Name, Says: "no answer within " + lookFor.String()}
		go func() {
			f := Finding{Check: c.Name, OK: true}
			if err := c.Look(ctx); err != nil {
				f.OK, f.Says = false, strings.ToValidUTF8(err.Error(), "")
			}
			done <- f
		}()
	}
wait:
	for range h.checks {
		select {
		case f := <-done:
			i := slices.IndexFunc(h.checks, func(c Check) bool { return c.Name == f.Check })
			r.Findings[i] = f
		case <-ctx.Done(): // a check that does not mind its context
			break wait
		}
	}
	for _, f := range r.Findings {
		r.Ready = r.Ready && f.OK
	}
	return r
}
