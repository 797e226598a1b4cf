package script

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// runnerFunc is a Runner made of a function.
type runnerFunc func(context.Context, *Job) (*Reply, error)

func (f runnerFunc) Run(ctx context.Context, job *Job) (*Reply, error) { return f(ctx, job) }

// counting answers each job with its script and counts.
func counting(n *int) Runner {
	return runnerFunc(func(_ context.Context, job *Job) (*Reply, error) {
		*n++
		return &Reply{Globals: map[string]Value{"x": {Text: job.Script, JSON: json.RawMessage(`"` + job.Script + `"`)}}}, nil
	})
}

func mustRun(t *testing.T, r Runner, job *Job) *Reply {
	t.Helper()
	reply, err := r.Run(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

// TestCacheKeys checks that equal jobs are run once and that every part of a job
// makes it another.
func TestCacheKeys(t *testing.T) {
	check := func(answer any) *Call {
		return &Call{Check: &Check{Function: "f", Answers: answer, Globals: map[string]any{"a": 1, "b": 2}}}
	}
	jobs := []Job{
		{Script: "a"},
		{Script: "b"},
		{Script: "a", Seed: 1},
		{Script: "a", Context: map[string]any{"k": "v"}},
		{Script: "a", Library: &Library{SHA256: "1"}},
		{Script: "a", Library: &Library{SHA256: "2"}},
		{Script: "a", Call: check("1")},
		{Script: "a", Call: check("2")},
		{Script: "a", Call: check([]any{"1"})},
		{Script: "a", Call: &Call{Code: &Code{Code: "x"}}},
		{Script: "a", Call: &Call{Hint: &Hint{Function: "f", New: json.RawMessage(`{}`), Old: json.RawMessage(`{}`)}}},
	}
	n := 0
	c := NewCache(counting(&n), 100, 1<<20)
	for range 3 {
		for _, job := range jobs {
			if r := mustRun(t, c, &job); r.Globals["x"].Text != job.Script {
				t.Errorf("job %+v answered with %+v", job, r)
			}
		}
	}
	if n != len(jobs) {
		t.Errorf("%d runs for %d different jobs", n, len(jobs))
	}
}

func TestCacheKeepsWhatLasts(t *testing.T) {
	for _, tt := range []struct {
		name  string
		reply *Reply
		err   error
		kept  bool
	}{
		{"success", &Reply{}, nil, true},
		{"syntax", &Reply{Failure: &Failure{Kind: Syntax}}, nil, true},
		{"import", &Reply{Failure: &Failure{Kind: Import}}, nil, true},
		{"exception", &Reply{Failure: &Failure{Kind: Raised}}, nil, false},
		{"limit", nil, ErrLimit, true},
		{"busy", nil, ErrBusy, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := 0
			c := NewCache(runnerFunc(func(context.Context, *Job) (*Reply, error) {
				n++
				return tt.reply, tt.err
			}), 10, 1<<20)
			for range 2 {
				if _, err := c.Run(t.Context(), &Job{}); !errors.Is(err, tt.err) {
					t.Errorf("error %v", err)
				}
			}
			if kept := n == 1; kept != tt.kept {
				t.Errorf("%d runs", n)
			}
		})
	}
}

func TestCacheForgets(t *testing.T) {
	n := 0
	job := func(s string) *Job { return &Job{Script: s} }
	c := NewCache(counting(&n), 2, 1<<20)
	for _, s := range []string{"a", "b", "a", "c", "a", "b"} { // c drops b, which was used longest ago
		mustRun(t, c, job(s))
	}
	if n != 4 {
		t.Errorf("%d runs with room for two", n)
	}
	n = 0
	c = NewCache(counting(&n), 100, 3000)
	long := job(strings.Repeat("x", 2000))
	for range 2 {
		mustRun(t, c, long) // too long to be kept, being there twice
		mustRun(t, c, job("a"))
	}
	if n != 3 || c.bytes > 3000 || c.order.Len() != len(c.kept) {
		t.Errorf("%d runs, %d bytes, %d entries, %d keys", n, c.bytes, c.order.Len(), len(c.kept))
	}
}

// TestCacheOwnReplies checks that nobody changes another's reply.
func TestCacheOwnReplies(t *testing.T) {
	n := 0
	c := NewCache(counting(&n), 10, 1<<20)
	for range 3 {
		r := mustRun(t, c, &Job{Script: "a"})
		if len(r.Globals) != 1 || r.Globals["x"].JSON[1] != 'a' {
			t.Fatalf("reply %+v", r)
		}
		r.Globals["x"].JSON[1] = 'z'
		r.Globals["y"] = Value{}
	}
}

// TestCacheTogether checks that equal jobs that come at once run once, and that
// one caller's leaving is not the others' loss.
func TestCacheTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c := NewCache(runnerFunc(func(ctx context.Context, _ *Job) (*Reply, error) {
			n++
			select {
			case <-time.After(time.Second):
				return &Reply{Notes: []string{fmt.Sprint(n)}}, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}), 10, 1<<20)
		leaving, leave := context.WithTimeout(t.Context(), time.Second/2)
		defer leave()
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := c.Run(leaving, &Job{}); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the one that leaves: %v", err)
			}
		})
		synctest.Wait()
		for range 5 {
			all.Go(func() {
				r, err := c.Run(t.Context(), &Job{})
				if err != nil || r.Notes[0] != "2" {
					t.Errorf("one that stays: %+v, %v", r, err)
				}
			})
		}
		all.Wait()
		if n != 2 {
			t.Errorf("%d runs", n)
		}
	})
}

// TestCachePanic checks that a panic of the runner does not leave others waiting.
func TestCachePanic(t *testing.T) {
	first := true
	c := NewCache(runnerFunc(func(context.Context, *Job) (*Reply, error) {
		if first {
			first = false
			panic("broken")
		}
		return &Reply{}, nil
	}), 10, 1<<20)
	func() {
		defer func() { _ = recover() }()
		_, _ = c.Run(t.Context(), &Job{})
	}()
	mustRun(t, c, &Job{})
}

// TestCacheLimits checks that a script that met a limit is left alone for a while.
func TestCacheLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c := NewCache(runnerFunc(func(context.Context, *Job) (*Reply, error) {
			n++
			if n > 1 {
				return &Reply{}, nil
			}
			return nil, ErrLimit.With("time")
		}), 100, 1<<20)
		for range 3 {
			if _, err := c.Run(t.Context(), &Job{Script: "a"}); !errors.Is(err, ErrLimit) {
				t.Errorf("%v", err)
			}
		}
		if n != 1 {
			t.Errorf("ran %d times", n)
		}
		time.Sleep(limitKept)
		mustRun(t, c, &Job{Script: "a"})
		mustRun(t, c, &Job{Script: "a"})
		if n != 2 {
			t.Errorf("ran %d times", n)
		}
	})
}
