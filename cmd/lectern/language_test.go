package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"lectern/internal/locale"
	"lectern/internal/registry"
)

// speaking makes a browser ask for a language.
type speaking struct {
	language string
	inner    http.RoundTripper
}

func (s speaking) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Accept-Language", s.language)
	return s.inner.RoundTrip(r)
}

func inLanguage(browser *http.Client, language string) *http.Client {
	inner := browser.Transport
	if inner == nil {
		inner = http.DefaultTransport
	}
	browser.Transport = speaking{language, inner}
	return browser
}

// offered skips a test while German is a draft.
func offered(t *testing.T) {
	t.Helper()
	if locale.Find("de").Tag != "de" {
		t.Skip("German is a draft")
	}
}

// english are words that no German text of a page holds.
var english = regexp.MustCompile(`(?i)\b(the|and|of|with|from|your|this|which|is|are|not|yet|learners?|launches|scores|courses|save|add)\b`)

// leftEnglish returns the lines of a page that read English. Code, and what is
// marked as being in another language, is not read.
func leftEnglish(page string) []string {
	var found []string
	silent := 0
	void := map[string]bool{"input": true, "meta": true, "link": true, "img": true, "br": true, "hr": true, "path": true}
	look := func(text string) {
		if english.MatchString(text) {
			found = append(found, strings.TrimSpace(text))
		}
	}
	var open []bool
	for z := html.NewTokenizer(strings.NewReader(page)); z.Next() != html.ErrorToken; {
		token := z.Token()
		switch token.Type {
		case html.TextToken:
			if silent == 0 {
				look(token.Data)
			}
		case html.StartTagToken:
			hides := token.Data == "code" || token.Data == "script" || token.Data == "style" || token.Data == "svg"
			for _, a := range token.Attr {
				hides = hides || a.Key == "lang" && a.Val != "de"
				if silent == 0 && !hides && (a.Key == "aria-label" || a.Key == "placeholder" || a.Key == "title" || a.Key == "alt") {
					look(a.Val)
				}
			}
			if void[token.Data] {
				continue
			}
			if open = append(open, hides); hides {
				silent++
			}
		case html.EndTagToken:
			if void[token.Data] || len(open) == 0 {
				continue
			}
			if open[len(open)-1] {
				silent--
			}
			open = open[:len(open)-1]
		}
	}
	return found
}

// TestConsoleInGerman walks the console as somebody whose browser asks for
// German, and chooses English in the end.
func TestConsoleInGerman(t *testing.T) {
	offered(t)
	s := startSite(t, nil)
	s.importFiles(testCourse())
	c := s.consumer("k", "secret", func(spec *registry.Spec) { spec.Name = "Schule" })
	s.answered("k", "ada", "choice_1")
	browser := inLanguage(s.signedInBrowser(), "de-CH, en;q=0.5")
	for _, to := range []string{
		"/admin", "/admin/consumers", "/admin/consumers/add", "/admin/consumers/" + c.ID, "/admin/consumers/" + c.ID + "/dates",
		"/admin/consumers/" + c.ID + "/connect/canvas", "/admin/consumers/" + c.ID + "/delete", "/admin/courses", "/admin/import",
		"/admin/launches", "/admin/test", "/admin/scores", "/admin/accounts", "/admin/accounts/add", "/admin/accounts/import",
		"/admin/search", "/account", "/account/delete", "/admin/consumers/" + c.ID + "?done=saved",
	} {
		p := s.get(browser, to)
		if p.StatusCode != http.StatusOK || !strings.Contains(p.body, `<html lang="de"`) {
			t.Errorf("%s: %d, %.200s", to, p.StatusCode, p.body)
		}
		for _, text := range leftEnglish(p.body) {
			t.Errorf("%s: %q", to, text)
		}
	}
	missing := s.get(browser, "/admin/launches/nothing")
	if left := leftEnglish(missing.body); missing.StatusCode != http.StatusNotFound || len(left) > 0 {
		t.Errorf("refusal: %d %q", missing.StatusCode, left)
	}
	p := s.submit(browser, "/language", url.Values{"language": {"en"}, "back": {"/admin/scores"}})
	if p = s.follow(browser, p); p.Request.URL.Path != "/admin/scores" || !strings.Contains(p.body, `<html lang="en"`) {
		t.Errorf("after choosing English: %s %.200s", p.Request.URL, p.body)
	}
}

// TestLearnersLanguage: the LMS's word goes before the browser's.
func TestLearnersLanguage(t *testing.T) {
	offered(t)
	s := startSite(t, nil)
	s.importFiles(testCourse())
	s.consumer("k", "secret", nil)
	for _, tt := range []struct{ lms, browser, button string }{
		{"de-DE", "en", "Absenden"}, {"en_US", "de", "Submit"}, {"", "de", "Absenden"}, {"xx", "", "Submit"},
	} {
		m := s.good(path("problem", "block_id")).set("launch_presentation_locale", tt.lms)
		m.key = "k"
		p := s.open(inLanguage(newBrowser(t), tt.browser), m)
		if !regexp.MustCompile(`<button[^>]*>` + tt.button).MatchString(p.body) {
			t.Errorf("LMS %q, browser %q: %.300s", tt.lms, tt.browser, p.body)
		}
	}
}
