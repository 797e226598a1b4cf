package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"lectern/internal/config"
	"lectern/internal/fakelms"
	"lectern/internal/lmstest"
	"lectern/internal/pgtest"
	"lectern/internal/spectest"
)

var (
	formTag   = `(?s)<form[^>]*action="([^"]*problem/%s/[^"]*)"[^>]*>(.*?)</form>`
	hiddenTag = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)
)

// answer fills in and submits the form of a problem as a browser without
// JavaScript does, and returns the page that follows.
func (s *testSite) answer(browser *http.Client, p page, problem string, fields map[string]string) page {
	s.t.Helper()
	pattern := regexp.MustCompile(fmt.Sprintf(formTag, regexp.QuoteMeta(problem)))
	m := pattern.FindStringSubmatch(p.body)
	if m == nil {
		s.t.Fatalf("no form for %s on %s: %s", problem, p.Request.URL.Path, p.body)
	}
	form := url.Values{}
	for _, h := range hiddenTag.FindAllStringSubmatch(m[2], -1) {
		form.Set(h[1], h[2])
	}
	for name, value := range fields {
		form.Set("input_"+problem+name, value)
	}
	to, err := p.Request.URL.Parse(m[1])
	if err != nil {
		s.t.Fatal(err)
	}
	return s.follow(browser, s.submit(browser, strings.TrimPrefix(to.String(), s.url), form))
}

// fromLMS posts a launch of the sample LMS and returns the learner's page.
func (s *testSite) fromLMS(browser *http.Client, f fakelms.Form) page {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodPost, f.URL, strings.NewReader(f.Body()))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	p := s.follow(browser, s.do(browser, r))
	if p.StatusCode != http.StatusOK {
		s.t.Fatalf("launch from the LMS: %d %s", p.StatusCode, p.code())
	}
	return p
}

// postgres is the private server of this package's tests.
var postgres pgtest.Server

func TestMain(m *testing.M) {
	if os.Getenv(asLectern) != "" {
		main()
	}
	os.Exit(pgtest.Run(m, &postgres))
}

// TestJourney is the main job: from a click in an LMS to a score in its
// gradebook, for LMSs of many characters, and without JavaScript.
func TestJourney(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	for seed := range uint64(12) {
		t.Run(fmt.Sprintf("LMS %d", seed), func(t *testing.T) { s.journey(t, seed) })
	}
}

// TestJourneyPostgres is the same job on the other engine.
func TestJourneyPostgres(t *testing.T) {
	database := postgres.Database(t)
	s := startSite(t, func(c *config.Config) { c.Database = database })
	s.importFiles(testCourse())
	s.journey(t, 0)
}

func (s *testSite) journey(t *testing.T, seed uint64) {
	key := fmt.Sprintf("key-%d", seed)
	s.consumer(key, "s&cr=t é", nil)
	lms := lmstest.Start(t, fakelms.Options{Seed: seed, Key: key, Secret: "s&cr=t é"})
	if err := lms.SetLinks([]fakelms.Link{
		{ID: "leaf", Title: "Problem", LaunchURL: s.url + path("problem", "block_id"), Graded: true},
		{ID: "unit", Title: "Lesson", LaunchURL: s.url + path("sequential", "seq1"), Graded: true},
	}); err != nil {
		t.Fatal(err)
	}
	browser := newBrowser(t)
	p := s.fromLMS(browser, lms.MustLaunch("ana", "leaf"))
	s.fromLMS(newBrowser(t), lms.MustLaunch("ana", "unit"))
	p = s.answer(browser, p, "block_id", map[string]string{"_2_1": "choice_0"})
	if !strings.Contains(p.body, "Incorrect (0/1 point)") || !strings.Contains(p.body, "You have used 1 of 3 attempts") {
		t.Fatalf("after a wrong answer: %s", p.body)
	}
	lms.WaitGrade("ana", "leaf", "0", 5*time.Second)
	p = s.answer(browser, p, "block_id", map[string]string{"_2_1": "choice_1"})
	if !strings.Contains(p.body, "Correct (1/1 point)") || !strings.Contains(p.body, "You have used 2 of 3 attempts") {
		t.Fatalf("after the right answer: %s", p.body)
	}
	lms.WaitGrade("ana", "leaf", "1", 5*time.Second)
	lms.WaitGrade("ana", "unit", "0.5", 5*time.Second)
	if g, ok := lms.Grade("ben", "leaf"); ok && g.Value != "" {
		t.Errorf("somebody who never answered has grade %q", g.Value)
	}
}

// TestScoreList is what the command line says of the scores on their way.
func TestScoreList(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	s.consumer("k", "s", nil)
	lms := lmstest.Start(t, fakelms.Options{Key: "k", Secret: "s"})
	if err := lms.SetLinks([]fakelms.Link{
		{ID: "leaf", Title: "Problem", LaunchURL: s.url + path("problem", "block_id"), Graded: true},
	}); err != nil {
		t.Fatal(err)
	}
	browser := newBrowser(t)
	p := s.fromLMS(browser, lms.MustLaunch("ben", "leaf"))
	if rows := s.scoreList(); len(rows) != 0 {
		t.Fatalf("owed before any answer: %v", rows)
	}
	s.answer(browser, p, "block_id", map[string]string{"_2_1": "choice_1"})
	lms.WaitGrade("ben", "leaf", "1", 5*time.Second)
	rows := s.scoreList()
	if len(rows) != 1 {
		t.Fatalf("rows: %v", rows)
	}
	for _, field := range []string{"consumer", "account", "lti_user_id", "course", "usage", "earned", "possible",
		"score", "state", "attempts", "next_at", "last_error"} {
		if _, ok := rows[0][field]; !ok {
			t.Errorf("field %s is missing: %v", field, rows[0])
		}
	}
	if rows[0]["earned"] != 1.0 || rows[0]["possible"] != 1.0 || rows[0]["score"] != 1.0 || rows[0]["course"] != someCourse {
		t.Errorf("row: %v", rows[0])
	}
}

// command runs the command line on the site's data folder, in a process of its
// own as far as the database can tell.
func (s *testSite) command(args ...string) (code int, stdout, stderr string) {
	s.t.Helper()
	var out, errOut bytes.Buffer
	code = run(context.Background(), append([]string{"--data", s.app.Config.Data}, args...), &out, &errOut)
	return code, out.String(), errOut.String()
}

func (s *testSite) scoreList() []map[string]any {
	s.t.Helper()
	code, out, errOut := s.command("score", "list", "--json")
	var rows []map[string]any
	if err := json.Unmarshal([]byte(out), &rows); code != 0 || err != nil {
		s.t.Fatalf("score list: exit %d, %v\n%s%s", code, err, out, errOut)
	}
	return rows
}

// capture is a launch that a real Moodle posted.
type capture struct {
	LaunchURL string `json:"launch_url"`
	Key       string `json:"consumer_key"`
	Secret    string `json:"shared_secret"`
	RawBody   string `json:"raw_body"`
	HTTP      struct {
		Headers map[string]string `json:"headers"`
	} `json:"http"`
	Params map[string]string `json:"params"`
}

// TestMoodleLaunch sends the very bytes a real Moodle signed through the whole
// site, at the time it signed them: nothing is switched off.
func TestMoodleLaunch(t *testing.T) {
	var c capture
	spectest.JSON(t, &c, "data", "moodle", "moodle-lti11-launch-iframe-student.json")
	launchURL, err := url.Parse(c.LaunchURL)
	if err != nil {
		t.Fatal(err)
	}
	s := startSite(t, func(cfg *config.Config) { cfg.PublicURL = launchURL.Scheme + "://" + launchURL.Host })
	var seconds int64
	if _, err := fmt.Sscan(c.Params["oauth_timestamp"], &seconds); err != nil {
		t.Fatal(err)
	}
	s.clock.add(time.Until(time.Unix(seconds, 0)))
	files := testCourse()
	files["course.xml"] = `<course url_name="2026" org="Demo" course="X"/>`
	files["course/2026.xml"] = `<course display_name="Demo"><chapter url_name="c"><sequential url_name="s"><vertical url_name="v">
		<problem url_name="p1"/></vertical></sequential></chapter></course>`
	files["problem/p1.xml"] = files["problem/p2.xml"]
	s.importFiles(files)
	s.consumer(c.Key, c.Secret, nil)
	r, err := http.NewRequest(http.MethodPost, s.url+launchURL.RequestURI(), strings.NewReader(c.RawBody))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"content-type", "origin", "referer", "user-agent", "sec-fetch-site", "sec-fetch-dest"} {
		r.Header.Set(name, c.HTTP.Headers[name])
	}
	browser := newBrowser(t)
	p := s.do(browser, r)
	if p.StatusCode != http.StatusSeeOther {
		t.Fatalf("status %d, code %s", p.StatusCode, p.code())
	}
	if to := p.Header.Get("Location"); !strings.HasPrefix(to, "/learn/") {
		t.Errorf("lands at %s", to)
	}
}

// TestImportBesideServer: a course imported by another process is there at
// once, and learners keep what they did.
func TestImportBesideServer(t *testing.T) {
	s := gateSite(t)
	browser := newBrowser(t)
	p := s.open(browser, s.good(path("problem", "p2")))
	s.answer(browser, p, "p2", map[string]string{"_2_1": "42"})
	dir := t.TempDir()
	files := testCourse()
	files["html/h1.html"] = `<p>Words of the second version.</p>`
	writeFiles(t, dir, files)
	code, out, errOut := s.command("course", "import", dir, "--json")
	var report map[string]any
	if err := json.Unmarshal([]byte(out), &report); code != 0 || err != nil {
		t.Fatalf("import: exit %d, %v\n%s%s", code, err, out, errOut)
	}
	for _, field := range []string{"course_key", "version", "blocks", "problems", "dead_links", "errors"} {
		if _, ok := report[field]; !ok {
			t.Errorf("report lacks %s", field)
		}
	}
	if p := s.open(newBrowser(t), s.good(path("html", "h1"))); !strings.Contains(p.body, "second version") {
		t.Error("the server does not see the import")
	}
	if p := s.get(browser, p.Request.URL.String()); !strings.Contains(p.body, "Correct (1/1 point)") {
		t.Error("the learner's answer did not survive the import")
	}
}

// TestCommandLine: exit codes and what people read.
func TestCommandLine(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	for _, tt := range []struct {
		name string
		args []string
		code int
		want string // in what is printed
	}{
		{"version", []string{"version"}, 0, "lectern "},
		{"help", []string{"--help"}, 0, "consumer"},
		{"no command", nil, 2, "error:"},
		{"unknown flag", []string{"serve", "--no-such-flag"}, 2, "error:"},
		{"add", []string{"consumer", "add", "--name", "Canvas", "--key", "ck", "--secret", "cs", "--json"}, 0, `"secret": "cs"`},
		{"add again", []string{"consumer", "add", "--name", "Canvas"}, 1, "Another consumer has this name"},
		{"list", []string{"consumer", "list", "--json"}, 0, `"key": "ck"`},
		{"show hides the secret", []string{"consumer", "show", "Canvas"}, 0, "ck"},
		{"set", []string{"consumer", "set", "ck", "--require-user-account", "--json"}, 0, `"require_user_account": true`},
		{"set keeps the rest", []string{"consumer", "set", "ck", "--no-require-user-account", "--json"}, 0, `"name": "Canvas"`},
		{"disable", []string{"consumer", "disable", "ck"}, 0, ""},
		{"delete", []string{"consumer", "delete", "ck"}, 0, "Deleted Canvas"},
		{"delete again", []string{"consumer", "delete", "ck"}, 1, "no such LTI consumer"},
		{"courses", []string{"course", "list", "--json"}, 0, someCourse},
		{"links", []string{"course", "links", someCourse, "--json"}, 0, `"level": "subsection"`},
		{"links of no course", []string{"course", "links", "course-v1:a+b+c", "--json"}, 1, "not on this site"},
		{"import of nothing", []string{"course", "import", "/nonexistent"}, 1, "no archive or folder"},
		{"import with a bad key", []string{"course", "import", ".", "--course-key", "x"}, 1, "error:"},
		{"report", []string{"course", "show", someCourse}, 0, "Problems: 2 of 2 work here. 2 native"},
		{"user", []string{"user", "add", "ines"}, 0, "/login/set/"},
		{"users", []string{"user", "list", "--json"}, 0, `"username": "ines"`},
		{"learner", []string{"user", "add", "ada", "--email", "ADA@example.edu", "--learner"}, 0, "/login/set/"},
		{"learner with a taken address", []string{"user", "add", "b", "--email", "ada@example.edu", "--no-admin"}, 1, "has this e-mail address"},
		{"everybody", []string{"user", "list", "--all", "--json"}, 0, `"email": "ada@example.edu"`},
		{"a consumer to link", []string{"consumer", "add", "--name", "Moodle", "--key", "mk"}, 0, "mk"},
		{"link", []string{"user", "link", "Moodle", "42", "ada"}, 0, ""},
		{"link nobody", []string{"user", "link", "Moodle", "42", "nobody"}, 1, "no such user"},
		{"unlink", []string{"user", "unlink", "mk", "42"}, 0, ""},
		{"unlink again", []string{"user", "unlink", "mk", "42"}, 1, "no such user here"},
		{"merge with itself", []string{"user", "merge", "ada", "ada"}, 1, "into itself"},
		{"merge an administrator", []string{"user", "merge", "ines", "ada"}, 1, "without rights"},
		{"merge", []string{"user", "merge", "ada", "ines"}, 0, "Moved: 0 blocks"},
		{"open again", []string{"user", "enable", "ada"}, 0, ""},
		{"close", []string{"user", "disable", "ada"}, 0, ""},
		{"close the last administrator", []string{"user", "disable", "ines"}, 1, "last administrator"},
		{"launches", []string{"launch", "list", "--json"}, 0, "[]"},
		{"resend without a choice", []string{"score", "resend"}, 2, "error:"},
		{"resend all", []string{"score", "resend", "--all"}, 0, "0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, out, errOut := s.command(tt.args...)
			if code != tt.code || !strings.Contains(out+errOut, tt.want) {
				t.Errorf("exit %d, want %d and %q\n%s%s", code, tt.code, tt.want, out, errOut)
			}
		})
	}
}
