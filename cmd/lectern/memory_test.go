package main

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"lectern/internal/registry"
)

// TestLaunchMemory changes a consumer and a course behind the back of what
// launches remember of them, as another process would: the next launch goes by
// what is so now.
func TestLaunchMemory(t *testing.T) {
	s := gateSite(t)
	ctx := context.Background()
	c := s.consumerNow(s.find("consumer_key"))
	launch := func(secret string) int {
		m := s.good(path("html", "h1"))
		m.secret = secret
		return s.post(newBrowser(t), m).StatusCode
	}
	want := func(what, secret string, status int) {
		t.Helper()
		if got := launch(secret); got != status {
			t.Errorf("%s: %d, want %d", what, got, status)
		}
	}
	want("a good launch", "secret", http.StatusSeeOther)
	if err := s.app.Registry.SetEnabled(ctx, "test", c.ID, false); err != nil {
		t.Fatal(err)
	}
	want("consumer disabled", "secret", http.StatusForbidden)
	want("consumer still disabled", "secret", http.StatusForbidden)
	if err := s.app.Registry.SetEnabled(ctx, "test", c.ID, true); err != nil {
		t.Fatal(err)
	}
	want("consumer enabled again", "secret", http.StatusSeeOther)
	spec := registry.SpecOf(c)
	spec.Secret = "another"
	if _, err := s.app.Registry.Set(ctx, "test", c.ID, spec); err != nil {
		t.Fatal(err)
	}
	want("the secret from before", "secret", http.StatusForbidden)
	want("the new secret", "another", http.StatusSeeOther)
	spec.RequireUserAccount, spec.Secret = true, ""
	if _, err := s.app.Registry.Set(ctx, "test", c.ID, spec); err != nil {
		t.Fatal(err)
	}
	want("an account is required now", "another", http.StatusForbidden)
	spec.RequireUserAccount = false
	if _, err := s.app.Registry.Set(ctx, "test", c.ID, spec); err != nil {
		t.Fatal(err)
	}
	want("no account is required any more", "another", http.StatusSeeOther)

	files := testCourse()
	files["course/some_run.xml"] = strings.Replace(files["course/some_run.xml"], `<html url_name="h1"/>`, "", 1)
	s.importFiles(files)
	want("the content is gone", "another", http.StatusNotFound)
	s.importFiles(testCourse())
	want("the content is back", "another", http.StatusSeeOther)
	if _, err := s.app.Registry.Delete(ctx, "test", c.ID); err != nil {
		t.Fatal(err)
	}
	want("consumer deleted", "another", http.StatusForbidden)
}

// find returns the ID of the consumer with a key.
func (s *testSite) find(key string) string {
	s.t.Helper()
	c, err := s.app.Registry.Find(context.Background(), key)
	if err != nil {
		s.t.Fatal(err)
	}
	return c.ID
}
