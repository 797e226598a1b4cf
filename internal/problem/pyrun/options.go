package pyrun

import (
	"log/slog"
	"runtime"
	"time"
)

// Limits of one job. Time is in [Options].
const (
	maxMemory = 128 << 20 // bytes an interpreter may hold
	maxOutput = 1 << 20   // bytes a script may print
	maxReply  = 1 << 20   // bytes of a reply
)

// Options of a [Pool]. The zero value is usable.
type Options struct {
	// Size is how many interpreters there are at most, ready and running
	// together; 0: four for each CPU, at most 32. Each takes 10 MB while ready and
	// at most 128 MB while it runs, which one fewer than there are CPUs do at once.
	// Starting one takes 0.3 s, so what is ready is what a class that answers all
	// at once is served from.
	Size int
	// Time is what one job may take by the clock, from the moment an interpreter
	// has it; 0: 5 s.
	Time time.Duration
	// Wait is how long a job waits for an interpreter; 0: 20 s.
	Wait time.Duration
	// CacheDir is a folder of this user's alone where the compiled interpreter is
	// kept, 45 MB, so that the next start takes less; empty: nowhere.
	CacheDir string
	Log      *slog.Logger // nil: slog.Default
	Metrics  Metrics      // the zero value counts nothing
}

// Metrics are the numbers a Pool reports. Nil functions are skipped.
type Metrics struct {
	InUse   func(n int) // interpreters that run a job
	Waiting func(n int) // jobs that wait for one
	// Ran is called for each job: result is "ok", "failure", "limit", "busy",
	// "unavailable" or "gone", when nobody waited for it any more. Took is from
	// the call of Run to its end.
	Ran func(result string, took time.Duration)
}

// DefaultSize is the [Options.Size] of a pool that nobody sized.
func DefaultSize() int { return min(4*runtime.NumCPU(), 32) }

// withDefaults returns the options with every zero replaced.
func (o Options) withDefaults() Options {
	if o.Size <= 0 {
		o.Size = DefaultSize()
	}
	if o.Time <= 0 {
		o.Time = 5 * time.Second
	}
	if o.Wait <= 0 {
		o.Wait = 20 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}
