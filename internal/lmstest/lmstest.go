// Package lmstest runs the sample LMS inside a test, on loopback.
//
// [Start] gives an LMS with its own signing and XML code; the tool under test
// gets launches from [LMS.Post] and sends its outcomes to the address in them.
package lmstest

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"lectern/internal/fakelms"
)

// LMS is a sample LMS that listens until the test ends.
type LMS struct {
	*fakelms.LMS
	URL string // address without a trailing slash

	t testing.TB
}

// Start runs an LMS. Key and secret default to "test-key" and "test-secret".
func Start(t testing.TB, o fakelms.Options) *LMS {
	t.Helper()
	if o.Key == "" {
		o.Key, o.Secret = "test-key", "test-secret"
	}
	l, err := fakelms.New(o)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(l)
	t.Cleanup(srv.Close)
	l.SetBaseURL(srv.URL)
	return &LMS{LMS: l, URL: srv.URL, t: t}
}

// MustLaunch returns a signed launch and ends the test when there is no such
// user or link.
func (l *LMS) MustLaunch(user, link string, faults ...fakelms.LaunchFault) fakelms.Form {
	l.t.Helper()
	fault := fakelms.LaunchFault("")
	if len(faults) > 0 {
		fault = faults[0]
	}
	f, err := l.LaunchWith(user, link, fault)
	if err != nil {
		l.t.Fatal(err)
	}
	return f
}

// Request returns the POST of a launch as the browser inside the LMS's page
// would send it.
func (l *LMS) Request(f fakelms.Form) *http.Request {
	l.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, f.URL, strings.NewReader(f.Body()))
	if err != nil {
		l.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", l.URL)
	r.Header.Set("Referer", l.URL+"/")
	r.Header.Set("Sec-Fetch-Dest", "iframe")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	return r
}

// Post sends a launch by client and returns the answer with its body read. A
// client without cookie jar that follows no redirects shows each step.
func (l *LMS) Post(client *http.Client, f fakelms.Form) (*http.Response, string) {
	l.t.Helper()
	resp, err := client.Do(l.Request(f))
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return resp, string(body)
}

// WaitGrade waits until the gradebook holds value for user and link.
func (l *LMS) WaitGrade(user, link, value string, atMost time.Duration) {
	l.t.Helper()
	deadline := time.Now().Add(atMost)
	for {
		g, _ := l.Grade(user, link)
		if g.Value == value {
			return
		}
		if time.Now().After(deadline) {
			l.t.Fatalf("gradebook of %s, link %s: %q after %v, want %q; messages: %+v",
				user, link, g.Value, atMost, value, l.Messages())
		}
		time.Sleep(10 * time.Millisecond)
	}
}
