package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"lectern/internal/config"
	"lectern/internal/importer"
	"lectern/internal/lti"
	"lectern/internal/oauth1"
	"lectern/internal/registry"
	"lectern/internal/store"
)

// testSite is a whole site on loopback: real database, real HTTP.
type testSite struct {
	t     testing.TB
	app   *App
	site  *site
	url   string
	log   *syncBuffer
	clock *testClock
}

// testClock is a clock that tests move.
type testClock struct {
	mu     sync.Mutex
	offset time.Duration
}

func (c *testClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().UTC().Add(c.offset)
}

func (c *testClock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}

// syncBuffer is a log that several goroutines write.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// startSite runs a site whose settings change has adapted.
func startSite(t testing.TB, change func(*config.Config)) *testSite {
	t.Helper()
	s := &testSite{t: t, log: &syncBuffer{}, clock: &testClock{}}
	c := &config.Config{
		Listen: "127.0.0.1:0", Data: t.TempDir(), AggregateDelay: 50 * time.Millisecond,
		LaunchWindow: 5 * time.Minute, EmailDomain: "lti.example.com", LTIProvider: true, LaunchLogDays: 30,
		OutboundAllow: []string{"127.0.0.0/8"}, Python: config.Python{PythonPool: 2, PythonCache: config.SharedPythonCache()},
	}
	if change != nil {
		change(c)
	}
	s.app = &App{Config: c, Context: context.Background(), Out: io.Discard, Err: s.log, Clock: s.clock.now}
	if err := s.app.Open(); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		t.Fatal(err)
	}
	if s.site, err = newSite(s.app, listener); err != nil {
		t.Fatal(err)
	}
	s.url = "http://" + listener.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.site.run(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && !strings.Contains(err.Error(), "Server closed") {
			t.Errorf("stopping: %v", err)
		}
		s.app.Close()
	})
	return s
}

// importFiles imports a course given as files.
func (s *testSite) importFiles(files map[string]string) *importer.Report {
	s.t.Helper()
	dir := filepath.Join(s.t.TempDir(), "course")
	writeFiles(s.t, dir, files)
	report, err := s.app.Importer.Import(context.Background(), dir, importer.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	return report
}

func writeFiles(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// consumer registers a consumer with these credentials.
func (s *testSite) consumer(key, secret string, change func(*registry.Spec)) *lti.Consumer {
	s.t.Helper()
	spec := registry.Spec{Name: "LMS " + key, Key: key, Secret: secret}
	if change != nil {
		change(&spec)
	}
	c, _, err := s.app.Registry.Add(context.Background(), "test", spec)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// consumerNow reads a consumer from the database.
func (s *testSite) consumerNow(id string) *lti.Consumer {
	s.t.Helper()
	c, err := s.app.Registry.ByID(context.Background(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// view reads from the database.
func (s *testSite) view(f func(ctx context.Context, tx store.Tx) error) {
	s.t.Helper()
	ctx := context.Background()
	if err := s.app.Store.View(ctx, func(tx store.Tx) error { return f(ctx, tx) }); err != nil {
		s.t.Fatal(err)
	}
}

// message is a launch that a test may spoil.
type message struct {
	path        string // below the site's address, with query
	signPath    string // what is signed instead, when set
	key, secret string
	form        []oauth1.Pair
	contentType string
	at          time.Time
	nonce       string
	spoil       func(body string) string
	header      http.Header
}

const (
	someCourse = "course-v1:some_org+some_course+some_run"
	someBlock  = "block-v1:some_org+some_course+some_run+type@"
)

// path returns the launch path of a block of the test course.
func path(typ, id string) string {
	return "/lti_provider/courses/" + someCourse + "/" + someBlock + typ + "+block@" + id
}

// good returns a launch that works: the nine parameters and the usual others.
func (s *testSite) good(p string) *message {
	return &message{
		path: p, key: "consumer_key", secret: "secret", contentType: "application/x-www-form-urlencoded",
		form: []oauth1.Pair{
			{Name: "roles", Value: "Learner"}, {Name: "context_id", Value: "lti_launch_context_id"},
			{Name: "user_id", Value: "LTI_User"}, {Name: "lti_message_type", Value: "basic-lti-launch-request"},
			{Name: "lti_version", Value: "LTI-1p0"}, {Name: "resource_link_id", Value: "rl-1"},
		},
	}
}

// set replaces a parameter, or adds it.
func (m *message) set(name, value string) *message {
	for i := range m.form {
		if m.form[i].Name == name {
			m.form[i].Value = value
			return m
		}
	}
	m.form = append(m.form, oauth1.Pair{Name: name, Value: value})
	return m
}

// drop removes a parameter.
func (m *message) drop(name string) *message {
	var kept []oauth1.Pair
	for _, p := range m.form {
		if p.Name != name {
			kept = append(kept, p)
		}
	}
	m.form = kept
	return m
}

// signed returns the form with its signature.
func (s *testSite) signed(m *message) []oauth1.Pair {
	s.t.Helper()
	signer := oauth1.Signer{Key: m.key, Secret: m.secret, Clock: s.clock.now}
	if !m.at.IsZero() {
		signer.Clock = func() time.Time { return m.at }
	}
	if m.nonce != "" {
		signer.Nonce = func() string { return m.nonce }
	}
	p := m.path
	if m.signPath != "" {
		p = m.signPath
	}
	form, err := signer.Form(s.url+p, m.form)
	if err != nil {
		s.t.Fatal(err)
	}
	return form
}

// page is an answer with its body read.
type page struct {
	*http.Response
	body string
}

// newBrowser returns a client with cookies that follows no redirects.
func newBrowser(t testing.TB) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: &laxJar{jar}, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
}

// laxJar keeps Secure cookies over http on loopback, as browsers do.
type laxJar struct{ http.CookieJar }

func (j *laxJar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	for _, c := range cookies {
		c.Secure = false
	}
	j.CookieJar.SetCookies(u, cookies)
}

// post sends a launch.
func (s *testSite) post(browser *http.Client, m *message) page {
	s.t.Helper()
	return s.postForm(browser, m, s.signed(m))
}

func (s *testSite) postForm(browser *http.Client, m *message, form []oauth1.Pair) page {
	s.t.Helper()
	body := oauth1.EncodeForm(form)
	if m.spoil != nil {
		body = m.spoil(body)
	}
	r, err := http.NewRequest(http.MethodPost, s.url+m.path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", m.contentType)
	r.Header.Set("Origin", "https://lms.example.edu")
	for name, values := range m.header {
		r.Header[name] = values
	}
	return s.do(browser, r)
}

func (s *testSite) do(browser *http.Client, r *http.Request) page {
	s.t.Helper()
	if r.Header.Get("User-Agent") == "" {
		r.Header.Set("User-Agent", "Test Browser")
	}
	resp, err := browser.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return page{resp, string(body)}
}

func (s *testSite) get(browser *http.Client, to string) page {
	s.t.Helper()
	if !strings.HasPrefix(to, "http") {
		to = s.url + to
	}
	r, err := http.NewRequest(http.MethodGet, to, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.do(browser, r)
}

// follow goes where redirects lead, at most five.
func (s *testSite) follow(browser *http.Client, p page) page {
	s.t.Helper()
	for range 5 {
		to, err := p.Location()
		if err != nil {
			return p
		}
		p = s.get(browser, to.String())
	}
	return p
}

// open launches and returns the learner's page.
func (s *testSite) open(browser *http.Client, m *message) page {
	s.t.Helper()
	p := s.post(browser, m)
	if p.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("launch: status %d, code %s", p.StatusCode, p.code())
	}
	return s.follow(browser, p)
}

var codePattern = regexp.MustCompile(`mention:? <code>([a-z0-9_]+)</code>`)

// code returns the error code on a page, or "".
func (p page) code() string {
	if m := codePattern.FindStringSubmatch(p.body); m != nil {
		return m[1]
	}
	return ""
}

// testCourse is a course with every kind of gate.
func testCourse() map[string]string {
	return map[string]string{
		"course.xml": `<course url_name="some_run" org="some_org" course="some_course"/>`,
		"course/some_run.xml": `<course display_name="Some course" start="2020-01-01T00:00:00Z">
			<chapter url_name="ch1" display_name="Chapter one">
				<sequential url_name="seq1" display_name="Lesson one">
					<vertical url_name="v1" display_name="Unit one">
						<html url_name="h1"/>
						<problem url_name="block_id"/>
					</vertical>
					<vertical url_name="v2" display_name="Unit two"><problem url_name="p2"/></vertical>
					<vertical url_name="future" display_name="Later" start="2099-01-01T00:00:00Z"><html url_name="h2"/></vertical>
					<vertical url_name="staff" display_name="Secret" visible_to_staff_only="true"><html url_name="h3"/></vertical>
				</sequential>
			</chapter>
		</course>`,
		"html/h1.xml":  `<html url_name="h1" filename="h1" display_name="Words"/>`,
		"html/h1.html": `<p>Words of unit one.</p>`,
		"html/h2.xml":  `<html url_name="h2" filename="h2"/>`, "html/h2.html": `<p>Words of the future.</p>`,
		"html/h3.xml": `<html url_name="h3" filename="h3"/>`, "html/h3.html": `<p>Words for staff.</p>`,
		"problem/block_id.xml": `<problem display_name="A choice" max_attempts="3"><multiplechoiceresponse><label>Pick b</label>
			<choicegroup type="MultipleChoice"><choice correct="false">a</choice><choice correct="true">b</choice></choicegroup>
			</multiplechoiceresponse></problem>`,
		"problem/p2.xml": `<problem display_name="A number"><numericalresponse answer="42"><label>How many?</label>
			<formulaequationinput/></numericalresponse></problem>`,
	}
}
