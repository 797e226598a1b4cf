package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"lectern/internal/account"
	"lectern/internal/continuation"
	"lectern/internal/registry"
)

// from sends a request as another browser, or as another page, would.
func (s *testSite) from(browser *http.Client, method, to string, form url.Values, header map[string]string) page {
	s.t.Helper()
	if !strings.HasPrefix(to, "http") {
		to = s.url + to
	}
	r, err := http.NewRequest(method, to, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", s.url)
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	return s.do(browser, r)
}

// otherBrowser is a browser of another make.
var otherBrowser = map[string]string{"User-Agent": "Another Browser"}

// The continuation link, sent to somebody who is signed in, gives the sender
// nothing: not when it is opened, not when forms are posted in the victim's
// name, not when the victim signs in by it.
func TestAttackContinuationLinkSentToVictim(t *testing.T) {
	s, c, _ := closedSite(t)
	// The attacker's LMS claims the victim's address.
	f := s.waits(newBrowser(t), s.closed("ines@school.example").set("user_id", "attacker"))
	victim := newBrowser(t)
	s.signIn(victim, "ines", f.tab)
	if p := s.get(victim, f.tab); p.StatusCode != http.StatusOK || !strings.Contains(p.body, "auto-link-consumer") {
		t.Fatalf("the page does not say which LMS asks: %d", p.StatusCode)
	}
	csrf := csrfField.FindStringSubmatch(s.get(victim, f.tab).body)[1]
	for name, p := range map[string]page{
		"no code":                       s.submit(victim, f.tab, url.Values{"csrf": {csrf}}),
		"another code":                  s.submit(victim, f.tab, url.Values{"csrf": {csrf}, "code": {"AAA-AAA"}}),
		"code without the page's token": s.submit(victim, f.tab, url.Values{"code": {f.code}}),
		"form on another site": s.from(victim, http.MethodPost, f.tab, url.Values{"csrf": {csrf}, "code": {f.code}}, map[string]string{
			"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}),
		"script of a course": s.from(victim, http.MethodPost, f.tab, url.Values{"csrf": {csrf}, "code": {f.code}}, map[string]string{
			"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}),
		"in a frame": s.from(victim, http.MethodGet, f.tab, nil, map[string]string{
			"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}),
	} {
		if p.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", name, p.StatusCode)
		}
	}
	if state, other := f.state(); state != "waiting" || other != "" {
		t.Errorf("the attacker's frame learns %q, %q", state, other)
	}
	if p := s.get(f.browser, f.at); p.StatusCode != http.StatusForbidden || strings.Contains(p.body, "Pick b") {
		t.Errorf("the attacker's frame goes on: %d", p.StatusCode)
	}
	if l := s.linked(c, "attacker"); l != nil {
		t.Errorf("linked: %+v", l)
	}
}

// The ID of a waiting launch, which the link shows, is no credential.
func TestAttackContinuationWithoutItsToken(t *testing.T) {
	s, _, _ := closedSite(t)
	f := s.waits(newBrowser(t), s.closed("ines@school.example"))
	other := s.waits(newBrowser(t), s.closed("ines@school.example").set("user_id", "other"))
	tab := newBrowser(t)
	s.signIn(tab, "ines", f.tab)
	f.give(tab, f.code)
	token := strings.TrimPrefix(other.at, other.tab)
	for name, p := range map[string]page{
		"no token":        s.get(newBrowser(t), f.tab+"/~/"),
		"another token":   s.get(newBrowser(t), f.tab+token),
		"other browser":   s.from(newBrowser(t), http.MethodGet, f.at, nil, otherBrowser),
		"other, waiting":  s.from(newBrowser(t), http.MethodGet, f.at+"wait", nil, otherBrowser),
		"by its learn ID": s.get(newBrowser(t), strings.Replace(f.tab, "/enter/", "/learn/", 1)+"/"),
	} {
		if p.StatusCode != http.StatusForbidden && p.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", name, p.StatusCode)
		}
	}
	if state, _ := f.state(); state != "confirmed" {
		t.Errorf("the tries ended the launch: %q", state)
	}
}

// Guessing the code ends after a few tries, the right one then included.
func TestAttackGuessingTheCode(t *testing.T) {
	s, c, _ := closedSite(t)
	f := s.waits(newBrowser(t), s.closed("ines@school.example"))
	tab := newBrowser(t)
	s.signIn(tab, "ines", f.tab)
	for i := range continuation.Tries {
		want := continuation.ErrCode.Public
		if i == continuation.Tries-1 {
			want = continuation.ErrOver.Public
		}
		if p := f.give(tab, "AAA-AA"+string(rune('A'+i))); p.StatusCode != http.StatusForbidden || !strings.Contains(p.body, want) {
			t.Errorf("try %d: %d %s", i+1, p.StatusCode, p.body)
		}
	}
	if p := f.give(tab, f.code); p.code() != continuation.ErrOver.Code {
		t.Errorf("the right code after that: %d %s", p.StatusCode, p.code())
	}
	if p := s.get(f.browser, f.at); p.code() != continuation.ErrOver.Code {
		t.Errorf("the frame: %d %s", p.StatusCode, p.code())
	}
	if s.linked(c, "LTI_User") != nil {
		t.Error("linked all the same")
	}
}

// An LMS that claims the address of somebody with rights or a password gets an
// account of its own, or nothing.
func TestAttackEmailTakeoverOfStaff(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	admin := s.person("root", "root@school.example", func(a *account.Account) { a.Admin = true })
	teacher := s.person("teacher", "teacher@school.example", nil)
	for i, change := range []func(*registry.Spec){
		func(spec *registry.Spec) { spec.UseLTIPII = true },
		func(spec *registry.Spec) { spec.UseLTIPII, spec.TrustedDomains = true, []string{"school.example"} },
		func(spec *registry.Spec) { spec.RequireUserAccount = true },
	} {
		c := s.consumer("key"+string(rune('a'+i)), "secret", change)
		for _, who := range []*account.Account{admin, teacher} {
			m := s.good(path("html", "h1")).set("lis_person_contact_email_primary", strings.ToUpper(who.Email)).set("user_id", who.Username)
			m.key, m.secret = c.Key, "secret"
			p := s.post(newBrowser(t), m)
			l := s.linked(c, who.Username)
			if c.RequireUserAccount && p.StatusCode != http.StatusForbidden || !c.RequireUserAccount && l == nil {
				t.Errorf("%s by %s: %d", who.Username, c.Key, p.StatusCode)
			}
			if l != nil && (l.AccountID == admin.ID || l.AccountID == teacher.ID) {
				t.Errorf("%s taken over by %s", who.Username, c.Key)
			}
		}
	}
}

// Nobody is sent where an attacker says.
func TestAttackOpenRedirect(t *testing.T) {
	s, _, _ := closedSite(t)
	for _, back := range []string{"javascript:alert(1)", "data:text/html,x", "//evil.example", "https:evil", "https://u:p@evil.example/\\x"} {
		m := s.closed("").set("launch_presentation_return_url", back)
		if p := s.post(newBrowser(t), m); strings.Contains(p.body, "Go back") || strings.Contains(p.body, "javascript:") {
			t.Errorf("%s is offered: %s", back, p.body)
		}
	}
	bad := s.closed("").set("launch_presentation_return_url", "https://evil.example/")
	bad.secret = "wrong"
	if p := s.post(newBrowser(t), bad); strings.Contains(p.body, "evil.example") || p.Header.Get("Location") != "" {
		t.Error("an unverified launch says where to go")
	}
	for _, next := range []string{"//evil.example", "https://evil.example/enter/x", "/enter/..//evil.example", "/\\evil.example", "/enter/x\r\nLocation: y"} {
		browser := newBrowser(t)
		p := s.signIn(browser, "ines", next)
		if to, err := p.Location(); err != nil || to.Host != strings.TrimPrefix(s.url, "http://") || strings.Contains(to.Path, "evil") {
			t.Errorf("%q leads to %v", next, to)
		}
	}
}
