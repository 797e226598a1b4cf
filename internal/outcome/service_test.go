package outcome_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lectern/internal/store"
)

func TestLaneIsFourWideAndAllArrive(t *testing.T) {
	b := newBench(t)
	var now, most atomic.Int32
	b.lms.does(func(w http.ResponseWriter, _ int, _ string) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(2 * time.Millisecond)
		fmt.Fprintf(w, success, "success", "")
	})
	const rows = 100
	for n := range rows {
		b.answer(b.target(fmt.Sprint("l", n)), 1, 1, 0)
	}
	for range 1000 {
		b.drain()
		if len(b.lms.received()) >= rows {
			break
		}
		b.pass(time.Second)
	}
	if got := len(b.lms.received()); got != rows {
		t.Errorf("%d messages, want %d", got, rows)
	}
	if most.Load() > 4 {
		t.Errorf("%d requests at a time to one host", most.Load())
	}
}

func TestBreakerSparesDeadHost(t *testing.T) {
	b := newBench(t)
	b.lms.does(status(http.StatusServiceUnavailable))
	for n := range 40 {
		b.answer(b.target(fmt.Sprint("l", n)), 1, 1, 0)
	}
	b.drain()
	if got := len(b.lms.received()); got > 16 {
		t.Errorf("%d requests to a dead host", got)
	}
	b.lms.does(nil)
	for range 1000 {
		b.pass(10 * time.Second)
		b.drain()
	}
	for n := range 40 {
		b.state(fmt.Sprint("l", n), store.Delivered)
	}
}

func TestStartWakeStop(t *testing.T) {
	b := newBench(t)
	b.Clock = nil
	b.pass(time.Since(b.now))
	arrived, proceed := make(chan struct{}), make(chan struct{})
	b.lms.does(func(w http.ResponseWriter, n int, _ string) {
		if n == 1 {
			close(arrived)
			<-proceed
		}
		fmt.Fprintf(w, success, "success", "")
	})
	b.Start(t.Context())
	b.answer(b.target("l"), 1, 1, 0)
	b.Wake()
	<-arrived
	b.answer(b.target("m"), 1, 1, time.Hour) // owed, not due when we stop
	stopped := make(chan error)
	go func() { stopped <- b.Stop(context.Background()) }()
	select {
	case err := <-stopped:
		t.Fatalf("Stop returned %v while a score was being sent", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(proceed)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	b.state("l", store.Delivered)
	b.state("m", store.Waiting)
	b.Wake() // harmless
}

func TestStopBreaksOffAtDeadline(t *testing.T) {
	b := newBench(t)
	b.Clock = nil
	b.pass(time.Since(b.now))
	arrived := make(chan struct{})
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	b.lms.does(func(http.ResponseWriter, int, string) {
		close(arrived)
		<-release
	})
	b.Start(t.Context())
	b.answer(b.target("l"), 1, 1, 0)
	b.Wake()
	<-arrived
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := b.Stop(ctx); err == nil {
		t.Error("Stop must say that it broke off")
	}
	deadline := time.Now().Add(5 * time.Second)
	for b.row("l").State == store.Sending && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	if s := b.row("l").State; s == store.Sending || s == store.Delivered {
		t.Errorf("row is %s; it must be owed again", s)
	}
}

func TestMetrics(t *testing.T) {
	b := newBench(t)
	b.lms.does(says("failure", "Invalid sourcedId"))
	b.answer(b.target("parked"), 1, 1, 0)
	b.drain()
	b.answer(b.target("waiting"), 1, 1, time.Hour)
	b.pass(10 * time.Minute)
	var mu sync.Mutex
	got := map[string]int{}
	lag := make(chan time.Duration, 1)
	b.Metrics.Owed = func(state string, n int) {
		mu.Lock()
		defer mu.Unlock()
		got[state] = n
	}
	b.Metrics.Lag = func(age time.Duration) { lag <- age }
	b.Start(t.Context())
	if age := <-lag; age != 10*time.Minute {
		t.Errorf("lag %v, want 10 minutes", age)
	}
	if err := b.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got["waiting"] != 1 || got["parked"] != 1 || got["retrying"] != 0 {
		t.Errorf("owed %v", got)
	}
}

func TestT164ClampIsLogged(t *testing.T) {
	b := newBench(t)
	var out strings.Builder
	b.Log = jsonLog(&out)
	b.answer(b.target("l"), 3, 2, 0)
	b.drain()
	b.wants("l=1")
	if !strings.Contains(out.String(), `"outcome clamped"`) {
		t.Errorf("log %s", out.String())
	}
}

// What the LMS says may name people; it must not reach the log.
func TestLogHoldsNoWordsOfTheLMS(t *testing.T) {
	b := newBench(t)
	var out strings.Builder
	b.Log = jsonLog(&out)
	b.lms.does(says("failure", "Jane Doe is not enrolled"))
	b.answer(b.target("secret-sourcedid"), 1, 1, 0)
	b.drain()
	var line map[string]any
	if err := json.Unmarshal([]byte(out.String()), &line); err != nil || line["msg"] != "outcome" {
		t.Fatalf("log %q: %v", out.String(), err)
	}
	if strings.Contains(out.String(), "Jane") || strings.Contains(out.String(), "sourcedid") {
		t.Errorf("log %s", out.String())
	}
}
