package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"lectern/internal/config"
	"lectern/internal/launchlog"
	"lectern/internal/oauth1"
	"lectern/internal/store"
)

var learnersCode = regexp.MustCompile(`<code id="reference">([2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4})</code>`)

// shown returns the code that a refusal's page tells the learner.
func (p page) shown(t testing.TB) string {
	t.Helper()
	m := learnersCode.FindStringSubmatch(p.body)
	if m == nil {
		t.Fatalf("no code to read out on the page: %.600s", p.body)
	}
	return m[1]
}

// logged returns the row that a learner's code finds.
func (s *testSite) logged(code string) store.LaunchEntry {
	s.t.Helper()
	var rows []store.LaunchEntry
	s.view(func(ctx context.Context, tx store.Tx) (err error) {
		rows, err = tx.LaunchLog().List(ctx, store.LaunchFilter{Reference: launchlog.Ending(code)})
		return err
	})
	if len(rows) != 1 {
		s.t.Fatalf("%s finds %d rows", code, len(rows))
	}
	return rows[0]
}

// spoiledLaunch is a launch that is refused, and what its operator is told.
type spoiledLaunch struct {
	name  string
	send  func() page
	code  string
	page  []string // on the operator's page
	cause string
}

// spoiledLaunches are launches of somebody private, spoiled in ways that happen.
func (s *testSite) spoiledLaunches() []spoiledLaunch {
	t := s.t
	block := path("html", "h1")
	private := func() *message {
		return s.good(block).set("lis_person_name_full", "Ana Private").set("lis_person_contact_email_primary", "ana@private.example").
			set("user_id", "private-user-id").set("custom_token", "private-token").
			set("launch_presentation_return_url", "https://lms.example.edu/back?sesskey=private")
	}
	host := strings.TrimPrefix(s.url, "http://")
	return []spoiledLaunch{
		{"another secret", func() page {
			m := private()
			m.secret = "mistyped"
			return s.post(newBrowser(t), m)
		}, "launch_signature_mismatch", []string{"does not match", "the secret in the LMS is another one"}, ""},
		{"key in place of the secret", func() page {
			m := private()
			m.secret = m.key
			return s.post(newBrowser(t), m)
		}, "launch_signature_mismatch", []string{"has the consumer key where the secret belongs", "Enter the consumer secret"},
			"secret the LMS has the consumer key where the secret belongs"},
		{"signed for the proxy's address", func() page {
			m := private()
			form := s.signedFor("https://courses.school.example", m)
			m.header = http.Header{"X-Forwarded-Host": {"courses.school.example"}, "X-Forwarded-Proto": {"https"}}
			return s.postForm(newBrowser(t), m, form)
		}, "launch_signature_mismatch", []string{
			"Signed for", "<code>https://courses.school.example/lti_provider/", "Served at", "<code>http://" + host + "/lti_provider/",
			"set LECTERN_PUBLIC_URL to https://courses.school.example", "LECTERN_TRUSTED_PROXIES",
		}, "host https://courses.school.example"},
		{"a parameter on the way", func() page {
			m := private()
			m.spoil = func(body string) string { return body + "&ext_submit=Open" }
			return s.post(newBrowser(t), m)
		}, "launch_signature_mismatch", []string{"ext_submit came along unsigned"}, "parameter ext_submit"},
		{"a clock behind", func() page {
			m := private()
			m.at = s.clock.now().Add(-14 * time.Minute)
			return s.post(newBrowser(t), m)
		}, "launch_timestamp_expired", []string{"14 min behind this site", "matches", "OAuth1 §3.3"}, "behind"},
		{"an unknown key", func() page {
			m := private()
			m.key = "no-such-key"
			return s.post(newBrowser(t), m)
		}, "launch_consumer_unknown", []string{"no consumer has this key", "no-such-key"}, "no-such-key"},
		{"no user", func() page { return s.post(newBrowser(t), private().drop("user_id")) },
			"launch_parameter_missing", []string{"missing: user_id"}, "missing: user_id"},
	}
}

// Every refusal tells the learner what to do and a code; the code leads the
// operator to what was signed, what was served and what to change, without a
// word of the learner.
func TestLaunchInspector(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	s.consumer("consumer_key", "secret", nil)
	admin := s.signedInBrowser()
	for _, tt := range s.spoiledLaunches() {
		t.Run(tt.name, func(t *testing.T) {
			refused := tt.send()
			if refused.code() != tt.code || !strings.Contains(refused.body, "lease") {
				t.Fatalf("code %s; the page says what to do: %.400s", refused.code(), refused.body)
			}
			row := s.logged(refused.shown(t))
			if row.Cause != tt.cause {
				t.Errorf("cause %q, want %q", row.Cause, tt.cause)
			}
			if len(row.Evidence) > 3<<10 {
				t.Errorf("%d bytes of evidence", len(row.Evidence))
			}
			found := s.get(admin, "/admin/launches?reference="+strings.ToLower(strings.ReplaceAll(refused.shown(t), "-", "+")))
			if to := found.Header.Get("Location"); to != "/admin/launches/"+row.ID {
				t.Fatalf("the learner's code leads to %q", to)
			}
			detail := s.follow(admin, found)
			for _, want := range tt.page {
				if !strings.Contains(detail.body, want) {
					t.Errorf("the page lacks %q: %s", want, detail.body)
				}
			}
			if everything := detail.body + row.Detail + row.Evidence + s.log.String(); strings.Contains(everything, "rivate") ||
				strings.Contains(everything, "mistyped") {
				t.Errorf("something private is kept")
			}
		})
	}
}

// signedFor signs a launch as if the site were at another address.
func (s *testSite) signedFor(origin string, m *message) []oauth1.Pair {
	here := s.url
	s.url = origin
	defer func() { s.url = here }()
	return s.signed(m)
}

// Refusals with one cause are one warning, on the console, in doctor, and not
// for what one learner did.
func TestLaunchWarnings(t *testing.T) {
	s := startSite(t, func(c *config.Config) { c.PublicURL = "https://courses.school.example" })
	s.importFiles(testCourse())
	s.consumer("consumer_key", "secret", nil)
	bad := func(origin string) {
		m := s.good(path("html", "h1"))
		s.postForm(newBrowser(t), m, s.signedFor(origin, m))
	}
	for range 3 {
		bad("http://courses.school.example")
	}
	bad("http://other.example")
	s.get(newBrowser(t), path("html", "h1"))
	s.get(newBrowser(t), path("html", "h1")) // opened without a launch, twice
	ok := s.good(path("html", "h1"))
	ok.at = s.clock.now().Add(-2 * time.Minute)
	if p := s.postForm(newBrowser(t), ok, s.signedFor("https://courses.school.example", ok)); p.StatusCode != http.StatusSeeOther {
		t.Fatalf("good launch: %d %s", p.StatusCode, p.code())
	}
	var list []launchlog.Warning
	s.view(func(ctx context.Context, tx store.Tx) (err error) {
		list, err = launchlog.Warnings(ctx, tx, s.clock.now())
		return err
	})
	if len(list) != 1 || list[0].Count != 3 || list[0].Cause != "scheme http://courses.school.example" ||
		!strings.Contains(list[0].Do, "begin with https://courses.school.example") {
		t.Fatalf("warnings %+v", list)
	}
	browser := s.signedInBrowser()
	for _, to := range []string{"/admin", "/admin/launches"} {
		if p := s.get(browser, to); !strings.Contains(p.body, "3 launches since") || !strings.Contains(p.body, "LMS consumer_key") {
			t.Errorf("%s lacks the warning", to)
		}
	}
	consumer := regexp.MustCompile(`/admin/consumers/[0-9a-f-]{36}`).FindString(s.get(browser, "/admin/consumers").body)
	if p := s.get(browser, consumer); !strings.Contains(p.body, "behind this site") || !strings.Contains(p.body, "Have it put right") {
		t.Errorf("the consumer's page does not tell its clock")
	}
	var out bytes.Buffer
	d := &doctor{app: &App{Config: s.app.Config, Context: context.Background(), Out: &out, Err: io.Discard, Clock: s.clock.now}}
	defer d.close()
	d.database(context.Background())
	d.refusals(context.Background())
	d.consumerClocks(context.Background())
	said, err := json.Marshal(d.found)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"3 launches of LMS consumer_key failed since", "begin with https://courses", "clock of LMS consumer_key is 2m0s"} {
		if !strings.Contains(string(said), want) {
			t.Errorf("doctor lacks %q: %s", want, said)
		}
	}
}

// The list filters, pages by key and exports; the command line shows the same.
func TestLaunchList(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	s.consumer("consumer_key", "secret", nil)
	if p := s.post(newBrowser(t), s.good(path("html", "h1")).set("custom_x", "=1+1")); p.StatusCode != http.StatusSeeOther {
		t.Fatalf("launch: %d", p.StatusCode)
	}
	refused := s.post(newBrowser(t), s.good(path("html", "gone")))
	err := s.app.Store.Update(context.Background(), func(tx store.Tx) error {
		for i := range 120 {
			e := store.LaunchEntry{At: s.clock.now().Add(-time.Hour - time.Duration(i)*time.Second), Code: "x", Detail: "=filler"}
			if err := tx.LaunchLog().Append(context.Background(), e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	browser := s.signedInBrowser()
	count := func(to string) (int, page) {
		p := s.get(browser, to)
		return strings.Count(p.body, `<td><a href="/admin/launches/`), p
	}
	next := regexp.MustCompile(`href="(/admin/launches\?[^"]*before[^"]*)"`)
	n, first := count("/admin/launches")
	m := next.FindStringSubmatch(first.body)
	if n != 100 || m == nil {
		t.Fatalf("first page: %d rows, next %v", n, m)
	}
	if n, p := count(strings.ReplaceAll(m[1], "&amp;", "&")); n != 22 || next.MatchString(p.body) {
		t.Errorf("second page: %d rows", n)
	}
	for query, want := range map[string]int{
		"verdict=opened": 1, "text=BLOCK@H1": 1, "code=launch_content_unknown": 1, "course=nowhere": 0,
		"verdict=refused&text=launch_content": 1, "reference=" + refused.shown(t) + "&verdict=opened": 0,
	} {
		if n, _ := count("/admin/launches?" + query); n != want {
			t.Errorf("%s: %d rows, want %d", query, n, want)
		}
	}
	csv := s.get(browser, "/admin/launches.csv")
	if strings.Count(csv.body, "\n") != 123 || !strings.Contains(csv.body, "'=filler") || !strings.Contains(csv.body, refused.shown(t)) {
		t.Errorf("CSV: %.500s", csv.body)
	}
	for args, want := range map[string]string{
		"show " + strings.ToLower(refused.shown(t)):  "what to change",
		"show " + refused.shown(t) + " --json":       `"code": "launch_content_unknown"`,
		"list --good --text block@h1":                "ok",
		"list --failed --course " + someCourse:       refused.shown(t),
		"list --json --code launch_content_unknown ": `"learners_code": "` + refused.shown(t) + `"`,
	} {
		code, out, errOut := s.command(append([]string{"launch"}, strings.Fields(args)...)...)
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("launch %s: %d %s\n%s", args, code, errOut, out)
		}
	}
}
