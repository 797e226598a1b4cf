package main

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"time"

	"lectern/internal/oauth1"
)

// What all contestants are told.
const (
	consumerKey    = "bench-key"
	consumerSecret = "bench-secret-8f14e45fceea167a5a36dedd4bea2543"
	courseKey      = "course-v1:Bench+LOAD+2026"
)

// signer makes launches of one piece of the course, each of a new learner.
type signer struct {
	host  string // host:port, as signed and sent
	usage string // usage key
	run   string // tells the learners of two signers apart
	next  int    // number of the next learner
}

func newSigner(host, blockType, blockID string) *signer {
	return &signer{host: host, usage: "block-v1:Bench+LOAD+2026+type@" + blockType + "+block@" + blockID, run: rand.Text()[:8]}
}

// launches signs n launches. Of each hundred one is signed wrongly and one is a
// repeat of one of earlier, where there are any.
func (s *signer) launches(n int, earlier []request) ([]request, error) {
	list := make([]request, 0, n)
	for i := range n {
		switch {
		case i%100 == 33:
			r, err := s.launch(true)
			if err != nil {
				return nil, err
			}
			list = append(list, r)
		case i%100 == 66 && len(earlier) > 0:
			r := earlier[i%len(earlier)]
			for j := i; r.kind != good; j++ {
				r = earlier[j%len(earlier)]
			}
			list = append(list, request{r.bytes, replay})
		default:
			r, err := s.launch(false)
			if err != nil {
				return nil, err
			}
			list = append(list, r)
		}
	}
	return list, nil
}

// launch signs one launch, with a wrong secret if it is to be refused.
func (s *signer) launch(wrong bool) (request, error) {
	path := "/lti_provider/courses/" + courseKey + "/" + s.usage
	by, k := oauth1.Signer{Key: consumerKey, Secret: consumerSecret, Nonce: nonce}, good
	if wrong {
		by.Secret, k = "not the secret", broken
	}
	form, err := by.Form("http://"+s.host+path, append(canvas(s.run, s.next), oauth1.Pair{Name: "oauth_callback", Value: "about:blank"}))
	if err != nil {
		return request{}, err
	}
	s.next++
	// As browsers send forms: "+" for a blank.
	body := strings.ReplaceAll(oauth1.EncodeForm(form), "%20", "+")
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) bench\r\n"+
		"Accept: text/html,application/xhtml+xml\r\nAccept-Language: en\r\nOrigin: https://canvas.school.example\r\n"+
		"Referer: https://canvas.school.example/\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n",
		path, s.host, len(body))
	return request{[]byte(head + body), k}, nil
}

func nonce() string {
	var b [21]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// canvas returns the parameters of Canvas for the n-th learner; with OAuth's
// seven there are 41 and a signature, some 2 kB.
func canvas(run string, n int) []oauth1.Pair {
	user := fmt.Sprintf("%s%032x", run, n)
	sourced := fmt.Sprintf("1842-7719-%d-%s-0f5b7ad3c9e2418e6d1a", n, run)
	return []oauth1.Pair{
		{Name: "context_id", Value: "4dde05e8ca1973bcca9bffc13e1548820eee93a3"},
		{Name: "context_label", Value: "LICHT-1"},
		{Name: "context_title", Value: "Licht & Farbe – Gruppe „Frühling“ 光と色"},
		{Name: "custom_canvas_api_domain", Value: "canvas.school.example"},
		{Name: "custom_canvas_assignment_id", Value: "7719"},
		{Name: "custom_canvas_assignment_points_possible", Value: "10"},
		{Name: "custom_canvas_assignment_title", Value: "Übung 3: Brechung (naïve Fassung)"},
		{Name: "custom_canvas_course_id", Value: "1842"},
		{Name: "custom_canvas_enrollment_state", Value: "active"},
		{Name: "custom_canvas_user_id", Value: fmt.Sprint(100000 + n)},
		{Name: "custom_canvas_user_login_id", Value: fmt.Sprintf("learner%d@school.example", n)},
		{Name: "ext_ims_lis_basic_outcome_url", Value: "https://canvas.school.example/api/lti/v1/tools/453/ext_grade_passback"},
		{Name: "ext_lti_assignment_id", Value: "a3d9c7b2-8f5e-4b1a-9c6d-2e7f0a1b3c4d"},
		{Name: "ext_outcome_data_values_accepted", Value: "url,text"},
		{Name: "ext_outcome_result_total_score_accepted", Value: "true"},
		{Name: "ext_roles", Value: "urn:lti:instrole:ims/lis/Student,urn:lti:role:ims/lis/Learner,urn:lti:sysrole:ims/lis/User"},
		{Name: "launch_presentation_document_target", Value: "iframe"},
		{Name: "launch_presentation_locale", Value: "de"},
		{Name: "launch_presentation_return_url", Value: "https://canvas.school.example/courses/1842/external_content/success/external_tool_redirect"},
		{Name: "lis_outcome_service_url", Value: "https://canvas.school.example/api/lti/v1/tools/453/grade_passback"},
		{Name: "lis_person_contact_email_primary", Value: fmt.Sprintf("learner%d@school.example", n)},
		{Name: "lis_person_name_family", Value: "Müller-Łukasiewicz"},
		{Name: "lis_person_name_full", Value: fmt.Sprintf("Zoë Müller-Łukasiewicz %d", n)},
		{Name: "lis_person_name_given", Value: "Zoë"},
		{Name: "lis_result_sourcedid", Value: sourced},
		{Name: "lti_message_type", Value: "basic-lti-launch-request"},
		{Name: "lti_version", Value: "LTI-1p0"},
		{Name: "resource_link_id", Value: "a3d9c7b28f5e4b1a9c6d2e7f0a1b3c4d5e6f7a8b"},
		{Name: "resource_link_title", Value: "Übung 3: Brechung"},
		{Name: "roles", Value: "Learner"},
		{Name: "tool_consumer_info_product_family_code", Value: "canvas"},
		{Name: "tool_consumer_instance_guid", Value: "9b7c2d1e0f.canvas.school.example"},
		{Name: "tool_consumer_instance_name", Value: "École d’Été"},
		{Name: "user_id", Value: user},
	}
}

// get writes out a GET request.
func get(host, path, cookie string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) bench\r\n"+
		"Accept: text/html,application/xhtml+xml\r\nAccept-Language: en\r\nCookie: %s\r\n\r\n", path, host, cookie)
}

// post writes out a form.
func post(host, path, cookie, accept string, form url.Values) []byte {
	body := form.Encode()
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) bench\r\n"+
		"Accept: %s\r\nAccept-Language: en\r\nOrigin: http://%s\r\nCookie: %s\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
		path, host, accept, host, cookie, len(body), body)
}

// warm waits at least so long before it measures: a server has just started.
const warm = 200 * time.Millisecond
