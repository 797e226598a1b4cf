package main

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"lectern/internal/access"
	"lectern/internal/account"
	"lectern/internal/config"
	"lectern/internal/lti"
	"lectern/internal/registry"
	"lectern/internal/store"
)

var askPattern = regexp.MustCompile(`href="(/ask/[^"]+)"`)

// startAsking runs a site that takes requests for access.
func startAsking(t *testing.T) *testSite {
	s := startSite(t, func(c *config.Config) { c.AccessRequests = true })
	s.importFiles(testCourse())
	return s
}

// strange is a launch from an LMS that the site does not know.
func (s *testSite) strange(key string) *message {
	m := s.good(path("problem", "p2")).set("tool_consumer_instance_name", "Moodle of School").set("tool_consumer_instance_guid", "moodle.school.example").
		set("tool_consumer_info_product_family_code", "moodle").set("context_title", "Physics 7b").set("resource_link_title", "Week 1")
	m.key, m.secret = key, "whatever"
	return m
}

// askAddress returns where the form for a refused launch is.
func (s *testSite) askAddress(m *message) string {
	s.t.Helper()
	p := s.post(cookieless(), m)
	found := askPattern.FindStringSubmatch(p.body)
	if p.StatusCode != http.StatusForbidden || found == nil {
		s.t.Fatalf("no form is offered: %d %s %.400s", p.StatusCode, p.code(), p.body)
	}
	return html.UnescapeString(found[1])
}

func wish(fields ...string) url.Values {
	form := url.Values{
		"name": {"Ana Lopez"}, "institution": {"School"}, "email": {"ana@school.example"}, "message": {"for 7b, please"},
	}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return form
}

// requests are all that are kept.
func (s *testSite) requests() (list []store.AccessRequest) {
	s.t.Helper()
	s.view(func(ctx context.Context, tx store.Tx) (err error) {
		list, err = tx.AccessRequests().List(ctx, 1000)
		return err
	})
	return list
}

func TestAccessOff(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	p := s.post(cookieless(), s.strange("nobody's"))
	if p.code() != "launch_consumer_unknown" || strings.Contains(p.body, "/ask/") {
		t.Errorf("off: %d %s %s", p.StatusCode, p.code(), p.body)
	}
	token, err := s.app.access().Offer(access.Launch{ConsumerKey: "k"})
	if err != nil {
		t.Fatal(err)
	}
	if p := s.get(cookieless(), "/ask/"+token); p.StatusCode != http.StatusNotFound {
		t.Errorf("the form is there: %d", p.StatusCode)
	}
}

// TestAccessApproved: a refused launch, the form in a frame without cookies, the
// administrator's yes, and the same link works with the secret made here.
func TestAccessApproved(t *testing.T) {
	s := startAsking(t)
	at := s.askAddress(s.strange("school's key"))
	form := s.get(cookieless(), at)
	if form.StatusCode != 200 || !strings.Contains(form.body, `value="Moodle of School"`) || !strings.Contains(form.body, "Physics 7b") {
		t.Fatalf("form: %d %s", form.StatusCode, form.body)
	}
	policy := form.Header.Get("Content-Security-Policy")
	if strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "form-action 'self'") || form.Header.Get("Set-Cookie") != "" {
		t.Errorf("in a frame: %q", form.Header)
	}
	if len(s.requests()) != 0 {
		t.Error("something is kept before anybody sent it")
	}
	if p := s.submit(cookieless(), at, wish("email", "no address")); p.StatusCode != 400 || !strings.Contains(p.body, `value="Ana Lopez"`) {
		t.Errorf("a wrong form: %d", p.StatusCode)
	}
	if p := s.submit(cookieless(), at, wish()); p.StatusCode != 200 || !strings.Contains(p.body, "Your request was sent") {
		t.Fatalf("sent: %d %s", p.StatusCode, p.body)
	}
	if p := s.submit(cookieless(), at, wish("name", "Somebody else")); p.StatusCode != 200 || len(s.requests()) != 1 {
		t.Errorf("replayed: %d, %d requests", p.StatusCode, len(s.requests()))
	}
	id := s.requests()[0].ID
	boss, _ := s.consoleOf()
	if p := s.get(boss, "/admin"); !strings.Contains(p.body, `href="/admin/access"`) {
		t.Error("the first page does not say that somebody waits")
	}
	if p := s.get(boss, "/admin/access"); !strings.Contains(p.body, id) || !strings.Contains(p.body, "ana@school.example") {
		t.Errorf("list: %s", p.body)
	}
	p := s.get(boss, "/admin/access/"+id)
	for _, want := range []string{"Nothing here is verified", "Ana Lopez", "school&#39;s key", "moodle.school.example", someCourse, "for 7b"} {
		if !strings.Contains(p.body, want) && !strings.Contains(html.UnescapeString(p.body), want) {
			t.Errorf("the request does not show %q", want)
		}
	}
	p = s.follow(boss, s.submit(boss, "/admin/access/"+id+"/approve", s.fill(p, "consumer_name", "School", "key", "sent", "courses", someCourse)))
	c := s.made(id)
	if p.StatusCode != 200 || c.Key != "school's key" || c.Name != "School" || len(c.Courses) != 1 || c.Courses[0] != someCourse {
		t.Fatalf("approved: %d, %+v", p.StatusCode, c)
	}
	secret, err := s.app.Registry.Reveal(t.Context(), "test", c.ID)
	if err != nil || len(secret) < 40 || strings.Contains(p.body, secret) || !strings.Contains(p.body, "Message to ana@school.example") {
		t.Errorf("letter: %v", err)
	}
	m := s.strange("school's key")
	if p := s.post(cookieless(), m); p.code() != "launch_signature_mismatch" {
		t.Errorf("the secret that the LMS had: %d %s", p.StatusCode, p.code())
	}
	m.secret = secret
	if p := s.post(newBrowser(t), m); p.StatusCode != http.StatusSeeOther {
		t.Errorf("launch: %d %s", p.StatusCode, p.code())
	}
	if p := s.submit(boss, "/admin/access/"+id+"/decline", s.fill(p, "answer", "no")); p.StatusCode != http.StatusConflict {
		t.Errorf("decided twice: %d", p.StatusCode)
	}
	s.audited(id, "access.approve")
}

// made is the consumer that a request led to.
func (s *testSite) made(id string) *lti.Consumer {
	s.t.Helper()
	r, err := s.app.access().ByID(context.Background(), id)
	if err != nil || r.State != store.AccessApproved {
		s.t.Fatalf("request %+v, %v", r, err)
	}
	return s.consumerNow(r.ConsumerID)
}

// audited checks that an act is in the audit, without what belongs to a person.
func (s *testSite) audited(id, act string) {
	s.t.Helper()
	var found int
	s.view(func(ctx context.Context, tx store.Tx) error {
		list, err := tx.Audit().List(ctx, 100)
		for _, e := range list {
			if e.Subject != id {
				continue
			}
			if e.Act == act {
				found++
			}
			if strings.Contains(e.After, "ana@") || strings.Contains(e.After, "Ana Lopez") {
				s.t.Errorf("the audit keeps the person: %s", e.After)
			}
		}
		return err
	})
	if found != 1 {
		s.t.Errorf("%s is in the audit %d times", act, found)
	}
}

// TestAccessDeclined: a reason is asked for; the request can be taken out, forgotten,
// and goes by itself after its time. Support looks on.
func TestAccessDeclined(t *testing.T) {
	s := startAsking(t)
	s.submit(cookieless(), s.askAddress(s.strange("k")), wish())
	id := s.requests()[0].ID
	boss, _ := s.consoleOf()
	support := s.withRole(boss, account.Support, true, someCourse)
	p := s.get(support, "/admin/access/"+id)
	if p.StatusCode != 200 || strings.Contains(p.body, "/approve") || strings.Contains(p.body, "/decline") {
		t.Errorf("support: %d", p.StatusCode)
	}
	p = s.get(boss, "/admin/access/"+id)
	if p := s.submit(boss, "/admin/access/"+id+"/decline", s.fill(p, "answer", " ")); p.StatusCode != 400 {
		t.Errorf("without a reason: %d", p.StatusCode)
	}
	done := s.follow(boss, s.submit(boss, "/admin/access/"+id+"/decline", s.fill(p, "answer", "not our school")))
	if !strings.Contains(done.body, "not our school") || s.requests()[0].State != store.AccessDeclined {
		t.Errorf("declined: %d", done.StatusCode)
	}
	s.audited(id, "access.decline")
	if p := s.submit(boss, "/admin/access/"+id+"/mail", s.fill(done, "letter", "Hello")); p.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("mail without a mail server: %d", p.StatusCode)
	}
	if p := s.get(boss, "/admin/access/"+id+"/data"); !strings.Contains(p.body, "ana@school.example") {
		t.Errorf("taken out: %s", p.body)
	}
	s.clock.add((access.KeptDays - 1) * 24 * time.Hour)
	if err := s.site.pruneOnce(t.Context()); err != nil || len(s.requests()) != 1 {
		t.Errorf("kept too short: %v", err)
	}
	s.clock.add(25 * time.Hour)
	if err := s.site.pruneOnce(t.Context()); err != nil || len(s.requests()) != 0 {
		t.Errorf("kept too long: %v", err)
	}
	s.submit(cookieless(), s.askAddress(s.strange("k")), wish())
	id = s.requests()[0].ID
	boss = s.signedInAs("boss", "a pass phrase")
	p = s.get(boss, "/admin/access/"+id)
	if p := s.submit(boss, "/admin/access/"+id+"/delete", s.fill(p)); p.StatusCode != 303 || len(s.requests()) != 0 {
		t.Errorf("forgotten: %d", p.StatusCode)
	}
}

// TestAccessHostile: what a stranger sends is shown as text, bounded, and never a
// failure of the site.
func TestAccessHostile(t *testing.T) {
	s := startAsking(t)
	m := s.strange("k<b>").set("tool_consumer_instance_name", `<script>alert(1)</script>`+strings.Repeat("x", 5000)+"\u202e")
	at := s.askAddress(m)
	evil := `"><script>alert(2)</script>`
	if p := s.submit(cookieless(), at, wish("name", evil, "message", evil+"\x00\x1b")); p.StatusCode != 200 {
		t.Fatalf("sent: %d", p.StatusCode)
	}
	boss, _ := s.consoleOf()
	p := s.get(boss, "/admin/access/"+s.requests()[0].ID)
	if p.StatusCode != 200 || strings.Contains(p.body, "<script>alert") || strings.ContainsAny(p.body, "\x00\x1b\u202e") || len(p.body) > 20_000 {
		t.Errorf("request: %d, %d bytes", p.StatusCode, len(p.body))
	}
	for name, token := range map[string]string{
		"none": "x", "not sealed": strings.Repeat("QUJD", 50), "long": strings.Repeat("A", 9000), "cut": at[len("/ask/") : len(at)-4],
	} {
		if p := s.get(cookieless(), "/ask/"+token); p.code() != access.ErrOver.Code {
			t.Errorf("token, %s: %d %s", name, p.StatusCode, p.code())
		}
	}
	if p := s.submit(cookieless(), at, url.Values{"message": {strings.Repeat("x", 1<<20)}}); p.StatusCode >= 500 || p.StatusCode < 400 {
		t.Errorf("a huge form: %d", p.StatusCode)
	}
	r, err := http.NewRequest(http.MethodPost, s.url+at, strings.NewReader(wish().Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if p := s.do(cookieless(), r); p.code() != "request_cross_origin" {
		t.Errorf("another site's form: %d %s", p.StatusCode, p.code())
	}
	late := s.askAddress(s.strange("late"))
	s.clock.add(access.Life + time.Minute)
	if p := s.submit(cookieless(), late, wish()); p.code() != access.ErrOver.Code {
		t.Errorf("late: %d %s", p.StatusCode, p.code())
	}
	if strings.Contains(s.log.String(), at[:60]) || strings.Contains(s.log.String(), "ana@school.example") {
		t.Error("the log holds a token or a person")
	}
}

// TestAccessFlood: one LMS has one request waiting, one address asks five times in
// an hour, and keys that are taken are not given away.
func TestAccessFlood(t *testing.T) {
	s := startAsking(t)
	first := s.askAddress(s.strange("k"))
	s.submit(cookieless(), first, wish())
	p := s.submit(cookieless(), s.askAddress(s.strange("k")), wish("name", "Second"))
	if list := s.requests(); !strings.Contains(p.body, "waiting already") || len(list) != 1 || list[0].Repeats != 1 || list[0].Name != "Ana Lopez" {
		t.Errorf("the same LMS again: %d, %+v", p.StatusCode, list)
	}
	for i := range 6 {
		p = s.submit(cookieless(), s.askAddress(s.strange(fmt.Sprint("other ", i))), wish())
	}
	if p.StatusCode != http.StatusTooManyRequests || len(s.requests()) != 4 {
		t.Errorf("flood: %d, %d requests", p.StatusCode, len(s.requests()))
	}
	s.clock.add(61 * time.Minute)
	if p := s.submit(cookieless(), s.askAddress(s.strange("later")), wish()); p.StatusCode != 200 {
		t.Errorf("an hour later: %d", p.StatusCode)
	}

	s.consumer("k", "its own secret", func(spec *registry.Spec) { spec.Name = "Another" })
	boss, _ := s.consoleOf()
	var id string
	for _, r := range s.requests() {
		if r.ConsumerKey == "k" {
			id = r.ID
		}
	}
	p = s.get(boss, "/admin/access/"+id)
	if !strings.Contains(p.body, "another consumer has it") {
		t.Error("the page offers a key that is taken")
	}
	if p := s.submit(boss, "/admin/access/"+id+"/approve", s.fill(p, "consumer_name", "X", "key", "sent")); p.StatusCode != 400 {
		t.Errorf("a key that is taken: %d", p.StatusCode)
	}
	if p := s.submit(boss, "/admin/access/"+id+"/approve", s.fill(p, "consumer_name", "X", "key", "new")); p.StatusCode != 303 {
		t.Errorf("a new key: %d %s", p.StatusCode, p.code())
	}
	if c := s.made(id); c.Key == "k" || len(c.Key) != 32 {
		t.Errorf("key %q", c.Key)
	}
}

// TestAccessLetter: nobody gets a letter by asking; once an administrator has
// decided, what that one wrote goes to the address that was given, without the
// secret.
func TestAccessLetter(t *testing.T) {
	box := newMailbox(t)
	s := startSite(t, func(c *config.Config) {
		c.AccessRequests = true
		c.SMTPURL, c.MailFrom = "smtp://"+box.address, "Lectern <no-reply@lectern.example.edu>"
	})
	s.importFiles(testCourse())
	s.submit(cookieless(), s.askAddress(s.strange("k")), wish())
	id := s.requests()[0].ID
	boss, _ := s.consoleOf()
	at := "/admin/access/" + id
	p := s.get(boss, at)
	if p := s.submit(boss, at+"/mail", s.fill(p, "letter", "too early")); p.StatusCode != http.StatusNotFound || len(box.letters) != 0 {
		t.Errorf("a letter before anybody decided: %d, %d letters", p.StatusCode, len(box.letters))
	}
	p = s.follow(boss, s.submit(boss, at+"/approve", s.fill(p, "consumer_name", "School", "key", "sent", "courses", someCourse)))
	if p := s.submit(boss, at+"/mail", s.fill(p, "letter", " ")); p.StatusCode != http.StatusBadRequest {
		t.Errorf("an empty letter: %d", p.StatusCode)
	}
	text := regexp.MustCompile(`(?s)<textarea id="letter"[^>]*>(.*?)</textarea>`).FindStringSubmatch(p.body)
	if text == nil {
		t.Fatalf("no message to send: %d", p.StatusCode)
	}
	p = s.follow(boss, s.submit(boss, at+"/mail", s.fill(p, "letter", html.UnescapeString(text[1]))))
	if !strings.Contains(p.body, "The message was sent.") {
		t.Errorf("sent: %d %s", p.StatusCode, p.code())
	}
	secret, err := s.app.Registry.Reveal(t.Context(), "test", s.made(id).ID)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case letter := <-box.letters:
		if !strings.Contains(letter, "RCPT TO:<ana@school.example>") || !strings.Contains(letter, "Consumer key: k") || strings.Contains(letter, secret) {
			t.Errorf("letter: %s", letter)
		}
	case <-time.After(10 * time.Second):
		t.Error("no letter")
	}
	s.audited(id, "access.mail")
}
