package outcome

import (
	"net/url"
	"strings"
	"sync"
	"time"

	"lectern/internal/lti/lti11"
)

// Bounds of a lane.
const (
	laneWidth     = 4                // requests at a time to one host
	laneQueue     = 12               // more that may wait for their turn in memory
	readWidth     = 2                // of the requests at a time, those that may read results
	breakAfter    = 5                // consecutive transient failures that open the breaker
	breakFirst    = 30 * time.Second // first pause of an open breaker
	breakLongest  = 5 * time.Minute  // longest pause, also for what Retry-After asks of a host
	probeWait     = 5 * time.Second  // how long the others wait while one probe runs
	slotLongest   = 15 * time.Minute // furthest a row is put off to get its turn
	paceLongest   = time.Second      // longest time that a turn is taken to last
	lanesKept     = 1024             // idle lanes remembered
	busyTargetGap = time.Second      // when to look again at a gradebook cell being written
)

// lanes admits tries to hosts. It is safe for concurrent use.
type lanes struct {
	mu     sync.Mutex
	byHost map[string]*lane
	cells  map[string]bool // gradebook cells with a try under way
	inside int             // passes not returned yet
}

// lane is one host. Its fields belong to lanes.mu, except turns.
type lane struct {
	turns    chan struct{} // holds a token per request under way, sent or read
	reads    bool          // for reading results
	inside   int           // passes not returned yet
	failures int           // consecutive transient ones
	pause    time.Duration // last pause of the breaker
	until    time.Time     // the breaker is open until then; zero when closed
	probing  bool          // the breaker is half open, its probe under way
	slot     time.Time     // when the row put off last gets its turn
	pace     time.Duration // how long a good request takes, smoothed
	answered bool          // the host has answered well since this process began
}

// recovery is what a good answer ends.
type recovery int

const (
	noRecovery recovery = iota
	firstGood           // the first since this process began: what retries may as well
	reopened            // the breaker closed: what was put off may come, too
)

// pass is the right to try once. Give it back with [pass.leave].
type pass struct {
	lanes *lanes
	lane  *lane
	cell  string
	probe bool
	began time.Time // zero until the turn came
}

func newLanes() *lanes {
	return &lanes{byHost: map[string]*lane{}, cells: map[string]bool{}}
}

// hostOf returns the host and port of an address, "" when it has none.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

// admit gives a pass for a try at an address and cell there, or says when to
// ask again.
func (l *lanes) admit(address, cell string, now time.Time) (p *pass, again time.Time) {
	return l.enter(l.lane, address, cell, now)
}

// admitRead is admit for reading what the cell holds.
func (l *lanes) admitRead(address, cell string, now time.Time) (p *pass, again time.Time) {
	return l.enter(l.readLane, address, cell, now)
}

func (l *lanes) enter(of func(host string) *lane, address, cell string, now time.Time) (p *pass, again time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	cell = address + "\x00" + cell
	if l.cells[cell] {
		return nil, now.Add(busyTargetGap)
	}
	n := of(hostOf(address))
	n.mend(now)
	probe := false
	switch {
	case now.Before(n.until):
		return nil, n.putOff(n.until)
	case !n.until.IsZero() && n.probing:
		return nil, n.putOff(now.Add(probeWait))
	case !n.until.IsZero():
		n.probing, probe = true, true
	case n.inside >= n.room():
		return nil, n.putOff(now)
	}
	n.inside++
	l.inside++
	l.cells[cell] = true
	return &pass{lanes: l, lane: n, cell: cell, probe: probe}, time.Time{}
}

// lane returns the lane of host, making it if needed. When there are many,
// those that nobody is in are forgotten.
func (l *lanes) lane(host string) *lane {
	if n := l.byHost[host]; n != nil {
		return n
	}
	if len(l.byHost) >= lanesKept {
		for h, n := range l.byHost {
			if n.inside == 0 && !l.busyBeside(h) {
				delete(l.byHost, h)
			}
		}
	}
	n := &lane{turns: make(chan struct{}, laneWidth)}
	l.byHost[host] = n
	return n
}

// busyBeside reports whether the other lane of a host is in use: the two share
// their turns and are forgotten together.
func (l *lanes) busyBeside(key string) bool {
	other := readKey(key)
	if host, isRead := strings.CutSuffix(key, readKey("")); isRead {
		other = host
	}
	n := l.byHost[other]
	return n != nil && n.inside > 0
}

// readLane returns the lane of a host for reading. It shares the turns, so that
// a host never sees more requests at a time; its breaker is its own, since an
// LMS that cannot read results may take scores well.
func (l *lanes) readLane(host string) *lane {
	if n := l.byHost[readKey(host)]; n != nil {
		return n
	}
	n := &lane{turns: l.lane(host).turns, reads: true}
	l.byHost[readKey(host)] = n
	return n
}

// readsDown reports whether reading at the host of an address has failed so
// often that it is not worth waiting for.
func (l *lanes) readsDown(address string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.byHost[readKey(hostOf(address))]
	return n != nil && n.pause > 0 && now.Before(n.until)
}

// readKey names the lane for reading; no host holds a blank.
func readKey(host string) string { return host + " reads" }

// room returns how many passes the lane gives out at a time. Nothing queues at
// a host that has begun to fail.
func (n *lane) room() int {
	if n.reads {
		return readWidth
	}
	if n.failures > 0 {
		return laneWidth
	}
	return laneWidth + laneQueue
}

// putOff returns a time not before earliest, later for each row put off, at the
// pace the host has shown. So a long queue comes due as fast as it can be sent
// instead of all at once, again and again.
func (n *lane) putOff(earliest time.Time) time.Time {
	step := max(time.Millisecond, min(n.pace, paceLongest)/laneWidth)
	if n.slot.Before(earliest) {
		n.slot = earliest
	}
	if n.slot.Sub(earliest) < slotLongest {
		n.slot = n.slot.Add(step)
	}
	return n.slot
}

// enter waits for a turn, until stop. When no turn came, or the host has gone
// down meanwhile, it says when to ask again.
func (p *pass) enter(stop <-chan struct{}, clock func() time.Time) (ok bool, again time.Time) {
	select {
	case <-stop:
		return false, clock()
	case p.lane.turns <- struct{}{}:
	}
	p.lanes.mu.Lock()
	defer p.lanes.mu.Unlock()
	p.began = clock()
	select {
	case <-stop:
		return false, p.began
	default:
	}
	if p.probe || p.lane.until.IsZero() {
		return true, time.Time{}
	}
	return false, p.lane.putOff(p.lane.until)
}

// mend forgets times that only a clock set back can have put so far off.
func (n *lane) mend(now time.Time) {
	if n.until.Sub(now) > breakLongest {
		n.until = now
	}
	if n.slot.Sub(now) > breakLongest+slotLongest+time.Minute {
		n.slot = time.Time{}
	}
}

// leave gives the pass back and says what came to an end. r is nil when nothing
// was sent.
func (p *pass) leave(r *result, now time.Time) recovery {
	l, n := p.lanes, p.lane
	l.mu.Lock()
	defer l.mu.Unlock()
	if !p.began.IsZero() {
		<-n.turns
	}
	n.inside--
	l.inside--
	delete(l.cells, p.cell)
	if p.probe {
		n.probing = false
	}
	if r == nil {
		return noRecovery
	}
	return n.learn(*r, now, max(0, now.Sub(p.began)), p.probe)
}

// learn moves the breaker after a request and says what came to an end.
func (n *lane) learn(r result, now time.Time, took time.Duration, probe bool) recovery {
	if r.class != lti11.Transient {
		back := noRecovery
		switch {
		case !n.until.IsZero():
			back = reopened
		case !n.answered:
			back = firstGood
		}
		n.failures, n.pause, n.until, n.slot, n.answered = 0, 0, time.Time{}, time.Time{}, true
		n.pace = (3*n.pace + took) / 4
		return back
	}
	n.failures++
	open := !n.until.IsZero() && !probe // somebody else opened it already
	switch {
	case open:
	case r.retryAfter > 0:
		n.until = now.Add(min(r.retryAfter, breakLongest))
	case probe || n.failures >= breakAfter:
		n.pause = min(max(breakFirst, 2*n.pause), breakLongest)
		n.until = now.Add(n.pause)
	}
	return noRecovery
}

// load returns how many passes are out.
func (l *lanes) load() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inside
}
