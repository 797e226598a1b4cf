package fakelms

import (
	"context"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func get(t *testing.T, l *LMS, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	l.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), "GET", path, nil))
	return w.Code, w.Body.String()
}

func post(t *testing.T, l *LMS, path, origin string, form url.Values) int {
	t.Helper()
	r := httptest.NewRequestWithContext(context.Background(), "POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	w := httptest.NewRecorder()
	l.ServeHTTP(w, r)
	return w.Code
}

func TestPages(t *testing.T) {
	l := newLMS(t, Options{})
	send(t, l, call{score: "0.5"})
	for _, tt := range []struct {
		path   string
		status int
		want   string
	}{
		{"/course", 200, "Grade 50 %"},
		{"/course?as=ben", 200, "Hello Ben"},
		{"/course?as=nobody", 200, "Hello Ana"},
		{"/link/p1?as=ben&fault=stale", 200, "An hour old"},
		{"/link/p1", 200, `src="/launch/p1?as=ana"`},
		{"/link/p9", 404, "no such person or link"},
		{"/launch/p1?as=carla", 200, `name="roles" value="Instructor"`},
		{"/launch/p1?fault=missing-user", 200, `name="roles"`},
		{"/launch/p9", 404, `role="alert"`},
		{"/gradebook", 200, `data-value="0.5"`},
		{"/gradebook.json", 200, `"Value":"0.5"`},
		{"/break", 200, "What this LMS is like"},
		{"/settings", 200, "Consumer key"},
		{"/return?lti_errormsg=Too+late+%3Cb%3E", 200, "Too late &lt;b&gt;"},
		{"/static/lms.css", 200, "--plum"},
		{"/nowhere", 404, ""},
	} {
		status, body := get(t, l, tt.path)
		if status != tt.status || !strings.Contains(body, tt.want) {
			t.Errorf("GET %s: %d, want %d and %q in\n%s", tt.path, status, tt.status, tt.want, body)
		}
	}
}

func TestSettingsForms(t *testing.T) {
	l := newLMS(t, Options{})
	link := url.Values{"title": {"New"}, "url": {"http://localhost:1/z"}, "graded": {"on"}}
	if got := post(t, l, "/settings/links", "", link); got != 303 || len(l.Links()) != 3 {
		t.Errorf("adding a link: %d, links %+v", got, l.Links())
	}
	link.Set("url", "javascript:alert(1)")
	if got := post(t, l, "/settings/links", "", link); got != 400 || len(l.Links()) != 3 {
		t.Errorf("adding a bad link: %d, links %+v", got, l.Links())
	}
	if got := post(t, l, "/settings/links/h1/remove", "", nil); got != 303 || len(l.Links()) != 2 {
		t.Errorf("removing a link: %d, links %+v", got, l.Links())
	}
	post(t, l, "/settings/credentials", "", url.Values{"key": {"k2"}, "secret": {"s2"}})
	if key, secret := l.Credentials(); key != "k2" || secret != "s2" {
		t.Errorf("credentials %q, %q", key, secret)
	}
	l.SetCredentials("k", "s")
	if got := post(t, l, "/break", "https://elsewhere.example", url.Values{"fault": {"500"}}); got != 403 {
		t.Errorf("form of another site: %d, want 403", got)
	}
	post(t, l, "/break", "", url.Values{"fault": {"500"}, "count": {"2"}})
	if status, _ := send(t, l, call{}); status != 500 {
		t.Errorf("fault not switched on: %d", status)
	}
	post(t, l, "/break", "", url.Values{"fault": {""}})
	if status, _ := send(t, l, call{}); status != 200 {
		t.Errorf("fault not switched off: %d", status)
	}
}

func TestLaunchFaults(t *testing.T) {
	l := newLMS(t, Options{})
	good, err := l.Launch("ana", "p1")
	if err != nil {
		t.Fatal(err)
	}
	again, err := l.LaunchWith("ana", "p1", Replay)
	if err != nil || again.Body() != good.Body() {
		t.Errorf("replay differs from the launch before it: %v", err)
	}
	for _, c := range launchChoices() {
		form, err := l.LaunchWith("ben", "p1", LaunchFault(c.Value))
		if err != nil {
			t.Fatal(err)
		}
		target, err := splitURL(form.URL)
		if err != nil {
			t.Fatal(err)
		}
		var signed []Pair
		for _, p := range form.Pairs {
			if p.Name != "oauth_signature" {
				signed = append(signed, p)
			}
		}
		verifies := signature(hmacSHA1, "POST", target, signed, "s") == form.Get("oauth_signature")
		f := LaunchFault(c.Value)
		if want := f != WrongSecret && f != Tampered; verifies != want {
			t.Errorf("%s: signature verifies: %v, want %v", f, verifies, want)
		}
	}
	if _, err := l.Launch("nobody", "p1"); err == nil {
		t.Error("launch by nobody")
	}
}

func TestOptionsRefused(t *testing.T) {
	link := Link{ID: "a", LaunchURL: "http://localhost/x"}
	for name, o := range map[string]Options{
		"no secret":     {Key: "k"},
		"no key":        {Secret: "s"},
		"relative link": {Key: "k", Secret: "s", Links: []Link{{ID: "a", LaunchURL: "/x"}}},
		"repeated id":   {Key: "k", Secret: "s", Links: []Link{link, link}},
		"slash in id":   {Key: "k", Secret: "s", Links: []Link{{ID: "a/b", LaunchURL: link.LaunchURL}}},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
