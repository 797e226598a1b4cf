package faults

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// onBoth runs a test with either engine.
func onBoth(t *testing.T, test func(t *testing.T, s *site)) {
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, begin(t, ""))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		test(t, begin(t, postgres.Database(t)))
	})
}

// The LMS has the score, and the site dies before it can write so.
func TestKilledBetweenSendAndMark(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *site) {
		for round, next := range map[string]int{"same": 0, "newer": 3} {
			l := s.learner(round)
			l.mustLaunch(quizUsage)
			arrived, proceed := make(chan struct{}), make(chan struct{})
			var first atomic.Bool
			s.lms.does(func(_ http.ResponseWriter, _ *http.Request, m grade) bool {
				if first.Swap(true) {
					return false
				}
				s.lms.keep(m)
				close(arrived)
				<-proceed
				panic(http.ErrAbortHandler)
			})
			l.mustAnswer(2)
			<-arrived
			s.kill()
			close(proceed)
			s.start()
			if o := s.row(l, quizUsage); o.State != "sending" {
				t.Errorf("%s: after the kill the row is %s", round, o.State)
			}
			want := []string{"0.5", "0.5"}
			if next > 0 {
				l.mustAnswer(next)
				want[1] = "0.75"
			}
			s.leasesRunOut()
			s.until("sent again", func() bool { return len(s.lms.values(l.sourcedID(quizUsage))) > 1 })
			if got := s.lms.values(l.sourcedID(quizUsage)); !slices.Equal(got[:2], want) {
				t.Errorf("%s: the LMS got %v, want %v", round, got, want)
			}
			s.settle()
			s.allEqual()
		}
	})
}

// crowd is learners who launch and answer without end.
type crowd struct {
	stop    chan struct{}
	wg      sync.WaitGroup
	taken   atomic.Int64 // answers that the site took
	opened  atomic.Int64 // launches that worked
	mu      sync.Mutex
	refused map[string]int // pages that were no success, by status and code
}

func (s *site) crowd(n int) *crowd {
	c := &crowd{stop: make(chan struct{}), refused: map[string]int{}}
	for i := range n {
		l := s.learner(fmt.Sprint("member", i))
		c.wg.Go(func() { c.study(l) })
	}
	return c
}

// study launches the unit and the problem by turns, and answers a few times in
// each. A launch or an answer that got no reply is tried again, the launch with
// the very same message, as a browser does.
func (c *crowd) study(l *learner) {
	for turn := 0; ; turn++ {
		usage := []string{quizUsage, unitUsage}[turn%2]
		address, form := l.signed(usage)
		for {
			if c.over() {
				return
			}
			if c.count(&c.opened, l.launch(address, form, usage)) {
				break
			}
		}
		for n := range 5 {
			if c.over() {
				return
			}
			c.count(&c.taken, l.answer((turn+n)%5))
		}
	}
}

func (c *crowd) over() bool {
	select {
	case <-c.stop:
		return true
	default:
		return false
	}
}

func (c *crowd) count(good *atomic.Int64, p reply) bool {
	if p.status == http.StatusOK {
		good.Add(1)
		return true
	}
	if p.status != 0 {
		c.mu.Lock()
		c.refused[fmt.Sprint(p.status, " ", p.code())]++
		c.mu.Unlock()
	}
	time.Sleep(10 * time.Millisecond)
	return false
}

// goHome ends the crowd.
func (c *crowd) goHome() {
	close(c.stop)
	c.wg.Wait()
}

// refusals returns what pages the crowd saw that were no success.
func (c *crowd) refusals() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refused
}

// busy waits until the crowd has got on.
func (c *crowd) busy(s *site, answers int64) {
	s.t.Helper()
	opened, taken := c.opened.Load(), c.taken.Load()
	s.until("launches and answers go on", func() bool {
		return c.opened.Load() >= opened+answers/5 && c.taken.Load() >= taken+answers
	})
}

// Killed at random moments, in launches, in grading and in sending.
func TestKilledUnderLoad(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *site) {
		c := s.crowd(4)
		for range 4 {
			c.busy(s, 20)
			time.Sleep(rand.N(50 * time.Millisecond))
			s.kill()
			s.start()
		}
		c.busy(s, 20)
		c.goHome()
		if r := c.refusals(); len(r) > 0 {
			t.Errorf("pages that were no success: %v", r)
		}
		s.leasesRunOut()
		s.settle()
		s.allEqual()
	})
}
