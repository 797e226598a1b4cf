package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"lectern/internal/config"
)

// ownPages are pages that belong to people who are signed in; those of the
// console come first.
func ownPages(id string) (console, account []string) {
	return []string{
			"/admin", "/admin/consumers", "/admin/consumers/add", "/admin/courses", "/admin/launches", "/admin/scores",
			"/admin/accounts", "/admin/accounts/add", "/admin/accounts/import", "/admin/accounts/" + id,
			"/admin/accounts/" + id + "/merge?from=nobody", "/admin/accounts/" + id + "/delete", "/admin/audit",
		},
		[]string{"/account", "/account/data", "/account/delete", "/logout"}
}

// ownForms are where forms of people who are signed in go.
func ownForms(id string) (console, account []string) {
	console = []string{"/admin/consumers/add", "/admin/scores/resend", "/admin/accounts/add", "/admin/accounts/import"}
	for _, act := range []string{"", "/enable", "/disable", "/role", "/link", "/unlink", "/identity", "/sign-in", "/merge", "/delete"} {
		console = append(console, "/admin/accounts/"+id+act)
	}
	return console, []string{"/account/password", "/account/unlink", "/account/identity", "/account/delete", "/logout"}
}

// TestAttackSignInFixation: a session token that an attacker planted is not the
// victim's after signing in, and over https a cookie that another host of the
// domain could set counts for nothing.
func TestAttackSignInFixation(t *testing.T) {
	s := startSite(t, nil)
	s.local("ada", "", "a pass phrase", false)
	s.local("mallory", "", "a pass phrase", false)
	u, _ := url.Parse(s.url)
	browser := newBrowser(t)
	browser.Jar.SetCookies(u, []*http.Cookie{{Name: "lectern-site", Value: "planted", Path: "/"}})
	if p := s.trySignIn(browser, "ada", "a pass phrase", ""); p.StatusCode != 303 {
		t.Fatalf("sign in: %d", p.StatusCode)
	}
	for _, c := range browser.Jar.Cookies(u) {
		if c.Name == "lectern-site" && c.Value == "planted" {
			t.Error("the planted token became the session")
		}
	}
	planted := newBrowser(t)
	planted.Jar.SetCookies(u, []*http.Cookie{{Name: "lectern-site", Value: "planted", Path: "/"}})
	if got := s.whoIs(planted); got != "" {
		t.Errorf("the planted token is signed in as %q", got)
	}
	// A course's script gives the attacker's real token a longer path.
	mine, err := s.site.signIn.SignIn(t.Context(), "mallory", "a pass phrase", "x")
	if err != nil {
		t.Fatal(err)
	}
	browser = s.signedInAs("ada", "a pass phrase")
	account, _ := url.Parse(s.url + "/account")
	browser.Jar.SetCookies(account, []*http.Cookie{{Name: "lectern-site", Value: mine, Path: "/account"}})
	if got := s.whoIs(browser); got == "mallory" {
		t.Error("a cookie with a longer path made somebody else of the visitor")
	}
	secure := startSite(t, func(c *config.Config) { c.PublicURL = "https://lectern.example.edu" })
	secure.local("mallory", "", "a pass phrase", false)
	token, err := secure.site.signIn.SignIn(t.Context(), "mallory", "a pass phrase", "x")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"lectern-site": "", "__Host-lectern-site": "mallory"} {
		u, _ := url.Parse(secure.url)
		browser := newBrowser(t)
		browser.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: token, Path: "/"}})
		if got := secure.whoIs(browser); got != want {
			t.Errorf("cookie %s over https: signed in as %q, want %q", name, got, want)
		}
	}
}

// TestSiteCookie: what browsers are told about the cookie.
func TestSiteCookie(t *testing.T) {
	for public, want := range map[string]http.Cookie{
		"":                            {Name: "lectern-site"},
		"https://lectern.example.edu": {Name: "__Host-lectern-site", Secure: true},
	} {
		s := startSite(t, func(c *config.Config) { c.PublicURL = public })
		s.local("ada", "", "a pass phrase", false)
		p := s.trySignIn(newBrowser(t), "ada", "a pass phrase", "")
		found := false
		for _, c := range p.Cookies() {
			if c.Name == want.Name {
				found = true
				if c.Path != "/" || c.Domain != "" || !c.HttpOnly || c.Secure != want.Secure || c.SameSite != http.SameSiteStrictMode {
					t.Errorf("cookie: %s", c)
				}
			}
		}
		if !found {
			t.Errorf("%q: cookies %v, want %s", public, p.Cookies(), want.Name)
		}
	}
}

// TestAttackSignInCSRF: nobody is signed in, and nobody becomes somebody else,
// by a form that another page sent.
func TestAttackSignInCSRF(t *testing.T) {
	s := startSite(t, nil)
	s.local("mallory", "", "a pass phrase", false)
	boss := s.local("boss", "", "a pass phrase", true)
	credentials := url.Values{"username": {"mallory"}, "password": {"a pass phrase"}}
	victim := newBrowser(t)
	if p := s.submit(victim, "/login", credentials); p.StatusCode != 403 || s.whoIs(victim) != "" || !strings.Contains(p.body, "needs cookies") {
		t.Errorf("a form without a token: %d", p.StatusCode)
	}
	s.get(victim, "/login")
	guess := url.Values{"csrf": {hiddenField(t, s.get(newBrowser(t), "/login"), "csrf")}}
	for k, v := range credentials {
		guess[k] = v
	}
	if p := s.submit(victim, "/login", guess); p.StatusCode != 403 || s.whoIs(victim) != "" {
		t.Errorf("a form with the attacker's token: %d", p.StatusCode)
	}
	cross := s.from(victim, http.MethodPost, "/login", s.fill(s.get(victim, "/login"), "username", "mallory", "password", "a pass phrase"),
		map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"})
	if cross.code() != "request_cross_origin" || s.whoIs(victim) != "" {
		t.Errorf("a form of another site: %d %s", cross.StatusCode, cross.code())
	}
	// A course's script in a top-level window can send a form of this origin.
	signedIn := s.signedInAs("boss", "a pass phrase")
	form := s.get(newBrowser(t), "/login")
	s.submit(signedIn, "/login", s.fill(form, "username", "mallory", "password", "a pass phrase"))
	if got := s.whoIs(signedIn); got != "boss" {
		t.Errorf("a form made the administrator %q", got)
	}
	link, err := s.site.signIn.Link(t.Context(), s.account("mallory").ID)
	if err != nil {
		t.Fatal(err)
	}
	own := s.get(signedIn, "/login/set/"+link)
	p := s.submit(signedIn, "/login/set/"+link, s.fill(own, "password", "another pass phrase", "again", "another pass phrase"))
	if p.StatusCode != http.StatusConflict || s.whoIs(signedIn) != "boss" {
		t.Errorf("somebody else's link: %d, signed in as %q", p.StatusCode, s.whoIs(signedIn))
	}
	_ = boss
}

// TestAttackConsoleInFrame and by script: pages with rights answer only people
// who go to them in a window of their own.
func TestAttackConsoleInFrame(t *testing.T) {
	s := startSite(t, nil)
	boss := s.local("boss", "boss@example.edu", "a pass phrase", true)
	browser := s.signedInAs("boss", "a pass phrase")
	console, account := ownPages(boss.ID)
	open := []string{"/login", "/login/forgot"}
	for _, at := range append(append(open, console...), account...) {
		for _, how := range [][2]string{
			{"navigate", "iframe"}, {"navigate", "frame"}, {"navigate", "object"}, {"navigate", "embed"},
			{"cors", "empty"}, {"same-origin", "empty"}, {"no-cors", "image"}, {"no-cors", "script"}, {"navigate", "empty"},
		} {
			p := s.from(browser, http.MethodGet, at, nil, map[string]string{
				"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": how[0], "Sec-Fetch-Dest": how[1],
			})
			if p.code() != "page_embedded" || strings.Contains(p.body, "csrf") || strings.Contains(p.body, "boss") {
				t.Errorf("%s by %v: %d %s", at, how, p.StatusCode, p.code())
			}
		}
		p := s.get(browser, at)
		if p.StatusCode >= 400 && !strings.Contains(at, "/merge") {
			t.Errorf("%s: %d %s", at, p.StatusCode, p.code())
		}
		if p.StatusCode == 303 {
			continue
		}
		if got := p.Header; got.Get("Cross-Origin-Opener-Policy") != "same-origin" || got.Get("Cache-Control") != "no-store" ||
			!strings.Contains(got.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%s: headers %v", at, got)
		}
	}
}

// TestAttackForgedForms: forms without the session's token, with another
// session's token, from another site, or from a stranger change nothing.
func TestAttackForgedForms(t *testing.T) {
	s := startSite(t, nil)
	boss := s.local("boss", "", "a pass phrase", true)
	s.local("ada", "", "a pass phrase", false)
	browser, ada := s.signedInAs("boss", "a pass phrase"), s.signedInAs("ada", "a pass phrase")
	foreign := hiddenField(t, s.get(ada, "/account"), "csrf")
	good := hiddenField(t, s.get(browser, "/account"), "csrf")
	console, account := ownForms(boss.ID)
	before := *s.account("boss")
	for _, to := range append(console, account...) {
		fields := url.Values{"username": {"x"}, "password": {"a pass phrase"}, "again": {"a pass phrase"}, "old": {"a pass phrase"}}
		for name, token := range map[string]string{"none": "", "a guess": "x", "another session's": foreign} {
			fields.Set("csrf", token)
			if p := s.submit(browser, to, fields); p.code() != "form_expired" && p.code() != "user_import_malformed" {
				t.Errorf("%s with token %s: %d %s", to, name, p.StatusCode, p.code())
			}
		}
		fields.Set("csrf", good)
		p := s.from(browser, http.MethodPost, to, fields, map[string]string{
			"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
		})
		if p.code() != "request_cross_origin" {
			t.Errorf("%s from another site: %d %s", to, p.StatusCode, p.code())
		}
		if p := s.submit(newBrowser(t), to, fields); p.StatusCode != 303 || !strings.HasPrefix(p.Header.Get("Location"), "/login") {
			t.Errorf("%s by a stranger: %d %s", to, p.StatusCode, p.code())
		}
	}
	for _, to := range console {
		if p := s.submit(ada, to, url.Values{"csrf": {foreign}}); p.code() != "console_forbidden" {
			t.Errorf("%s by a learner: %d %s", to, p.StatusCode, p.code())
		}
	}
	pages, _ := ownPages(boss.ID)
	for _, at := range pages {
		if p := s.get(ada, at); p.code() != "console_forbidden" {
			t.Errorf("%s for a learner: %d %s", at, p.StatusCode, p.code())
		}
	}
	if after := *s.account("boss"); after != before || s.whoIs(browser) != "boss" {
		t.Errorf("something changed: %+v", after)
	}
}

// TestAttackNext: signing in leads to pages of this site, whatever the link
// says.
func TestAttackNext(t *testing.T) {
	s := startSite(t, nil)
	s.local("ada", "", "a pass phrase", false)
	for _, next := range []string{
		"//evil.example", "https://evil.example/account", "/\\evil.example", "\\\\evil.example", "/account//evil.example",
		"/account/../../evil", "/account\r\nLocation: https://evil.example", "javascript:alert(1)", "/learn/x/", "/ui/x",
		"account", "/accounts", "/adminx", "/enter", "/account/%2e%2e//evil.example", "///evil.example/account",
		"/account" + strings.Repeat("x", 1<<12), "https:evil.example", "/lti_provider/x", "%2f%2fevil.example", "/\tevil.example",
	} {
		if p := s.trySignIn(newBrowser(t), "ada", "a pass phrase", next); p.Header.Get("Location") != "/account" {
			t.Errorf("%.60q leads to %.80q", next, p.Header.Get("Location"))
		}
		if p := s.get(newBrowser(t), "/login?next="+url.QueryEscape(next)); strings.Contains(p.body, "evil") {
			t.Errorf("%.60q is on the page", next)
		}
	}
}
