package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"lectern/internal/config"
)

// apartSite is a site whose course content has a host of its own: the same
// listener, reached by another name.
func apartSite(t *testing.T) *testSite {
	s := startSite(t, func(c *config.Config) {
		c.Listen = "127.0.0.1:0"
		c.ContentURL = "http://content.localhost:1"
	})
	s.importFiles(testCourse())
	s.consumer("consumer_key", "secret", nil)
	return s
}

// apart sends a request to the listener under the name of the content host.
func (s *testSite) apart(browser *http.Client, to string) page {
	s.t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodGet, s.url+u.RequestURI(), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Host = "content.localhost:1"
	return s.do(browser, r)
}

// TestContentHost: with a content URL learners' pages are on that host only,
// the console is on the other only, and launches land with cookies and without.
func TestContentHost(t *testing.T) {
	s := apartSite(t)
	for name, jar := range map[string]bool{"cookies": true, "no cookies": false} {
		t.Run(name, func(t *testing.T) {
			browser := newBrowser(t)
			if !jar {
				browser.Jar = nil
			}
			p := s.post(browser, s.good(path("html", "h1")))
			to := p.Header.Get("Location")
			if p.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, "http://content.localhost:1/learn/") || p.Header.Get("Set-Cookie") != "" {
				t.Fatalf("launch: %d to %q, cookie %q", p.StatusCode, to, p.Header.Get("Set-Cookie"))
			}
			for range 5 {
				if p = s.apart(browser, to); p.StatusCode != http.StatusSeeOther {
					break
				}
				to = p.Header.Get("Location")
			}
			if p.StatusCode != http.StatusOK || !strings.Contains(p.body, "Words of unit one.") || strings.Contains(to, "/~") == jar {
				t.Fatalf("landed: %d at %s", p.StatusCode, to)
			}
			u, err := url.Parse(to)
			if err != nil {
				t.Fatal(err)
			}
			if p := s.get(browser, u.Path); p.StatusCode != http.StatusNotFound {
				t.Errorf("the page is on the console's host too: %d", p.StatusCode)
			}
		})
	}
	for _, to := range []string{"/admin", "/login", "/account", "/lti_provider/courses/x"} {
		if p := s.apart(newBrowser(t), to); p.StatusCode != http.StatusNotFound {
			t.Errorf("%s is on the content host: %d", to, p.StatusCode)
		}
	}
}

// TestAttackForeignOffer: a cookie from elsewhere does not become a session,
// whatever the address says.
func TestAttackForeignOffer(t *testing.T) {
	s := apartSite(t)
	p := s.post(newBrowser(t), s.good(path("html", "h1")))
	u, err := p.Location()
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodGet, s.url+u.RequestURI()+"&c=planted", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "content.localhost:1"
	r.AddCookie(&http.Cookie{Name: "__Secure-lectern", Value: "planted"})
	landed := s.do(newBrowser(t), r)
	to := landed.Header.Get("Location")
	if landed.StatusCode != http.StatusSeeOther || !strings.Contains(to, "/~") {
		t.Fatalf("landed: %d at %q", landed.StatusCode, to)
	}
	again, err := http.NewRequest(http.MethodGet, s.url+u.Path, nil)
	if err != nil {
		t.Fatal(err)
	}
	again.Host = "content.localhost:1"
	again.AddCookie(&http.Cookie{Name: "__Secure-lectern", Value: "planted"})
	if p := s.do(newBrowser(t), again); p.StatusCode != http.StatusForbidden {
		t.Errorf("the planted cookie is a session: %d", p.StatusCode)
	}
}
