package launchlog

import (
	"strings"
	"testing"

	"lectern/internal/lti/lti11"
	"lectern/internal/oauth1"
)

func TestCode(t *testing.T) {
	const id = "01a210c8-d94f-7791-ba2b-67feb498c5bf"
	code := Code(id)
	if len(code) != 9 || strings.ContainsAny(code, "01IOl") {
		t.Fatalf("code %q", code)
	}
	spoken := strings.ReplaceAll(code, "-", "")
	for _, typed := range []string{
		code, strings.ToLower(code), " " + spoken + "\n", spoken[:2] + " " + spoken[2:5] + " " + spoken[5:], id, id[24:], strings.ToUpper(id),
	} {
		if end := Ending(typed); end == "" || !strings.HasSuffix(id, end) {
			t.Errorf("%q leads to %q", typed, end)
		}
	}
	if Ending(" ") != "" || Code("x") != "x" || Code("no-uuid-at-all") != "no-uuid-at-all" {
		t.Error("what is no ID")
	}
}

func FuzzEnding(f *testing.F) {
	f.Add("K7QM-29XF")
	f.Add("0000-000l")
	f.Fuzz(func(t *testing.T, typed string) {
		end := Ending(typed)
		if len(end) > len(typed)*4+codeDigits {
			t.Errorf("%q became %q", typed, end)
		}
	})
}

func TestMask(t *testing.T) {
	for _, tt := range []struct{ name, value, want string }{
		{"roles", "Learner,Instructor", "Learner,Instructor"},
		{"oauth_nonce", "n1", "n1"},
		{"oauth_signature", "c2VjcmV0", "• 8 characters"},
		{"user_id", "3", "• 1 character"},
		{"user_id", "a1b2c3d4e5f6", "• a…6, 12 characters"},
		{"lis_person_name_full", "Ñandú Ana", "• Ñ…a, 9 characters"},
		{"lis_result_sourcedid", `{"data":1}`, "• 10 characters"},
		{"custom_canvas_user_login_id", "$Canvas.user.loginId", "$Canvas.user.loginId"},
		{"custom_note", "$ecret words", "• 12 characters"},
		{"custom_note", "", ""},
		{"tool_consumer_instance_contact_email", "root@school.example", "• 19 characters"},
		{"launch_presentation_return_url", "https://lms/return.php?sesskey=x", "https://lms/return.php?…"},
		{"lis_outcome_service_url", "https://user:pw@lms/x", "• an address that cannot be read"},
		{"context_id", strings.Repeat("é", 100), strings.Repeat("é", 60) + "…"},
	} {
		if got := keep(oauth1.Pair{Name: tt.name, Value: tt.value}); got != tt.name+"="+tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// However much is sent, little is kept, and what is shown comes first.
func FuzzEvidence(f *testing.F) {
	f.Add("roles", "Learner", 3)
	f.Add("lis_person_name_full", "Ana", 600)
	f.Fuzz(func(t *testing.T, name, value string, times int) {
		sent := lti11.Sent{Query: []oauth1.Pair{{Name: name, Value: value}}}
		for range min(max(times, 0), 600) {
			sent.Form = append(sent.Form, oauth1.Pair{Name: name, Value: value})
		}
		e := of(sent, times%2 == 0)
		if text := e.text(); len(text) > 12<<10 {
			t.Errorf("%d bytes", len(text))
		}
		if len(e.Params)+e.More != len(sent.Form) {
			t.Errorf("%d kept, %d more, of %d", len(e.Params), e.More, len(sent.Form))
		}
		again := Read(e.text())
		for _, p := range again.Parameters() {
			if p.Masked && strings.Contains(p.Value, value) && len(value) > 30 {
				t.Errorf("%q shows %q", p.Value, value)
			}
		}
	})
}

// BenchmarkEvidence measures what a good launch of some thirty parameters costs
// more because of the log.
func BenchmarkEvidence(b *testing.B) {
	var form []oauth1.Pair
	for _, name := range []string{
		"user_id", "roles", "context_id", "context_title", "resource_link_id", "resource_link_title", "lti_version", "lti_message_type",
		"lis_person_name_full", "lis_person_name_given", "lis_person_name_family", "lis_person_contact_email_primary", "lis_result_sourcedid",
		"lis_outcome_service_url", "launch_presentation_return_url", "launch_presentation_locale", "launch_presentation_document_target",
		"tool_consumer_instance_guid", "tool_consumer_info_product_family_code", "ext_lms", "custom_a", "custom_b", "custom_c",
		"oauth_nonce", "oauth_timestamp", "oauth_consumer_key", "oauth_signature", "oauth_version", "oauth_signature_method",
	} {
		form = append(form, oauth1.Pair{Name: name, Value: "https://lms.example/some/value/of/it"})
	}
	sent := lti11.Sent{Form: form, Address: oauth1.Address{Scheme: "https", Host: "tool.example", Path: "/lti_provider/courses/c/u"}}
	for b.Loop() {
		e := of(sent, true)
		b.ReportMetric(float64(len(e.text())), "bytes")
	}
}
