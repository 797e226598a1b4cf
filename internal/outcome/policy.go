package outcome

import (
	"strings"
	"time"

	"lectern/internal/lti/lti11"
	"lectern/internal/store"
)

// Classes of tries that did not reach an LMS, beside those of package lti11.
const (
	Refused lti11.Class = "refused" // we may not call this address
	Skipped lti11.Class = "skipped" // there is nothing to send
)

// sayRefused begins the reason of a score that is parked because of its address.
const sayRefused = "this site does not connect to that address: "

// HeldBack reports whether the score is parked because this site does not call
// the address it goes to, and returns that address's host. [Networks.Admit]
// admits it.
func HeldBack(row store.OwedRow) (host string, is bool) {
	return hostOf(row.ServiceURL), row.State == store.Parked && strings.HasPrefix(row.LastError, sayRefused)
}

// Bounds of what is done about failures.
const (
	firstPause    = 30 * time.Second // after the first transient failure
	firstSlow     = 10 * time.Minute // after the first that needs somebody's help
	longestPause  = 6 * time.Hour    // also the most that Retry-After may ask for
	giveUpAfter   = 14 * 24 * time.Hour
	triesWhenGone = 3
)

// result is what came of one try.
type result struct {
	class      lti11.Class
	status     int           // HTTP status; 0 when no answer came
	retryAfter time.Duration // as the LMS asked; 0 when it did not
	detail     string        // for the operator
	sent       bool          // a request went out
}

// verdict is what becomes of a row after a try.
type verdict struct {
	state  store.OwedState
	next   time.Time // when to try again
	reason string
}

// judge rules on a row after its tries-th try. since is when the present series
// of failures began; chance is uniform in [0, 1).
func judge(r result, tries int, now, since time.Time, chance float64) verdict {
	switch r.class {
	case lti11.Done:
		return verdict{state: store.Delivered, next: now}
	case lti11.Permanent, Refused, Skipped:
		return verdict{state: store.Parked, next: now, reason: r.detail}
	case lti11.Gone:
		if tries >= triesWhenGone {
			return verdict{state: store.Parked, next: now, reason: "tried three times: " + r.detail}
		}
	}
	if now.Sub(since) >= giveUpAfter {
		return verdict{state: store.Parked, next: now, reason: "given up after 14 days: " + r.detail}
	}
	wait := pause(r.class, tries, chance)
	if r.retryAfter > 0 {
		wait = max(firstPause, min(r.retryAfter, longestPause))
	}
	return verdict{state: store.Retrying, next: now.Add(wait), reason: r.detail}
}

// pause returns how long to wait after the tries-th failure: doubling from the
// class's first pause to six hours, a fifth shorter or longer by chance so that
// what failed together does not come back together.
func pause(c lti11.Class, tries int, chance float64) time.Duration {
	first := firstPause
	if c == lti11.Config || c == lti11.Unclear {
		first = firstSlow
	}
	d := first
	for n := 1; n < tries && d < longestPause; n++ {
		d *= 2
	}
	d = time.Duration(float64(min(d, longestPause)) * (0.8 + 0.4*chance))
	return max(first, min(d, longestPause))
}
