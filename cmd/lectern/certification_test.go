package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"lectern/internal/registry"
	"lectern/internal/store"
)

const returnURL = "https://lms.example.edu/return?course=2"

// certified is a site with a consumer that asks for all of LTI 1.1, as the
// certification of LTI 1.1 tools does.
func certified(t *testing.T) *testSite {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	s.consumer("consumer_key", "secret", func(spec *registry.Spec) { spec.StrictLTI, spec.StrictReplay = true, true })
	return s
}

var wayBack = regexp.MustCompile(`href="(https://lms\.example\.edu/return[^"]*)"`)

// TestCertificationErrors are cases 1.1 to 1.9: whoever launches wrongly reads
// what to do and, where the LMS has proven itself, goes back with the error.
func TestCertificationErrors(t *testing.T) {
	s := certified(t)
	for _, tt := range []struct {
		name  string
		spoil func(m *message)
		code  string
		back  bool
	}{
		{"1.1 no resource_link_id", func(m *message) { m.drop("resource_link_id") }, "launch_resource_link_missing", true},
		{"1.2 no resource_link_id and no return URL", func(m *message) {
			m.drop("resource_link_id").drop("launch_presentation_return_url")
		}, "launch_resource_link_missing", false},
		{"1.3 unknown consumer key", func(m *message) { m.key = "unknown" }, "launch_consumer_unknown", false},
		{"1.4 bad signature", func(m *message) { m.secret = "other" }, "launch_signature_mismatch", false},
		{"1.5 invalid LTI version", func(m *message) { m.set("lti_version", "LTI-1") }, "launch_version_unsupported", true},
		{"1.6 wrong LTI version", func(m *message) { m.set("lti_version", "LTI-2p0") }, "launch_version_unsupported", true},
		{"1.7 no LTI version", func(m *message) { m.drop("lti_version") }, "launch_version_unsupported", true},
		{"1.8 invalid message type", func(m *message) { m.set("lti_message_type", "a-basic-lti-launch-request") },
			"launch_message_type_unsupported", true},
		{"1.9 no message type", func(m *message) { m.drop("lti_message_type") }, "launch_message_type_unsupported", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := s.good(path("html", "h1")).set("launch_presentation_return_url", returnURL)
			tt.spoil(m)
			p := s.post(newBrowser(t), m)
			if p.StatusCode < 400 || p.StatusCode > 403 || p.code() != tt.code || !strings.Contains(p.body, "Please tell your teacher") {
				t.Fatalf("%d %s: %.300s", p.StatusCode, p.code(), p.body)
			}
			p.shown(t)
			found := wayBack.FindStringSubmatch(p.body)
			if (found != nil) != tt.back {
				t.Fatalf("way back: %v", found)
			}
			if tt.back {
				u, err := url.Parse(strings.ReplaceAll(found[1], "&amp;", "&"))
				if q := u.Query(); err != nil || q.Get("course") != "2" || q.Get("lti_errormsg") == "" || !strings.Contains(q.Get("lti_errorlog"), tt.code) {
					t.Errorf("back to %s", found[1])
				}
			}
		})
	}
}

// TestCertificationLaunches are cases 2.1 to 5: who launches how is let in, with
// the rights of the context's role and no other.
func TestCertificationLaunches(t *testing.T) {
	s := certified(t)
	const urn = "urn:lti:role:ims/lis/"
	names := []string{"lis_person_name_given", "lis_person_name_family", "lis_person_name_full", "lis_person_contact_email_primary"}
	for _, tt := range []struct {
		name  string
		roles string
		staff bool
		with  []string // parameters and values
	}{
		{"2.1 instructor", "Instructor", true, names},
		{"2.2 instructor, other link, same context", "Instructor", true, []string{"resource_link_id", "rl-2"}},
		{"2.3 learner", "Learner", false, names},
		{"2.4 learner, other link", "Learner", false, []string{"resource_link_id", "rl-2"}},
		{"3.1 instructor as URN", urn + "Instructor", true, nil},
		{"3.2 list of roles", "Instructor,Administrator", true, nil},
		{"3.3 URN inside a list", "Learner," + urn + "Instructor", true, nil},
		{"3.4 learner as URN in a list", urn + "Learner,urn:lti:instrole:ims/lis/Student", false, nil},
		{"3.5 no context role", "", false, nil},
		{"3.6 institution role only", "urn:lti:instrole:ims/lis/Instructor", false, nil},
		{"3.7 institution role without its context role", "urn:lti:instrole:ims/lis/Administrator,Learner", false, nil},
		{"3.8 unrecognised role", "Wizard", false, nil},
		{"4.1 e-mail only", "Learner", false, names[3:]},
		{"4.2 given and family name", "Learner", false, names[:2]},
		{"4.3 full name only", "Learner", false, names[2:3]},
		{"4.4 instructor without personal data", "Instructor", true, nil},
		{"4.5 context_id and nothing personal", "Learner", false, nil},
		{"4.6 empty context", "Learner", false, []string{"context_id", ""}},
		{"4.7 link and user only", "Learner", false, []string{"context_id", "", "lis_person_name_full", ""}},
		{"5 custom parameters, resolved and not", "Learner", false,
			[]string{"custom_chapter", "1.2", "custom_due", "$ResourceLink.submission.endDateTime", "custom_user", "$User.username"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := s.good(path("html", "h1")).set("roles", tt.roles).set("user_id", tt.name)
			if len(tt.with) > 0 && strings.HasPrefix(tt.with[0], "lis_person") {
				for _, name := range tt.with {
					m.set(name, "Value of "+name)
				}
			} else {
				for i := 0; i < len(tt.with); i += 2 {
					m.set(tt.with[i], tt.with[i+1])
				}
			}
			browser := newBrowser(t)
			p := s.post(browser, m)
			if p.StatusCode != http.StatusSeeOther {
				t.Fatalf("%d %s", p.StatusCode, p.code())
			}
			id := strings.Split(p.Header.Get("Location"), "/")[2]
			s.view(func(ctx context.Context, tx store.Tx) error {
				session, err := tx.Launches().ByID(ctx, id)
				if err == nil && session.Staff != tt.staff {
					t.Errorf("staff: %v", session.Staff)
				}
				return err
			})
			if shown := s.follow(browser, p); shown.StatusCode != http.StatusOK || !strings.Contains(shown.body, "Words of unit one") {
				t.Errorf("page: %d", shown.StatusCode)
			}
		})
	}
}

// TestCertificationOutcomes are cases 6.1 and 6.4: replaceResult arrives for two
// contexts, two links in each and two users, each in a cell of its own.
func TestCertificationOutcomes(t *testing.T) {
	s := certified(t)
	var mu sync.Mutex
	got := map[string]string{}
	sourced, score := regexp.MustCompile(`<sourcedId>([^<]+)</sourcedId>`), regexp.MustCompile(`<textString>([^<]+)</textString>`)
	lms := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		cell, value := sourced.FindSubmatch(body), score.FindSubmatch(body)
		if err != nil || cell == nil || value == nil || !strings.Contains(string(body), "replaceResultRequest") ||
			!strings.Contains(r.Header.Get("Authorization"), "oauth_body_hash=") {
			http.Error(w, "what?", http.StatusBadRequest)
			return
		}
		mu.Lock()
		got[string(cell[1])] = string(value[1])
		mu.Unlock()
		io.WriteString(w, `<?xml version="1.0"?><imsx_POXEnvelopeResponse xmlns="http://www.imsglobal.org/services/ltiv1p1/xsd/imsoms_v1p0">`+ //nolint:errcheck // a test's LMS
			`<imsx_POXHeader><imsx_POXResponseHeaderInfo><imsx_version>V1.0</imsx_version><imsx_messageIdentifier>1</imsx_messageIdentifier>`+
			`<imsx_statusInfo><imsx_codeMajor>success</imsx_codeMajor></imsx_statusInfo></imsx_POXResponseHeaderInfo></imsx_POXHeader>`+
			`<imsx_POXBody><replaceResultResponse/></imsx_POXBody></imsx_POXEnvelopeResponse>`)
	}))
	t.Cleanup(lms.Close)
	want := map[string]string{}
	for _, ctx := range []string{"ctx1", "ctx2"} {
		for _, link := range []string{"p2", "block_id"} {
			for user, answer := range map[string]string{"ann": "42", "bob": "41"} {
				cell := ctx + "-" + link + "-" + user
				right := map[string]string{"42": "1", "41": "0"}[answer]
				if link == "block_id" {
					answer, right = "choice_1", "1"
				}
				m := s.good(path("problem", link)).set("context_id", ctx).set("resource_link_id", ctx+link).set("user_id", ctx+user).
					set("lis_outcome_service_url", lms.URL+"/grades").set("lis_result_sourcedid", cell)
				browser := newBrowser(t)
				s.answer(browser, s.open(browser, m), link, map[string]string{"_2_1": answer})
				want[cell] = right
			}
		}
	}
	s.waitFor("the scores", func() bool { mu.Lock(); defer mu.Unlock(); return len(got) == len(want) })
	mu.Lock()
	defer mu.Unlock()
	for cell, value := range want {
		if got[cell] != value {
			t.Errorf("%s: %s, want %s", cell, got[cell], value)
		}
	}
}
