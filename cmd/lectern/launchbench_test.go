package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"lectern/internal/oauth1"
)

// BenchmarkLaunch measures a launch as an LMS of today sends it, from the
// connection to its last write: signature, nonce, account, session, log row.
// Bytes is what the database grows by.
func BenchmarkLaunch(b *testing.B) {
	s := startSite(b, nil)
	s.importFiles(testCourse())
	s.consumer("consumer_key", "secret", nil)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	bodies := make([]string, b.N)
	for i := range bodies {
		bodies[i] = oauth1.EncodeForm(s.signed(s.full(i)))
	}
	b.ResetTimer()
	for _, body := range bodies {
		resp, err := client.Post(s.url+path("sequential", "seq1"), "application/x-www-form-urlencoded", strings.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		if resp.Body.Close(); resp.StatusCode != http.StatusSeeOther {
			b.Fatalf("status %d", resp.StatusCode)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "launches/s")
}

// full is a launch with all that Moodle sends.
func (s *testSite) full(i int) *message {
	m := s.good(path("sequential", "seq1")).set("user_id", fmt.Sprint(i))
	for _, p := range []oauth1.Pair{
		{Name: "lis_person_name_given", Value: "Ana"}, {Name: "lis_person_name_family", Value: "Learner"},
		{Name: "lis_person_name_full", Value: "Ana Learner"}, {Name: "lis_person_contact_email_primary", Value: "ana@school.example"},
		{Name: "lis_person_sourcedid", Value: "SIS-1"}, {Name: "tool_consumer_info_product_family_code", Value: "moodle"},
		{Name: "tool_consumer_info_version", Value: "2024100706"}, {Name: "tool_consumer_instance_name", Value: "Moodle of the Academy"},
		{Name: "tool_consumer_instance_description", Value: "Moodle of the Academy of Everything"},
		{Name: "tool_consumer_instance_guid", Value: "moodle.school.example"}, {Name: "context_title", Value: "Light and Colour"},
		{Name: "context_label", Value: "LIGHT-1"}, {Name: "context_type", Value: "CourseSection"},
		{Name: "resource_link_title", Value: "Lesson one"}, {Name: "resource_link_description", Value: "Line one\r\n\r\nLine two"},
		{Name: "launch_presentation_locale", Value: "en"}, {Name: "launch_presentation_document_target", Value: "iframe"},
		{Name: "launch_presentation_return_url", Value: "https://moodle.school.example/mod/lti/return.php?course=2&launch_container=3&instanceid=3&sesskey=abcdefghij"},
		{Name: "lis_outcome_service_url", Value: "https://moodle.school.example/mod/lti/service.php"},
		{Name: "lis_result_sourcedid", Value: `{"data":{"instanceid":"3","userid":"4","typeid":"1","launchid":12345678},"hash":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}`},
		{Name: "ext_lms", Value: "moodle-2"}, {Name: "ext_user_username", Value: "ana"}, {Name: "oauth_callback", Value: "about:blank"},
	} {
		m.set(p.Name, p.Value)
	}
	return m
}
