package script

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"sync"
	"time"
)

// Cache is a [Runner] that remembers replies of another. A script's reply
// depends on its job alone: interpreters start alike, and what they draw at
// random comes from the job's seed. A problem's page and the check of each
// answer run the same script with the same seed, so most jobs were run before.
//
// Replies that are kept: those without failure, and those whose failure is
// certain to come again, a syntax error or a missing module. A job that met a
// limit is not run again for a minute, or everybody who looks at a page with it
// would wait, and make others wait, for as long as a script may take. Equal jobs
// that come at once are run once. Make one with [NewCache].
type Cache struct {
	runner     Runner
	maxEntries int
	maxBytes   int

	mu      sync.Mutex
	kept    map[jobKey]*list.Element // of *keptReply
	order   *list.List               // the one used last in front
	bytes   int
	running map[jobKey]*flight
}

type jobKey [sha256.Size]byte

// keptReply holds a reply as JSON, so that every caller gets one of its own.
type keptReply struct {
	key   jobKey
	reply []byte
	limit error     // instead of a reply, until
	until time.Time // zero: for ever
}

// limitKept is how long a job that met a limit is not run again.
const limitKept = time.Minute

// flight is a job that is being run.
type flight struct {
	done  chan struct{} // closed: reply and err are set
	reply []byte
	err   error
}

// entryOverhead is what an entry takes besides its reply, in bytes, roughly.
const entryOverhead = 256

// NewCache returns a cache of at most so many replies and bytes of them.
func NewCache(runner Runner, maxEntries, maxBytes int) *Cache {
	return &Cache{
		runner: runner, maxEntries: maxEntries, maxBytes: maxBytes,
		kept: map[jobKey]*list.Element{}, order: list.New(), running: map[jobKey]*flight{},
	}
}

// Run returns the kept reply of an equal job, or runs the job. The reply is the
// caller's own.
func (c *Cache) Run(ctx context.Context, job *Job) (*Reply, error) {
	key, err := keyOf(job)
	if err != nil {
		return c.runner.Run(ctx, job) // a job that JSON cannot hold is for the runner to refuse
	}
	for {
		kept, f, mine := c.find(key)
		if kept != nil {
			return kept.get()
		}
		if mine {
			return c.fly(ctx, key, f, job)
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		// Whoever ran it may have left; that is no answer for those who stayed.
		if errors.Is(f.err, context.Canceled) || errors.Is(f.err, context.DeadlineExceeded) {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			continue
		}
		if f.err != nil {
			return nil, f.err
		}
		return decodeReply(f.reply)
	}
}

// keyOf hashes a job. Its JSON has maps in order and the library by its hash.
func keyOf(job *Job) (jobKey, error) {
	b, err := json.Marshal(job)
	if err != nil {
		return jobKey{}, err
	}
	return sha256.Sum256(b), nil
}

func (k *keptReply) get() (*Reply, error) {
	if k.limit != nil {
		return nil, k.limit
	}
	return decodeReply(k.reply)
}

// find returns a kept reply, or else the flight of the job, which is the
// caller's to carry out when mine.
func (c *Cache) find(key jobKey) (kept *keptReply, f *flight, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.kept[key]; e != nil {
		kept = e.Value.(*keptReply) //nolint:forcetypeassert // the list holds nothing else
		if kept.until.IsZero() || time.Now().Before(kept.until) {
			c.order.MoveToFront(e)
			return kept, nil, false
		}
		c.drop(e)
	}
	if f := c.running[key]; f != nil {
		return nil, f, false
	}
	f = &flight{done: make(chan struct{}), err: context.Canceled}
	c.running[key] = f
	return nil, f, true
}

// fly runs a job for all who wait for it.
func (c *Cache) fly(ctx context.Context, key jobKey, f *flight, job *Job) (*Reply, error) {
	defer func() { // also when the runner panics
		c.mu.Lock()
		delete(c.running, key)
		c.mu.Unlock()
		close(f.done)
	}()
	reply, err := c.runner.Run(ctx, job)
	if err != nil {
		f.err = err
		if errors.Is(err, ErrLimit) {
			c.keep(&keptReply{key: key, limit: err, until: time.Now().Add(limitKept)})
		}
		return nil, err
	}
	b, err := json.Marshal(reply)
	if err != nil {
		f.err = err
		return nil, err
	}
	f.reply, f.err = b, nil
	if lasting(reply) {
		c.keep(&keptReply{key: key, reply: b})
	}
	return reply, nil
}

// lasting reports whether the job would be answered alike again.
func lasting(r *Reply) bool {
	return r.Failure == nil || r.Failure.Kind == Syntax || r.Failure.Kind == Import
}

// keep adds a reply and drops those used longest ago. One that is too large for
// the whole cache is not worth emptying it.
func (c *Cache) keep(k *keptReply) {
	if k.size() > c.maxBytes {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept[k.key] = c.order.PushFront(k)
	c.bytes += k.size()
	for c.order.Len() > c.maxEntries || c.bytes > c.maxBytes {
		c.drop(c.order.Back())
	}
}

// size is what k takes, in bytes, roughly.
func (k *keptReply) size() int { return len(k.reply) + entryOverhead }

func (c *Cache) drop(e *list.Element) {
	k := c.order.Remove(e).(*keptReply) //nolint:forcetypeassert // the list holds nothing else
	delete(c.kept, k.key)
	c.bytes -= k.size()
}

func decodeReply(b []byte) (*Reply, error) {
	r := &Reply{}
	if err := json.Unmarshal(b, r); err != nil {
		return nil, err
	}
	return r, nil
}
