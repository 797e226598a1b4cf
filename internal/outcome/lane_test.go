package outcome

import (
	"fmt"
	"testing"
	"time"

	"lectern/internal/lti/lti11"
)

const lms = "http://lms.test/grades"

var down = result{class: lti11.Transient, sent: true}

// attempt passes through a lane once at now and reports whether it was let in.
func attempt(l *lanes, cell string, r result, now time.Time) bool {
	p, _ := l.admit(lms, cell, now)
	if p == nil {
		return false
	}
	ok, _ := p.enter(nil, func() time.Time { return now })
	p.leave(&r, now)
	return ok
}

func TestBreakerOpensAndProbes(t *testing.T) {
	l, now := newLanes(), noon
	for n := range breakAfter {
		if !attempt(l, "c", down, now) {
			t.Fatalf("try %d refused before the breaker may open", n+1)
		}
	}
	p, again := l.admit(lms, "c", now)
	if p != nil || again.Before(now.Add(breakFirst)) {
		t.Fatalf("after %d failures: pass %v, again %v; want none before %v", breakAfter, p, again, breakFirst)
	}
	if other, _ := l.admit("http://other.test/", "c", now); other == nil {
		t.Error("another host must not suffer")
	}

	now = now.Add(breakFirst)
	probe, _ := l.admit(lms, "c", now)
	if probe == nil {
		t.Fatal("no probe when the pause is over")
	}
	if second, again := l.admit(lms, "d", now); second != nil || again.Before(now.Add(probeWait)) {
		t.Errorf("second pass %v while a probe runs, again %v", second, again)
	}
	probe.enter(nil, func() time.Time { return now })
	probe.leave(&down, now)
	if _, again := l.admit(lms, "c", now); again.Before(now.Add(2 * breakFirst)) {
		t.Errorf("after a failed probe again %v, want twice the pause", again.Sub(now))
	}

	now = now.Add(2 * breakFirst)
	if !attempt(l, "c", result{class: lti11.Done, sent: true}, now) {
		t.Fatal("second probe refused")
	}
	if !attempt(l, "c", down, now) || !attempt(l, "d", down, now) {
		t.Error("a good probe must close the breaker")
	}
}

func TestBreakerPauseIsBounded(t *testing.T) {
	l, now := newLanes(), noon
	for range 100 {
		attempt(l, "c", down, now)
		now = now.Add(breakLongest + time.Minute)
	}
	if _, again := l.admit(lms, "c", now); again.Sub(now) > breakLongest+slotLongest {
		t.Errorf("pause %v", again.Sub(now))
	}
}

// A probe that turned out to have nothing to send must not block the lane.
func TestProbeWithoutRequest(t *testing.T) {
	l, now := newLanes(), noon
	for range breakAfter {
		attempt(l, "c", down, now)
	}
	now = now.Add(breakFirst)
	p, _ := l.admit(lms, "c", now)
	p.enter(nil, func() time.Time { return now })
	p.leave(nil, now)
	if p, _ := l.admit(lms, "c", now); p == nil {
		t.Error("lane stays blocked after a probe that sent nothing")
	}
}

func TestRetryAfterPausesHost(t *testing.T) {
	l := newLanes()
	attempt(l, "c", result{class: lti11.Transient, retryAfter: time.Minute, sent: true}, noon)
	if _, again := l.admit(lms, "d", noon); again.Before(noon.Add(time.Minute)) {
		t.Errorf("again in %v, want a minute", again.Sub(noon))
	}
	attempt(l, "c", result{class: lti11.Transient, retryAfter: 99 * time.Hour, sent: true}, noon.Add(time.Minute))
	if p, _ := l.admit(lms, "d", noon.Add(2*time.Minute+breakLongest)); p == nil {
		t.Error("one answer stops a host for longer than the breaker may")
	}
}

func TestLaneWidthAndQueue(t *testing.T) {
	l := newLanes()
	var last time.Time
	passes := 0
	for n := range 100 {
		p, again := l.admit(lms, fmt.Sprint(n), noon)
		if p != nil {
			passes++
			continue
		}
		if !again.After(last) {
			t.Fatalf("row %d put off to %v, not after %v: rows come back together", n, again, last)
		}
		last = again
	}
	if passes != laneWidth+laneQueue {
		t.Errorf("%d passes, want %d", passes, laneWidth+laneQueue)
	}
	if l.load() != passes {
		t.Errorf("load %d, want %d", l.load(), passes)
	}
}

func TestSlotsAreBounded(t *testing.T) {
	n := &lane{pace: time.Hour}
	for range 100_000 {
		n.putOff(noon)
	}
	if far := n.putOff(noon).Sub(noon); far > slotLongest+time.Second {
		t.Errorf("put off for %v", far)
	}
}

func TestOneTryPerCell(t *testing.T) {
	l := newLanes()
	p, _ := l.admit(lms, "same", noon)
	if q, again := l.admit(lms, "same", noon); q != nil || !again.After(noon) {
		t.Errorf("second pass %v for one gradebook cell, again %v", q, again)
	}
	p.leave(nil, noon)
	if q, _ := l.admit(lms, "same", noon); q == nil {
		t.Error("cell still taken after its pass was given back")
	}
}

func TestLanesAreForgotten(t *testing.T) {
	l := newLanes()
	for n := range 5 * lanesKept {
		p, _ := l.admit(fmt.Sprintf("http://h%d.test/", n), "c", noon)
		p.leave(nil, noon)
	}
	if len(l.byHost) > lanesKept {
		t.Errorf("%d lanes remembered", len(l.byHost))
	}
}

func TestHostOf(t *testing.T) {
	for in, want := range map[string]string{
		"https://LMS.example:8443/x?y": "lms.example:8443", "": "", "::": "", "mailto:x": "", "https:///x": "",
	} {
		if got := hostOf(in); got != want {
			t.Errorf("hostOf(%q) = %q, want %q", in, got, want)
		}
	}
}
