package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"lectern/internal/continuation"
	"lectern/internal/registry"
	"lectern/internal/session"
)

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
