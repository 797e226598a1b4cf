package web_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"lectern/internal/errs"
	"lectern/internal/telemetry"
	"lectern/internal/web"
)

var errFull = errs.New(errs.Conflict, "test_full", "", "It is full.", "Make room.")

// newMux returns a mux with a few routes, and what it logs.
func newMux(t *testing.T) (*web.Mux, *bytes.Buffer) {
	t.Helper()
	log := &bytes.Buffer{}
	public := &url.URL{Scheme: "https", Host: "tool.example"}
	m, err := web.New(web.Options{
		PublicURL: public, Log: telemetry.NewLogger(log, telemetry.JSON, slog.LevelInfo), Clock: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	fail := func(err error) web.Handler {
		return func(http.ResponseWriter, *http.Request) error { return err }
	}
	m.Handle("GET /full", fail(errFull.With("private detail")))
	m.Handle("GET /broken", fail(errors.New("private cause")))
	m.Handle("GET /panic", func(http.ResponseWriter, *http.Request) error { panic("private panic") })
	m.Handle("POST /form", func(w http.ResponseWriter, _ *http.Request) error {
		_, err := w.Write([]byte("done"))
		return err
	})
	m.HandleRaw("/raw/", func(w http.ResponseWriter, r *http.Request) error {
		_, err := w.Write([]byte(r.RequestURI))
		return err
	})
	return m, log
}

func TestErrorsBecomePagesOnce(t *testing.T) {
	m, log := newMux(t)
	for _, tt := range []struct {
		path   string
		status int
		says   string
	}{
		{"/full", 409, "It is full."}, {"/broken", 500, "Something went wrong"}, {"/panic", 500, "Something went wrong"},
	} {
		w := httptest.NewRecorder()
		m.ServeHTTP(w, httptest.NewRequest(http.MethodGet, tt.path, nil))
		body := w.Body.String()
		if w.Code != tt.status || !strings.Contains(body, tt.says) || strings.Contains(body, "private") || strings.Contains(body, "Make room") {
			t.Errorf("%s: %d %s", tt.path, w.Code, body)
		}
		if !strings.Contains(log.String(), "private") {
			t.Errorf("%s: the log lost the cause: %s", tt.path, log)
		}
		if got := w.Header().Get("Content-Security-Policy"); !strings.Contains(got, "frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", tt.path, got)
		}
		log.Reset()
	}
	r := httptest.NewRequest(http.MethodGet, "/full", nil)
	r.Header.Set("Accept", "application/json")
	w := httptest.NewRecorder()
	m.ServeHTTP(w, r)
	var answer map[string]string
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer["code"] != "test_full" {
		t.Errorf("JSON: %v, %v", answer, err)
	}
}

func TestOtherSitesForms(t *testing.T) {
	for _, tt := range []struct {
		name, site, origin string
		want               int
	}{
		{"own page", "same-origin", "https://tool.example", 200},
		{"public address behind a proxy", "", "https://tool.example", 200},
		{"another site", "cross-site", "https://evil.example", 403},
		{"an old browser, another site", "", "https://evil.example", 403},
		{"no browser", "", "", 200},
	} {
		m, _ := newMux(t)
		r := httptest.NewRequest(http.MethodPost, "http://10.0.0.1:8000/form", nil)
		for name, value := range map[string]string{"Sec-Fetch-Site": tt.site, "Origin": tt.origin} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		w := httptest.NewRecorder()
		if m.ServeHTTP(w, r); w.Code != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, w.Code, tt.want)
		}
	}
}

// TestRawTargets: what a signature covers reaches its handler as it was sent.
func TestRawTargets(t *testing.T) {
	for _, target := range []string{"/raw/a//b", "/raw/a/../b", "/raw/a%2Fb?x=%zz", "/raw/c:d+e@f;_g/"} {
		m, _ := newMux(t)
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, "/raw/x", nil)
		r.RequestURI = target
		path, query, _ := strings.Cut(target, "?")
		r.URL = &url.URL{Path: path, RawQuery: query}
		if m.ServeHTTP(w, r); w.Code != 200 || w.Body.String() != target {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
}

func TestSecure(t *testing.T) {
	for _, tt := range []struct {
		public, host string
		want         bool
	}{
		{"https://tool.example", "tool.example", true}, {"http://tool.example", "tool.example", false},
		{"http://localhost:8000", "localhost:8000", true}, {"http://127.0.0.1:8000", "127.0.0.1:8000", true},
		{"http://[::1]:8000", "[::1]:8000", true}, {"http://10.1.2.3", "10.1.2.3", false},
		{"http://x.localhost", "x.localhost", true}, {"http://localhost.evil.example", "localhost.evil.example", false},
	} {
		public, err := url.Parse(tt.public)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = tt.host
		if got := web.Secure(public)(r); got != tt.want {
			t.Errorf("Secure(%s) at %s = %v", tt.public, tt.host, got)
		}
	}
}
