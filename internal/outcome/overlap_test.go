package outcome_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"lectern/internal/lti"
	"lectern/internal/outcome"
	"lectern/internal/store"
)

// held makes the LMS keep its n-th request until release is called; arrived is
// closed when it is there. Other requests are answered at once.
func (b *bench) held(n int) (arrived chan struct{}, release func()) {
	arrived, proceed := make(chan struct{}), make(chan struct{})
	b.lms.does(func(w http.ResponseWriter, i int, _ string) {
		if i == n {
			close(arrived)
			<-proceed
		}
		fmt.Fprintf(w, success, "success", "")
	})
	release = sync.OnceFunc(func() { close(proceed) })
	b.t.Cleanup(release)
	return arrived, release
}

func (b *bench) drainBy(d *outcome.Deliverer) {
	b.t.Helper()
	if err := d.Drain(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

// A process that slept through its lease may have sent an older score after a
// newer one. It notices, and the newest goes out once more.
func TestOverlapIsSettledBySendingAgain(t *testing.T) {
	b := newBench(t)
	id := b.target("l")
	arrived, release := b.held(1)
	b.answer(id, 0.5, 1, 0)
	var sleeper sync.WaitGroup
	sleeper.Go(b.drain)
	<-arrived
	b.pass(3 * time.Minute) // the lease is over, the request still in the LMS
	b.answer(id, 1, 1, 0)
	b.drainBy(b.another("other"))
	b.state("l", store.Delivered)
	b.wants("l=0.5", "l=1")
	release() // only now the LMS takes the older one
	sleeper.Wait()
	b.wants("l=0.5", "l=1", "l=1")
	o := b.state("l", store.Delivered)
	if list := b.attempts(o.ID); len(list) != 3 {
		t.Errorf("%d attempts kept, want all 3: %+v", len(list), list)
	}
	b.drain()
	b.wants("l=0.5", "l=1", "l=1")
}

// The other process is still sending when the first one notices.
func TestOverlapWhileTheOtherSends(t *testing.T) {
	b := newBench(t)
	id := b.target("l")
	first, releaseFirst := make(chan struct{}), make(chan struct{})
	second, releaseSecond := make(chan struct{}), make(chan struct{})
	b.lms.does(func(w http.ResponseWriter, n int, _ string) {
		switch n {
		case 1:
			close(first)
			<-releaseFirst
		case 2:
			close(second)
			<-releaseSecond
		}
		fmt.Fprintf(w, success, "success", "")
	})
	b.answer(id, 0.5, 1, 0)
	var a, o sync.WaitGroup
	a.Go(b.drain)
	<-first
	b.pass(3 * time.Minute)
	b.scores.set(id, 1, 1)
	other := b.another("other")
	o.Go(func() { b.drainBy(other) })
	<-second
	close(releaseFirst)
	a.Wait()
	b.state("l", store.Sending) // the other's
	close(releaseSecond)
	o.Wait()
	b.drain()
	b.wants("l=0.5", "l=1", "l=1")
	b.state("l", store.Delivered)
}

// lossy is a store that commits an update and then says that it failed.
type lossy struct {
	store.Store
	mu   sync.Mutex
	lose int // the update that is lost, counted down
}

func (l *lossy) Update(ctx context.Context, f func(store.Tx) error) error {
	err := l.Store.Update(ctx, f)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lose--; l.lose == 0 {
		return errors.New("the connection broke while committing")
	}
	return err
}

// A try that was saved, though its process was told otherwise, is no overlap.
func TestLostCommitIsNoOverlap(t *testing.T) {
	b := newBench(t)
	b.answer(b.target("l"), 1, 1, 0)
	b.drain()
	b.wants("l=1")
	b.answer(b.target("l"), 0.5, 1, 0)
	b.Store = &lossy{Store: b.store, lose: 2} // the claim, then what came of it
	b.drain()
	b.pass(time.Hour)
	b.drain()
	b.wants("l=1", "l=0.5")
	if o := b.state("l", store.Delivered); len(b.attempts(o.ID)) != 2 {
		t.Errorf("%d attempts, want 2", len(b.attempts(o.ID)))
	}
}

// A request without an answer may still be at work inside the LMS when a newer
// score arrives there.
func TestUnansweredRequestIsSettled(t *testing.T) {
	for _, tt := range []struct {
		name  string
		later float64
		want  []string
	}{
		{"a newer score follows", 1, []string{"l=0.5", "l=1", "l=1"}},
		{"the same score follows", 0.5, []string{"l=0.5", "l=0.5"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			id := b.target("l")
			b.lms.does(func(w http.ResponseWriter, n int, _ string) {
				if n == 1 {
					panic(http.ErrAbortHandler)
				}
				fmt.Fprintf(w, success, "success", "")
			})
			b.answer(id, 0.5, 1, 0)
			b.drain()
			b.state("l", store.Retrying)
			b.pass(10 * time.Second)
			b.answer(id, tt.later, 1, 0)
			b.drain()
			b.pass(20 * time.Second)
			b.drain()
			b.wants(tt.want[:2]...)
			b.pass(2 * time.Minute)
			b.drain()
			b.wants(tt.want...)
			b.state("l", store.Delivered)
			b.pass(time.Hour)
			b.drain()
			b.wants(tt.want...)
		})
	}
}

// Moodle makes a new sourcedid at every launch. One that comes while the score
// is under way with the old one must not be lost when the LMS refuses that.
func TestNewSourcedIDWhileSending(t *testing.T) {
	b := newBench(t)
	id := b.target("l")
	arrived, proceed := make(chan struct{}), make(chan struct{})
	b.lms.does(func(w http.ResponseWriter, _ int, sourcedID string) {
		if sourcedID == "l" {
			close(arrived)
			<-proceed
			says("failure", "Invalid sourcedId")(w, 1, "")
			return
		}
		says("success", "")(w, 1, "")
	})
	b.answer(id, 1, 1, 0)
	var wg sync.WaitGroup
	wg.Go(b.drain)
	<-arrived
	b.relaunch("l", "newer")
	close(proceed)
	wg.Wait()
	b.drain()
	b.wants("l=1", "newer=1")
	b.state("l", store.Delivered)
	for n := range 20 { // launches alone owe nothing, and one score is one message
		b.relaunch("l", fmt.Sprint("launch", n))
	}
	b.drain()
	b.wants("l=1", "newer=1")
	b.answer(id, 0.25, 1, 0)
	b.drain()
	b.wants("l=1", "newer=1", "launch19=0.25")
}

// relaunch is a launch of link that brings a sourcedid.
func (b *bench) relaunch(link, sourcedID string) {
	b.t.Helper()
	b.update(func(tx store.Tx) error {
		_, err := tx.Placements().PutTarget(b.t.Context(), lti.GradeTarget{
			ConsumerID: "c1", AccountID: "a1", LinkKey: link, CourseKey: "course-v1:o+c+r",
			UsageKey:  "block-v1:o+c+r+type@problem+block@" + link,
			Outcome:   lti.Outcome{ServiceURL: b.lms.URL + "/grades", SourcedID: sourcedID},
			UpdatedAt: b.clock(),
		})
		return err
	})
}

// When the breaker closes, all that was put off goes out at once, also what had
// failed so often that it would not have been tried for hours.
func TestClosedBreakerWakesAll(t *testing.T) {
	b := newBench(t)
	b.lms.does(status(http.StatusServiceUnavailable))
	b.answer(b.target("patient"), 1, 1, 0)
	for range 12 { // hours of failure
		b.drain()
		b.pass(b.row("patient").NextAt.Sub(b.clock()))
	}
	b.drain()
	wait := b.row("patient").NextAt.Sub(b.clock())
	if wait < 4*time.Hour {
		t.Fatalf("due in %v, want hours", wait)
	}
	const rows = 200
	for n := range rows {
		b.answer(b.target(fmt.Sprint("l", n)), 1, 1, 0)
	}
	b.drain()
	before := len(b.lms.received())
	b.lms.does(nil)
	b.pass(6 * time.Minute) // longer than a breaker's pause, shorter than the row's
	for range 10 {
		b.drain()
		b.pass(time.Second)
	}
	b.state("patient", store.Delivered)
	if got := len(b.lms.received()) - before; got != rows+1 {
		t.Errorf("%d messages within 10 s of the LMS's return, want %d", got, rows+1)
	}
}

// A process that has just started knows of no outage. The first good answer
// tells it that what retries may be tried.
func TestFirstAnswerAfterStartWakes(t *testing.T) {
	b := newBench(t)
	b.lms.does(status(http.StatusServiceUnavailable))
	b.answer(b.target("patient"), 1, 1, 0)
	for range 12 {
		b.drain()
		b.pass(b.row("patient").NextAt.Sub(b.clock()))
	}
	b.drain()
	b.state("patient", store.Retrying)
	b.lms.does(nil)
	b.answer(b.target("slow to come"), 1, 1, time.Hour)
	b.answer(b.target("fresh"), 1, 1, 0)
	b.drainBy(b.another("next"))
	b.state("fresh", store.Delivered)
	b.state("patient", store.Delivered)
	b.state("slow to come", store.Waiting) // its delay is not an outage
}

// A clock set back by hours holds nothing up: neither rows, nor leases of the
// dead, nor breakers.
func TestClockSetBack(t *testing.T) {
	b := newBench(t)
	back := func() { b.pass(-5 * time.Hour) }

	b.lms.does(status(http.StatusServiceUnavailable))
	for n := range 6 { // opens the breaker
		b.answer(b.target(fmt.Sprint("l", n)), 1, 1, 0)
	}
	b.answer(b.target("delayed"), 1, 1, time.Minute)
	b.drain()
	b.lms.does(nil)
	back()
	b.drain()
	b.pass(time.Minute)
	b.drain()
	for n := range 6 {
		b.state(fmt.Sprint("l", n), store.Delivered)
	}
	b.state("delayed", store.Delivered)

	b.answer(b.target("dead"), 1, 1, 0)
	dead := b.another("dead")
	ctx, kill := context.WithCancel(t.Context())
	dead.Store = unwritable{b.store, ctx}
	b.lms.does(func(w http.ResponseWriter, _ int, _ string) {
		fmt.Fprintf(w, success, "success", "")
		kill()
	})
	_ = dead.Drain(t.Context()) // sends, then cannot write that it did
	b.state("dead", store.Sending)
	b.lms.does(nil)
	back()
	b.drain()
	b.pass(3 * time.Minute)
	b.drain()
	b.state("dead", store.Delivered)

	sent := len(b.lms.received())
	back()
	b.drain()
	b.pass(10 * time.Hour)
	b.drain()
	if got := len(b.lms.received()); got != sent {
		t.Errorf("%d messages about scores that were delivered", got-sent)
	}
}

// A clock set forward by hours while a score is under way makes its lease look
// over. It is sent again, and what the LMS holds is the newest.
func TestClockSetForward(t *testing.T) {
	b := newBench(t)
	id := b.target("l")
	arrived, release := b.held(1)
	b.answer(id, 0.5, 1, 0)
	var wg sync.WaitGroup
	wg.Go(b.drain)
	<-arrived
	b.pass(5 * time.Hour)
	b.answer(id, 1, 1, 0)
	b.drainBy(b.another("other"))
	release()
	wg.Wait()
	b.drain()
	got := b.lms.received()
	if got[len(got)-1] != "l=1" || len(got) > 3 {
		t.Errorf("LMS received %v, want the newest last, and no more than one repeat", got)
	}
	b.state("l", store.Delivered)
	b.pass(-5 * time.Hour)
	b.drain()
	if again := b.lms.received(); len(again) != len(got) {
		t.Errorf("sent once more when the clock came back: %v", again)
	}
}
