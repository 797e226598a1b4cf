package outcome_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

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
