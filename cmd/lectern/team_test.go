package main

import (
	"net/http"
	"strings"
	"testing"

	"lectern/internal/registry"
)

// TestTeachersOfTheLMS: an Instructor sees the learners of the launch's LMS
// course, how the questions went, and a CSV; nothing of another LMS course, and a
// learner sees none of it. It works with the token in the path, too.
func TestTeachersOfTheLMS(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	s.consumer("k", "secret", func(spec *registry.Spec) { spec.UseLTIPII = true })
	s.answered("k", "ada", "choice_1") // right
	s.answered("k", "bob", "choice_0")
	launch := func(user, role, context string) *message {
		m := s.good(path("problem", "block_id")).set("user_id", user).set("roles", role).set("context_id", context)
		m.key = "k"
		return m.set("lis_person_name_full", "Name of "+user).set("lis_person_contact_email_primary", user+"@school.example")
	}
	s.open(newBrowser(t), launch("eve", "Learner", "another course"))
	teacher := newBrowser(t)
	p := s.open(teacher, launch("prof", "Instructor", "lti_launch_context_id"))
	if !strings.Contains(p.body, `team/items">Questions`) {
		t.Fatalf("no way to the team's pages: %d", p.StatusCode)
	}
	base := p.Request.URL.Path
	check := func(browser *http.Client, base string) {
		t.Helper()
		list := s.get(browser, base+"team")
		for text, shown := range map[string]bool{
			"ada": true, "bob": true, "1 of 1": true, "0 of 1": true, "eve": false, "prof": false, "2 learners": true,
		} {
			if strings.Contains(list.body, text) != shown {
				t.Errorf("learners: %q shown should be %v", text, shown)
			}
		}
		items := s.get(browser, base+"team/items")
		for _, want := range []string{"2 answered", "50 % have full points", "<li>a ", "A choice"} {
			if !strings.Contains(items.body, want) {
				t.Errorf("questions lack %q: %.3000s", want, items.body)
			}
		}
		csv := s.get(browser, base+"team/learners.csv")
		if !strings.HasPrefix(csv.Header.Get("Content-Type"), "text/csv") || strings.Count(csv.body, "\n") != 3 || strings.Contains(csv.body, "eve") {
			t.Errorf("CSV: %s", csv.body)
		}
	}
	check(teacher, base)
	if with := s.get(teacher, base+"?answers=1"); strings.Count(with.body, "correct") <= strings.Count(s.get(teacher, base).body, "correct") {
		t.Error("the page with answers shows none")
	}
	token := s.post(newBrowser(t), launch("prof", "Instructor", "lti_launch_context_id"))
	blind := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	landed := s.follow(blind, token)
	if !strings.Contains(landed.Request.URL.Path, "/~") {
		t.Fatalf("token mode: %s", landed.Request.URL)
	}
	check(blind, landed.Request.URL.Path)
	learner := newBrowser(t)
	own := s.open(learner, launch("ada", "Learner", "lti_launch_context_id"))
	if strings.Contains(own.body, "team/items") {
		t.Error("a learner is shown the way")
	}
	for _, at := range []string{"team", "team/items", "team/learners.csv"} {
		if p := s.get(learner, own.Request.URL.Path+at); p.StatusCode != 404 {
			t.Errorf("a learner at %s: %d", at, p.StatusCode)
		}
	}
	if p := s.get(learner, own.Request.URL.Path+"?answers=1"); strings.Count(p.body, "correct") != strings.Count(s.get(learner, own.Request.URL.Path).body, "correct") {
		t.Error("a learner sees answers")
	}
	other := newBrowser(t)
	p = s.open(other, launch("prof2", "Instructor", "another course"))
	if list := s.get(other, p.Request.URL.Path+"team"); !strings.Contains(list.body, "eve") || strings.Contains(list.body, "ada") {
		t.Error("a teacher sees another LMS course's learners")
	}
}
