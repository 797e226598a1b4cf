package pyrun

import (
	"context"
	"errors"
	"io/fs"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"lectern/internal/errs"
	"lectern/internal/problem/script"
)

// Pool keeps interpreters ready and runs jobs in them. It implements
// [script.Runner]. Make one with [New], end it with [Pool.Close].
type Pool struct {
	options Options
	files   fs.FS // holds the interpreter

	ready     chan *guest
	turns     turns // held by what may use a CPU: a job, or a start
	libraries libraries
	inUse     atomic.Int64
	waiting   atomic.Int64

	opening sync.Once
	opened  chan struct{} // closed: engine or broken is set
	engine  *engine
	broken  error
	ctx     context.Context // ends all interpreters
	cancel  context.CancelFunc
	running sync.WaitGroup
}

var _ script.Runner = (*Pool)(nil)

// New returns a pool. It does nothing until [Pool.Warm] or the first job.
func New(options Options) *Pool { return newPool(options, embedded) }

func newPool(options Options, files fs.FS) *Pool {
	options = options.withDefaults()
	p := &Pool{
		options: options, files: files, ready: make(chan *guest),
		// One CPU stays free for pages, where there is more than one.
		turns:  turns{free: min(options.Size, max(1, runtime.GOMAXPROCS(0)-1))},
		opened: make(chan struct{}),
	}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// Warm begins to compile the interpreter and to start the first ones in the
// background, so that the first job need not wait for it.
func (p *Pool) Warm() {
	p.opening.Do(func() {
		p.running.Go(func() {
			defer close(p.opened)
			p.engine, p.broken = compile(p.ctx, p.files, p.options.CacheDir)
			if p.broken != nil {
				p.options.Log.Error("Python cannot be run", "err", p.broken)
				return
			}
			for range p.options.Size {
				p.running.Go(p.refill)
			}
		})
	})
}

// refill starts interpreters, one after the other ended.
func (p *Pool) refill() {
	const (
		pause   = time.Second // after one that could not start
		patient = time.Minute // with one that starts
	)
	for p.ctx.Err() == nil {
		if !p.turns.take(p.ctx, &p.turns.starts) {
			return
		}
		g := start(p.ctx, p.engine)
		started := false
		select {
		case <-g.ready:
			started = true
		case <-g.ended:
		case <-time.After(patient):
			g.cancel()
		}
		p.turns.end()
		if started {
			select {
			case p.ready <- g:
			case <-p.ctx.Done():
			}
			<-g.ended
			continue
		}
		<-g.ended
		if p.ctx.Err() == nil {
			p.options.Log.Error("an interpreter for Python did not start", "err", g.err)
			sleep(p.ctx, pause)
		}
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// Run runs a job in an interpreter of its own. Besides the errors of
// [script.Runner] it returns what reading the job's library returned, and ctx's
// error when ctx ends first.
func (p *Pool) Run(ctx context.Context, job *script.Job) (*script.Reply, error) {
	begin := time.Now()
	reply, err := p.run(ctx, job)
	if p.options.Metrics.Ran != nil {
		p.options.Metrics.Ran(outcome(reply, err), time.Since(begin))
	}
	return reply, err
}

// outcome is the word for a job's end in [Metrics].
func outcome(reply *script.Reply, err error) string {
	switch {
	case err == nil && reply.Failure == nil:
		return "ok"
	case err == nil:
		return "failure"
	case errors.Is(err, script.ErrLimit):
		return "limit"
	case errors.Is(err, script.ErrBusy):
		return "busy"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "gone"
	}
	return "unavailable"
}

func (p *Pool) run(ctx context.Context, job *script.Job) (*script.Reply, error) {
	library, err := p.libraries.get(ctx, job.Library)
	if err != nil {
		return nil, unavailable(err)
	}
	g, err := p.take(ctx)
	if err != nil {
		return nil, err
	}
	p.count(&p.inUse, 1, p.options.Metrics.InUse)
	defer p.count(&p.inUse, -1, p.options.Metrics.InUse)
	timer := time.NewTimer(p.options.Time)
	defer timer.Stop()
	if err := g.hand(job, library); err != nil {
		g.cancel()
		p.turns.end()
		return nil, unavailable(err)
	}
	// The turn ends with the interpreter, however long that takes to stop.
	go func() {
		<-g.ended
		p.turns.end()
	}()
	select {
	case <-g.answered:
		return g.reply()
	case <-g.ended:
		if p.ctx.Err() != nil {
			return nil, script.ErrUnavailable.With("the program is being stopped")
		}
		return g.reply()
	case <-timer.C:
		g.cancel()
		return nil, script.ErrLimit.With("time: more than %v", p.options.Time)
	case <-ctx.Done():
		g.cancel()
		return nil, ctx.Err()
	}
}

// unavailable keeps errors that have words and gives them to others.
func unavailable(err error) error {
	var known *errs.Error
	if errors.As(err, &known) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return script.ErrUnavailable.Wrap(err)
}

// take waits for an interpreter that is ready, and for a turn.
func (p *Pool) take(ctx context.Context) (*guest, error) {
	p.Warm()
	p.count(&p.waiting, 1, p.options.Metrics.Waiting)
	defer p.count(&p.waiting, -1, p.options.Metrics.Waiting)
	bound, cancel := context.WithTimeout(ctx, p.options.Wait)
	defer cancel()
	late := func() error {
		if p.ctx.Err() != nil {
			return script.ErrUnavailable.With("the program is being stopped")
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return script.ErrBusy.With("no interpreter became free in %v", p.options.Wait)
	}
	select {
	case <-p.opened:
		if p.broken != nil {
			return nil, p.broken
		}
	case <-bound.Done():
		return nil, late()
	}
	select {
	case g := <-p.ready:
		if !p.turns.take(bound, &p.turns.jobs) {
			go p.putBack(g)
			return nil, late()
		}
		return g, nil
	case <-p.ctx.Done():
	case <-bound.Done():
	}
	return nil, late()
}

// putBack offers an interpreter that was taken and not used.
func (p *Pool) putBack(g *guest) {
	select {
	case p.ready <- g:
	case <-p.ctx.Done():
	}
}

// count changes a number and reports it.
func (p *Pool) count(n *atomic.Int64, by int64, report func(int)) {
	if now := n.Add(by); report != nil {
		report(int(now))
	}
}

// Close ends all interpreters, those that run jobs too, and waits for it at most
// until ctx ends. Jobs are answered with [script.ErrUnavailable] from then on.
func (p *Pool) Close(ctx context.Context) error {
	p.cancel()
	p.opening.Do(func() {
		p.broken = script.ErrUnavailable.With("the program is being stopped")
		close(p.opened)
	})
	idle := make(chan struct{})
	go func() {
		p.running.Wait()
		close(idle)
	}()
	select {
	case <-idle:
	case <-ctx.Done():
		return ctx.Err()
	}
	if p.engine == nil {
		return nil
	}
	return p.engine.close(ctx)
}
