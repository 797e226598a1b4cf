package extern

import (
	"context"
	"crypto/sha256"
	"sync"

	"lectern/internal/problem/script"
)

// maxKnown bounds how many scripts a [Router] remembers.
const maxKnown = 10_000

// Router runs jobs in the sandbox, and in the external grader those whose
// script needs a module that the sandbox has not. It finds out by trying: a
// script that misses a module there goes to the grader from then on, with all
// its jobs, so that its setup and its checks always see the same Python.
//
// It is safe for concurrent use.
type Router struct {
	Sandbox  script.Runner // nil: there is none in this binary
	External script.Runner // nil: the operator has set none
	All      bool          // send all jobs to the external grader

	mu    sync.Mutex
	needs map[[sha256.Size]byte]bool // the scripts that go to the grader
}

// Run implements [script.Runner].
func (r *Router) Run(ctx context.Context, job *script.Job) (*script.Reply, error) {
	switch {
	case r.Sandbox == nil && r.External == nil:
		return nil, script.ErrUnavailable.With("this binary was built without the Python interpreter, and no external grader is set")
	case r.Sandbox == nil, r.All && r.External != nil:
		return r.External.Run(ctx, job)
	case r.External == nil:
		return r.Sandbox.Run(ctx, job)
	}
	key := scriptKey(job)
	if r.known(key) {
		return r.External.Run(ctx, job)
	}
	reply, err := r.Sandbox.Run(ctx, job)
	if err != nil || reply.Failure == nil || reply.Failure.Kind != script.Import {
		return reply, err
	}
	r.remember(key)
	return r.External.Run(ctx, job)
}

// scriptKey names a script with its library.
func scriptKey(job *script.Job) [sha256.Size]byte {
	text := job.Script
	if job.Library != nil {
		text = job.Library.SHA256 + "\n" + text
	}
	return sha256.Sum256([]byte(text))
}

func (r *Router) known(key [sha256.Size]byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.needs[key]
}

// remember keeps a script's key. When there are too many it begins anew: they
// are found out again at the price of one run each.
func (r *Router) remember(key [sha256.Size]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.needs == nil || len(r.needs) >= maxKnown {
		r.needs = map[[sha256.Size]byte]bool{}
	}
	r.needs[key] = true
}
