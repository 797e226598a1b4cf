package tlsfront_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"lectern/internal/tlsfront"
)

func newRecorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }

func TestRedirect(t *testing.T) {
	a, clock := newAuthority(t), &testClock{}
	f := a.files("lectern.example.edu", "*.campus.example.edu")
	fromFiles, byACME := clock.options(), clock.options()
	fromFiles.CertFile, fromFiles.KeyFile = f.cert, f.key
	byACME.Domains = []string{"Lectern.Example.edu.", "zwölf.example.edu"}
	for _, tt := range []struct {
		name                         string
		options                      tlsfront.Options
		method, host, target, public string
		want                         string // empty: refused
	}{
		{"page", fromFiles, "GET", "lectern.example.edu", "/login?next=%2Fadmin", "https://lectern.example.edu",
			"https://lectern.example.edu/login?next=%2Fadmin"},
		{"head", fromFiles, "HEAD", "lectern.example.edu:80", "/", "https://lectern.example.edu", "https://lectern.example.edu/"},
		{"port of https", fromFiles, "GET", "lectern.example.edu:8080", "/", "https://lectern.example.edu:8443",
			"https://lectern.example.edu:8443/"},
		{"another name of the certificate", fromFiles, "GET", "b.campus.example.edu", "/", "https://lectern.example.edu",
			"https://b.campus.example.edu/"},
		{"foreign name", fromFiles, "GET", "evil.test", "/", "https://lectern.example.edu", "https://lectern.example.edu/"},
		{"no name", fromFiles, "GET", "", "/", "https://lectern.example.edu", "https://lectern.example.edu/"},
		{"looks like a host", fromFiles, "GET", "lectern.example.edu", "//evil.test/", "https://lectern.example.edu",
			"https://lectern.example.edu//evil.test/"},
		{"kept as sent", fromFiles, "GET", "lectern.example.edu", "/a/../%2e/b", "https://lectern.example.edu",
			"https://lectern.example.edu/a/../%2e/b"},
		{"proxy form", fromFiles, "GET", "evil.test", "http://evil.test/x?y", "https://lectern.example.edu",
			"https://lectern.example.edu/x?y"},
		{"address", fromFiles, "GET", "127.0.0.1:80", "/", "https://lectern.example.edu", "https://127.0.0.1/"},
		{"acme", byACME, "GET", "LECTERN.example.edu", "/", "https://lectern.example.edu", "https://lectern.example.edu/"},
		{"acme, second name", byACME, "GET", "xn--zwlf-6qa.example.edu", "/", "https://lectern.example.edu",
			"https://xn--zwlf-6qa.example.edu/"},
		{"acme, foreign name", byACME, "GET", "evil.test", "/", "https://lectern.example.edu", "https://lectern.example.edu/"},
		{"launch", fromFiles, "POST", "lectern.example.edu", "/lti_provider/courses/c/u", "https://lectern.example.edu", ""},
		{"other verbs", byACME, "PUT", "lectern.example.edu", "/", "https://lectern.example.edu", ""},
		{"options", byACME, "OPTIONS", "lectern.example.edu", "/", "https://lectern.example.edu", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			front, err := tlsfront.New(tt.options)
			if err != nil {
				t.Fatal(err)
			}
			public, err := url.Parse(tt.public)
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(tt.method, tt.target, nil)
			r.Host = tt.host
			w := newRecorder()
			err = front.Redirect(public)(w, r)
			if tt.want == "" {
				if !errors.Is(err, tlsfront.ErrPlain) || w.Header().Get("Location") != "" {
					t.Errorf("%v, Location %q; want ErrPlain", err, w.Header().Get("Location"))
				}
				return
			}
			if got := w.Header().Get("Location"); err != nil || w.Code != http.StatusPermanentRedirect || got != tt.want {
				t.Errorf("%d to %s, %v; want %s", w.Code, got, err, tt.want)
			}
		})
	}
}

func TestCheckPublic(t *testing.T) {
	clock := &testClock{}
	o := clock.options()
	o.Domains = []string{"lectern.example.edu", "other.example.edu"}
	front, err := tlsfront.New(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		front  *tlsfront.Front
		public string
		ok     bool
	}{
		{front, "https://lectern.example.edu", true},
		{front, "https://other.example.edu:8443", true},
		{front, "http://lectern.example.edu", false},
		{front, "https://third.example.edu", false},
		{nil, "http://lectern.example.edu", true},
		{nil, "https://lectern.example.edu", true},
	} {
		public, err := url.Parse(tt.public)
		if err != nil {
			t.Fatal(err)
		}
		if err := tt.front.CheckPublic(public); (err == nil) != tt.ok {
			t.Errorf("CheckPublic(%s) = %v", tt.public, err)
		}
	}
}
