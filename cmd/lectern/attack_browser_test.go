package main

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"lectern/internal/account"
	"lectern/internal/config"
	"lectern/internal/registry"
	"lectern/internal/session"
	"lectern/internal/store"
)

// Two learners in two frames of one browser, a window of one of them, and the
// console in a third tab never mix.
func TestTwoFramesAndTheConsole(t *testing.T) {
	s := gateSite(t)
	browser := s.signedInBrowser()
	ana := s.open(browser, s.good(path("problem", "block_id")).set("user_id", "ana"))
	ben := s.open(browser, s.good(path("problem", "block_id")).set("user_id", "ben"))
	window := s.follow(browser, s.submit(browser, windowForm.FindStringSubmatch(ana.body)[1],
		url.Values{"pass": {passField.FindStringSubmatch(ana.body)[1]}}))
	if window.StatusCode != http.StatusOK || window.Request.URL.Path == ana.Request.URL.Path {
		t.Fatalf("the window: %d at %s", window.StatusCode, window.Request.URL.Path)
	}
	s.answer(browser, window, "block_id", map[string]string{"_2_1": "choice_1"})
	if p := s.get(browser, ana.Request.URL.String()); !strings.Contains(p.body, "Correct (1/1 point)") {
		t.Error("the window is not Ana's")
	}
	if p := s.get(browser, ben.Request.URL.String()); strings.Contains(p.body, "Correct (1/1 point)") {
		t.Error("Ben has Ana's answer")
	}
	if p := s.get(browser, "/admin"); p.StatusCode != http.StatusOK {
		t.Errorf("the console: %d", p.StatusCode)
	}
	if p := s.from(browser, http.MethodGet, ana.Request.URL.String(), nil, map[string]string{
		"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}); windowForm.MatchString(p.body) {
		t.Error("a window offers to open a window")
	}
}

// A window of one's own works without cookies, once a handle, for a minute, in
// the same browser, and ends when the frame's session would.
func TestWindowWithoutCookies(t *testing.T) {
	s := gateSite(t)
	browser := noCookies(t)
	p := s.open(browser, s.good(path("problem", "block_id")))
	action, pass := windowForm.FindStringSubmatch(p.body)[1], url.Values{"pass": {passField.FindStringSubmatch(p.body)[1]}}
	if strings.Contains(action, "~") {
		t.Errorf("the window's address shows the frame's token: %s", action)
	}
	if other := s.from(browser, http.MethodPost, action, pass, otherBrowser); other.code() != session.ErrOver.Code {
		t.Errorf("another browser: %d %s", other.StatusCode, other.code())
	}
	handed := s.submit(browser, action, pass)
	window := s.follow(browser, handed)
	if window.StatusCode != http.StatusOK || !strings.Contains(window.body, "Pick b") {
		t.Fatalf("%d %s", window.StatusCode, window.code())
	}
	if again := s.follow(browser, handed); again.code() != session.ErrHandle.Code {
		t.Errorf("the handle works twice: %d %s", again.StatusCode, again.code())
	}
	late := s.submit(browser, action, pass)
	s.clock.add(2 * time.Minute)
	if p := s.follow(browser, late); p.code() != session.ErrHandle.Code {
		t.Errorf("an old handle: %d %s", p.StatusCode, p.code())
	}
	for range 4 { // kept in use for longer than a session lives
		s.clock.add(3*time.Hour + 50*time.Minute)
		s.get(browser, p.Request.URL.Path)
		s.get(browser, window.Request.URL.Path)
	}
	if p := s.get(browser, window.Request.URL.Path); p.code() != session.ErrOver.Code {
		t.Errorf("the window outlives the launch: %d", p.StatusCode)
	}
	if p := s.submit(browser, action, pass); p.code() != session.ErrOver.Code {
		t.Errorf("an ended launch opens windows: %d %s", p.StatusCode, p.code())
	}
}

// A window leads to a tool of the launch where its form says so, and to no other
// address whatever the form says.
func TestWindowLeadsNowhereElse(t *testing.T) {
	s := gateSite(t)
	browser := noCookies(t)
	p := s.open(browser, s.good(path("problem", "block_id")))
	action, pass := windowForm.FindStringSubmatch(p.body)[1], passField.FindStringSubmatch(p.body)[1]
	for _, to := range []string{
		"//evil.example", "https://evil.example/", "../../admin", "act/../../../admin", "act/\\evil", "act/x?h=1", "act/%2e%2e/", "act/problem/block_id/submit",
	} {
		window := s.follow(browser, s.submit(browser, action, url.Values{"pass": {pass}, "to": {to}}))
		if !strings.HasPrefix(window.Request.URL.Path, "/learn/") || window.StatusCode != http.StatusOK || !strings.Contains(window.body, "Pick b") {
			t.Errorf("to %q: %d at %s", to, window.StatusCode, window.Request.URL)
		}
	}
}

// T106-T108, T105, T116: whoever the browser is signed in as, a launch opens
// the account that its LMS's user is linked to, and signs nobody in or out.
func TestT108BrowserOfSomebodyElse(t *testing.T) {
	s, _, ines := closedSite(t)
	c := s.consumer("consumer_key", "secret", nil)
	s.open(newBrowser(t), s.good(path("html", "h1")))
	first := s.linked(c, "LTI_User")
	for _, who := range []string{"", "ines"} {
		browser := newBrowser(t)
		if who != "" {
			s.signIn(browser, who, "/account")
		}
		s.open(browser, s.good(path("html", "h1")).set("lis_person_contact_email_primary", ines.Email))
		if l := s.linked(c, "LTI_User"); l.AccountID != first.AccountID || l.How != account.ByLaunch {
			t.Errorf("signed in as %q: link %+v", who, l)
		}
		if p := s.get(browser, "/account"); who != "" && p.StatusCode == http.StatusSeeOther {
			t.Error("the launch signed somebody out")
		}
	}
}

// T128, and accounts of the site: nobody gets in by a closed account.
func TestT128DisabledAccount(t *testing.T) {
	s := gateSite(t)
	c, err := s.app.Registry.Find(context.Background(), "consumer_key")
	if err != nil {
		t.Fatal(err)
	}
	browser := newBrowser(t)
	p := s.open(browser, s.good(path("html", "h1")))
	s.write(func(ctx context.Context, tx store.Tx) error {
		a, err := tx.Accounts().ByID(ctx, s.linked(c, "LTI_User").AccountID)
		if err != nil {
			return err
		}
		a.Enabled = false
		return tx.Accounts().Update(ctx, a)
	})
	if p := s.post(newBrowser(t), s.good(path("html", "h1"))); p.code() != account.ErrDisabled.Code {
		t.Errorf("launch: %d %s", p.StatusCode, p.code())
	}
	if p := s.get(browser, p.Request.URL.String()); p.code() != session.ErrOver.Code {
		t.Errorf("open session: %d %s", p.StatusCode, p.code())
	}
}

// Teachers preview: every answer, and where a learner's score goes; they are
// not graded unless the operator says so.
func TestTeachersPreview(t *testing.T) {
	for _, gradeStaff := range []bool{false, true} {
		s := startSite(t, func(*config.Config) {})
		files := testCourse()
		files["problem/block_id.xml"] = strings.Replace(files["problem/block_id.xml"], "<problem ", `<problem showanswer="never" `, 1)
		s.importFiles(files)
		c := s.consumer("consumer_key", "secret", func(spec *registry.Spec) { spec.GradeStaff = gradeStaff })
		for _, tt := range []struct {
			roles         string
			staff, graded bool
		}{
			{"Learner", false, true}, {"Student", false, true}, {"", false, true}, {"Instructor", true, gradeStaff},
			{"Instructor,Learner", true, true}, {"urn:lti:role:ims/lis/Mentor", false, gradeStaff},
			{"Learner,http://purl.imsglobal.org/vocab/lti/system/person#TestUser", false, gradeStaff},
			{"urn:lti:sysrole:ims/lis/Administrator", false, true},
		} {
			before := s.targets(c.ID)
			m := s.graded("sourced", somewhere).set("roles", tt.roles).set("user_id", "user "+tt.roles)
			p := s.open(newBrowser(t), m)
			if got := s.targets(c.ID) > before; got != tt.graded {
				t.Errorf("%q, GradeStaff %v: graded %v", tt.roles, gradeStaff, got)
			}
			if got := strings.Contains(p.body, "Show answer"); got != tt.staff {
				t.Errorf("%q: answers %v", tt.roles, got)
			}
			if got := strings.Contains(p.body, "goes to the gradebook of") && strings.Contains(p.body, "lms.example.edu"); got != tt.staff {
				t.Errorf("%q: where the score goes %v", tt.roles, got)
			}
			if tt.staff && strings.Contains(p.body, "not sent") == tt.graded {
				t.Errorf("%q: says the wrong thing about the own score", tt.roles)
			}
		}
	}
}
