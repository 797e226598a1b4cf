package lti11

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lectern/internal/errs"
	"lectern/internal/lti"
)

func TestLaunchFields(t *testing.T) {
	got := check(t, verifier(), signed(t, testPath,
		add("context_title", "context title"), add("context_label", " label "),
		add("lis_result_sourcedid", ` {"a":"$b"} `), add("lis_outcome_service_url", "https://lms.example/o?x=1"),
		add("tool_consumer_instance_guid", "consumer instance guid"),
		add("lis_person_contact_email_primary", " Some_Email@Example.COM "), add("lis_person_name_full", "John Doe"),
		add("lis_person_name_given", "$Person.name.given"), add("lis_person_name_family", "Doe"),
		add("launch_presentation_return_url", "https://lms.example/return?a=1"),
		add("launch_presentation_locale", "en_US"), add("launch_presentation_document_target", "iframe"),
		add("custom_a", "1"), add("custom_a", "2"), add("extra_param1", "extra_value1")), nil)
	got.Launch.Consumer = nil
	want := lti.Launch{
		User:         lti.User{ID: "LTI_User", Email: "some_email@example.com", FullName: "John Doe", FamilyName: "Doe"},
		Roles:        lti.Roles{Staff: true},
		Context:      lti.Context{ID: "lti_launch_context_id", Title: "context title", Label: "label"},
		ResourceLink: lti.ResourceLink{ID: "rl-1"},
		Outcome:      lti.Outcome{ServiceURL: "https://lms.example/o?x=1", SourcedID: ` {"a":"$b"} `},
		Presentation: lti.Presentation{Target: "iframe", Locale: "en_US", ReturnURL: "https://lms.example/return?a=1"},
		Instance:     lti.Instance{GUID: "consumer instance guid"},
	}
	if d := cmp.Diff(want, got.Launch); d != "" {
		t.Errorf("T2 launch:\n%s", d)
	}
	if got.Param("extra_param1") != "extra_value1" || got.Param("custom_a") != "2" || got.Param("none") != "" {
		t.Error("T3 parameters are not kept")
	}
}

// TestUnresolvedVariables: a value with a "$" must not make two people one.
func TestUnresolvedVariables(t *testing.T) {
	got := check(t, verifier(), signed(t, testPath, set("context_id", "$Context.id"), set("resource_link_id", "${link}"),
		add("lis_person_contact_email_primary", "$Person.email.primary"), add("lis_result_sourcedid", "$Result.sourcedId"),
		add("context_title", "Save $5 a day")), nil)
	l := got.Launch
	if l.Context.ID+l.ResourceLink.ID+l.User.Email+l.Outcome.SourcedID != "" || l.Context.Title != "Save $5 a day" {
		t.Errorf("launch %+v", l)
	}
}

func TestRoles(t *testing.T) {
	learner, staff, mentor := lti.Roles{Learner: true}, lti.Roles{Staff: true}, lti.Roles{Mentor: true}
	const lis = "http://purl.imsglobal.org/vocab/lis/v2/"
	for _, tt := range []struct {
		in   string
		want lti.Roles
	}{
		{"", learner},
		{" , ,", learner},
		{"Learner", learner},
		{"Student,Learner", learner},
		{"student", learner},
		{"Instructor", staff},
		{"instructor", staff},
		{" Instructor , Learner ", lti.Roles{Learner: true, Staff: true}},
		{"Administrator", staff},
		{"ContentDeveloper", staff},
		{"TeachingAssistant", staff},
		{"urn:lti:role:ims/lis/Learner", learner},
		{"urn:lti:role:ims/lis/Instructor/PrimaryInstructor", staff},
		{"urn:lti:role:ims/lis/TeachingAssistant/Grader", staff},
		{"urn:lti:role:ims/lis/Learner/Instructor", learner},
		{lis + "membership#Instructor", staff},
		{lis + "membership/Instructor#TeachingAssistant", staff},
		{lis + "membership/Instructor/TeachingAssistant", staff},
		{lis + "membership#Learner", learner},
		{"Mentor", mentor},
		{"urn:lti:role:ims/lis/Mentor/Tutor", mentor},
		{"Observer", mentor},
		{"urn:lti:role:ims/lis/Manager/Observer", mentor},
		{"urn:lti:role:ims/lis/Manager/AreaManager", learner},
		{"Learner,Mentor", lti.Roles{Learner: true, Mentor: true}},
		{"urn:lti:sysrole:ims/lis/Administrator", learner},
		{"urn:lti:instrole:ims/lis/Administrator,urn:lti:instrole:ims/lis/Instructor", learner},
		{"urn:lti:instrole:ims/lis/Observer", learner},
		{lis + "institution/person#Instructor", learner},
		{lis + "system/person#Administrator", learner},
		{lis + "person#Administrator", learner},
		{"Instructor,urn:lti:sysrole:ims/lis/Administrator,urn:lti:instrole:ims/lis/Administrator", staff},
		{"Learner,http://purl.imsglobal.org/vocab/lti/system/person#TestUser", lti.Roles{Learner: true, TestUser: true}},
		{"Wizard", learner},
		{"$Membership.role", learner},
		{"Instructorx", learner},
	} {
		if got := parseRoles(tt.in); got != tt.want {
			t.Errorf("parseRoles(%q) = %+v, want %+v", tt.in, got, tt.want)
		}
	}
}

// TestGUIDs: T17 to T20. The GUID is told, and never selects a consumer.
func TestGUIDs(t *testing.T) {
	v := verifier()
	c1 := holding("secret")
	c1.InstanceGUID = "g-1"
	v.Consumers = consumers{"c1": c1, testKey: holding(testSecret)}
	for _, guid := range []string{"g-1", "g-2", ""} {
		got := check(t, v, signed(t, testPath, set("tool_consumer_instance_guid", guid)), nil)
		if got.Launch.Consumer.Key != testKey || got.Launch.Instance.GUID != guid {
			t.Errorf("T20 GUID %q: consumer %s, GUID %q", guid, got.Launch.Consumer.Key, got.Launch.Instance.GUID)
		}
	}
	if got, err := v.Verify(t.Context(), given(testPath, known, set("tool_consumer_instance_guid", "g-9"))); got != nil {
		t.Errorf("T17 an unsigned GUID is handed on: %+v, %v", got, err)
	}
}

// TestStrictConsumer covers what certification asks for.
func TestStrictConsumer(t *testing.T) {
	c := holding(testSecret)
	c.StrictLTI = true
	v := verifier()
	v.Consumers = consumers{testKey: c}
	back := add("launch_presentation_return_url", "https://lms.example/return")
	for _, tt := range []struct {
		name string
		edit change
		want *errs.Error
	}{
		{"complete", set("lti_version", "LTI-1p0"), nil},
		{"no version", drop("lti_version"), ErrVersion},
		{"LTI 2", set("lti_version", "LTI-2p0"), ErrVersion},
		{"no message type", drop("lti_message_type"), ErrMessageType},
		{"wrong message type", set("lti_message_type", "basic-lti-launch"), ErrMessageType},
		{"no resource link", drop("resource_link_id"), ErrResourceLink},
		{"empty resource link", set("resource_link_id", ""), ErrResourceLink},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := check(t, v, signed(t, testPath, back, tt.edit), tt.want)
			if got == nil || got.Launch.Presentation.ReturnURL == "" {
				t.Error("the LMS cannot be told although its signature holds")
			}
		})
	}
	got := check(t, verifier(), signed(t, testPath, set("lti_version", "LTI-2p0"), drop("resource_link_id")), nil)
	if len(got.Warnings) != 2 {
		t.Errorf("warnings %q", got.Warnings)
	}
}

func TestReturnURL(t *testing.T) {
	const moodle = "https://lms.example/mod/lti/return.php?course=2&launch_container=3&instanceid=3&sesskey=x%2By"
	long := strings.Repeat("é", 300)
	for _, tt := range []struct {
		name, raw     string
		http          bool
		msg, log, out string
	}{
		{"message and log", moodle, false, "Not here & now", "code=x",
			moodle + "&lti_errormsg=Not%20here%20%26%20now&lti_errorlog=code%3Dx"},
		{"no query yet", "https://lms.example/r", false, "m", "", "https://lms.example/r?lti_errormsg=m"},
		{"empty query", "https://lms.example/r?", false, "m", "", "https://lms.example/r?lti_errormsg=m"},
		{"fragment stays last", "https://lms.example/r#top", false, "m", "", "https://lms.example/r?lti_errormsg=m#top"},
		{"nothing to say", moodle, false, "", "", moodle},
		{"cut at 255 characters", "https://l/", false, long, "", "https://l/?lti_errormsg=" + strings.Repeat("%C3%A9", 255)},
		{"control characters", "https://l/", false, "a\r\nb", "", "https://l/?lti_errormsg=a%20%20b"},
		{"http LMS", "http://lms.example/r", true, "m", "", "http://lms.example/r?lti_errormsg=m"},
		{"http of an https LMS", "http://lms.example/r", false, "m", "", ""},
		{"empty", "", false, "m", "", ""},
		{"script", "javascript:alert(1)//", true, "m", "", ""},
		{"data", "data:text/html,x", true, "m", "", ""},
		{"relative", "/r", true, "m", "", ""},
		{"no scheme", "//lms.example/r", true, "m", "", ""},
		{"no host", "https:///r", false, "m", "", ""},
		{"port only", "https://:443/r", false, "m", "", ""},
		{"user information", "https://lms.example@evil.example/", false, "m", "", ""},
		{"backslash", `https://lms.example\@evil.example/`, false, "m", "", ""},
		{"line break", "https://lms.example/\r\nX: y", false, "m", "", ""},
		{"too long", "https://lms.example/" + strings.Repeat("x", 4096), false, "m", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ReturnURL(tt.raw, tt.http, tt.msg, tt.log)
			if got != tt.out || (tt.out == "") != errors.Is(err, ErrReturnURL) {
				t.Errorf("ReturnURL = %q, %v; want %q", got, err, tt.out)
			}
		})
	}
}

func TestReturnURLOfLaunch(t *testing.T) {
	plain := add("launch_presentation_return_url", "http://lms.example/r")
	for _, tt := range []struct {
		name, origin string
		edit         change
		want         string
	}{
		{"http LMS by its origin", "http://lms.example", set("x", ""), "http://lms.example/r"},
		{"http LMS by its outcome service", "", set("lis_outcome_service_url", "http://lms.example/o"), "http://lms.example/r"},
		{"https LMS", "https://lms.example", set("x", ""), ""},
	} {
		req := signed(t, testPath, plain, tt.edit)
		req.Origin = tt.origin
		if got := check(t, verifier(), req, nil).Launch.Presentation.ReturnURL; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestExternalURL(t *testing.T) {
	proxy := Facts{Host: "app:8000", Trusted: true, ForwardedProto: "https, http", ForwardedHost: "Campus.example, inner"}
	with := func(edit func(*Facts)) Facts {
		f := proxy
		edit(&f)
		return f
	}
	for _, tt := range []struct {
		name, public, target string
		facts                Facts
		want                 string // "" when refused
	}{
		{"public address wins", "https://lectern.example", "/a%2Fb?x=1", proxy, "https://lectern.example/a%2Fb?x=1"},
		{"public address with prefix", "https://lectern.example/lti/", "/a", Facts{Host: "evil"}, "https://lectern.example/lti/a"},
		{"trusted proxy", "", "/a", proxy, "https://Campus.example/a"},
		{"prefix", "", "/a", with(func(f *Facts) { f.ForwardedPrefix = "/lti-tool/" }), "https://Campus.example/lti-tool/a"},
		{"port", "", "/a", with(func(f *Facts) { f.ForwardedPort = "8443" }), "https://Campus.example:8443/a"},
		{"port in both", "", "/a", with(func(f *Facts) { f.ForwardedHost = "c:1"; f.ForwardedPort = "2" }), "https://c:1/a"},
		{"stranger's headers do not count", "", "/a", with(func(f *Facts) { f.Trusted = false }), "http://app:8000/a"},
		{"own TLS", "", "/a", Facts{Host: "h", TLS: true}, "https://h/a"},
		{"absolute target", "", "http://elsewhere/a?b", Facts{Host: "h", TLS: true}, "https://h/a?b"},
		{"double slash stays", "", "//a", Facts{Host: "h"}, "http://h//a"},
		{"no host", "", "/a", Facts{}, ""},
		{"host with a path", "", "/a", Facts{Host: "h/x"}, ""},
		{"host with user", "", "/a", Facts{Host: "u@h"}, ""},
		{"odd proto", "", "/a", with(func(f *Facts) { f.ForwardedProto = "ftp" }), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var public *url.URL
			if tt.public != "" {
				public, _ = url.Parse(tt.public)
			}
			got, err := ExternalURL(public, tt.target, tt.facts)
			if err != nil && !errors.Is(err, ErrTarget) || (err == nil) != (tt.want != "") || err == nil && got.String() != tt.want {
				t.Errorf("ExternalURL = %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(testPath, body, formType)
	f.Add("http://[::1", "user_id=&a=%ff&=&&;", "application/x-www-form-urlencoded;;")
	f.Fuzz(func(t *testing.T, target, form, contentType string) {
		v := verifier()
		v.Consumers = consumers{testKey: holding("a secret nobody can guess: 91d2")}
		req := &Request{Method: "POST", Target: target, ContentType: contentType, Body: []byte(form), Facts: Facts{Host: target}}
		got, err := v.Verify(t.Context(), req)
		if got != nil || err == nil {
			t.Error("a signature was guessed")
		}
		if errs.From(err).Kind == errs.Internal {
			t.Errorf("no words for %v", err)
		}
	})
}

func FuzzReturnURL(f *testing.F) {
	f.Add("https://lms.example/r?a=1#x", "m")
	f.Fuzz(func(t *testing.T, raw, msg string) {
		got, err := ReturnURL(raw, false, msg, "log")
		if err != nil {
			return
		}
		u, parseErr := url.Parse(got)
		if parseErr != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
			t.Errorf("ReturnURL(%q) = %q", raw, got)
		}
	})
}
