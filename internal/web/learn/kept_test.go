package learn_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"lectern/internal/catalog"
	"lectern/internal/course"
	"lectern/internal/grading"
	"lectern/internal/lti"
	"lectern/internal/session"
	"lectern/internal/store"
	"lectern/internal/web"
	"lectern/internal/web/learn"
)

// keptSite serves a course by sessions of the database, with a clock that tests
// move. One of its servers keeps pages, the other, made anew for every page, has
// kept none.
type keptSite struct {
	*site
	clock    time.Time
	sessions *session.Sessions
	grading  *grading.Service
	handler  *learn.Handler
	cookies  map[string]string // by base
}

func newKeptSite(t *testing.T, c *course.Course) *keptSite {
	s := &keptSite{site: newSite(t, c), clock: now, cookies: map[string]string{}}
	s.sessions = &session.Sessions{Store: s.store, Clock: s.now}
	s.grading = &grading.Service{Store: s.store, Courses: catalog.New(s.store), Clock: s.now}
	s.handler = s.newHandler()
	return s
}

func (s *keptSite) now() time.Time { return s.clock }

func (s *keptSite) newHandler() *learn.Handler {
	return learn.New(learn.Deps{Store: s.store, Catalog: catalog.New(s.store), Blobs: s.blobs, Clock: s.now, Grading: s.grading})
}

// open makes a session for the unit u and returns its base.
func (s *keptSite) open(who string, change func(*store.Session)) string {
	s.t.Helper()
	in := &store.Session{
		ConsumerID: "lms", AccountID: who, CourseKey: testKey.String(), UsageKey: testKey.Usage("vertical", "u").String(), Locale: "en",
	}
	if change != nil {
		change(in)
	}
	var ticket session.Ticket
	s.update(func(tx store.Tx) (err error) {
		ticket, err = s.sessions.Open(s.t.Context(), tx, in, "")
		return err
	})
	base := "/learn/" + in.ID + "/"
	s.cookies[base] = "lectern=" + ticket.Token
	return base
}

func (s *keptSite) update(f func(tx store.Tx) error) {
	s.t.Helper()
	if err := s.store.Update(s.t.Context(), f); err != nil {
		s.t.Fatal(err)
	}
}

// page asks a handler for a page, or posts a form.
func (s *keptSite) page(h *learn.Handler, base, path string, form url.Values, header ...string) (int, string) {
	s.t.Helper()
	mux, err := web.New(web.Options{PublicURL: &url.URL{Scheme: "http", Host: "tool.test"}, Log: slog.New(slog.DiscardHandler), Clock: s.now})
	if err != nil {
		s.t.Fatal(err)
	}
	landing := &web.Landing{Sessions: s.sessions, Secure: func(*http.Request) bool { return false }}
	mux.Handle(web.LearnPattern, landing.WithSession(h.Serve))
	r := httptest.NewRequestWithContext(s.t.Context(), http.MethodGet, base+path, nil)
	if form != nil {
		r = httptest.NewRequestWithContext(s.t.Context(), http.MethodPost, base+path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Cookie", s.cookies[base])
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// visit opens a page and compares it with what a server without any memory
// sends. kept reports whether it came from memory.
func (s *keptSite) visit(what, base string, header ...string) (page string, kept bool) {
	s.t.Helper()
	code, got := s.page(s.handler, base, "", nil, header...)
	page, kept = strings.ReplaceAll(got, learn.Kept, ""), strings.Contains(got, learn.Kept)
	if wantCode, want := s.page(s.newHandler(), base, "", nil, header...); code != wantCode || page != want {
		s.t.Errorf("%s: %s is\n%d %s\nand should be\n%d %s", what, base, code, page, wantCode, want)
	}
	return page, kept
}

// keptStep is something that happens, and whose page is another one then.
type keptStep struct {
	what     string
	ann, ben bool
	do       func()
}

// keptUnit is the unit u, whose problem p is due at a time.
func keptUnit(due time.Time) *course.Block {
	p := with(problemBlock("p", choiceXML), func(b *course.Block) {
		b.Settings.Due, b.Settings.ShowAnswer = &due, "past_due"
	})
	text := htmlBlock("h", `<p>You are %%USER_ID%%, %%USER_EMAIL%%. <a href="/jump_to_id/p">Try</a></p>`)
	return block("vertical", "u", "Unit", text, p)
}

func keptCourse(version string, unit *course.Block) *course.Course {
	c := courseOf(block("chapter", "c", "C", block("sequential", "s", "S", unit)))
	c.VersionID = version
	return c
}

// TestKeptPages changes everything that a page depends on, one after the other:
// whoever it touches gets a fresh page, everybody else the one that is kept, and
// nobody ever what is another's.
func TestKeptPages(t *testing.T) {
	due := now.Add(2 * time.Hour) // sessions end after four without use
	unit := keptUnit(due)
	s := newKeptSite(t, keptCourse("v1", unit))
	ann, ben := s.open("ann", nil), s.open("ben", nil)
	steps := append(s.learnersAct(ann), s.teamActs(due, unit)...)
	for _, step := range steps {
		s.handler.MarkKept()
		step.do()
		for base, fresh := range map[string]bool{ann: step.ann, ben: step.ben} {
			who, other := "ann", "ben"
			if base == ben {
				who, other = other, who
			}
			page, kept := s.visit(step.what, base)
			if kept == fresh {
				t.Errorf("%s: the page of %s is kept: %v", step.what, who, kept)
			}
			if strings.Contains(page, "You are "+other) || strings.Contains(page, other+"@") || !strings.Contains(page, base) {
				t.Errorf("%s: the page of %s is another's:\n%s", step.what, who, page)
			}
			s.handler.MarkKept()
		}
	}
	keptByRequest(t, s, ann)
}

// answer posts an answer to p.
func (s *keptSite) answer(base, choice string) {
	s.t.Helper()
	if code, body := s.page(s.handler, base, "problem/p/submit", fields("input_p_2_1", choice)); code != http.StatusSeeOther {
		s.t.Fatalf("%d %s", code, body)
	}
}

func (s *keptSite) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// learnersAct is what learners do, and what comes of it.
func (s *keptSite) learnersAct(ann string) []keptStep {
	ctx := s.t.Context()
	return []keptStep{
		{"first visit", true, true, func() {}},
		{"second visit", false, false, func() {}},
		{"an answer", true, false, func() { s.answer(ann, "choice_0") }},
		{"an answer in another session", false, true, func() { s.answer(s.open("ben", nil), "choice_1") }},
		{"an answer in another scope", false, false, func() {
			s.answer(s.open("ben", func(in *store.Session) { in.Scope = "elsewhere" }), "choice_0")
		}},
		{"a score that is owed", true, false, func() {
			s.update(func(tx store.Tx) error {
				target, err := tx.Placements().PutTarget(ctx, lti.GradeTarget{
					ConsumerID: "lms", AccountID: "ann", LinkKey: "l", CourseKey: testKey.String(),
					UsageKey: testKey.Usage("vertical", "u").String(),
					Outcome:  lti.Outcome{ServiceURL: "https://lms.test/o", SourcedID: "1"}, UpdatedAt: now,
				})
				s.check(err)
				return tx.Owed().Owe(ctx, store.Debt{TargetID: target, At: now})
			})
		}},
		{"a score that is sent", true, false, func() {
			s.update(func(tx store.Tx) error {
				list, err := tx.Owed().Claim(ctx, now, "w", time.Minute, 1)
				s.check(err)
				sent := list[0].OwedScore
				sent.State, sent.DeliveredVersion, sent.DeliveredAt = store.Delivered, sent.WantedVersion, now
				return tx.Owed().Finish(ctx, sent, "w", store.Attempt{})
			})
		}},
		{"an address", false, true, func() {
			s.update(func(tx store.Tx) error {
				a, err := tx.Accounts().ByID(ctx, "ben")
				s.check(err)
				a.Email = "benjamin@test.example"
				return tx.Accounts().Update(ctx, a)
			})
		}},
	}
}

// teamActs is what teachers, operators and time do.
func (s *keptSite) teamActs(due time.Time, unit *course.Block) []keptStep {
	ctx := s.t.Context()
	c, err := catalog.New(s.store).Course(ctx, testKey.String())
	s.check(err)
	at := grading.At{Course: c, Block: c.Block(course.Ref{Type: "problem", ID: "p"})}
	key := store.LearnerKey{AccountID: "ben", CourseKey: testKey.String(), Ref: at.Block.Ref}
	return []keptStep{
		{"a teacher's score", true, false, func() {
			earned := 0.5
			s.check(s.grading.Give(ctx, "t", grading.Who{AccountID: "ann"}, at, &earned, "because"))
		}},
		{"extra time", false, true, func() {
			s.check(s.grading.Allow(ctx, "t", store.Allowance{Key: key, Time: time.Hour, Why: "ill"}))
		}},
		{"the LMS's name", true, true, func() {
			s.update(func(tx store.Tx) error {
				c, err := tx.Consumers().ByID(ctx, "lms")
				s.check(err)
				c.Name, c.UseLTIPII = "Renamed", true
				return tx.Consumers().Update(ctx, c)
			})
		}},
		{"time that changes nothing", false, false, func() { s.clock = due.Add(-time.Minute) }},
		{"the due date", true, false, func() { s.clock = due.Add(time.Second) }}, // ben has more time
		{"the end of the extra time", false, true, func() { s.clock = due.Add(time.Hour + time.Second) }},
		{"a rule about dates", true, true, func() {
			s.check(s.grading.SetDates(ctx, "t", store.DatesOfCourse, testKey.String(), &course.DateRule{Mode: course.Ignore}))
		}},
		{"a new version of the course", true, true, func() {
			unit.Children[0].Data = "<p>New text</p>"
			s.update(func(tx store.Tx) error {
				_, err := tx.Courses().Publish(ctx, &store.CourseVersion{
					Course: keptCourse("v2", unit), Report: "{}", ImportAt: s.clock, Source: []byte("y"),
				})
				return err
			})
		}},
	}
}

// keptByRequest opens a page in ways that show different things.
func keptByRequest(t *testing.T, s *keptSite, base string) {
	t.Helper()
	pages := map[string]string{}
	for _, header := range [][]string{
		{"Accept-Language", "en"}, {"Accept-Language", "de"}, {"Sec-Fetch-Dest", "document"},
	} {
		for range 2 {
			page, kept := s.visit(header[1], base, header...)
			if first := pages[header[1]]; first != "" && (first != page || !kept) {
				t.Errorf("the second visit with %s: kept: %v:\n%s", header, kept, page)
			}
			pages[header[1]] = page
			s.handler.MarkKept()
		}
	}
	if pages["document"] == pages["en"] {
		t.Error("a page in a window of its own offers a window")
	}
	if code, _ := s.page(s.handler, base, "", nil, "Cookie", "lectern=wrong"); code != http.StatusForbidden {
		t.Errorf("a kept page goes to somebody without the session: %d", code)
	}
	teacher := s.open("ann", func(in *store.Session) { in.Staff = true })
	for range 2 {
		page, kept := s.visit("staff", teacher)
		if kept || !strings.Contains(page, "Only the course team sees this.") {
			t.Errorf("a teacher's page is kept: %v, or a learner's:\n%s", kept, page)
		}
		s.handler.MarkKept()
	}
	s.update(func(tx store.Tx) error {
		a, err := tx.Accounts().ByID(t.Context(), "ann")
		if err == nil {
			a.Enabled = false
			err = tx.Accounts().Update(t.Context(), a)
		}
		return err
	})
	if code, _ := s.page(s.handler, base, "", nil); code != http.StatusForbidden {
		t.Errorf("a disabled account gets a kept page: %d", code)
	}
}

// TestVotesAreNotKept opens a poll while others vote.
func TestVotesAreNotKept(t *testing.T) {
	poll := block("poll", "v", "Vote")
	poll.Fields["question"], poll.Fields["answers"] = "Tea?", `[["y",{"label":"Yes","img":""}],["n",{"label":"No","img":""}]]`
	s := newKeptSite(t, courseOf(block("chapter", "c", "C", block("sequential", "s", "S", block("vertical", "u", "U", poll)))))
	ann, ben := s.open("ann", nil), s.open("ben", nil)
	for _, base := range []string{ann, ben} {
		if code, body := s.page(s.handler, base, "act/poll/v/vote", url.Values{"choice_": {"y"}}); code != http.StatusSeeOther {
			t.Fatalf("%d %s", code, body)
		}
		s.visit("vote", ann)
		s.handler.MarkKept()
	}
}
