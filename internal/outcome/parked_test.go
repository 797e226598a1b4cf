package outcome_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"lectern/internal/lti"
	"lectern/internal/store"
)

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
