package faults

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lectern/internal/lti"
	"lectern/internal/store"
)

// page answers with a status and a text.
func page(status int, text string, header ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text) // the reader may be gone
	}
}

// reset sends the beginning of an answer and breaks the connection.
func reset(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	answer := fmt.Sprintf(outcomeAnswer, "success", "")
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(answer), answer[:len(answer)/2])
	_ = conn.(*net.TCPConn).SetLinger(0) // a reset, not an end
	_ = conn.Close()
}

// What an LMS can answer instead of taking a score. Each is met once by one
// answer; then the LMS is well, the operator sends again, and all is equal.
func TestAwkwardLMS(t *testing.T) {
	t.Parallel()
	s := begin(t, "")
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a redirect was followed")
	}))
	defer elsewhere.Close()
	failure := func(text string) string { return fmt.Sprintf(outcomeAnswer, "failure", text) }
	for i, tt := range []struct {
		name  string
		odd   func(http.ResponseWriter)
		state string // of the row, while the LMS is so
		says  string // part of the reason the operator sees
	}{
		{"500", page(500, "Error: Database connection failed"), "retrying", "500"},
		{"429", page(429, "", "Retry-After", "1"), "retrying", "429"},
		{"maintenance", page(503, "<html>Back soon</html>", "Retry-After", "1"), "retrying", "503"},
		{"wrong XML", page(200, "<imsx_POXEnvelopeResponse><imsx_"), "retrying", "not an outcome response"},
		{"other XML", page(200, "<rss/>"), "retrying", "not an outcome response"},
		{"a page", page(200, "<!DOCTYPE html><html><body>Log in</body></html>"), "retrying", ""},
		{"nothing", page(200, ""), "retrying", ""},
		{"no content", page(204, ""), "retrying", ""},
		{"success that is a failure", page(200, failure("who knows")), "retrying", "refused"},
		{"sourcedid refused", page(200, failure("Invalid sourcedId")), "parked", "no longer takes"},
		{"signature refused", page(200, failure("Message signature not valid")), "retrying", "signature"},
		{"unsupported", page(200, fmt.Sprintf(outcomeAnswer, "unsupported", "")), "parked", "support"},
		{"redirect", page(302, "", "Location", elsewhere.URL), "retrying", "redirects"},
		{"gone", page(404, "<html/>"), "retrying", "404"},
		{"reset half-way", reset, "retrying", ""},
		{"hang-up", func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, "retrying", "reached"},
		{"slow", func(w http.ResponseWriter) {
			time.Sleep(time.Second)
			page(200, fmt.Sprintf(outcomeAnswer, "success", ""))(w)
		}, "delivered", ""},
	} {
		l := s.learner(fmt.Sprint("learner", i))
		l.mustLaunch(quizUsage)
		s.lms.does(func(w http.ResponseWriter, _ *http.Request, m grade) bool {
			if m.sourcedID != l.sourcedID(quizUsage) {
				return false
			}
			if tt.state == "delivered" {
				s.lms.keep(m)
			}
			tt.odd(w)
			return true
		})
		l.mustAnswer(1 + i%4)
		var o store.OwedRow
		s.until(tt.name+": the try is over", func() bool {
			o = s.row(l, quizUsage)
			return o.Attempts > 0 || o.State == store.Delivered
		})
		if string(o.State) != tt.state || !strings.Contains(o.LastError, tt.says) {
			t.Errorf("%s: %s, %q; want %s, %q", tt.name, o.State, o.LastError, tt.state, tt.says)
		}
		s.lms.does(nil)
		if i%3 == 2 { // so that the host's breaker stays out of it
			s.settle()
		}
	}
	s.settle()
	s.allEqual()
}

// An LMS that is down, and one whose certificate nobody knows.
func TestUnreachableLMS(t *testing.T) {
	t.Parallel()
	s := begin(t, "")
	l := s.learner("down")
	l.mustLaunch(quizUsage, unitUsage)
	s.lms.down()
	l.mustAnswer(3)
	s.until("the try is over", func() bool { return s.row(l, quizUsage).Attempts > 0 })
	s.lms.up()

	secure := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a score was sent to a server that nobody vouches for")
	}))
	defer secure.Close()
	secure.Config.ErrorLog = nil
	m := s.learner("tls")
	m.service = secure.URL + "/grades"
	m.mustLaunch(quizUsage)
	m.mustAnswer(4)
	s.until("the try is over", func() bool { return s.row(m, quizUsage).Attempts > 0 })
	if o := s.row(m, quizUsage); o.State != "retrying" {
		t.Errorf("unknown certificate: %+v", o)
	}
	m.service = "" // the LMS is repaired; the next launch says so
	m.mustLaunch(quizUsage)
	s.settle()
	s.allEqual()
}

// Five thousand scores are owed when the LMS comes back. They arrive by
// themselves, soon, and never more than four at a time; while it was down it
// was hardly asked.
func TestFiveThousandAfterAnOutage(t *testing.T) {
	t.Parallel()
	const learners, links = 10, 500
	s := begin(t, "")
	var down atomic.Bool
	down.Store(true)
	s.lms.does(func(w http.ResponseWriter, _ *http.Request, _ grade) bool {
		if down.Load() {
			page(503, "", "Retry-After", "1")(w)
		}
		return down.Load()
	})
	for n := range learners {
		s.learner(fmt.Sprint("learner", n)).mustLaunch(quizUsage)
	}
	s.launchedBefore(links)
	for n, l := range s.members {
		l.mustAnswer(1 + n%4) // owes it to all links
	}
	s.until("the outage is noticed", func() bool { all, _ := s.lms.requests(); return all > 0 })
	time.Sleep(2 * time.Second) // of the outage
	asked, _ := s.lms.requests()
	if asked > 40 {
		t.Errorf("%d requests to a host that was down", asked)
	}
	down.Store(false)
	began := time.Now()
	s.until("all is delivered", func() bool { return s.backlog() == 0 })
	all, most := s.lms.requests()
	t.Logf("%d scores in %v, %d requests, %d at a time", learners*links, time.Since(began).Round(time.Millisecond), all, most)
	if most > 4 {
		t.Errorf("%d requests at a time", most)
	}
	if all-asked > learners*links+50 {
		t.Errorf("%d requests for %d scores", all-asked, learners*links)
	}
	if got := len(s.lms.gradebook()); got != learners*links {
		t.Errorf("the gradebook has %d scores, want %d", got, learners*links)
	}
	s.allEqual()
}

// launchedBefore gives every learner as many links to the quiz, as launches
// would.
func (s *site) launchedBefore(links int) {
	s.t.Helper()
	s.update(func(ctx context.Context, tx store.Tx) error {
		consumers, err := tx.Consumers().List(ctx, "")
		if err != nil {
			return err
		}
		for _, l := range s.members {
			account, err := tx.Accounts().ByLink(ctx, consumers[0].ID, l.user)
			if err != nil {
				return err
			}
			for n := range links - 1 { // one was opened
				link := fmt.Sprint("link", n)
				if _, err := tx.Placements().PutTarget(ctx, lti.GradeTarget{
					ConsumerID: consumers[0].ID, AccountID: account.ID, LinkKey: link, CourseKey: course, UsageKey: quizUsage,
					Outcome:   lti.Outcome{ServiceURL: "http://" + s.lms.addr + "/grades", SourcedID: l.sourcedID(link)},
					UpdatedAt: time.Now().UTC(),
				}); err != nil {
					return err
				}
				l.usage[link] = false
			}
		}
		return nil
	})
}
