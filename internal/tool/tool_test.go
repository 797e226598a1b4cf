package tool_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lectern/internal/oauth1"
	"lectern/internal/tool"
)

func TestParse(t *testing.T) {
	for name, tt := range map[string]struct {
		typ    string
		fields map[string]string
		want   tool.Tool
	}{
		"lti, as Studio begins": {"lti", map[string]string{"launch_url": "https://t.example/x?y=1", "lti_id": "a"},
			tool.Tool{Address: "https://t.example/x?y=1", ID: "a", Window: true, Height: 800}},
		"lti in the page": {"lti", map[string]string{"launch_url": "http://t.example", "open_in_a_new_page": "false", "ask_to_send_email": "True"},
			tool.Tool{Address: "http://t.example", AskEmail: true, Height: 800}},
		"lti_consumer": {"lti_consumer", map[string]string{
			"launch_url": "https://t.example/", "launch_target": "modal", "inline_height": "90000", "button_text": " Go ",
			"custom_parameters": `["a=b=c"," d = e "]`, "lti_version": "lti_1p1", "ask_to_send_username": "true",
		}, tool.Tool{
			Address: "https://t.example/", Window: true, Height: 2000, Button: "Go", AskName: true,
			Custom: []tool.Custom{{Name: "a", Value: "b=c"}, {Name: "d", Value: "e"}},
		}},
		"nothing to open": {"lti", map[string]string{"hide_launch": "true", "description": "only words"},
			tool.Tool{Window: true, Hidden: true, Description: "only words", Height: 800}},
	} {
		got, err := tool.Parse(tt.typ, tt.fields)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(tt.want, *got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		field, value string
		want         error
	}{
		"no address":         {"launch_url", "", tool.ErrContent},
		"a script":           {"launch_url", "javascript:alert(1)", tool.ErrContent},
		"a password":         {"launch_url", "https://me:secret@t.example/", tool.ErrContent},
		"no list":            {"custom_parameters", "a=b", tool.ErrContent},
		"no pair":            {"custom_parameters", `["a"]`, tool.ErrContent},
		"too many":           {"custom_parameters", "[" + strings.Repeat(`"a=b",`, 100) + `"a=b"]`, tool.ErrContent},
		"LTI 1.3":            {"lti_version", "lti_1p3", tool.ErrVersion},
		"settings elsewhere": {"config_type", "external", tool.ErrVersion},
	} {
		fields := map[string]string{"launch_url": "https://t.example/", tt.field: tt.value}
		if _, err := tool.Parse("lti_consumer", fields); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

func TestKey(t *testing.T) {
	const passports = `["a:ka:sa"," b : kb : s:b ","broken","c::",":k:s"]`
	for id, want := range map[string]string{"a": "ka sa", "b": "kb s:b"} {
		key, secret, err := tool.Key(passports, id)
		if err != nil || key+" "+secret != want {
			t.Errorf("%s: %q %q %v", id, key, secret, err)
		}
	}
	for _, id := range []string{"", "c", "broken", "z"} {
		if _, _, err := tool.Key(passports, id); !errors.Is(err, tool.ErrKey) || strings.Contains(err.Error(), "sa") {
			t.Errorf("%q: %v", id, err)
		}
	}
	if _, _, err := tool.Key("no list: a:ka:sa", "a"); !errors.Is(err, tool.ErrKey) {
		t.Errorf("no list: %v", err)
	}
}

// TestLaunch checks the signature with the other half of package oauth1, and that
// a course cannot speak in our name.
func TestLaunch(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	tl, err := tool.Parse("lti_consumer", map[string]string{
		"launch_url": "https://t.example/launch?x=1", "ask_to_send_email": "true",
		"custom_parameters": `["unit=nm","roles=Instructor","user_id=7","oauth_nonce=1","lis_outcome_service_url=https://evil","launch_presentation_locale=fr"]`,
	})
	if err != nil {
		t.Fatal(err)
	}
	who := tool.Learner{ID: "u1", UserName: "ann", FullName: "Ann Lee", Email: "ann@x.example", Locale: "en"}
	form, err := tl.Launch(oauth1.Signer{Key: "k", Secret: "s", Clock: func() time.Time { return now }}, who,
		tool.Place{Link: "block-v1:O+C+R+type@lti+block@b", Name: "Plotter", Course: "course-v1:O+C+R", Title: "Light", Due: &now})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, p := range form {
		if _, twice := got[p.Name]; twice {
			t.Errorf("%s is there twice", p.Name)
		}
		got[p.Name] = p.Value
	}
	for name, want := range map[string]string{
		"lti_message_type": "basic-lti-launch-request", "lti_version": "LTI-1p0", "user_id": "u1", "roles": "Student,Learner",
		"resource_link_id": "block-v1:O+C+R+type@lti+block@b", "context_id": "course-v1:O+C+R", "context_title": "Light",
		"custom_unit": "nm", "custom_component_due_date": "2026-11-23T12:00:00+00:00", "launch_presentation_locale": "fr",
		"lis_person_contact_email_primary": "ann@x.example", "oauth_consumer_key": "k", "oauth_timestamp": "1795435200",
		"lis_person_sourcedid": "", "lis_person_name_full": "", "lis_outcome_service_url": "", "lis_result_sourcedid": "", "custom_roles": "",
	} {
		if got[name] != want {
			t.Errorf("%s = %q, want %q", name, got[name], want)
		}
	}
	address, _ := oauth1.ParseAddress(tl.Address)
	m := oauth1.Message{Method: "POST", Address: address, Query: []oauth1.Pair{{Name: "x", Value: "1"}}, Form: form}
	if want := oauth1.HMACSHA1.Sign("s", m.BaseString()); !slices.Contains(form, oauth1.Pair{Name: "oauth_signature", Value: want}) {
		t.Errorf("signature %q, want %q", got["oauth_signature"], want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("https://t.example/%zz", `["a=b"]`, "800", `["a:k:s"]`)
	f.Fuzz(func(t *testing.T, address, custom, height, passports string) {
		tl, err := tool.Parse("lti_consumer", map[string]string{"launch_url": address, "custom_parameters": custom, "inline_height": height})
		if err != nil {
			return
		}
		_, _, _ = tool.Key(passports, "a")
		form, err := tl.Launch(oauth1.Signer{Key: "k", Secret: "s"}, tool.Learner{ID: "u"}, tool.Place{Link: "l"})
		if err == nil && !slices.Contains(form, oauth1.Pair{Name: "user_id", Value: "u"}) {
			t.Error("the learner is not who they are")
		}
	})
}
