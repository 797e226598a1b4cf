package fakelms

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"time"
)

// OutcomeFault names a way in which the outcome service misbehaves on purpose.
// The empty fault is a working service.
type OutcomeFault string

// The faults an outcome service can have.
const (
	Fails500       OutcomeFault = "500"         // database down: 500 text/html
	Maintenance    OutcomeFault = "maintenance" // 503 text/html
	HTMLPage       OutcomeFault = "html"        // 200, but a page to sign in
	Unauthorized   OutcomeFault = "401"         // 401 without XML
	Forbidden      OutcomeFault = "403"         // a firewall's page
	Missing        OutcomeFault = "404"         // the address is gone
	Refuses422     OutcomeFault = "422"         // Canvas: failure with an error code
	Refuses        OutcomeFault = "failure"     // 200 and codeMajor failure
	Unsupported    OutcomeFault = "unsupported" // 200 and codeMajor unsupported
	BadSignature   OutcomeFault = "signature"   // 200, "Message signature not valid"
	TooManyFault   OutcomeFault = "429"         // with Retry-After: 1
	Redirects      OutcomeFault = "redirect"    // 302 to the front page
	Slow           OutcomeFault = "slow"        // works after a pause
	LosesAnswer    OutcomeFault = "lost-answer" // stores the grade, then hangs up
	HangsUp        OutcomeFault = "hang-up"     // hangs up at once
	HalfAnswer     OutcomeFault = "half-answer" // stores the grade, answers broken XML
	Processing     OutcomeFault = "processing"  // stores the grade, codeMajor processing
	defaultPause                = 20 * time.Second
	maxOutcomeBody              = 256 << 10
)

// Known reports whether f is one of the faults above; the empty fault is not.
func (f OutcomeFault) Known() bool {
	return slices.ContainsFunc(outcomeChoices(), func(c choice) bool { return c.Value == string(f) })
}

// outcomeFault is the fault switched on now.
type outcomeFault struct {
	kind  OutcomeFault
	left  int // messages still to meet it; negative: until switched off
	pause time.Duration
}

// FailOutcomes makes the next n outcome messages meet a fault; a negative n
// means all until the next call. The empty fault, like an unknown one, is none.
func (l *LMS) FailOutcomes(fault OutcomeFault, n int) { l.failOutcomes(fault, n, defaultPause) }

// SlowOutcomes makes the next n outcome messages wait for pause before they are
// handled.
func (l *LMS) SlowOutcomes(pause time.Duration, n int) { l.failOutcomes(Slow, n, pause) }

func (l *LMS) failOutcomes(fault OutcomeFault, n int, pause time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !fault.Known() || n == 0 {
		l.fault = outcomeFault{}
		return
	}
	l.fault = outcomeFault{kind: fault, left: n, pause: pause}
}

// takeFault returns the fault that the message arriving now meets.
func (l *LMS) takeFault() (OutcomeFault, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.fault
	if l.fault.left > 0 {
		if l.fault.left--; l.fault.left == 0 {
			l.fault = outcomeFault{}
		}
	}
	return f.kind, f.pause
}

// page answers the faults that never reach the gradebook; false means the
// message is to be handled.
func (f OutcomeFault) page(w http.ResponseWriter) bool {
	const head, tail = "<!DOCTYPE html><html lang=en><title>LMS</title><h1>", "</h1>\n"
	status, text := 0, ""
	switch f {
	case Fails500:
		status, text = http.StatusInternalServerError, "Error: Database connection failed"
	case Maintenance:
		status, text = http.StatusServiceUnavailable, "This site is undergoing maintenance and is currently not available"
	case HTMLPage:
		status, text = http.StatusOK, "Log in to the site"
	case Unauthorized:
		status, text = http.StatusUnauthorized, "Unauthorized"
	case Forbidden:
		status, text = http.StatusForbidden, "Request blocked"
	case Missing:
		status, text = http.StatusNotFound, "Not found"
	case TooManyFault:
		w.Header().Set("Retry-After", "1")
		status, text = http.StatusTooManyRequests, "Too many requests"
	case Redirects:
		w.Header().Set("Location", "/course")
		status, text = http.StatusFound, "Moved"
	default:
		return false
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, err := io.WriteString(w, head+text+tail)
	return err == nil || !errors.Is(err, http.ErrBodyNotAllowed)
}
