package main

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lectern/internal/config"
	"lectern/internal/oauth1"
	"lectern/internal/registry"
	"lectern/internal/store"
)

// gateSite is a site with the test course and consumer C1.
func gateSite(t *testing.T) *testSite {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	s.consumer("consumer_key", "secret", nil)
	return s
}

// gate is one launch and its answer: status, and the code on its page.
type gate struct {
	name   string
	change change
	status int
	code   string
}

// change spoils a good launch.
type change func(m *message)

func set(name, value string) change { return func(m *message) { m.set(name, value) } }
func drop(name string) change       { return func(m *message) { m.drop(name) } }
func goTo(p string) change          { return func(m *message) { m.path = p } }

// TestGates is the list of gates at the front door.
func TestGates(t *testing.T) {
	s := gateSite(t)
	for _, tt := range slices.Concat(credentialGates(), addressGates(), contentGates()) {
		t.Run(tt.name, func(t *testing.T) {
			m := s.good(path("problem", "block_id"))
			tt.change(m)
			p := s.post(newBrowser(t), m)
			if p.StatusCode != tt.status || tt.code != "" && p.code() != tt.code {
				t.Fatalf("status %d, code %q; want %d %q\n%.300s", p.StatusCode, p.code(), tt.status, tt.code, p.body)
			}
			if p.Header.Get("P3P") == "" { // T29
				t.Error("no P3P header")
			}
			if tt.status != 303 {
				checkRefusal(t, p)
			}
		})
	}
}

// credentialGates are refusals of the message itself.
func credentialGates() []gate {
	return []gate{
		{"T1 good", func(*message) {}, 303, ""},
		{"T2 good, with optional parameters", func(m *message) {
			m.set("context_title", "context title").set("context_label", "context label")
			m.set("lis_result_sourcedid", "result sourcedid").set("lis_outcome_service_url", "outcome service URL")
			m.set("tool_consumer_instance_guid", "consumer instance guid")
		}, 303, ""},
		{"T4 roles", drop("roles"), 400, "launch_parameter_missing"},
		{"T5 context_id", drop("context_id"), 400, "launch_parameter_missing"},
		{"T12 user_id", drop("user_id"), 400, "launch_parameter_missing"},
		{"T13 context_id empty", set("context_id", ""), 303, ""},
		{"T14 user_id empty", set("user_id", ""), 400, "launch_user_missing"},
		{"T16 bad signature", func(m *message) { m.secret = "wrong" }, 403, "launch_signature_mismatch"},
		{"T21 unknown key", func(m *message) { m.key = "nobody" }, 403, "launch_consumer_unknown"},
		{"T23 missing and bad course", func(m *message) {
			m.drop("roles")
			m.path = "/lti_provider/courses/course-v1:no+run/x"
		}, 404, ""}, // not even the shape of an address
		{"T23 missing and unknown course key", func(m *message) {
			m.drop("roles")
			m.path = "/lti_provider/courses/course-v1:a+b+c%20d/not-a-key"
		}, 400, "launch_parameter_missing"},
		{"T23 signature and bad course key", func(m *message) {
			m.secret = "wrong"
			m.path = "/lti_provider/courses/course-v1:a+b+c%20d/not-a-key"
		}, 403, "launch_signature_mismatch"},
	}
}

// addressGates are refusals of what the address names, and forms from other sites.
func addressGates() []gate {
	return []gate{
		{"T24 usage is no key", goTo("/lti_provider/courses/" + someCourse + "/not-a-key"), 404, "key_usage_invalid"},
		{"T25 usage of another course, known here", goTo("/lti_provider/courses/" + someCourse +
			"/block-v1:edX+A+1+type@problem+block@block_id"), 303, ""},
		{"T25 usage of another course, unknown here", goTo("/lti_provider/courses/" + someCourse +
			"/block-v1:edX+A+1+type@problem+block@x"), 404, "launch_content_unknown"},
		{"T26 library block", goTo("/lti_provider/courses/" + someCourse + "/lb:org:lib:problem:p"), 404, "key_usage_invalid"},
		{"T27 trailing slash", goTo(path("problem", "block_id") + "/"), 404, ""},
		{"T27 two usages", goTo(path("vertical", "v1") + "/" + someBlock + "problem+block@block_id"), 404, ""},
		{"T27 no usage", goTo("/lti_provider/courses/" + someCourse), 404, ""},
		{"course not here", goTo("/lti_provider/courses/course-v1:edX+B+2/block-v1:edX+B+2+type@problem+block@x"),
			404, "course_unknown"},
		{"T31 no CSRF token, other site", func(m *message) {
			m.header = http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}}
		}, 303, ""},
		{"T32 version, type and link missing", func(m *message) {
			m.drop("lti_message_type").drop("lti_version").drop("resource_link_id")
		}, 303, ""},
		{"T32 another message", set("lti_message_type", "ToolProxyRegistrationRequest"), 400, "launch_message_type_unsupported"},
		{"a request for content without an address to answer", set("lti_message_type", "ContentItemSelectionRequest"), 400, "content_item_return_refused"},
		{"T33 user_id twice", func(m *message) {
			m.form = append(m.form, oauth1.Pair{Name: "user_id", Value: "b"})
		}, 400, "launch_parameter_repeated"},
	}
}

// contentGates are refusals of what the learner may not see, of stale launches and of hostile bodies.
func contentGates() []gate {
	return []gate{
		{"T44 not started", goTo(path("vertical", "future")), 404, "block_not_started"},
		{"T45 staff only", goTo(path("vertical", "staff")), 404, "block_staff_only"},
		{"T46 student_view of a unit", goTo(path("vertical", "v1") + "?view=student_view"), 303, ""},
		{"T46 student_view of html", goTo(path("html", "h1") + "?view=student_view"), 303, ""},
		{"T47 author_view", goTo(path("vertical", "v1") + "?view=author_view"), 400, "launch_view_unknown"},
		{"T52 query added after signing", func(m *message) { m.signPath, m.path = m.path, m.path+"?show_title=0" },
			403, "launch_signature_mismatch"},
		{"T54 no such block", goTo(path("html", "draft")), 404, "launch_content_unknown"},
		{"T68 an hour ago", func(m *message) { m.at = time.Now().Add(-time.Hour) }, 403, "launch_timestamp_expired"},
		{"T69 in an hour", func(m *message) { m.at = time.Now().Add(time.Hour) }, 403, "launch_timestamp_expired"},
		{"T85 percent-encoded path", goTo(strings.NewReplacer(":", "%3A", "+", "%2B", "@", "%40").Replace(path("problem", "block_id"))), 303, ""},
		{"T92 multipart", func(m *message) { m.contentType = "multipart/form-data; boundary=x" }, 400, "launch_parameter_missing"},
		{"T92 no content type", func(m *message) { m.contentType = "" }, 400, "launch_parameter_missing"},
		{"T99 raw byte", func(m *message) { m.spoil = func(b string) string { return b + "&x=\xff" } }, 400, "form_not_utf8"},
		{"T99 escaped byte", func(m *message) { m.spoil = func(b string) string { return b + "&x=%ff" } },
			403, "launch_encoding_invalid"},
		{"10,000 pairs", func(m *message) {
			m.spoil = func(b string) string { return b + strings.Repeat("&a=b", 10_000) }
		}, 413, "form_too_many_fields"},
		{"2 MB", func(m *message) {
			m.spoil = func(b string) string { return b + "&x=" + strings.Repeat("y", 2<<20) }
		}, 413, "launch_too_large"},
	}
}

// checkRefusal checks what every refusal must be: a page that any LMS can
// frame, with a way to act [T30].
func checkRefusal(t *testing.T, p page) {
	t.Helper()
	if p.Header.Get("X-Frame-Options") != "" || !strings.Contains(p.Header.Get("Content-Security-Policy"), "frame-ancestors *") {
		t.Errorf("a refusal must be framed: %v", p.Header)
	}
	if !strings.Contains(p.body, "<h1>") || p.code() == "" {
		t.Errorf("not a page one can act on: %.300s", p.body)
	}
}

// T28: GET and others are no launches, and answer cheaply.
func TestT28OtherMethods(t *testing.T) {
	s := gateSite(t)
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE"} {
		r, err := http.NewRequest(method, s.url+path("problem", "block_id"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if p := s.do(newBrowser(t), r); p.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d, want 400", method, p.StatusCode)
		}
	}
}

// T15, T23: switched off comes before everything else.
func TestT15Off(t *testing.T) {
	s := startSite(t, func(c *config.Config) { c.LTIProvider = false })
	p := s.post(newBrowser(t), s.good(path("problem", "block_id")).drop("roles"))
	if p.StatusCode != http.StatusForbidden || p.code() != "launch_disabled" {
		t.Errorf("status %d, code %q", p.StatusCode, p.code())
	}
}

// T17-T19: the GUID comes from verified launches only, the first one counts,
// and empty is none.
func TestT17GUID(t *testing.T) {
	s := gateSite(t)
	c, err := s.app.Registry.Find(context.Background(), "consumer_key")
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ guid, secret, want string }{
		{"stolen", "wrong", ""}, {"", "secret", ""}, {"g-1", "secret", "g-1"}, {"g-2", "secret", "g-1"},
	} {
		m := s.good(path("html", "h1")).set("tool_consumer_instance_guid", step.guid)
		m.secret = step.secret
		s.post(newBrowser(t), m)
		if got := s.consumerNow(c.ID).InstanceGUID; got != step.want {
			t.Errorf("after GUID %q signed with %q: stored %q, want %q", step.guid, step.secret, got, step.want)
		}
	}
}

// T20, T143, T144: two consumers for one LMS, same GUID and outcome address,
// both work; the guide's advice to add a new consumer holds.
func TestT20TwoConsumersOneLMS(t *testing.T) {
	s := gateSite(t)
	s.consumer("k4", "s4", nil)
	for _, who := range [][2]string{{"consumer_key", "secret"}, {"k4", "s4"}} {
		m := s.good(path("problem", "block_id")).set("tool_consumer_instance_guid", "g-1")
		m.set("lis_outcome_service_url", "https://lms.example.edu/outcomes").set("lis_result_sourcedid", "s-1")
		m.key, m.secret = who[0], who[1]
		if p := s.post(newBrowser(t), m); p.StatusCode != http.StatusSeeOther {
			t.Errorf("consumer %s: status %d, code %s", who[0], p.StatusCode, p.code())
		}
	}
}

// TestReturnMessage: the LMS is told what happened only when it really sent
// the launch.
func TestReturnMessage(t *testing.T) {
	s := gateSite(t)
	back := "https://lms.example.edu/return.php?course=2"
	m := s.good(path("html", "nothing")).set("launch_presentation_return_url", back)
	p := s.post(newBrowser(t), m)
	if !strings.Contains(p.body, "https://lms.example.edu/return.php?course=2&amp;lti_errormsg=") {
		t.Errorf("no way back with a message: %s", p.body)
	}
	m.secret = "wrong"
	if p = s.post(newBrowser(t), m); strings.Contains(p.body, "lms.example.edu") {
		t.Error("an unverified launch must not choose where we send people")
	}
}

// TestRefusedWritesNothing: a refused launch leaves its launch-log row and
// nothing else, and strangers' rows are capped.
func TestRefusedWritesNothing(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	c := s.consumer("consumer_key", "secret", func(spec *registry.Spec) { spec.RequireUserAccount = true })
	m := s.good(path("problem", "block_id")).set("lis_outcome_service_url", "https://lms.example.edu/o").set("lis_result_sourcedid", "x")
	p := s.post(newBrowser(t), m)
	if p.StatusCode != http.StatusForbidden || p.code() != "account_required" {
		t.Fatalf("T34, T111: status %d, code %q", p.StatusCode, p.code())
	}
	for range 600 {
		bad := s.good(path("problem", "block_id"))
		bad.key = "nobody"
		s.post(newBrowser(t), bad)
	}
	s.view(func(ctx context.Context, tx store.Tx) error {
		usage, err := tx.Consumers().Usage(ctx, c.ID)
		if err != nil {
			return err
		}
		if usage != (store.ConsumerUsage{}) {
			t.Errorf("a refused launch left %+v", usage)
		}
		rows, err := tx.LaunchLog().List(ctx, store.LaunchFilter{Limit: 10_000})
		if len(rows) > 510 {
			t.Errorf("%d rows of strangers", len(rows))
		}
		return err
	})
}

// TestLanding: one launch, then reload, Back and a second tab; cookies kept or
// not; the handle works once.
func TestLanding(t *testing.T) {
	s := gateSite(t)
	t.Run("cookie", func(t *testing.T) {
		browser := newBrowser(t)
		first := s.post(browser, s.good(path("html", "h1")))
		cookie := first.Header.Get("Set-Cookie")
		for _, want := range []string{"__Secure-lectern=", "Path=/learn/", "HttpOnly", "Secure", "SameSite=None", "Partitioned"} {
			if !strings.Contains(cookie, want) {
				t.Errorf("cookie %q lacks %s", cookie, want)
			}
		}
		p := s.follow(browser, first)
		if p.StatusCode != 200 || !strings.Contains(p.body, "Words of unit one.") || strings.Contains(p.Request.URL.Path, "~") {
			t.Fatalf("status %d at %s", p.StatusCode, p.Request.URL.Path)
		}
		if again := s.get(browser, p.Request.URL.String()); again.StatusCode != 200 {
			t.Errorf("reload: %d", again.StatusCode)
		}
		handle, err := first.Location()
		if err != nil {
			t.Fatal(err)
		}
		if back := s.follow(browser, s.get(browser, handle.String())); back.StatusCode != 200 {
			t.Errorf("the used handle with the cookie: %d %s", back.StatusCode, back.code())
		}
		if other := s.get(newBrowser(t), p.Request.URL.String()); other.StatusCode != 403 || other.code() != "session_over" {
			t.Errorf("another browser got in: %d %s", other.StatusCode, other.code())
		}
		if other := s.get(newBrowser(t), handle.String()); other.StatusCode != 403 {
			t.Errorf("the used handle elsewhere: %d", other.StatusCode)
		}
	})
	t.Run("no cookies", func(t *testing.T) {
		browser := newBrowser(t)
		browser.Jar = nil
		p := s.open(browser, s.good(path("html", "h1")))
		if p.StatusCode != 200 || !strings.Contains(p.Request.URL.Path, "/~") {
			t.Fatalf("status %d at %s", p.StatusCode, p.Request.URL.Path)
		}
		r, err := http.NewRequest(http.MethodGet, p.Request.URL.String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("User-Agent", "Another browser")
		if other := s.do(newBrowser(t), r); other.StatusCode != 403 {
			t.Errorf("the token in another browser: %d", other.StatusCode)
		}
	})
	t.Run("handle too old", func(t *testing.T) {
		browser := newBrowser(t)
		browser.Jar = nil
		p := s.post(browser, s.good(path("html", "h1")))
		s.clock.add(2 * time.Minute)
		if p = s.follow(browser, p); p.StatusCode != 403 || p.code() != "session_handle_used" {
			t.Errorf("status %d, code %s", p.StatusCode, p.code())
		}
	})
}

// T76: repeats of one launch.
func TestT76Repeats(t *testing.T) {
	s := gateSite(t)
	s.consumer("strict", "strict-secret", func(spec *registry.Spec) { spec.StrictReplay = true })
	m := s.good(path("html", "h1"))
	form := s.signed(m)
	browser := newBrowser(t)
	first := s.postForm(browser, m, form)
	second := s.postForm(browser, m, form)
	p := s.follow(browser, second)
	if second.StatusCode != 303 || p.StatusCode != 200 {
		t.Fatalf("double click: %d, then %d %s", second.StatusCode, p.StatusCode, p.code())
	}
	if stale := s.follow(newBrowser(t), first); stale.StatusCode != 403 {
		t.Errorf("the first click's handle: %d", stale.StatusCode)
	}
	later := s.follow(browser, s.postForm(browser, m, form))
	if later.StatusCode != 200 {
		t.Errorf("repeat with the cookie: %d %s", later.StatusCode, later.code())
	}
	elsewhere := newBrowser(t)
	if p := s.follow(elsewhere, s.postForm(elsewhere, m, form)); p.StatusCode != 403 || p.code() != "session_over" {
		t.Errorf("repeat from another browser: %d %s", p.StatusCode, p.code())
	}
	other := s.good(path("html", "h1")).set("user_id", "another")
	seconds, err := strconv.ParseInt(value(form, "oauth_timestamp"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	other.nonce, other.at = value(form, "oauth_nonce"), time.Unix(seconds, 0)
	if p := s.post(newBrowser(t), other); p.StatusCode != 403 || p.code() != "launch_nonce_reused" {
		t.Errorf("other parameters under a used nonce: %d %s", p.StatusCode, p.code())
	}
	strict := s.good(path("html", "h1"))
	strict.key, strict.secret = "strict", "strict-secret"
	form = s.signed(strict)
	s.postForm(browser, strict, form)
	if p := s.postForm(browser, strict, form); p.StatusCode != 403 || p.code() != "launch_replayed" {
		t.Errorf("strict: %d %s", p.StatusCode, p.code())
	}
}

func value(form []oauth1.Pair, name string) string {
	for _, p := range form {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}
