package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"lectern/internal/config"
	"lectern/internal/oauth1"
	"lectern/internal/registry"
	"lectern/internal/spectest"
)

// TestLogHoldsNobody sends what names people and opens doors by every way in,
// good and bad, and looks for it in the log. Whatever is secret begins with the
// same letters here.
func TestLogHoldsNobody(t *testing.T) {
	const mark = "zqx"
	lms := sayingLMS(t, mark)
	s := startSite(t, func(c *config.Config) { c.LogFormat = "json" })
	s.importFiles(testCourse())
	s.consumer("consumer_key", mark+"secret", func(spec *registry.Spec) { spec.UseLTIPII = true })
	message := func() *message {
		m := s.good(path("problem", "block_id"))
		m.secret = mark + "secret"
		for name, value := range map[string]string{
			"user_id": "user", "lis_person_name_full": "fullname", "lis_person_name_given": "given", "lis_person_name_family": "family",
			"lis_person_contact_email_primary": "mail@school.example", "lis_person_sourcedid": "person", "lis_result_sourcedid": "cell",
			"ext_user_username": "login", "custom_phone": "phone", "resource_link_id": "link",
		} {
			m.set(name, mark+value)
		}
		return m.set("lis_outcome_service_url", lms.URL+"/"+mark+"/?key="+mark+"key").set("launch_presentation_return_url", "https://lms.example/?session="+mark)
	}
	browser := newBrowser(t)
	p := s.answer(browser, s.open(browser, message()), "block_id", map[string]string{"_2_1": mark + "answer"})
	s.get(browser, p.Request.URL.Path+"?email="+mark+"@school.example")
	s.get(noCookies(t), p.Request.URL.Path+"?h="+mark+"handle")
	s.get(noCookies(t), p.Request.URL.Path+"~"+mark+"token/x/"+mark)
	s.eventually(func() bool { return strings.Contains(s.log.String(), `"msg":"outcome"`) })

	s.badLaunches(browser, mark, message)
	console := s.signedInBrowser()
	for _, to := range []string{
		"/admin/scores?learner=" + mark, "/admin/accounts?q=" + mark + "@school.example", "/admin/launches?reference=" + mark,
		"/admin/scores.csv?learner=" + mark, "/admin/consumers/" + mark, "/admin/accounts/" + mark, "/admin/scores/" + mark,
		"/login?next=/" + mark + "&email=" + mark, "/login/set/" + mark + "token", "/login/forgot?email=" + mark, "/" + mark + "/" + mark,
		"/enter/" + mark + "/~" + mark, "/learn/x/?h=" + mark, "/learn/x/~" + mark + "/score", "/asset/x/static/" + mark, "/ui/" + mark,
		"/lti_provider/courses/x/y?email=" + mark, "/account?" + mark + "=" + mark, "/%zz" + mark,
	} {
		for _, who := range []*http.Client{console, noCookies(t)} {
			if r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/", nil); err == nil {
				r.URL.Opaque = to // as it is, also what is no address
				r.Header.Set("Cookie", "__Secure-"+mark+"="+mark)
				r.Header.Set("Authorization", "Bearer "+mark)
				r.Header.Set("Referer", "https://lms.example/?user="+mark)
				s.do(who, r)
			}
		}
	}
	form := s.get(newBrowser(t), "/login")
	s.submit(newBrowser(t), "/login", s.fill(form, "email", mark+"@school.example", "password", mark+"password"))
	s.submit(newBrowser(t), "/login/forgot", s.fill(form, "email", mark+"@school.example"))
	s.submit(newBrowser(t), "/login/set/"+mark+"token", url.Values{"password": {mark + "password"}})

	checkLog(t, s.log.String(), mark)
}

// badLaunches posts launches with something wrong in each.
func (s *testSite) badLaunches(browser *http.Client, mark string, message func() *message) {
	s.t.Helper()
	wrong := message()
	wrong.secret = "other"
	s.post(browser, wrong)
	for _, spoil := range []func(string) string{
		func(b string) string { return b + "&oauth_token=" + mark + "&oauth_signature=" + mark },
		func(b string) string { return strings.Replace(b, "oauth_nonce=", "oauth_nonce="+mark, 1) },
		func(b string) string { return strings.Replace(b, "oauth_signature=", "oauth_signature="+mark, 1) },
		func(b string) string { return strings.Replace(b, "oauth_timestamp=", "oauth_timestamp="+mark, 1) },
		func(b string) string { return strings.Replace(b, "oauth_consumer_key=", "oauth_consumer_key="+mark, 1) },
		func(b string) string {
			return strings.Replace(b, "oauth_signature_method=", "oauth_signature_method="+mark, 1)
		},
		func(b string) string { return b + "&%zz=" + mark + "%" },
		func(b string) string { return b + "&email=" + mark + strings.Repeat("x", 1<<20) },
	} {
		m := message()
		m.spoil = spoil
		s.post(browser, m)
	}
	again := s.signed(message())
	s.postForm(browser, message(), again)
	s.postForm(browser, message(), append(again, oauth1.Pair{Name: "email", Value: mark}))
	m := message()
	m.path += "?user=" + mark + "&oauth_nonce=" + mark + "&email=" + mark + "%40school.example"
	s.post(browser, m)
	m = message()
	m.contentType = "multipart/form-data; boundary=" + mark
	s.post(browser, m)
}

// sayingLMS refuses every score, in words that name people.
func sayingLMS(t *testing.T, mark string) *httptest.Server {
	t.Helper()
	lms := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, strings.NewReplacer("MAJOR", "failure", "WORDS", mark+"said of "+mark+"name").Replace(
			`<imsx_POXEnvelopeResponse xmlns="http://www.imsglobal.org/services/ltiv1p1/xsd/imsoms_v1p0"><imsx_POXHeader><imsx_POXResponseHeaderInfo><imsx_version>V1.0</imsx_version><imsx_messageIdentifier>1</imsx_messageIdentifier><imsx_statusInfo><imsx_codeMajor>MAJOR</imsx_codeMajor><imsx_severity>error</imsx_severity><imsx_description>WORDS</imsx_description></imsx_statusInfo></imsx_POXResponseHeaderInfo></imsx_POXHeader><imsx_POXBody/></imsx_POXEnvelopeResponse>`))
	}))
	t.Cleanup(lms.Close)
	return lms
}

// checkLog looks for what must not be there, and for fields that the manual
// does not have.
func checkLog(t *testing.T, log, mark string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(spectest.Root(t), "docs", "operator", "monitoring.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, manual, _ := strings.Cut(string(text), "## The log")
	known := map[string]bool{}
	for _, m := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(manual, -1) {
		known[m[1]] = true
	}
	lines := map[string]int{}
	for line := range strings.Lines(log) {
		if strings.Contains(strings.ToLower(line), mark) {
			t.Errorf("logged: %s", line)
		}
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Errorf("%v: %s", err, line)
		}
		for name := range fields {
			if !known[name] {
				t.Errorf("the manual does not know the field %s: %s", name, line)
			}
		}
		msg, _ := fields["msg"].(string)
		lines[msg]++
	}
	if lines["request"] < 60 || lines["outcome"] == 0 {
		t.Errorf("too little was logged: %v", lines)
	}
}
