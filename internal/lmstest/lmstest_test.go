package lmstest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"lectern/internal/fakelms"
	"lectern/internal/lmstest"
)

func TestPost(t *testing.T) {
	tool := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if _, err := w.Write(append([]byte(r.RequestURI+" "), body...)); err != nil {
			t.Error(err)
		}
	}))
	defer tool.Close()
	lms := lmstest.Start(t, fakelms.Options{Seed: 5, Links: []fakelms.Link{
		{ID: "p", Title: "P", LaunchURL: tool.URL + "/a+b@c", Graded: true},
	}})
	form := lms.MustLaunch("ana", "p")
	resp, body := lms.Post(tool.Client(), form)
	if want := "/a+b@c " + form.Body(); resp.StatusCode != http.StatusOK || body != want {
		t.Errorf("the tool got %q, want %q", body, want)
	}
	if form.Get("lis_outcome_service_url") != lms.URL+lms.Personality().OutcomePath {
		t.Errorf("outcome address %q is not at %s", form.Get("lis_outcome_service_url"), lms.URL)
	}
}
