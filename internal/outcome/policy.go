package outcome

import (
	"time"

	"lectern/internal/store"
)

// Class says what a try to deliver a score means for the next one.
type Class string

// The classes, as [store.Attempt] keeps them.
const (
	Done        Class = "done"        // the LMS has it
	Transient   Class = "transient"   // try again soon
	Config      Class = "config"      // somebody must change a setting; try again slowly
	Gone        Class = "gone"        // the address does not exist; three tries
	Permanent   Class = "permanent"   // never for this sourcedid
	Unsupported Class = "unsupported" // the LMS takes no scores
	Refused     Class = "refused"     // we may not call this address
	Skipped     Class = "skipped"     // nothing to send
)

// Bounds of what is done about failures [LTI 1.1 Basic Outcomes, spec/lti.md 5.3].
const (
	firstPause    = 30 * time.Second // after the first transient failure
	firstSlow     = 10 * time.Minute // after the first config failure
	longestPause  = 6 * time.Hour    // also the most that Retry-After may ask for
	giveUpAfter   = 14 * 24 * time.Hour
	triesWhenGone = 3
)

// Reply is what came of one try.
type Reply struct {
	Class      Class
	Signature  bool          // the LMS says that our signature is wrong
	Status     int           // HTTP status; 0 when no answer came
	RetryAfter time.Duration // as the LMS asked; 0 when it did not
	Detail     string        // for the operator: what the LMS said

	unsent bool // nothing went out; the host learns nothing from it
}

// retries reports whether a later try may do better without anybody's help.
func (c Class) retries() bool { return c == Transient || c == Config || c == Gone }

// verdict is what becomes of a row after a try.
type verdict struct {
	state  store.OwedState
	next   time.Time // when to try again; the try's own time unless retrying
	reason string
}

// judge rules on a row after its tries-th try. since is when the present series
// of failures began; chance is uniform in [0, 1).
func judge(r Reply, tries int, now, since time.Time, chance float64) verdict {
	switch {
	case r.Class == Done:
		return verdict{state: store.Delivered, next: now}
	case !r.Class.retries():
		return verdict{state: store.Parked, next: now, reason: r.reason()}
	case r.Class == Gone && tries >= triesWhenGone:
		return verdict{state: store.Parked, next: now, reason: r.reason() + " (tried three times)"}
	case now.Sub(since) >= giveUpAfter:
		return verdict{state: store.Parked, next: now, reason: r.reason() + " (given up after 14 days)"}
	}
	wait := pause(r.Class, tries, chance)
	if r.RetryAfter > 0 {
		wait = max(firstPause, min(r.RetryAfter, longestPause))
	}
	return verdict{state: store.Retrying, next: now.Add(wait), reason: r.reason()}
}

// pause returns how long to wait after the tries-th failure: doubling from the
// class's first pause to six hours, a fifth shorter or longer by chance so that
// what failed together does not come back together.
func pause(c Class, tries int, chance float64) time.Duration {
	first := firstPause
	if c == Config {
		first = firstSlow
	}
	d := first
	for n := 1; n < tries && d < longestPause; n++ {
		d *= 2
	}
	d = time.Duration(float64(min(d, longestPause)) * (0.8 + 0.4*chance))
	return max(first, min(d, longestPause))
}

// reason says in a line why a try failed.
func (r Reply) reason() string {
	if r.Detail != "" {
		return clip(r.Detail)
	}
	return string(r.Class)
}

// detailMax is how many bytes of an LMS's words are kept.
const detailMax = 500
