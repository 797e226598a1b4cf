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

	"lectern/internal/lti"
	"lectern/internal/store"
)

// Tests named T and a number are cases of Open edX's score tests.

func TestT154To159ValueOnTheWire(t *testing.T) {
	for _, tt := range []struct {
		name             string
		earned, possible float64
		want             string
	}{
		{"T154", 2, 2, "1"}, {"T155", 2, 0, "0"}, {"T156", 1, 2, "0.5"},
		{"T164", 3, 2, "1"}, {"T165", 1, 100000, "0.00001"}, {"T166", 1, 3, "0.333333"},
		{"T163 zero after a reset", 0, 2, "0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			b.answer(b.target("l"), tt.earned, tt.possible, 0)
			b.drain()
			b.wants("l=" + tt.want)
			o := b.state("l", store.Delivered)
			if o.DeliveredVersion != 1 || o.LastError != "" || o.LastScore == nil || !o.DeliveredAt.Equal(b.clock()) {
				t.Errorf("row after delivery: %+v", o)
			}
			b.drain()
			b.wants("l=" + tt.want) // once
		})
	}
}

func TestT160OnlyNewestVersion(t *testing.T) {
	b := newBench(t)
	id := b.target("l")
	b.answer(id, 0, 2, time.Minute)
	b.answer(id, 1, 2, time.Minute)
	b.pass(time.Minute)
	b.drain()
	b.wants("l=0.5")
	if o := b.state("l", store.Delivered); o.DeliveredVersion != 2 {
		t.Errorf("delivered version %d, want 2", o.DeliveredVersion)
	}
}

func TestT161BurstIsOneMessage(t *testing.T) {
	b := newBench(t)
	id := b.target("l")
	delay := 15 * time.Minute
	for n := range 5 {
		b.answer(id, float64(n+1), 5, delay)
		b.drain()
		b.pass(10 * time.Second)
	}
	b.pass(delay - 50*time.Second - time.Microsecond)
	b.drain()
	b.wants()
	b.pass(time.Microsecond) // never later than the delay after the first change
	b.drain()
	b.wants("l=1")
}

func TestT185RetriedUntilDelivered(t *testing.T) {
	b := newBench(t)
	b.lms.does(func(w http.ResponseWriter, n int, _ string) {
		switch n {
		case 1:
			w.WriteHeader(http.StatusInternalServerError)
		case 2: // the connection breaks
			panic(http.ErrAbortHandler)
		default:
			fmt.Fprintf(w, success, "success", "")
		}
	})
	b.answer(b.target("l"), 1, 1, 0)
	b.drain()
	if o := b.state("l", store.Retrying); o.NextAt.Sub(b.clock()) != 30*time.Second || o.LastError == "" {
		t.Errorf("after the first failure: %+v", o)
	}
	b.drain()
	b.wants("l=1") // not before it is due
	b.pass(30 * time.Second)
	b.drain()
	if o := b.state("l", store.Retrying); o.NextAt.Sub(b.clock()) != time.Minute {
		t.Errorf("after the second failure: %+v", o)
	}
	b.pass(time.Minute)
	b.drain()
	o := b.state("l", store.Delivered)
	list := b.attempts(o.ID)
	if len(list) != 3 || list[0].Class != "done" || list[1].Class != "transient" || list[2].Status != 500 {
		t.Errorf("attempts %+v", list)
	}
}

func TestT186LastValueWins(t *testing.T) {
	b := newBench(t)
	id := b.target("l")
	arrived, proceed := make(chan struct{}), make(chan struct{})
	b.lms.does(func(w http.ResponseWriter, n int, _ string) {
		if n == 1 {
			close(arrived)
			<-proceed
		}
		fmt.Fprintf(w, success, "success", "")
	})
	b.answer(id, 0.5, 1, 0)
	var wg sync.WaitGroup
	wg.Go(b.drain)
	<-arrived
	b.answer(id, 1, 1, 0) // while 0.5 is on its way
	other := b.another("other")
	if err := other.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.wants("l=0.5") // the other process must not overtake
	close(proceed)
	wg.Wait()
	b.wants("l=0.5", "l=1")
	b.state("l", store.Delivered)
}

func TestT187NeverAnswered(t *testing.T) {
	b := newBench(t)
	id := b.target("l")
	if n := b.resend(store.OwedFilter{}); n != 0 {
		t.Errorf("resend of a target without answers touched %d rows", n)
	}
	b.update(func(tx store.Tx) error { // owed, but the content says nothing was answered
		return tx.Owed().Owe(t.Context(), store.Debt{TargetID: id, At: b.clock()})
	})
	b.drain()
	b.wants()
	if o := b.state("l", store.Parked); o.LastError != "nothing answered yet" {
		t.Errorf("reason %q", o.LastError)
	}
	b.resend(store.OwedFilter{})
	b.drain()
	b.wants()
	b.answer(id, 1, 1, 0)
	b.drain()
	b.wants("l=1")
}

func TestT167To171Resend(t *testing.T) {
	b := newBench(t)
	b.answer(b.target("l"), 1, 2, 0)
	b.answer(b.target("m"), 2, 2, 0)
	b.drain()
	for _, tt := range []struct {
		name   string
		filter store.OwedFilter
		want   int64
	}{
		{"T169 no arguments", store.OwedFilter{}, 2},
		{"T170 its course", store.OwedFilter{CourseKey: "course-v1:o+c+r"}, 2},
		{"T171 another course", store.OwedFilter{CourseKey: "course-v1:o+c+other"}, 0},
		{"another account", store.OwedFilter{AccountID: "a2"}, 0},
	} {
		before := len(b.lms.received())
		if n := b.resend(tt.filter); n != tt.want {
			t.Errorf("%s: %d rows, want %d", tt.name, n, tt.want)
		}
		b.drain()
		if sent := int64(len(b.lms.received()) - before); sent != tt.want {
			t.Errorf("%s: %d messages, want %d", tt.name, sent, tt.want)
		}
	}
}

func TestCrashBetweenSendAndFinish(t *testing.T) {
	b := newBench(t)
	b.answer(b.target("l"), 1, 1, 0)
	dead := b.another("dead")
	ctx, kill := context.WithCancel(t.Context())
	b.lms.does(func(w http.ResponseWriter, _ int, _ string) {
		fmt.Fprintf(w, success, "success", "")
		kill()
	})
	dead.Store = unwritable{b.store, ctx}
	_ = dead.Drain(t.Context()) // sends, then cannot write that it did
	b.wants("l=1")
	b.state("l", store.Sending)
	b.drain()
	b.wants("l=1") // the lease still holds
	b.pass(3 * time.Minute)
	b.drain()
	b.wants("l=1", "l=1")
	b.state("l", store.Delivered)
}

// unwritable is a store that is gone once ctx has ended.
type unwritable struct {
	store.Store
	ctx context.Context
}

func (u unwritable) Update(ctx context.Context, f func(store.Tx) error) error {
	if u.ctx.Err() != nil {
		return store.ErrConflict
	}
	return u.Store.Update(ctx, f)
}

func TestParkedReasonsAndRevival(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer func(http.ResponseWriter, int, string)
		says   string
	}{
		{"sourcedid refused", says("failure", "Invalid sourcedId"), "sourcedid"},
		{"no outcomes here", says("unsupported", ""), "support"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			b.lms.does(tt.answer)
			b.answer(b.target("l"), 1, 1, 0)
			b.drain()
			if o := b.state("l", store.Parked); !strings.Contains(strings.ToLower(o.LastError), tt.says) {
				t.Errorf("reason %q", o.LastError)
			}
			b.pass(30 * 24 * time.Hour)
			b.drain()
			b.wants("l=1")
			b.lms.does(nil)
			b.target("l") // a new launch
			b.drain()
			b.wants("l=1", "l=1")
			b.state("l", store.Delivered)
		})
	}
}

func TestRefusedAddressIsParked(t *testing.T) {
	b := newBench(t)
	id := b.target("l")
	b.lms.URL = "http://10.11.12.13"
	b.target("l")
	b.answer(id, 1, 1, 0)
	b.drain()
	o := b.state("l", store.Parked)
	if list := b.attempts(o.ID); len(list) != 1 || list[0].Class != "refused" || !strings.Contains(o.LastError, "10.11.12.13") {
		t.Errorf("reason %q, %d attempts, the last %+v", o.LastError, len(list), list[0])
	}
	b.update(func(tx store.Tx) error { // refused at launch already: no request at all
		_, err := tx.Placements().PutTarget(t.Context(), lti.GradeTarget{
			ConsumerID: "c1", AccountID: "a1", LinkKey: "l", CourseKey: "course-v1:o+c+r",
			Outcome: lti.Outcome{ServiceURL: "gopher://x/", SourcedID: "l"}, Refused: "scheme gopher", UpdatedAt: b.clock(),
		})
		return err
	})
	b.answer(id, 1, 1, 0)
	b.drain()
	if o := b.state("l", store.Parked); o.LastError != "this site does not connect to that address: scheme gopher" {
		t.Errorf("reason %q", o.LastError)
	}
}

func TestGoneAfterThreeTries(t *testing.T) {
	b := newBench(t)
	b.lms.does(status(http.StatusNotFound))
	b.answer(b.target("l"), 1, 1, 0)
	for range 3 {
		b.drain()
		b.pass(time.Hour)
	}
	b.state("l", store.Parked)
	b.wants("l=1", "l=1", "l=1")
}

func TestFourteenDaysThenParked(t *testing.T) {
	b := newBench(t)
	b.lms.does(status(http.StatusBadGateway))
	start := b.clock()
	b.answer(b.target("l"), 1, 1, 0)
	tries := 0
	for b.row("l").State != store.Parked {
		b.pass(b.row("l").NextAt.Sub(b.clock()))
		b.drain()
		if tries++; tries > 200 {
			t.Fatal("never parked")
		}
	}
	if lasted := b.clock().Sub(start); lasted < 14*24*time.Hour || lasted > 15*24*time.Hour {
		t.Errorf("parked after %v and %d tries", lasted, tries)
	}
	b.resend(store.OwedFilter{}) // starts another fourteen days
	b.pass(15 * time.Minute)     // the host's breaker was open
	b.drain()
	b.state("l", store.Retrying)
}

func TestRetryAfter(t *testing.T) {
	b := newBench(t)
	b.lms.does(func(w http.ResponseWriter, _ int, _ string) {
		w.Header().Set("Retry-After", "7200")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	b.answer(b.target("l"), 1, 1, 0)
	b.drain()
	if o := b.state("l", store.Retrying); o.NextAt.Sub(b.clock()) != 2*time.Hour {
		t.Errorf("due in %v, want 2 h", o.NextAt.Sub(b.clock()))
	}
}

func TestPreviousSecret(t *testing.T) {
	b := newBench(t)
	b.consumer.list = append(b.consumer.list, lti.Secret{Slot: lti.Previous, Value: "old"})
	b.lms.does(func(w http.ResponseWriter, n int, _ string) {
		if n%2 == 1 {
			says("failure", "Message signature not valid")(w, n, "")
			return
		}
		says("success", "")(w, n, "")
	})
	b.answer(b.target("l"), 1, 1, 0)
	b.drain()
	b.wants("l=1", "l=1")
	o := b.state("l", store.Delivered)
	if list := b.attempts(o.ID); len(list) != 1 {
		t.Errorf("%d attempts, want one", len(list))
	}

	b.lms.does(says("failure", "Message signature not valid"))
	b.answer(b.target("m"), 1, 1, 0)
	b.drain()
	if o := b.state("m", store.Retrying); o.NextAt.Sub(b.clock()) != 10*time.Minute {
		t.Errorf("signature failure due again in %v, want the slow pause", o.NextAt.Sub(b.clock()))
	}
}

func TestDisabledConsumerWaits(t *testing.T) {
	b := newBench(t)
	b.consumer.Enabled = false
	b.answer(b.target("l"), 1, 1, 0)
	b.drain()
	b.wants()
	b.state("l", store.Retrying)
	b.consumer.Enabled = true
	b.pass(10 * time.Minute)
	b.drain()
	b.wants("l=1")
}

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
