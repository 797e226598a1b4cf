package main

import (
	"context"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"lectern/internal/registry"
	"lectern/internal/store"
)

// signedInBrowser goes through the first start and returns a browser inside
// the console.
func (s *testSite) signedInBrowser() *http.Client {
	s.t.Helper()
	link, err := s.site.signIn.FirstRun(context.Background())
	if err != nil || link == "" {
		s.t.Fatalf("FirstRun = %q, %v", link, err)
	}
	browser := newBrowser(s.t)
	to := "/login/set/" + link
	form := s.get(browser, to)
	if p := form; p.StatusCode != 200 || !strings.Contains(p.body, "<strong>admin</strong>") {
		s.t.Fatalf("set-up page: %d", p.StatusCode)
	}
	p := s.submit(browser, to, s.fill(form, "password", "a pass phrase", "again", "a pass phrase"))
	if p = s.follow(browser, p); p.StatusCode != 200 || !strings.Contains(p.body, "LTI Provider") {
		s.t.Fatalf("after set-up: %d %.200s", p.StatusCode, p.body)
	}
	return browser
}

// submit posts a form as a browser on the site's own page does.
func (s *testSite) submit(browser *http.Client, to string, form url.Values) page {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodPost, s.url+to, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", s.url)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	return s.do(browser, r)
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// fill reads a form's hidden token and sets fields.
func (s *testSite) fill(p page, fields ...string) url.Values {
	s.t.Helper()
	m := csrfField.FindStringSubmatch(p.body)
	if m == nil {
		s.t.Fatalf("no form on the page: %.300s", p.body)
	}
	form := url.Values{"csrf": {m[1]}}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return form
}

// TestOperatorGuide follows the operator's guide: Add, name, generated key and
// secret, Save; then that consumer launches.
func TestOperatorGuide(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	browser := s.signedInBrowser()
	add := s.get(browser, "/admin/consumers/add")
	for _, label := range []string{"Consumer Name", "Consumer Key", "Consumer Secret", "Instance guid",
		"Require user account", "Use lti pii", ">Save<"} {
		if !strings.Contains(add.body, label) {
			t.Errorf("the form lacks %q", label)
		}
	}
	generated := func(field string) string {
		m := regexp.MustCompile(`id="` + field + `"[^>]* value="([^"]+)"`).FindStringSubmatch(add.body)
		if m == nil {
			t.Fatalf("%s is not generated", field)
		}
		return m[1]
	}
	key, secret := generated("consumer_key"), generated("consumer_secret")
	saved := s.follow(browser, s.submit(browser, "/admin/consumers/add",
		s.fill(add, "consumer_name", "Moodle <b>", "consumer_key", key, "consumer_secret", secret)))
	if saved.StatusCode != 200 || !strings.Contains(saved.body, "Moodle &lt;b&gt;") {
		t.Fatalf("after Save: %d", saved.StatusCode)
	}
	if strings.Contains(saved.body, secret) {
		t.Error("the secret is shown without being asked for")
	}
	at := saved.Request.URL.Path
	if shown := s.submit(browser, at+"/secret", s.fill(saved)); !strings.Contains(shown.body, secret) {
		t.Error("Show secret does not")
	}
	m := s.good(path("html", "h1")).set("tool_consumer_instance_guid", "moodle.example.edu")
	m.key, m.secret = key, secret
	if p := s.open(newBrowser(t), m); p.StatusCode != 200 {
		t.Fatalf("the new consumer cannot launch: %d", p.StatusCode)
	}
	if after := s.get(browser, at); !strings.Contains(after.body, `value="moodle.example.edu" readonly`) {
		t.Error("the captured GUID is not shown read-only")
	}
	if list := s.get(browser, "/admin/consumers?q=MOODLE"); !strings.Contains(list.body, key) {
		t.Error("search does not find it")
	}
	disabled := s.follow(browser, s.submit(browser, at+"/disable", s.fill(saved)))
	if !strings.Contains(disabled.body, "Enable") || s.post(newBrowser(t), m).StatusCode != http.StatusForbidden {
		t.Error("Disable does not stop launches")
	}
	confirm := s.get(browser, at+"/delete")
	if !strings.Contains(confirm.body, "<li>1 link between") {
		t.Errorf("the confirmation does not count what goes: %s", confirm.body)
	}
	gone := s.follow(browser, s.submit(browser, at+"/delete", s.fill(confirm)))
	if !strings.Contains(gone.body, "No external LMS is registered yet") {
		t.Error("Delete does not")
	}
}

func TestConsumerFormErrors(t *testing.T) {
	s := startSite(t, nil)
	s.consumer("taken-key", "s", func(spec *registry.Spec) { spec.Name = "Taken" })
	browser := s.signedInBrowser()
	add := s.get(browser, "/admin/consumers/add")
	for _, tt := range []struct{ name, key, secret, want string }{
		{" ", "k", "s", "Enter a name"},
		{"taken", "k", "s", "Another consumer has this name"},
		{"Canvas", "taken-key", "s", "Another consumer has this key"},
		{strings.Repeat("x", 256), "k", "s", "at most 255"},
	} {
		p := s.submit(browser, "/admin/consumers/add",
			s.fill(add, "consumer_name", tt.name, "consumer_key", tt.key, "consumer_secret", tt.secret))
		if p.StatusCode != http.StatusBadRequest || !strings.Contains(p.body, tt.want) ||
			!strings.Contains(p.body, `value="`+tt.key+`"`) {
			t.Errorf("%q: %d, want %q and the typed values again", tt.name, p.StatusCode, tt.want)
		}
	}
}

// TestConsoleAgainstScripts: course scripts on the same origin, other sites and
// strangers get nothing from the console.
func TestConsoleAgainstScripts(t *testing.T) {
	s := startSite(t, nil)
	browser := s.signedInBrowser()
	home := s.get(browser, "/admin")
	if home.Header.Get("Cross-Origin-Opener-Policy") != "same-origin" ||
		!strings.Contains(home.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
		t.Errorf("headers: %v", home.Header)
	}
	fetched := func(mode, dest string) page {
		r, err := http.NewRequest(http.MethodGet, s.url+"/admin/consumers/add", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Sec-Fetch-Mode", mode)
		r.Header.Set("Sec-Fetch-Dest", dest)
		return s.do(browser, r)
	}
	if p := fetched("cors", "empty"); p.StatusCode != 403 || strings.Contains(p.body, "csrf") {
		t.Errorf("a script may read the console: %d", p.StatusCode)
	}
	if p := fetched("navigate", "iframe"); p.StatusCode != 403 {
		t.Errorf("the console opens in a frame: %d", p.StatusCode)
	}
	if p := fetched("navigate", "document"); p.StatusCode != 200 {
		t.Errorf("a person may not open it: %d", p.StatusCode)
	}
	without := s.submit(browser, "/admin/consumers/add", url.Values{"consumer_name": {"x"}, "csrf": {"guess"}})
	if without.StatusCode != 403 {
		t.Errorf("a form without its token: %d", without.StatusCode)
	}
	for _, to := range []string{"/admin", "/admin/consumers", "/admin/courses", "/admin/launches", "/admin/scores"} {
		p := s.get(newBrowser(t), to)
		if p.StatusCode != 303 || !strings.HasPrefix(p.Header.Get("Location"), "/login") {
			t.Errorf("a stranger at %s: %d", to, p.StatusCode)
		}
		form := s.get(browser, to)
		if p := form; p.StatusCode != 200 {
			t.Errorf("an administrator at %s: %d %s", to, p.StatusCode, p.code())
		}
	}
	if p := s.get(newBrowser(t), "/login?next=//evil.example/admin"); strings.Contains(p.body, "evil.example") {
		t.Error("signing in leads to another site")
	}
}

// TestAuditHasPages: entries older than the first page can be reached, also those
// about one subject.
func TestAuditHasPages(t *testing.T) {
	s := startSite(t, nil)
	admin := s.signedInBrowser()
	err := s.app.Store.Update(context.Background(), func(tx store.Tx) error {
		for i := range 450 {
			e := store.AuditEntry{At: s.clock.now(), Who: "command line", Act: "course.import", Subject: "course-" + strconv.Itoa(i%2)}
			if err := tx.Audit().Append(context.Background(), e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	next := regexp.MustCompile(`href="(/admin/audit\?[^"]*before=[^"]*)" rel="next"`)
	for about, want := range map[string]int{"": 452, "?about=course-1": 225} {
		rows, pages := 0, 0
		for at := "/admin/audit" + about; at != "" && pages < 20; pages++ {
			p := s.get(admin, at)
			rows += strings.Count(p.body, "<time datetime")
			at = ""
			if m := next.FindStringSubmatch(p.body); m != nil {
				at = html.UnescapeString(m[1])
			}
		}
		if rows < want || rows > want+10 || pages < 2 {
			t.Errorf("%q: %d entries on %d pages, want %d", about, rows, pages, want)
		}
	}
	if p := s.get(admin, "/admin/audit?before=9.%00"); p.StatusCode != 200 {
		t.Errorf("a place that is none: %d", p.StatusCode)
	}
}
