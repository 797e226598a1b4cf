package main

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"lectern/internal/store"
)

// oldCourse was exported after its due dates.
func oldCourse() map[string]string {
	files := testCourse()
	files["problem/block_id.xml"] = strings.Replace(files["problem/block_id.xml"], "<problem", `<problem due="2020-01-10T00:00:00Z"`, 1)
	return files
}

// TestDatesOfOldExport: a course whose dates are past is closed; ignoring or
// shifting them opens it, for all or for one link, and extra time for one learner.
func TestDatesOfOldExport(t *testing.T) {
	s := startSite(t, nil)
	key := s.importFiles(oldCourse()).CourseKey
	boss, _ := s.consoleOf()
	c := s.consumer("k", "secret", nil)
	m := s.good(path("problem", "block_id"))
	m.key = c.Key
	later := s.good(path("vertical", "future"))
	later.key = c.Key
	later.set("resource_link_id", "rl-later")
	closed := func(when string, want bool) {
		t.Helper()
		p := s.open(newBrowser(t), m)
		if p.StatusCode != 200 {
			t.Fatalf("%s: %d %s", when, p.StatusCode, p.code())
		}
		if got := strings.Contains(p.body, "This was due on"); got != want {
			t.Errorf("%s: closed %v, want %v", when, got, want)
		}
	}
	closed("as exported", true)
	if p := s.post(newBrowser(t), later); p.StatusCode != 404 || p.code() != "block_not_started" {
		t.Errorf("what starts in 2099: %d %s", p.StatusCode, p.code())
	}
	at := "/admin/dates/" + key
	look := s.get(boss, at)
	if !strings.Contains(look.body, "closed today") || !strings.Contains(look.body, `name="mode"`) {
		t.Fatalf("the page: %d %.300s", look.StatusCode, look.body)
	}
	tried := s.submit(boss, at, s.fill(look, "mode", "ignore", "see", "1"))
	if tried.StatusCode != 200 || !strings.Contains(tried.body, "Not saved yet: dates are ignored") {
		t.Errorf("the effect of ignoring: %d", tried.StatusCode)
	}
	closed("after looking", true)
	if p := s.submit(boss, at, s.fill(look, "mode", "shift", "days", "many")); p.StatusCode != 400 {
		t.Errorf("a shift that is none: %d", p.StatusCode)
	}
	if p := s.follow(boss, s.submit(boss, at, s.fill(look, "mode", "ignore"))); !strings.Contains(p.body, "The dates are set") {
		t.Errorf("ignore: %d", p.StatusCode)
	}
	closed("ignored", false)
	if p := s.open(newBrowser(t), later); p.StatusCode != 200 || !strings.Contains(p.body, "Words of the future") {
		t.Errorf("what starts in 2099, ignored: %d %s", p.StatusCode, p.code())
	}
	link := s.placementOf(key)
	of := at + "?link=" + url.QueryEscape(link.ID)
	s.submit(boss, of, s.fill(s.get(boss, of), "mode", "obey"))
	closed("obeyed at this link", true)
	s.submit(boss, of, s.fill(s.get(boss, of), "mode", "shift", "starts", s.clock.now().AddDate(0, 0, -1).Format(time.DateOnly)))
	closed("shifted at this link", false)
	s.submit(boss, of, s.fill(s.get(boss, of), "mode", "inherit"))
	consumer := "/admin/consumers/" + c.ID + "/dates"
	s.submit(boss, consumer, s.fill(s.get(boss, consumer), "mode", "obey"))
	closed("the consumer's rule wins over the course's", true)
	who := s.linked(c, "LTI_User").AccountID
	give := store.Allowance{Key: store.LearnerKey{AccountID: who, CourseKey: key}, Time: 3000 * 24 * time.Hour, Why: "ill"}
	if err := s.app.Grading.Allow(context.Background(), "test", give); err != nil {
		t.Fatal(err)
	}
	p := s.open(newBrowser(t), m)
	if !strings.Contains(p.body, "with your extra time") {
		t.Error("the learner is not told of the extra time")
	}
	if acts := s.acts(key); len(acts) != 1 || acts[0].Act != "dates.set" || !strings.Contains(acts[0].After, "ignore") {
		t.Errorf("audit: %+v", acts)
	}
}

// placementOf returns the link to a course that was launched first.
func (s *testSite) placementOf(key string) (p store.Placement) {
	s.t.Helper()
	s.view(func(ctx context.Context, tx store.Tx) error {
		list, err := tx.Placements().List(ctx, "", key)
		if err == nil && len(list) > 0 {
			p = list[len(list)-1]
		}
		return err
	})
	return p
}
