package main

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"lectern/internal/course"
	"lectern/internal/grading"
	"lectern/internal/problem"
)

// answered has a learner of consumer c answer the choice of the test course, and
// returns their account.
func (s *testSite) answered(key, user, choice string) string {
	s.t.Helper()
	m := s.good(path("problem", "block_id")).set("user_id", user)
	m.key = key
	if p := s.open(newBrowser(s.t), m); p.StatusCode != 200 {
		s.t.Fatalf("launch of %s: %d %s", user, p.StatusCode, p.code())
	}
	ctx := context.Background()
	c, err := s.app.Catalog.Course(ctx, someCourse)
	if err != nil {
		s.t.Fatal(err)
	}
	consumer, _, err := s.app.Registry.ByKey(ctx, key)
	if err != nil {
		s.t.Fatal(err)
	}
	id := s.linked(consumer, user).AccountID
	b := c.Block(course.Ref{Type: "problem", ID: "block_id"})
	input := c.Usage(b).HTMLID() + "_2_1"
	_, err = s.app.Grading.Submit(ctx, grading.Who{AccountID: id}, grading.At{Course: c, Block: b},
		grading.Form{Version: grading.NoVersion, Answers: problem.Answers{input: problem.One(choice)}})
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

// TestTeachersWorkInConsole: find a learner, see the effect, give a score, clear,
// grade again with a preview.
func TestTeachersWorkInConsole(t *testing.T) {
	s := startSite(t, nil)
	key := s.importFiles(testCourse()).CourseKey
	boss, _ := s.consoleOf()
	team := s.withRole(boss, "team", true, key)
	s.consumer("k", "secret", nil)
	id := s.answered("k", "ada", "choice_0") // wrong: b is right
	usage := strings.TrimPrefix(path("problem", "block_id"), "/lti_provider/courses/"+someCourse+"/")
	at := "/admin/learners/" + key
	if p := s.get(team, at+"?q=ada"); !strings.Contains(p.body, "A choice") || !strings.Contains(p.body, "0 of 1") {
		t.Fatalf("find by the LMS's ID: %d %.500s", p.StatusCode, p.body)
	}
	if p := s.get(team, at+"?q=nobody"); !strings.Contains(p.body, "No learner of this course") {
		t.Errorf("find nobody: %d", p.StatusCode)
	}
	admin := s.local("elsewhere", "e@example.edu", "", false)
	if p := s.get(team, at+"?account="+admin.ID); p.StatusCode != 404 {
		t.Errorf("somebody who is no learner of the course: %d", p.StatusCode)
	}
	of := at + "?" + url.Values{"account": {id}, "scope": {""}, "block": {usage}}.Encode()
	fields := []string{"account", id, "scope", "", "block", usage}
	act := func(name string, more ...string) page {
		t.Helper()
		form := s.fill(s.get(team, of), append(append([]string{"act", name}, fields...), more...)...)
		return s.follow(team, s.submit(team, at, form))
	}
	if p := act("look", "points", "0.5"); p.StatusCode != 200 || !strings.Contains(p.body, `value="give"`) || !strings.Contains(p.body, "0.5 of 1 points") {
		t.Errorf("the effect: %d %.3000s", p.StatusCode, p.body)
	}
	if p := s.get(team, of); strings.Contains(p.body, `value="give"`) {
		t.Error("a score is given before its effect is seen")
	}
	if p := act("look", "points", "9"); p.StatusCode != 400 || !strings.Contains(p.body, "from 0 to what the content is worth") {
		t.Errorf("the effect of 9 points of 1: %d", p.StatusCode)
	}
	if p := act("give", "points", "9", "why", "x"); p.StatusCode != 400 {
		t.Errorf("9 points of 1: %d", p.StatusCode)
	}
	if p := act("give", "points", "0.5", "why", "half right"); !strings.Contains(p.body, "half right") {
		t.Errorf("give: %d", p.StatusCode)
	}
	if p := s.get(team, of); !strings.Contains(p.body, "Withdraw the teacher") {
		t.Error("the effect of withdrawing is not shown")
	}
	if p := act("withdraw"); !strings.Contains(p.body, "withdrawn") {
		t.Errorf("withdraw: %d", p.StatusCode)
	}
	if p := act("allow", "days", "2", "attempts", "1", "why", "ill"); !strings.Contains(p.body, "1 more attempt") {
		t.Errorf("allow: %d", p.StatusCode)
	}
	if p := act("disallow"); strings.Contains(p.body, "1 more attempt") {
		t.Errorf("disallow: %d", p.StatusCode)
	}
	s.gradeAgain(team, key, usage)
	if p := s.get(team, of); !strings.Contains(p.body, "1 of 1") {
		t.Error("the new score is not the learner's")
	}
	if p := act("clear"); !strings.Contains(p.body, "begins anew") {
		t.Errorf("clear: %d", p.StatusCode)
	}
	stranger := s.withRole(boss, "team", false, key)
	if p := s.get(stranger, of); p.StatusCode != http.StatusForbidden {
		t.Errorf("another course's team: %d", p.StatusCode)
	}
}

// gradeAgain corrects the key of the choice, so that a is right, and has it graded
// again with a look at who changes.
func (s *testSite) gradeAgain(team *http.Client, key, usage string) {
	t := s.t
	t.Helper()
	files := testCourse()
	files["problem/block_id.xml"] = strings.NewReplacer(`correct="false"`, `correct="true"`, `correct="true"`, `correct="false"`).Replace(files["problem/block_id.xml"])
	s.importFiles(files)
	ask := s.get(team, "/admin/rescore/"+key+"?block="+url.QueryEscape(usage))
	p := s.submit(team, "/admin/rescore/"+key, s.fill(ask, "block", usage))
	job := p.Header.Get("Location")
	p = s.until(team, job, "Change 1 score")
	if !strings.Contains(p.body, "0 of 1") || !strings.Contains(p.body, "1 of 1") {
		t.Errorf("old and new are not shown: %.2000s", p.body)
	}
	u, _ := url.Parse(job)
	s.submit(team, "/admin/rescore/"+key, s.fill(p, "job", u.Query().Get("job"), "act", "apply"))
	s.until(team, job, "score changed, on")
}

// TestLearnersAreFound: by LMS course, and where two LMSs have users of one ID.
func TestLearnersAreFound(t *testing.T) {
	s := startSite(t, nil)
	at := "/admin/learners/" + s.importFiles(testCourse()).CourseKey
	boss, _ := s.consoleOf()
	team := s.withRole(boss, "team", true, someCourse)
	if p := s.get(team, at); !strings.Contains(p.body, "No LMS has launched anything") {
		t.Errorf("nothing yet: %d", p.StatusCode)
	}
	s.consumer("k", "secret", nil)
	id := s.answered("k", "ada", "choice_0")
	if p := s.get(team, at); !strings.Contains(p.body, "1 learner<") || !strings.Contains(p.body, "lti_launch_context") {
		t.Errorf("the LMS courses: %.2000s", p.body)
	}
	s.consumer("other", "secret", nil)
	namesake := s.answered("other", "ada", "choice_1")
	if p := s.get(team, at+"?q=ada"); !strings.Contains(p.body, "account="+id) || !strings.Contains(p.body, "account="+namesake) || strings.Contains(p.body, "0 of 1") {
		t.Errorf("two LMSs' users of one ID are not told apart: %.2000s", p.body)
	}
	listed := regexp.MustCompile(`\?from=[^"]+`).FindString(s.get(team, at).body)
	if p := s.get(team, at+listed); !strings.Contains(p.body, "account="+id) && !strings.Contains(p.body, "account="+namesake) {
		t.Errorf("the learners of an LMS course: %d %.2000s", p.StatusCode, p.body)
	}
	if p := s.get(team, at+"?from=nowhere&after=x"); p.StatusCode != 200 {
		t.Errorf("an LMS course that is gone: %d", p.StatusCode)
	}
}

// until reloads a page until it says something.
func (s *testSite) until(browser *http.Client, at, want string) (p page) {
	s.t.Helper()
	for range 200 {
		if p = s.get(browser, at); strings.Contains(p.body, want) {
			return p
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Fatalf("%s does not say %q: %d %.1500s", at, want, p.StatusCode, p.body)
	return p
}
