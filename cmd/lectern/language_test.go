package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"lectern/internal/fakelms"
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

// english are words that no German text of a page holds.
var english = regexp.MustCompile(`(?i)(?:^|[^\pL])(the|and|of|with|from|your|this|which|is|are|not|yet|for|to|by|it|its|has|have|that|here|there|when|only|does|been|were|than|more|other|new|missing|learners?|launches|scores|courses|save|add)(?:$|[^\pL])`)

// foreign is what other programs call things, a course of the sample LMS, and
// addresses.
var foreign = regexp.MustCompile(`„[^“]*“|https?://\S+|[\w-]+/[\w/-]+|X-Forwarded-\w+|Light and Colour`)

// leftEnglish returns the lines of a page that read English. Code, and what is
// marked as being in another language, is not read.
func leftEnglish(page string) []string {
	var found []string
	silent := 0
	void := map[string]bool{"input": true, "meta": true, "link": true, "img": true, "br": true, "hr": true, "path": true}
	look := func(text string) {
		if english.MatchString(foreign.ReplaceAllString(text, "")) {
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

// mistaken is a course with mistakes of many kinds, which its report tells.
func mistaken() map[string]string {
	files := testCourse()
	files["course/some_run.xml"] = strings.Replace(files["course/some_run.xml"], `<problem url_name="p2"/>`, `<problem url_name="p2"/>
		<problem url_name="lost"/><problem url_name="cut"/><problem url_name="both"/><problem url_name="queue"/><problem url_name="numpy"/>
		<problem url_name="twice"/><problem url_name="again"/><problem url_name="again"/><openassessment url_name="ora"/><strange url_name="x"/>
		<poll url_name="poll"/><lti url_name="tool" launch_url="nowhere" lti_id="none"/><h2>Outside</h2>
		<problem url_name="dated" due="someday" max_attempts="many"/>`, 1)
	for name, xml := range map[string]string{
		"cut":   `<problem><p></problem>`,
		"both":  `<problem><multiplechoiceresponse><choicegroup shuffle="true" answer-pool="3"><choice correct="true">a</choice><choice correct="false">b</choice></choicegroup></multiplechoiceresponse></problem>`,
		"queue": `<problem><coderesponse><textbox/></coderesponse></problem>`,
		"numpy": `<problem><script type="loncapa/python">import numpy</script><numericalresponse answer="1"><formulaequationinput/></numericalresponse></problem>`,
		"twice": `<problem><numericalresponse answer="1"><formulaequationinput/><formulaequationinput/></numericalresponse></problem>`,
		"again": `<problem><include file="away.xml"/></problem>`,
		"dated": `<problem><stringresponse answer="a"><textline/></stringresponse></problem>`,
	} {
		files["problem/"+name+".xml"] = xml
	}
	files["lti/tool.xml"] = `<lti url_name="tool" launch_url="nowhere" lti_id="none"/>`
	files["html/h1.html"] = `<p>Words of unit one. <a href="/static/none.pdf">away</a></p>`
	return files
}

// inGerman reads pages as somebody whose browser asks for German.
func (s *testSite) inGerman(browser *http.Client, list ...string) {
	s.t.Helper()
	for _, to := range list {
		p := s.get(browser, to)
		if p.StatusCode != http.StatusOK || !strings.Contains(p.body, `<html lang="de"`) {
			s.t.Errorf("%s: %d, %.200s", to, p.StatusCode, p.body)
		}
		for _, text := range leftEnglish(p.body) {
			s.t.Errorf("%s: %q", to, text)
		}
		for _, m := range regexp.MustCompile(`<span lang="en">([^<]*)`).FindAllStringSubmatch(p.body, -1) {
			s.t.Errorf("%s, not known: %q", to, m[1])
		}
	}
}

// TestConsoleInGerman walks the console as somebody whose browser asks for
// German, and chooses English in the end.
func TestConsoleInGerman(t *testing.T) {
	s := startSite(t, nil)
	lms, _, _ := s.scoreLMS()
	lms.FailOutcomes(fakelms.Unsupported, 1)
	course := s.importFiles(mistaken()).CourseKey
	c := s.consumer("secret", "secret", func(spec *registry.Spec) { spec.Name = "Schule" })
	for _, l := range s.spoiledLaunches() {
		l.send()
	}
	browser := inLanguage(s.signedInBrowser(), "de-CH, en;q=0.5")
	usage := strings.Replace(course, "course-v1:", "block-v1:", 1) + "+type@problem+block@block_id"
	s.inGerman(browser,
		"/admin", "/admin/consumers", "/admin/consumers/add", "/admin/consumers/"+c.ID, "/admin/consumers/"+c.ID+"/dates",
		"/admin/consumers/"+c.ID+"/connect/canvas", "/admin/consumers/"+c.ID+"/delete", "/admin/courses", "/admin/import",
		"/admin/launches", "/admin/test", "/admin/scores", "/admin/accounts", "/admin/accounts/add", "/admin/accounts/import",
		"/admin/search", "/account", "/account/delete", "/admin/consumers/"+c.ID+"?done=saved", "/admin/settings", "/admin/audit", "/admin/help", "/admin/help/operator/backup.md",
		"/admin/search?q=choice", "/admin/courses/"+course+"?status=all", "/admin/dates/"+course, "/admin/versions/"+course, "/admin/rescore/"+course,
		"/admin/rescore/"+course+"?block="+url.QueryEscape(usage), "/admin/learners/"+course,
	)
	var details []string
	for _, list := range []string{"/admin/launches", "/admin/scores", "/admin/accounts", "/admin/courses/" + course} {
		for _, m := range regexp.MustCompile(`href="(/admin/(?:launches|scores|accounts)/[0-9a-f-]{36}|/admin/block/[^"]*)"`).FindAllStringSubmatch(s.get(browser, list).body, -1) {
			details = append(details, html.UnescapeString(m[1]))
		}
	}
	if len(details) < 20 {
		t.Errorf("only %q", details)
	}
	s.inGerman(browser, details...)
	missing := s.get(browser, "/admin/launches/nothing")
	if left := leftEnglish(missing.body); missing.StatusCode != http.StatusNotFound || len(left) > 0 {
		t.Errorf("refusal: %d %q", missing.StatusCode, left)
	}
	p := s.submit(browser, "/language", url.Values{"language": {"en"}, "back": {"/admin/scores"}})
	if p = s.follow(browser, p); p.Request.URL.Path != "/admin/scores" || !strings.Contains(p.body, `<html lang="en"`) {
		t.Errorf("after choosing English: %s %.200s", p.Request.URL, p.body)
	}
}

// TestLanguageAfterAForm: a page that answers a form which was not taken is
// left by way of a page that a link may lead to.
func TestLanguageAfterAForm(t *testing.T) {
	s := startSite(t, nil)
	browser, _ := s.consoleOf()
	form := s.fill(s.get(browser, "/account"), "old", "a pass phrase", "new", "another pass phrase", "again", "something else")
	back := regexp.MustCompile(`name="back" value="([^"]*)"`)
	for _, tt := range []struct{ to, referer, want string }{
		{"/account/password", "", "/account"},
		{"/account/password", s.url + "/account?done=connected", "/account?done=connected"},
		{"/account/password", "https://evil.example/admin/scores", "/account"},
		{"/account/password", s.url + "/account/password", "/account"}, // sent a second time
		{"/account/password", s.url + "/learn/x/", "/account"},
		{"/admin/consumers/add", s.url + "/admin/consumers/add", "/admin/consumers/add"},
		{"/admin/consumers/add", "", "/admin/consumers/add"},
	} {
		header := map[string]string{}
		if tt.referer != "" {
			header["Referer"] = tt.referer
		}
		p := s.from(browser, http.MethodPost, tt.to, form, header)
		m := back.FindStringSubmatch(p.body)
		if p.StatusCode < 400 || m == nil || html.UnescapeString(m[1]) != tt.want {
			t.Errorf("%s from %q: %d, back %q, want %q", tt.to, tt.referer, p.StatusCode, m, tt.want)
			continue
		}
		p = s.follow(browser, s.submit(browser, "/language", url.Values{"language": {"de"}, "back": {html.UnescapeString(m[1])}}))
		if p.StatusCode != http.StatusOK || !strings.Contains(p.body, `<html lang="de"`) {
			t.Errorf("%s from %q, then %s: %d", tt.to, tt.referer, p.Request.URL, p.StatusCode)
		}
	}
}

// TestLearnersLanguage: the LMS's word goes before the browser's.
func TestLearnersLanguage(t *testing.T) {
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
