package outcome

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"lectern/internal/lti"
	"lectern/internal/store"
)

// Scorer knows scores. *grading.Service is one.
type Scorer interface {
	// TargetScore returns the score behind a grade target as it is now, and
	// whether the learner has answered anything of it. Content that is gone is
	// an error of kind errs.NotFound.
	TargetScore(ctx context.Context, t lti.GradeTarget) (score lti.Score, answered bool, err error)
}

// Consumers knows who signs. *registry.Registry is one.
type Consumers interface {
	// Credentials returns a consumer and its live secrets, the current one
	// first. A consumer that is gone is an error of kind errs.NotFound.
	Credentials(ctx context.Context, id string) (*lti.Consumer, []lti.Secret, error)
}

// Times of a try. The lease covers waiting for a turn and both requests that a
// rotation of secrets may need.
const (
	leaseFor    = 120 * time.Second
	sendTimeout = 30 * time.Second // whole request
	leaseMargin = 5 * time.Second  // left over when the request has timed out
)

// Bounds of the loop.
const (
	claimBatch = 32
	passesMax  = 256              // rows under lease at a time
	pollEvery  = time.Second      // while other processes cannot wake us
	pollSeldom = 20 * time.Second // while they can: the safety net
	pollLeast  = 10 * time.Millisecond
	wakeGap    = 20 * time.Millisecond // between two looks because of wakes: many are one

	measureEvery = 15 * time.Second

	clockSlack = 5 * time.Minute // how far clocks of replicas may differ
	clockBack  = time.Second     // a clock that goes back further has been set back
)

// Deliverer sends owed scores. Fill in the exported fields, then call
// [Deliverer.Start] or [Deliverer.Drain]; do not copy it.
type Deliverer struct {
	Store     store.Store
	Scorer    Scorer
	Consumers Consumers
	Client    *http.Client     // from package safehttp
	Name      string           // of this process, on leases; unique among replicas
	Clock     func() time.Time // nil: time.Now
	Chance    func() float64   // uniform in [0, 1); nil: math/rand/v2
	Log       *slog.Logger     // nil: slog.Default
	Metrics   Metrics          // the zero value counts nothing
	Seldom    time.Duration    // longest sleep while the store tells of changes; 0: 20 s

	once    sync.Once
	lanes   *lanes
	wake    chan struct{}
	told    atomic.Bool   // the store tells of what others make due
	heardOf atomic.Bool   // it has told something, or that it cannot
	stop    chan struct{} // closed: send nothing more
	stopped sync.Once
	cancel  context.CancelFunc // ends what is being sent
	looping sync.WaitGroup
	tries   sync.WaitGroup

	seenMu sync.Mutex
	seen   time.Time // by the clock, when it was last looked at
}

// Metrics are the numbers a Deliverer reports. Nil functions are skipped.
type Metrics struct {
	Tried func(class string, took time.Duration)
	Owed  func(state string, n int)  // rows in each state but delivered
	Lag   func(oldest time.Duration) // age of the oldest change still to be sent
	// Compared is called for each comparison that came to a verdict.
	Compared func(verdict string)
}

func (d *Deliverer) prepare() {
	d.once.Do(func() {
		d.lanes = newLanes()
		d.wake = make(chan struct{}, 1)
		d.stop = make(chan struct{})
	})
}

// Start delivers in the background until [Deliverer.Stop]. It returns at once.
// ctx carries values only; its end does not stop anything.
func (d *Deliverer) Start(ctx context.Context) {
	d.prepare()
	ctx, d.cancel = context.WithCancel(context.WithoutCancel(ctx))
	d.looping.Go(func() { d.loop(ctx) })
	listening, deaf := context.WithCancel(ctx)
	d.looping.Go(func() {
		<-d.stop
		deaf()
	})
	d.looping.Go(func() { d.Store.Watch(listening, d.heard) })
}

// heard looks for due scores because the store tells of some. lost says that it
// cannot tell for a while, so that polling has to do.
func (d *Deliverer) heard(lost error) {
	told := lost == nil
	before, first := d.told.Swap(told), !d.heardOf.Swap(true)
	switch {
	case told && !before:
		d.log().Info("outcome listener connected")
	case !told && (before || first):
		d.log().Warn("outcome listener lost", "error", lost)
	}
	d.Wake()
}

// Stop claims nothing more and waits for what is being sent, at most until ctx
// ends; then it breaks off and returns ctx's error. What was not sent is still
// owed.
func (d *Deliverer) Stop(ctx context.Context) error {
	d.prepare()
	d.stopped.Do(func() { close(d.stop) })
	idle := make(chan struct{})
	go func() {
		d.looping.Wait()
		d.tries.Wait()
		close(idle)
	}()
	select {
	case <-idle:
		if d.cancel != nil {
			d.cancel()
		}
		return nil
	case <-ctx.Done():
		if d.cancel != nil {
			d.cancel()
		}
		return ctx.Err()
	}
}

// Wake makes a started Deliverer look for due scores now. It never blocks.
func (d *Deliverer) Wake() {
	d.prepare()
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Drain delivers all that is due now and returns when nothing is left, when
// stopped, or with the first error of the store. It needs no Start.
func (d *Deliverer) Drain(ctx context.Context) error {
	d.prepare()
	for !d.stopping() {
		n, _, err := d.claimDue(ctx)
		d.tries.Wait()
		if err != nil || n == 0 {
			return err
		}
	}
	return nil
}

func (d *Deliverer) stopping() bool {
	select {
	case <-d.stop:
		return true
	default:
		return false
	}
}

// loop claims what is due and sleeps until more is, or somebody wakes it.
func (d *Deliverer) loop(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	measure := time.NewTicker(measureEvery)
	defer measure.Stop()
	d.measure(ctx)
	var looked time.Time
	for {
		select {
		case <-d.stop:
			return
		case <-measure.C:
			d.measure(ctx)
			continue
		case <-d.wake:
			if early := wakeGap - time.Since(looked); early > 0 {
				timer.Reset(early)
				continue
			}
		case <-timer.C:
		}
		if d.stopping() {
			return
		}
		looked = time.Now()
		n, next, err := d.claimDue(ctx)
		switch {
		case err != nil:
			d.log().ErrorContext(ctx, "outcome claim", "error", err)
			timer.Reset(pollEvery)
		case n > 0:
			timer.Reset(pollLeast) // there may be more
		default:
			timer.Reset(d.sleep(next))
		}
	}
}

// measure reports what is still to be sent.
func (d *Deliverer) measure(ctx context.Context) {
	if d.Metrics.Owed == nil && d.Metrics.Lag == nil {
		return
	}
	var b store.Backlog
	err := d.Store.View(ctx, func(tx store.Tx) (err error) {
		b, err = tx.Owed().Backlog(ctx)
		return err
	})
	if err != nil {
		d.log().WarnContext(ctx, "outcome backlog", "error", err)
		return
	}
	if d.Metrics.Owed != nil {
		for _, state := range []store.OwedState{store.Waiting, store.Sending, store.Retrying, store.Parked} {
			d.Metrics.Owed(string(state), b.Count[state])
		}
	}
	if d.Metrics.Lag != nil {
		age := time.Duration(0)
		if !b.Oldest.IsZero() {
			age = max(0, d.now().Sub(b.Oldest))
		}
		d.Metrics.Lag(age)
	}
}

// poll returns how long to sleep at most. Other processes write scores too:
// while they cannot wake us, we look often. Where they can, replicas look at
// different times.
func (d *Deliverer) poll() time.Duration {
	if !d.told.Load() {
		return pollEvery
	}
	most := d.Seldom
	if most <= 0 {
		most = pollSeldom
	}
	return most*3/4 + rand.N(most/4+1)
}

// sleep returns how long nothing can be due, as far as is known here: next is
// when something is, zero for never.
func (d *Deliverer) sleep(next time.Time) time.Duration {
	if d.lanes.load() >= passesMax {
		return pollEvery // who finishes wakes us
	}
	most := d.poll()
	if next.IsZero() {
		return most
	}
	return max(pollLeast, min(next.Sub(d.now()), most))
}

func (d *Deliverer) now() time.Time {
	if d.Clock == nil {
		return time.Now().UTC()
	}
	return d.Clock()
}

func (d *Deliverer) log() *slog.Logger {
	if d.Log == nil {
		return slog.Default()
	}
	return d.Log
}
