package main

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"lectern/internal/account"
	"lectern/internal/config"
	"lectern/internal/continuation"
	"lectern/internal/registry"
	"lectern/internal/session"
	"lectern/internal/store"
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

// A token in the path works in the browser that launched, and not after it was
// idle.
func TestAttackPathTokenElsewhere(t *testing.T) {
	s := gateSite(t)
	browser := noCookies(t)
	p := s.open(browser, s.good(path("problem", "block_id")))
	at := p.Request.URL.Path
	if !strings.Contains(at, "/~") {
		t.Fatalf("no token in %s", at)
	}
	if other := s.from(browser, http.MethodGet, at, nil, otherBrowser); other.code() != session.ErrOver.Code {
		t.Errorf("another browser: %d %s", other.StatusCode, other.code())
	}
	form := url.Values{"input_block_id_2_1": {"choice_1"}}
	if other := s.from(browser, http.MethodPost, at+"problem/block_id/submit", form, otherBrowser); other.code() != session.ErrOver.Code {
		t.Errorf("answering from another browser: %d %s", other.StatusCode, other.code())
	}
	s.clock.add(3*time.Hour + 59*time.Minute)
	if again := s.get(browser, at); again.StatusCode != http.StatusOK {
		t.Errorf("a learner who watched a long film: %d", again.StatusCode)
	}
	s.clock.add(4*time.Hour + time.Minute)
	if idle := s.get(browser, at); idle.code() != session.ErrOver.Code {
		t.Errorf("idle: %d %s", idle.StatusCode, idle.code())
	}
}

// No token, handle, code or pass reaches other sites by Referer, or the log.
func TestAttackTokenLeaks(t *testing.T) {
	s, _, _ := closedSite(t)
	s.consumer("consumer_key", "secret", nil)
	var secrets []string
	quiet := func(what string, p page, policy string) {
		t.Helper()
		if got := p.Header.Get("Referrer-Policy"); got != policy {
			t.Errorf("%s: Referrer-Policy %q, want %q", what, got, policy)
		}
		if p.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be cached: %q", what, p.Header.Get("Cache-Control"))
		}
	}
	browser := noCookies(t)
	launched := s.post(browser, s.good(path("problem", "block_id")))
	handle, err := launched.Location()
	if err != nil {
		t.Fatal(err)
	}
	landed := s.get(browser, handle.String())
	quiet("landing", landed, "no-referrer")
	p := s.follow(browser, landed)
	quiet("learner's page", p, "strict-origin-when-cross-origin")
	pass := passField.FindStringSubmatch(p.body)[1]
	window := s.submit(newBrowser(t), windowForm.FindStringSubmatch(p.body)[1], url.Values{"pass": {pass}})
	quiet("hand-over", window, "no-referrer")
	next, err := window.Location()
	if err != nil {
		t.Fatal(err)
	}
	token := regexp.MustCompile(`~([^/]+)`).FindStringSubmatch(p.Request.URL.Path)[1]
	secrets = append(secrets, handle.Query().Get("h"), token, pass, next.Query().Get("h"))

	f := s.waits(browser, s.closed("ines@school.example"))
	quiet("waiting", f.page, "no-referrer")
	quiet("waiting again", s.get(browser, f.at), "no-referrer")
	f.state()
	tab := newBrowser(t)
	s.signIn(tab, "ines", f.tab)
	f.give(tab, "AAA-AAA")
	f.give(tab, f.code)
	quiet("going on", s.get(browser, f.at), "no-referrer")
	secrets = append(secrets, strings.Trim(strings.TrimPrefix(f.at, f.tab), "/~"), f.code, "ines@school.example", somePassword)
	log := s.log.String()
	for _, secret := range secrets {
		if len(secret) < 6 || strings.Contains(log, secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	if !strings.Contains(log, "code=account_required") || !strings.Contains(log, "/learn/{launch}/") || !strings.Contains(log, "/enter/{launch}/") {
		t.Error("the log does not say what was asked for")
	}
}

// What was used or is too old works no more.
func TestAttackReplayAfterExpiry(t *testing.T) {
	s, _, _ := closedSite(t)
	s.consumer("consumer_key", "secret", nil)
	m := s.good(path("html", "h1"))
	form := s.signed(m)
	handle, err := s.postForm(newBrowser(t), m, form).Location()
	if err != nil {
		t.Fatal(err)
	}
	waiting := s.closed("ines@school.example")
	waitingForm := s.signed(waiting)
	f := &frame{page: s.postForm(newBrowser(t), waiting, waitingForm), s: s, browser: newBrowser(t)}
	f.read()
	tab := newBrowser(t)
	s.signIn(tab, "ines", f.tab)
	f.give(tab, f.code)
	s.follow(f.browser, s.get(f.browser, f.at))
	if p := s.postForm(newBrowser(t), waiting, waitingForm); p.StatusCode != http.StatusSeeOther || strings.Contains(p.Header.Get("Location"), "h=") {
		t.Errorf("a launch that went on, posted again, opens another session: %d %s", p.StatusCode, p.Header.Get("Location"))
	}
	s.clock.add(2 * time.Minute)
	if p := s.get(newBrowser(t), handle.String()); p.code() != session.ErrHandle.Code {
		t.Errorf("old handle: %d %s", p.StatusCode, p.code())
	}
	if p := s.postForm(newBrowser(t), m, form); p.StatusCode != http.StatusSeeOther || strings.Contains(p.Header.Get("Location"), "h=") {
		t.Errorf("a repeat after a minute opens a session: %d %s", p.StatusCode, p.Header.Get("Location"))
	}
	s.clock.add(10 * time.Minute)
	if p := s.postForm(newBrowser(t), m, form); p.code() != "launch_timestamp_expired" {
		t.Errorf("old launch: %d %s", p.StatusCode, p.code())
	}
	if p := s.get(f.browser, f.at); p.code() != continuation.ErrOver.Code {
		t.Errorf("old continuation: %d %s", p.StatusCode, p.code())
	}
	s.clock.add(13 * time.Hour)
	if p := s.get(tab, "/account"); p.StatusCode == http.StatusOK {
		t.Error("a sign-in lives for ever")
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

var (
	passField  = regexp.MustCompile(`name="pass" value="([^"]+)"`)
	windowForm = regexp.MustCompile(`id="open-window" method="post" action="([^"]+)"`)
)

// One learner's credentials open nothing of another's: no page, no answer, no
// window.
func TestAttackCrossLearner(t *testing.T) {
	for name, browser := range map[string]func(testing.TB) *http.Client{"cookies": newBrowser, "tokens": noCookies} {
		t.Run(name, func(t *testing.T) {
			s := gateSite(t)
			ana, ben := browser(t), browser(t)
			anas := s.open(ana, s.good(path("problem", "block_id")).set("user_id", "ana"))
			bens := s.open(ben, s.good(path("problem", "block_id")).set("user_id", "ben"))
			anas = s.answer(ana, anas, "block_id", map[string]string{"_2_1": "choice_1"})
			token := strings.TrimPrefix(bens.Request.URL.Path, strings.SplitAfter(bens.Request.URL.Path, "/learn/")[0])
			_, token, _ = strings.Cut(token, "/")
			id := strings.Split(anas.Request.URL.Path, "/")[2]
			at := "/learn/" + id + "/" + token
			form := url.Values{"input_block_id_2_1": {"choice_0"}, "version": {"1"}}
			passOfBen := passField.FindStringSubmatch(bens.body)[1]
			for what, p := range map[string]page{
				"page":            s.get(ben, at),
				"answer":          s.submit(ben, at+"problem/block_id/submit", form),
				"reset":           s.submit(ben, at+"problem/block_id/reset", form),
				"window":          s.submit(ben, "/learn/"+id+"/window", url.Values{"pass": {passOfBen}}),
				"window, no pass": s.submit(ana, "/learn/"+id+"/window", nil),
				"guessed handle":  s.get(ben, "/learn/"+id+"/?h=guess"),
				"guessed token":   s.get(ben, "/learn/"+id+"/~guess/"),
				"answer from another site": s.from(ana, http.MethodPost, anas.Request.URL.Path+"problem/block_id/submit", form, map[string]string{
					"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}),
			} {
				if p.StatusCode != http.StatusForbidden || strings.Contains(p.body, "Pick b") {
					t.Errorf("%s: %d", what, p.StatusCode)
				}
			}
			if p := s.get(ana, anas.Request.URL.Path); !strings.Contains(p.body, "Correct (1/1 point)") {
				t.Error("Ana's answer was changed")
			}
			if p := s.get(ben, bens.Request.URL.Path); strings.Contains(p.body, "1/1 point") {
				t.Error("Ben has Ana's answer")
			}
		})
	}
}

// A forged launch in somebody's browser opens its own session and changes
// nothing about who is signed in to the site.
func TestAttackLoginCSRF(t *testing.T) {
	s := gateSite(t)
	browser := s.signedInBrowser()
	p := s.post(browser, s.good(path("html", "h1")).set("user_id", "attacker"))
	for _, c := range p.Cookies() {
		if !strings.HasPrefix(c.Path, "/learn/") {
			t.Errorf("a launch sets a cookie at %s", c.Path)
		}
	}
	if p = s.follow(browser, p); !strings.Contains(p.body, "Words of unit one.") {
		t.Fatalf("status %d", p.StatusCode)
	}
	for _, c := range p.Cookies() {
		t.Errorf("landing sets %s", c.Name)
	}
	if p = s.get(browser, "/admin"); p.StatusCode != http.StatusOK || !strings.Contains(p.body, "<span>admin</span>") && !strings.Contains(p.body, "admin") {
		t.Errorf("the administrator is somebody else now: %d", p.StatusCode)
	}
}

// A session that an attacker chose is never the victim's: tokens are made by
// the launch, whatever the browser brings.
func TestAttackSessionFixation(t *testing.T) {
	s := gateSite(t)
	attacker := newBrowser(t)
	mine := s.open(attacker, s.good(path("html", "h1")).set("user_id", "attacker"))
	id := strings.Split(mine.Request.URL.Path, "/")[2]
	var token string
	for _, c := range attacker.Jar.Cookies(mine.Request.URL) {
		token = c.Value
	}
	victim := newBrowser(t)
	m := s.good(path("html", "h1")).set("user_id", "victim")
	m.header = http.Header{"Cookie": {"__Secure-lectern=" + token + "; lectern=" + token}}
	p := s.post(victim, m)
	to, err := p.Location()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(to.Path, id) {
		t.Error("the victim's launch landed in the attacker's session")
	}
	for _, c := range p.Cookies() {
		if c.Value == token {
			t.Error("the launch kept the attacker's token")
		}
	}
	again := s.from(noCookies(t), http.MethodGet, to.String(), nil, map[string]string{"Cookie": "__Secure-lectern=" + token})
	if dest := again.Header.Get("Location"); again.StatusCode == http.StatusSeeOther && !strings.Contains(dest, "/~") {
		t.Errorf("a chosen cookie became the session: %s", dest)
	}
}

// Pages with rights are never framed; pages of learners only where their LMS
// is.
func TestAttackClickjacking(t *testing.T) {
	s, c, _ := closedSite(t)
	s.setConsumer(c, func(spec *registry.Spec) { spec.FrameOrigins = []string{"https://portal.school.example"} })
	const none, listed = "frame-ancestors 'none'", "frame-ancestors 'self' https://lms.example.edu https://portal.school.example"
	f := s.waits(newBrowser(t), s.closed("ines@school.example"))
	tab := newBrowser(t)
	s.signIn(tab, "ines", f.tab)
	for what, tt := range map[string]struct {
		p    page
		want string
	}{
		"sign-in":       {s.get(newBrowser(t), "/login"), none},
		"tab":           {s.get(tab, f.tab), none},
		"account":       {s.get(tab, "/account"), none},
		"waiting":       {f.page, listed},
		"waiting again": {s.get(f.browser, f.at), listed},
		"refused":       {s.get(newBrowser(t), f.tab+"/~x/"), "frame-ancestors *"},
	} {
		if got := tt.p.Header.Get("Content-Security-Policy"); !strings.HasSuffix(got, tt.want) {
			t.Errorf("%s: %q, want %q", what, got, tt.want)
		}
		if tt.p.Header.Get("X-Frame-Options") != "" {
			t.Errorf("%s: X-Frame-Options", what)
		}
	}
	f.give(tab, f.code)
	p := s.follow(f.browser, s.get(f.browser, f.at))
	if got := p.Header.Get("Content-Security-Policy"); !strings.HasSuffix(got, listed) {
		t.Errorf("learner's page: %q", got)
	}
	if got := s.get(f.browser, p.Request.URL.Path+"no/such/page").Header.Get("Content-Security-Policy"); !strings.HasSuffix(got, listed) {
		t.Errorf("an error inside the session: %q", got)
	}
}

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
