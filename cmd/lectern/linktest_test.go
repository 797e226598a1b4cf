package main

import (
	"context"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"lectern/internal/account"
	"lectern/internal/config"
	"lectern/internal/fakelms"
	"lectern/internal/linktest"
	"lectern/internal/lti"
	"lectern/internal/oauth1"
	"lectern/internal/registry"
	"lectern/internal/store"
)

var (
	launchForm = regexp.MustCompile(`(?s)<form method="post" action="([^"]+)" target="page"[^>]*>(.*?)</form>`)
	testField  = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
)

// tryLink makes a test on the console and returns its page and the launch on it.
func (s *testSite) tryLink(admin *http.Client, fields ...string) (page, *message, []oauth1.Pair) {
	s.t.Helper()
	form := s.get(admin, "/admin/test")
	made := s.submit(admin, "/admin/test", s.fill(form, fields...))
	if made.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("no test was made: %d %.500s", made.StatusCode, made.body)
	}
	shown := s.follow(admin, made)
	m := launchForm.FindStringSubmatch(shown.body)
	if m == nil {
		s.t.Fatalf("no launch on the page: %s", shown.body)
	}
	var pairs []oauth1.Pair
	for _, f := range testField.FindAllStringSubmatch(m[2], -1) {
		pairs = append(pairs, oauth1.Pair{Name: html.UnescapeString(f[1]), Value: html.UnescapeString(f[2])})
	}
	to := strings.TrimPrefix(html.UnescapeString(m[1]), s.url)
	return shown, &message{path: to, contentType: "application/x-www-form-urlencoded", header: http.Header{"Origin": {s.url}}}, pairs
}

// A link is tried as each LMS would, to the score in the gradebook, without an
// LMS and without a trace of one.
func TestLinkTest(t *testing.T) {
	s := startSite(t, func(c *config.Config) { c.OutboundAllow = nil })
	s.importFiles(testCourse())
	c := s.consumer("consumer_key", "a-secret-nobody-sees", nil)
	admin := s.signedInBrowser()
	block := someBlock + "problem+block@p2"
	for _, lms := range fakelms.Names() {
		t.Run(lms.Name, func(t *testing.T) {
			shown, m, form := s.tryLink(admin, "consumer", c.ID, "usage", block, "person", "ana", "lms", lms.Name)
			csp := shown.Header.Get("Content-Security-Policy")
			if !strings.Contains(csp, "frame-src 'self'") || !strings.Contains(csp, "frame-ancestors 'none'") {
				t.Errorf("policy %s", csp)
			}
			if strings.Contains(shown.body, "a-secret-nobody-sees") {
				t.Error("the secret is on the page")
			}
			browser := newBrowser(t)
			opened := s.postForm(browser, m, form)
			if opened.StatusCode != http.StatusSeeOther {
				t.Fatalf("launch: %d %s", opened.StatusCode, opened.code())
			}
			s.answer(browser, s.follow(browser, opened), "p2", map[string]string{"_2_1": "42"})
			s.waitFor("the score", func() bool {
				return strings.Contains(s.get(admin, shown.Request.URL.Path).body, "It holds <strong>1</strong>")
			})
			after := s.get(admin, shown.Request.URL.Path)
			for _, want := range []string{"replaceResultRequest", "imsx_codeMajor", "oauth_signature=&#34;•&#34;", ">opened<", "Send the same launch again", " data-send", "Launched as"} {
				if !strings.Contains(after.body, want) {
					t.Errorf("the page lacks %s", want)
				}
			}
		})
	}
	now := s.consumerNow(c.ID)
	if !now.LastLaunchAt.IsZero() || now.InstanceGUID != "" {
		t.Errorf("a test taught the site about the LMS: %+v", now)
	}
	s.view(func(ctx context.Context, tx store.Tx) error {
		origins, err := tx.Consumers().Origins(ctx, c.ID)
		secrets, err2 := tx.Consumers().Secrets(ctx, c.ID)
		skews, err3 := tx.LaunchLog().Skews(ctx, c.ID, time.Time{}, 10)
		counts, err4 := tx.Accounts().CountLinks(ctx, c.ID)
		placements, err5 := tx.Placements().List(ctx, c.ID, "")
		if len(origins)+len(skews)+len(placements) > 0 || !secrets[0].LastUsedAt.IsZero() || counts[account.ByTest] != 5 || len(counts) != 1 {
			t.Errorf("origins %v, clocks %v, placements %v, secret used %v, learners %v", origins, skews, placements, secrets[0].LastUsedAt, counts)
		}
		for _, err := range []error{err, err2, err3, err4, err5} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	if p := s.get(admin, "/admin/accounts"); !strings.Contains(p.body, "test, nobody") {
		t.Error("the accounts of tests are not told apart")
	}
}

// Faults: the verdict says what a real LMS with this fault would be told.
func TestLinkTestFaults(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	c := s.consumer("consumer_key", "secret", nil)
	strict := s.consumer("strict_key", "secret", func(spec *registry.Spec) { spec.StrictReplay = true })
	admin := s.signedInBrowser()
	block := someBlock + "problem+block@p2"
	for fault, want := range map[string]string{
		"wrong-secret": "launch_signature_mismatch", "unknown-key": "launch_consumer_unknown", "stale": "launch_timestamp_expired",
		"clock-ahead": "launch_timestamp_expired", "missing-user": "launch_parameter_missing", "wrong-message": "launch_message_type_unsupported",
		"tampered": "launch_signature_mismatch",
	} {
		shown, m, form := s.tryLink(admin, "consumer", c.ID, "usage", block, "person", "ana", "lms", "moodle", "fault", fault)
		if p := s.postForm(newBrowser(t), m, form); p.code() != want {
			t.Errorf("%s: %d %s", fault, p.StatusCode, p.code())
		}
		if p := s.get(admin, shown.Request.URL.Path); !strings.Contains(p.body, want) || strings.Contains(p.body, " data-send") {
			t.Errorf("%s: the verdict is not on the page, or it is sent over and over", fault)
		}
	}
	if p := s.get(admin, "/admin"); strings.Contains(p.body, "Launches that keep failing") {
		t.Error("tests make warnings")
	}
	_, m, form := s.tryLink(admin, "consumer", strict.ID, "usage", s.url+path("problem", "p2"), "person", "carla", "lms", "canvas")
	first, again := s.postForm(newBrowser(t), m, form), s.postForm(newBrowser(t), m, form)
	if first.StatusCode != http.StatusSeeOther || again.code() != "launch_replayed" {
		t.Errorf("sent twice: %d, then %s", first.StatusCode, again.code())
	}
	shown, m, form := s.tryLink(admin, "consumer", c.ID, "usage", block, "person", "ben", "lms", "canvas", "outcome_fault", "422")
	browser := newBrowser(t)
	s.answer(browser, s.follow(browser, s.postForm(browser, m, form)), "p2", map[string]string{"_2_1": "42"})
	s.waitFor("the refused score", func() bool {
		return strings.Contains(s.get(admin, shown.Request.URL.Path).body, "ext_canvas_error_code")
	})
	if p := s.get(admin, shown.Request.URL.Path); !strings.Contains(p.body, "It is empty") {
		t.Error("a refused score is in the gradebook")
	}
}

// Nobody but administrators makes tests, and no message gets a learner marked
// or an address called that must not be.
func TestLinkTestIsNoDoor(t *testing.T) {
	s := startSite(t, func(c *config.Config) { c.OutboundAllow = nil })
	s.importFiles(testCourse())
	c := s.consumer("consumer_key", "secret", nil)
	admin := s.signedInBrowser()
	block := someBlock + "problem+block@p2"
	stranger := s.submit(newBrowser(t), "/admin/test", url.Values{"consumer": {c.ID}, "usage": {block}, "person": {"ana"}, "lms": {"moodle"}})
	if to := stranger.Header.Get("Location"); stranger.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, "/login") {
		t.Errorf("a stranger: %d to %s", stranger.StatusCode, to)
	}
	form := s.get(admin, "/admin/test")
	for _, fields := range [][]string{
		{"consumer", "nobody", "usage", block, "person", "ana", "lms", "moodle"},
		{"consumer", c.ID, "usage", "not a key", "person", "ana", "lms", "moodle"},
		{"consumer", c.ID, "usage", block, "person", "root", "lms", "moodle"},
		{"consumer", c.ID, "usage", block, "person", "ana", "lms", "hal"},
		{"consumer", c.ID, "usage", block, "person", "ana", "lms", "moodle", "fault", "meltdown"},
	} {
		if p := s.submit(admin, "/admin/test", s.fill(form, fields...)); p.StatusCode != http.StatusBadRequest {
			t.Errorf("%v: %d", fields, p.StatusCode)
		}
	}
	shown, _, _ := s.tryLink(admin, "consumer", c.ID, "usage", block, "person", "ana", "lms", "moodle")
	id := strings.TrimPrefix(shown.Request.URL.Path, "/admin/test/")
	// A real learner whose launch names the test stays real.
	real := s.good(path("problem", "p2")).set(linktest.Param, id).set("lis_outcome_service_url", "https://gradebook.invalid/"+id+"/mod/lti/service.php").
		set("lis_result_sourcedid", "forged")
	browser := newBrowser(t)
	s.answer(browser, s.open(browser, real), "p2", map[string]string{"_2_1": "42"})
	var link *account.Link
	s.view(func(ctx context.Context, tx store.Tx) (err error) {
		link, err = tx.Accounts().FindLink(ctx, c.ID, "LTI_User")
		return err
	})
	if link.How != account.ByLaunch || s.consumerNow(c.ID).LastLaunchAt.IsZero() {
		t.Errorf("link %+v", link)
	}
	s.waitFor("the forged message", func() bool { return strings.Contains(s.get(admin, shown.Request.URL.Path).body, "not taken") })
	if p := s.get(admin, shown.Request.URL.Path); !strings.Contains(p.body, "It is empty") {
		t.Error("a forged sourcedid reached the gradebook")
	}
	for raw, want := range map[string]bool{
		"https://gradebook.invalid/x": true, "http://gradebook.invalid/x": false, "https://gradebook.invalid:8443/x": false,
		"https://u@gradebook.invalid/x": false, "https://gradebook.invalid.example/x": false, "https://127.0.0.1/gradebook.invalid": false,
	} {
		if linktest.Owns(raw) != want {
			t.Errorf("Owns(%s) is not %v", raw, want)
		}
	}
	if l := (&lti.Launch{User: lti.User{ID: "3"}}); linktest.Mark(l) || l.Test {
		t.Error("a real learner is marked")
	}
}

func (s *testSite) waitFor(what string, done func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s did not come: %v\n%s", what, s.scoreList(), s.log)
		}
	}
}
