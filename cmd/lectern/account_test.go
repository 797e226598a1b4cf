package main

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"lectern/internal/account"
	"lectern/internal/config"
	"lectern/internal/people"
	"lectern/internal/store"
)

func (s *testSite) people() *people.Service {
	return &people.Service{Store: s.app.Store, Clock: s.app.Clock}
}

// local creates an account of somebody's own; without a password for "".
func (s *testSite) local(username, email, password string, admin bool) *account.Account {
	s.t.Helper()
	ctx := context.Background()
	a, err := s.people().Add(ctx, "test", people.New{Username: username, Email: email, Name: "Name of " + username, Admin: admin})
	if err != nil {
		s.t.Fatal(err)
	}
	if password != "" {
		if err := s.site.signIn.SetPassword(ctx, "test", a.ID, password); err != nil {
			s.t.Fatal(err)
		}
	}
	return a
}

func (s *testSite) account(username string) *account.Account {
	s.t.Helper()
	a, err := s.people().ByName(context.Background(), username)
	if err != nil {
		s.t.Fatalf("account %q: %v", username, err)
	}
	return a
}

// trySignIn fills the sign-in form.
func (s *testSite) trySignIn(browser *http.Client, username, password, next string) page {
	s.t.Helper()
	form := s.get(browser, "/login")
	return s.submit(browser, "/login", s.fill(form, "username", username, "password", password, "next", next))
}

// signedInAs returns a browser in which somebody is signed in.
func (s *testSite) signedInAs(username, password string) *http.Client {
	s.t.Helper()
	browser := newBrowser(s.t)
	if p := s.trySignIn(browser, username, password, ""); p.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("sign in as %s: %d", username, p.StatusCode)
	}
	return browser
}

func hiddenField(t *testing.T, p page, name string) string {
	t.Helper()
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(p.body)
	if m == nil {
		t.Fatalf("no field %s: %.300s", name, p.body)
	}
	return m[1]
}

// TestSignInOfEverybody: learners with accounts of their own sign in where
// administrators do, and land in their account.
func TestSignInOfEverybody(t *testing.T) {
	s := startSite(t, nil)
	s.local("ada", "ada@example.edu", "a pass phrase", false)
	s.local("boss", "", "a pass phrase", true)
	s.local("closed", "", "a pass phrase", false)
	if err := s.people().SetEnabled(t.Context(), "test", s.account("closed").ID, false); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, password, next string
		status               int
		location             string
	}{
		{"ada", "a pass phrase", "", 303, "/account"},
		{"ADA", "a pass phrase", "/enter/abc?x=1", 303, "/enter/abc?x=1"},
		{"boss", "a pass phrase", "", 303, "/admin"},
		{"boss", "a pass phrase", "/admin/consumers?q=a", 303, "/admin/consumers?q=a"},
		{"ada", "wrong pass phrase", "", 403, ""},
		{"nobody", "a pass phrase", "", 403, ""},
		{"closed", "a pass phrase", "", 403, ""},
	} {
		p := s.trySignIn(newBrowser(t), tt.name, tt.password, tt.next)
		if p.StatusCode != tt.status || p.Header.Get("Location") != tt.location {
			t.Errorf("%s, %s: %d %q, want %d %q", tt.name, tt.next, p.StatusCode, p.Header.Get("Location"), tt.status, tt.location)
		}
	}
	ada := s.signedInAs("ada", "a pass phrase")
	if p := s.get(ada, "/admin/consumers"); p.StatusCode != 403 || p.code() != "console_forbidden" {
		t.Errorf("a learner in the console: %d %s", p.StatusCode, p.code())
	}
	home := s.get(ada, "/account")
	if strings.Contains(home.body, "/admin/") || !strings.Contains(home.body, "ada@example.edu") {
		t.Error("the account page has a console menu, or no address")
	}
	if p := s.get(ada, "/login?next=/account/delete"); p.Header.Get("Location") != "/account/delete" {
		t.Errorf("sign-in page of somebody signed in: %d", p.StatusCode)
	}
	if p := s.submit(ada, "/logout", s.fill(home)); p.StatusCode != 303 || s.whoIs(ada) != "" {
		t.Errorf("sign out: %d", p.StatusCode)
	}
	if p := s.get(newBrowser(t), "/admin/login"); p.Header.Get("Location") != "/login?next=/admin" {
		t.Errorf("the old address: %q", p.Header.Get("Location"))
	}
}

func TestChangePassword(t *testing.T) {
	s := startSite(t, nil)
	s.local("ada", "", "a pass phrase", false)
	here, elsewhere := s.signedInAs("ada", "a pass phrase"), s.signedInAs("ada", "a pass phrase")
	change := func(old, password, again string) page {
		form := s.get(here, "/account")
		return s.submit(here, "/account/password", s.fill(form, "old", old, "password", password, "again", again))
	}
	for _, tt := range []struct{ old, password, again, want string }{
		{"wrong pass phrase", "a new pass phrase", "a new pass phrase", "not your password"},
		{"a pass phrase", "short", "short", "at least 10"},
		{"a pass phrase", "a new pass phrase", "another", "differ"},
	} {
		if p := change(tt.old, tt.password, tt.again); !strings.Contains(p.body, tt.want) || p.StatusCode < 400 {
			t.Errorf("want %q: %d", tt.want, p.StatusCode)
		}
	}
	if p := change("a pass phrase", "a new pass phrase", "a new pass phrase"); p.StatusCode != 303 {
		t.Fatalf("change: %d", p.StatusCode)
	}
	if s.whoIs(here) != "ada" || s.whoIs(elsewhere) != "" {
		t.Error("this browser stays signed in and others do not")
	}
	for range 6 {
		change("wrong pass phrase", "a new pass phrase", "a new pass phrase")
	}
	if p := change("a new pass phrase", "a third pass phrase", "a third pass phrase"); p.StatusCode != 429 {
		t.Errorf("guessing the old password goes on for ever: %d", p.StatusCode)
	}
}

// answerOf launches as a learner and answers p2.
func (s *testSite) answerOf(user, answer string) {
	s.t.Helper()
	browser := newBrowser(s.t)
	m := s.good(path("problem", "p2")).set("user_id", user).set("resource_link_id", "rl-2")
	s.answer(browser, s.open(browser, m), "p2", map[string]string{"_2_1": answer})
}

// TestMyData: download, unlink and delete, by the person alone.
func TestMyData(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	c := s.consumer("consumer_key", "secret", nil)
	ada := s.local("ada", "ada@example.edu", "a pass phrase", false)
	if err := s.people().Link(t.Context(), "test", c.ID, "LTI_User", ada.ID); err != nil {
		t.Fatal(err)
	}
	learner := newBrowser(t)
	opened := s.open(learner, s.good(path("problem", "p2")))
	s.answerOf("LTI_User", "42")
	browser := s.signedInAs("ada", "a pass phrase")
	data := s.get(browser, "/account/data")
	var e people.Export
	if err := json.Unmarshal([]byte(data.body), &e); err != nil || !strings.Contains(data.Header.Get("Content-Disposition"), "attachment") {
		t.Fatalf("download: %v %v", err, data.Header)
	}
	if e.Account.Email != "ada@example.edu" || len(e.Links) != 1 || e.Links[0].LMS != c.Name || len(e.Blocks) == 0 ||
		len(e.Scores) == 0 || len(e.Audit) < 3 || strings.Contains(data.body, "argon2") {
		t.Errorf("download: %s", data.body)
	}
	form := s.get(browser, "/account")
	if !strings.Contains(form.body, c.Name) || !strings.Contains(form.body, "by an operator") {
		t.Error("the page does not show the link")
	}
	if p := s.submit(browser, "/account/unlink", s.fill(form, "consumer", c.ID, "user", "LTI_User")); p.StatusCode != 303 {
		t.Errorf("unlink: %d", p.StatusCode)
	}
	if p := s.get(learner, opened.Request.URL.Path); p.StatusCode == 200 {
		t.Error("an open launch outlives its link")
	}
	bob := s.local("bob", "", "a pass phrase", false)
	if err := s.people().Link(t.Context(), "test", c.ID, "Bob", bob.ID); err != nil {
		t.Fatal(err)
	}
	if p := s.submit(browser, "/account/unlink", s.fill(form, "consumer", c.ID, "user", "Bob")); p.StatusCode != 404 {
		t.Errorf("unlinking somebody else: %d", p.StatusCode)
	}
	confirm := s.get(browser, "/account/delete")
	if p := s.submit(browser, "/account/delete", s.fill(confirm, "password", "wrong pass phrase")); p.StatusCode != 403 {
		t.Errorf("delete with a wrong password: %d", p.StatusCode)
	}
	if p := s.submit(browser, "/account/delete", s.fill(confirm, "password", "a pass phrase")); p.StatusCode != 303 {
		t.Fatalf("delete: %d", p.StatusCode)
	}
	if s.whoIs(browser) != "" {
		t.Error("a deleted person is still signed in")
	}
	s.view(func(ctx context.Context, tx store.Tx) error {
		h, err := tx.People().History(ctx, ada.ID)
		if len(h.States)+len(h.Events)+len(h.Targets) != 0 {
			t.Errorf("left: %+v", h)
		}
		about, err2 := tx.People().AuditAbout(ctx, ada.ID, 0)
		for _, e := range about {
			if e.Before+e.After != "" {
				t.Errorf("the audit keeps %q %q", e.Before, e.After)
			}
		}
		if len(about) == 0 || about[0].Act != "user.delete" {
			t.Errorf("audit: %+v", about)
		}
		if err == nil {
			err = err2
		}
		return err
	})
}

// mailbox is a tiny SMTP server that keeps letters.
type mailbox struct {
	letters chan string
	address string
}

func newMailbox(t *testing.T) *mailbox {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	m := &mailbox{letters: make(chan string, 10), address: listener.Addr().String()}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go m.serve(conn)
		}
	}()
	return m
}

func (m *mailbox) serve(conn net.Conn) {
	defer conn.Close()
	say := func(s string) { _, _ = conn.Write([]byte(s + "\r\n")) }
	say("220 box")
	lines := bufio.NewScanner(conn)
	var letter strings.Builder
	for lines.Scan() {
		switch command := strings.ToUpper(lines.Text()); {
		case strings.HasPrefix(command, "EHLO"):
			say("250 box")
		case command == "DATA":
			say("354 go on")
			for lines.Scan() && lines.Text() != "." {
				letter.WriteString(lines.Text() + "\n")
			}
			m.letters <- letter.String()
			say("250 kept")
		case command == "QUIT":
			say("221 bye")
			return
		default:
			letter.WriteString(lines.Text() + "\n")
			say("250 ok")
		}
	}
}

// TestForgottenPassword: a link by letter, the same answer for everybody, no
// letters to people who do not sign in here, and not too many.
func TestForgottenPassword(t *testing.T) {
	box := newMailbox(t)
	s := startSite(t, func(c *config.Config) {
		c.SMTPURL, c.MailFrom = "smtp://"+box.address, "Lectern <no-reply@lectern.example.edu>"
	})
	s.local("ada", "ada@example.edu", "", false)
	s.local("closed", "closed@example.edu", "a pass phrase", false)
	if err := s.people().SetEnabled(t.Context(), "test", s.account("closed").ID, false); err != nil {
		t.Fatal(err)
	}
	browser := newBrowser(t)
	ask := func(email string) page {
		form := s.get(browser, "/login/forgot")
		return s.submit(browser, "/login/forgot", s.fill(form, "email", email))
	}
	known := ask(" Ada@example.edu ")
	var letter string
	select {
	case letter = <-box.letters:
	case <-time.After(10 * time.Second):
		t.Fatal("no letter")
	}
	if !strings.Contains(letter, "MAIL FROM:<no-reply@lectern.example.edu>") || !strings.Contains(letter, "RCPT TO:<ada@example.edu>") {
		t.Errorf("letter: %s", letter)
	}
	plain := strings.ReplaceAll(strings.ReplaceAll(letter, "=\n", ""), "=3D", "=")
	link := regexp.MustCompile(`/login/set/[A-Za-z0-9_-]+`).FindString(plain)
	for _, email := range []string{"nobody@example.edu", "closed@example.edu", "", "a\x00b"} {
		if p := ask(email); p.StatusCode != known.StatusCode || p.body != known.body {
			t.Errorf("%q is answered differently: %d", email, p.StatusCode)
		}
	}
	form := s.get(browser, link)
	if p := s.submit(browser, link, s.fill(form, "password", "a pass phrase", "again", "a pass phrase")); p.StatusCode != 303 || s.whoIs(browser) != "ada" {
		t.Fatalf("link %q: %d %s", link, p.StatusCode, p.code())
	}
	if p := s.get(newBrowser(t), link); p.code() != "signin_link_used" {
		t.Errorf("the link works twice: %d", p.StatusCode)
	}
	browser = newBrowser(t)
	for range 10 {
		ask("ada@example.edu")
	}
	s.site.accounts.Wait()
	if n := len(box.letters); n != 4 {
		t.Errorf("%d more letters, want 4", n)
	}
	limited := 0
	for range 20 {
		if ask("ada@example.edu").StatusCode == http.StatusTooManyRequests {
			limited++
		}
	}
	if limited == 0 {
		t.Error("asking goes on for ever")
	}
	if strings.Contains(s.log.String(), "ada@example.edu") || strings.Contains(s.log.String(), strings.TrimPrefix(link, "/login/set/")) {
		t.Error("the log has an address or a link")
	}
	without := startSite(t, nil)
	if p := without.get(newBrowser(t), "/login/forgot"); !strings.Contains(p.body, "sends no e-mail") {
		t.Error("a site without mail promises a letter")
	}
}
