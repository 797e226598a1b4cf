package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"lectern/internal/account"
	"lectern/internal/lti"
	"lectern/internal/registry"
	"lectern/internal/selection"
	"lectern/internal/store"
)

// set changes a consumer's limits.
func (s *testSite) set(c *lti.Consumer, change func(*lti.Rails)) {
	s.t.Helper()
	now := s.consumerNow(c.ID)
	spec := registry.SpecOf(now)
	change(&spec.Rails)
	if _, err := s.app.Registry.Set(context.Background(), "test", c.ID, spec); err != nil {
		s.t.Fatal(err)
	}
}

// TestLimits: courses, dates and rate, each with its own code.
func TestLimits(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	c := s.consumer("consumer_key", "secret", nil)
	browser := newBrowser(t)
	opened := s.open(browser, s.good(path("html", "h1")))
	expect := func(what, code string, status int) page {
		t.Helper()
		p := s.post(newBrowser(t), s.good(path("html", "h1")))
		if p.StatusCode != status || p.code() != code {
			t.Errorf("%s: %d %s, want %d %s", what, p.StatusCode, p.code(), status, code)
		}
		return p
	}
	s.set(c, func(r *lti.Rails) { r.Courses = []string{"course-v1:a+b+c"} })
	expect("another course", "launch_course_not_allowed", http.StatusForbidden)
	if now := s.consumerNow(c.ID); selection.MayChoose(now, someCourse) || !selection.MayChoose(now, "course-v1:a+b+c") {
		t.Error("teachers choose from other courses than may be opened")
	}
	s.set(c, func(r *lti.Rails) { r.Courses = append(r.Courses, someCourse) })
	expect("its course", "", http.StatusSeeOther)
	s.set(c, func(r *lti.Rails) { r.StartsAt = s.clock.now().Add(time.Hour) })
	expect("too early", "launch_not_open_yet", http.StatusForbidden)
	s.set(c, func(r *lti.Rails) { r.StartsAt = s.clock.now().Add(-time.Hour) })
	expect("open", "", http.StatusSeeOther)
	if p := s.get(browser, opened.Request.URL.String()); p.StatusCode != http.StatusOK {
		t.Errorf("an open launch: %d", p.StatusCode)
	}
	s.set(c, func(r *lti.Rails) { r.EndsAt = s.clock.now() })
	expect("over", "launch_ended", http.StatusForbidden)
	if p := s.get(browser, opened.Request.URL.String()); p.StatusCode != http.StatusForbidden {
		t.Errorf("an open launch of an LMS whose time is over: %d", p.StatusCode)
	}
}

// TestRateLimit: what is over the limit is asked to come again, over all
// replicas, since the database counts; refusals and double clicks do not count.
func TestRateLimit(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	c := s.consumer("consumer_key", "secret", nil)
	s.set(c, func(r *lti.Rails) { r.LaunchesPerMinute = 3 })
	s.clock.add(time.Duration(60-s.clock.now().Second()) * time.Second) // a minute begins
	m := s.good(path("html", "h1"))
	m.nonce, m.at = "one", s.clock.now()
	browser := newBrowser(t)
	form := s.signed(m)
	for range 3 { // one launch and two double clicks
		if p := s.postForm(browser, m, form); p.StatusCode != http.StatusSeeOther {
			t.Fatalf("launch: %d %s", p.StatusCode, p.code())
		}
	}
	var mu sync.Mutex
	codes := map[string]int{}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			p := s.post(newBrowser(t), s.good(path("html", "h1")))
			mu.Lock()
			defer mu.Unlock()
			codes[strconv.Itoa(p.StatusCode)+" "+p.code()]++
			if seconds, err := strconv.Atoi(p.Header.Get("Retry-After")); p.StatusCode == http.StatusTooManyRequests && (err != nil || seconds < 1 || seconds > 60) {
				t.Errorf("Retry-After: %q", p.Header.Get("Retry-After"))
			}
		})
	}
	wait.Wait()
	if codes["303 "] != 2 || codes["429 launch_rate_exceeded"] != 6 {
		t.Errorf("answers %v", codes)
	}
	s.clock.add(time.Minute)
	if p := s.post(newBrowser(t), s.good(path("html", "h1"))); p.StatusCode != http.StatusSeeOther {
		t.Errorf("a minute later: %d %s", p.StatusCode, p.code())
	}
}

// TestExpiry: data of learners who stay away goes after the days that the
// operator confirmed, and nobody else's.
func TestExpiry(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	c := s.consumer("consumer_key", "secret", nil)
	other := s.consumer("other", "secret", nil)
	s.clock.add(-40 * 24 * time.Hour)
	launch := func(user string) {
		t.Helper()
		s.open(newBrowser(t), s.good(path("html", "h1")).set("user_id", user))
	}
	for _, user := range []string{"gone", "shared", "working", "visiting"} {
		launch(user)
	}
	s.answerOf("gone", "42")
	own := s.local("ada", "ada@example.edu", "a pass phrase", false)
	if err := s.people().Link(t.Context(), "test", c.ID, "owner", own.ID); err != nil {
		t.Fatal(err)
	}
	shared, err := s.people().ByLTIUser(t.Context(), c.ID, "shared")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.people().Link(t.Context(), "test", other.ID, "shared there", shared.ID); err != nil {
		t.Fatal(err)
	}
	s.clock.add(40 * 24 * time.Hour)
	launch("visiting")
	s.answerOf("working", "41")

	browser := s.signedInBrowser()
	at := "/admin/consumers/" + c.ID
	form := s.fill(s.get(browser, at), "consumer_name", c.Name, "consumer_key", c.Key, "keep_days", "30")
	asked := s.submit(browser, at, form)
	if asked.StatusCode != http.StatusOK || !strings.Contains(asked.body, "3 learners’ links, and of these 1 with account and all answers") {
		t.Fatalf("no preview: %d %s", asked.StatusCode, asked.body)
	}
	if s.consumerNow(c.ID).KeepDays != 0 {
		t.Fatal("saved before anybody confirmed it")
	}
	if code, _, errOut := s.command("consumer", "set", c.ID, "--keep-days", "30"); code != exitRefused || !strings.Contains(errOut, "3 learner links, 1 accounts") {
		t.Errorf("command line: exit %d, %s", code, errOut)
	}
	form.Set("keep_confirmed", "30")
	if p := s.submit(browser, at, form); p.StatusCode != http.StatusSeeOther {
		t.Fatalf("saving: %d %s", p.StatusCode, p.body)
	}
	if err := s.site.pruneOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.expired(c.ID, own.ID, shared.ID)
}

// expired looks at who is left; stay are accounts that must be.
func (s *testSite) expired(consumerID string, stay ...string) {
	t := s.t
	s.view(func(ctx context.Context, tx store.Tx) error {
		for user, want := range map[string]bool{"gone": false, "shared": false, "owner": false, "working": true, "visiting": true} {
			_, err := tx.Accounts().FindLink(ctx, consumerID, user)
			if (err == nil) != want {
				t.Errorf("%s: link there %v, want %v", user, err == nil, want)
			}
		}
		for _, id := range stay {
			if _, err := tx.Accounts().ByID(ctx, id); err != nil {
				t.Errorf("an account that is not this LMS's alone went: %v", err)
			}
		}
		list, err := tx.Accounts().List(ctx, "", 0)
		anonymous := 0
		for _, a := range list {
			if a.Kind == account.Anonymous {
				anonymous++
			}
		}
		if anonymous != 3 { // shared, working, visiting
			t.Errorf("%d anonymous accounts are left", anonymous)
		}
		return err
	})
}

// TestLimitsForm: what the form takes, shows again and refuses.
func TestLimitsForm(t *testing.T) {
	s := startSite(t, nil)
	c := s.consumer("consumer_key", "secret", nil)
	browser := s.signedInBrowser()
	at := "/admin/consumers/" + c.ID
	post := func(pairs ...string) page {
		t.Helper()
		return s.submit(browser, at, s.fill(s.get(browser, at), append([]string{"consumer_name", c.Name, "consumer_key", c.Key}, pairs...)...))
	}
	for field, bad := range map[string]string{
		"courses": "nonsense", "ends_at": "2020-01-01T00:00", "starts_at": "soon", "launches_per_minute": "-1", "keep_days": "many",
	} {
		p := post(field, bad, map[bool]string{true: "starts_at", false: "x"}[field == "ends_at"], "2026-01-01T00:00")
		if p.StatusCode != http.StatusBadRequest || !strings.Contains(p.body, `id="`+field+`"`) || !strings.Contains(p.body, `aria-invalid="true"`) {
			t.Errorf("%s=%s: %d", field, bad, p.StatusCode)
		}
	}
	if p := post("courses", " course-v1:a+b+c \n x/y/z,course-v1:a+b+c", "starts_at", "2026-01-02T03:04", "launches_per_minute", "60"); p.StatusCode != http.StatusSeeOther {
		t.Fatalf("saving: %d %s", p.StatusCode, p.body)
	}
	p := s.get(browser, at)
	for _, want := range []string{"course-v1:a&#43;b&#43;c\nx/y/z\n", `value="2026-01-02T03:04"`, `value="60"`} {
		if !strings.Contains(p.body, want) {
			t.Errorf("the form does not show %q", want)
		}
	}
	code, out, errOut := s.command("consumer", "set", c.ID, "--course", "", "--starts", "", "--ends", "2031-05-06", "--launches-per-minute", "0", "--json")
	var got consumerJSON
	if err := json.Unmarshal([]byte(out), &got); code != exitDone || err != nil {
		t.Fatalf("exit %d: %s%s", code, out, errOut)
	}
	if len(got.Courses) != 0 || got.StartsAt != nil || got.EndsAt == nil || got.EndsAt.Year() != 2031 || got.LaunchesPerMinute != 0 {
		t.Errorf("after the command: %+v", got)
	}
}

// TestExportAndErase: all of somebody by one command each, named by the LMS's
// words for them.
func TestExportAndErase(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	c := s.consumer("consumer_key", "secret", nil)
	s.open(newBrowser(t), s.good(path("problem", "p2")).set("user_id", "u1"))
	s.answerOf("u1", "42")
	code, out, errOut := s.command("user", "export", "u1", "--consumer", c.Key)
	if code != exitDone || !strings.Contains(out, `"p2"`) || !strings.Contains(out, `"user_id_in_lms": "u1"`) {
		t.Errorf("export: exit %d %s%s", code, out, errOut)
	}
	for _, yes := range []bool{false, true} {
		args := []string{"user", "erase", "u1", "--consumer", c.Key}
		if yes {
			args = append(args, "--yes")
		}
		code, out, errOut = s.command(args...)
		_, err := s.people().ByLTIUser(t.Context(), c.ID, "u1")
		if code != exitDone || !strings.Contains(out, "1 links to LMSs, work on 1 blocks") || !strings.Contains(out, "stay there") || (err != nil) != yes {
			t.Errorf("erase, %v: exit %d %s%s, %v", yes, code, out, errOut, err)
		}
	}
	if code, _, _ := s.command("user", "export", "u1", "--consumer", c.Key); code != exitRefused {
		t.Errorf("export of nobody: exit %d", code)
	}
	admin := s.signedInBrowser()
	s.open(newBrowser(t), s.good(path("problem", "p2")).set("user_id", "u2"))
	who, err := s.people().ByLTIUser(t.Context(), c.ID, "u2")
	if err != nil {
		t.Fatal(err)
	}
	at := "/admin/accounts/" + who.ID
	p := s.submit(admin, at+"/data", s.fill(s.get(admin, at)))
	if !strings.Contains(p.Header.Get("Content-Disposition"), "attachment") || !strings.Contains(p.body, `"u2"`) {
		t.Errorf("console export: %d %s", p.StatusCode, p.body)
	}
	if p := s.submit(newBrowser(t), at+"/data", s.fill(s.get(admin, at))); p.StatusCode == http.StatusOK {
		t.Error("a stranger got somebody's data")
	}
	s.view(func(ctx context.Context, tx store.Tx) error {
		list, err := tx.People().AuditAbout(ctx, who.ID, 0)
		if len(list) != 1 || list[0].Act != "user.export" {
			err = errors.Join(err, errors.New("the audit does not say who took the data"))
		}
		return err
	})
}

// TestAnewIsAsked: where learners' work moves to another place, what that does to
// gradebooks is shown before it is saved.
func TestAnewIsAsked(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	admin := s.signedInBrowser()
	c := s.consumer("k", "secret", nil)
	at := "/admin/consumers/" + c.ID
	save := func(fields ...string) page {
		t.Helper()
		return s.submit(admin, at, s.fill(s.get(admin, at), append([]string{"consumer_name", c.Name, "consumer_key", c.Key}, fields...)...))
	}
	if p := save("fresh_state", "on"); p.StatusCode != http.StatusSeeOther {
		t.Fatalf("nobody is concerned: %d", p.StatusCode)
	}
	save()
	m := s.good(path("problem", "block_id")).set("lis_result_sourcedid", "cell").set("lis_outcome_service_url", "https://lms.example.edu/outcomes")
	m.key = "k"
	s.open(newBrowser(t), m)
	if p := save("fresh_state", "on"); p.StatusCode != http.StatusOK || !strings.Contains(p.body, "1 gradebook cell keeps its score") {
		t.Errorf("the effect is not shown: %d", p.StatusCode)
	}
	if s.consumerNow(c.ID).FreshState {
		t.Error("saved without being confirmed")
	}
	if p := save("fresh_state", "on", "fresh_confirmed", "1"); p.StatusCode != http.StatusSeeOther || !s.consumerNow(c.ID).FreshState {
		t.Errorf("confirmed: %d", p.StatusCode)
	}
}
