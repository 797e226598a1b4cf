package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// request is an HTTP request written out beforehand, so that making it costs the
// generator nothing while it measures.
type request struct {
	bytes []byte
	kind  kind
}

// kind is what has to become of a request.
type kind int

const (
	good   kind = iota // must be taken
	broken             // signed wrongly: must be refused
	replay             // sent before: must be refused
)

// reply is what the generator looks at.
type reply struct {
	status   int
	location string
	cookies  []*http.Cookie
	body     []byte // only where it was asked for
}

// conn is one keep-alive connection.
type conn struct {
	net.Conn
	r *bufio.Reader
}

func dial(ctx context.Context, addr string) (*conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &conn{c, bufio.NewReaderSize(c, 64<<10)}, nil
}

// requestTime bounds one request: what takes longer has failed.
const requestTime = 30 * time.Second

// do sends a request and reads the whole answer.
func (c *conn) do(b []byte, wantBody bool) (*reply, error) {
	if err := c.SetDeadline(time.Now().Add(requestTime)); err != nil {
		return nil, err
	}
	if _, err := c.Write(b); err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	rep := &reply{status: resp.StatusCode, location: resp.Header.Get("Location")}
	if wantBody {
		rep.cookies = resp.Cookies()
		rep.body, err = io.ReadAll(resp.Body)
		return rep, err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return rep, err
}

// tally is what came of the requests of one round.
type tally struct {
	sent           int
	refusedGood    int
	takenBroken    int
	takenReplays   int
	failed         int // no answer, or one that says the server failed
	elapsed        time.Duration
	cpu, dbCPU     time.Duration
	latency        []time.Duration // sorted; of good requests
	firstFault     error
	mu             sync.Mutex
	unexpectedCode int
}

// note files one answer.
func (t *tally) note(k kind, rep *reply, err error, took time.Duration, taken int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent++
	if err != nil || rep.status >= 500 {
		t.failed++
		if t.firstFault == nil {
			t.firstFault = err
		}
		return
	}
	ok := rep.status == taken
	switch {
	case k == good && ok:
		t.latency = append(t.latency, took)
	case k == good:
		t.refusedGood++
		t.unexpectedCode = rep.status
	case k == broken && ok:
		t.takenBroken++
	case k == replay && ok:
		t.takenReplays++
	}
}

// percentile returns the latency that p of 100 good requests stayed below.
func (t *tally) percentile(p float64) time.Duration {
	if len(t.latency) == 0 {
		return 0
	}
	return t.latency[min(len(t.latency)-1, int(p/100*float64(len(t.latency))))]
}

// rate returns requests a second.
func (t *tally) rate() float64 { return float64(t.sent) / t.elapsed.Seconds() }

// each returns the CPU time of one request in milliseconds.
func (t *tally) each() float64 { return t.cpu.Seconds() * 1000 / float64(t.sent) }

// eachDB is each for the database's processes.
func (t *tally) eachDB() float64 { return t.dbCPU.Seconds() * 1000 / float64(t.sent) }

// target is where requests of one round go.
type target struct {
	addrs []string             // round robin over connections
	taken int                  // the status that says yes
	cpu   func() time.Duration // of the servers
	db    func() time.Duration // of their database, nil for none
}

// closed sends all requests over c connections, each sending the next when the
// last is answered.
func closed(ctx context.Context, to target, requests []request, c int) (*tally, error) {
	return drive(ctx, to, requests, c, func(int, time.Time) time.Time { return time.Now() })
}

// open sends requests at a fixed rate, whether the last are answered or not;
// latency counts from when a request was due.
func open(ctx context.Context, to target, requests []request, perSecond float64, c int) (*tally, error) {
	step := time.Duration(float64(time.Second) / perSecond)
	return drive(ctx, to, requests, c, func(i int, start time.Time) time.Time {
		due := start.Add(time.Duration(i) * step)
		time.Sleep(time.Until(due))
		return due
	})
}

// drive sends requests over c connections. due waits until the i-th may be sent
// and returns when it was due.
func drive(
	ctx context.Context, to target, requests []request, c int, due func(i int, start time.Time) time.Time,
) (*tally, error) {
	conns := make([]*conn, c)
	for i := range conns {
		var err error
		if conns[i], err = dial(ctx, to.addrs[i%len(to.addrs)]); err != nil {
			return nil, err
		}
		defer conns[i].Close()
	}
	t := &tally{latency: make([]time.Duration, 0, len(requests))}
	var next atomic.Int64
	var all sync.WaitGroup
	cpuBefore, dbBefore := to.cpu(), measure(to.db)
	start := time.Now()
	for _, c := range conns {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(requests) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				began := due(i, start)
				rep, err := c.do(requests[i].bytes, false)
				t.note(requests[i].kind, rep, err, time.Since(began), to.taken)
				if err != nil {
					return // the connection is of no use any more
				}
			}
		})
	}
	all.Wait()
	t.elapsed = time.Since(start)
	t.cpu, t.dbCPU = to.cpu()-cpuBefore, measure(to.db)-dbBefore
	slices.Sort(t.latency)
	if t.failed > 0 {
		return t, fmt.Errorf("%d of %d requests to %v failed, first: %w", t.failed, t.sent, to.addrs, t.firstFault)
	}
	return t, ctx.Err()
}

func measure(f func() time.Duration) time.Duration {
	if f == nil {
		return 0
	}
	return f()
}

// median returns the middle of what f says of each.
func median(list []*tally, f func(*tally) float64) float64 {
	var values []float64
	for _, t := range list {
		values = append(values, f(t))
	}
	slices.Sort(values)
	if len(values) == 0 {
		return 0
	}
	return values[len(values)/2]
}

// sum adds up what f says of each.
func sum(list []*tally, f func(*tally) int) int {
	n := 0
	for _, t := range list {
		n += f(t)
	}
	return n
}
