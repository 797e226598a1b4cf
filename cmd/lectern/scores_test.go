package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"lectern/internal/config"
	"lectern/internal/fakelms"
	"lectern/internal/lmstest"
	"lectern/internal/lti"
	"lectern/internal/registry"
	"lectern/internal/store"
)

// scoreLMS is a sample LMS with one graded link, where ana has answered right.
func (s *testSite) scoreLMS() (*lmstest.LMS, *http.Client, page) {
	s.t.Helper()
	s.importFiles(testCourse())
	s.consumer("k", "s", func(spec *registry.Spec) { spec.Name = "=Moodle" })
	lms := lmstest.Start(s.t, fakelms.Options{Key: "k", Secret: "s"})
	if err := lms.SetLinks([]fakelms.Link{
		{ID: "leaf", Title: "Problem", LaunchURL: s.url + path("problem", "block_id"), Graded: true},
	}); err != nil {
		s.t.Fatal(err)
	}
	browser := newBrowser(s.t)
	p := s.fromLMS(browser, lms.MustLaunch("ana", "leaf"))
	return lms, browser, s.answer(browser, p, "block_id", map[string]string{"_2_1": "choice_1"})
}

// compareAll runs the command and returns its one row.
func (s *testSite) compareAll(args ...string) map[string]any {
	s.t.Helper()
	code, out, errOut := s.command(append([]string{"score", "compare", "--json"}, args...)...)
	if code != exitDone {
		s.t.Fatalf("exit %d: %s", code, errOut)
	}
	var list []map[string]any
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) != 1 {
		s.t.Fatalf("%v: %s", err, out)
	}
	return list[0]
}

func TestScoreCompare(t *testing.T) {
	s := startSite(t, nil)
	lms, _, _ := s.scoreLMS()
	lms.WaitGrade("ana", "leaf", "1", 5*time.Second)
	t.Setenv("LECTERN_OUTBOUND_ALLOW", "127.0.0.0/8")
	if row := s.compareAll(); row["verdict"] != "same" || row["here"] != 1.0 || row["there"] != 1.0 {
		t.Errorf("compared: %v", row)
	}
	lms.FailOutcomes(fakelms.Unsupported, 1)
	if row := s.compareAll(); row["verdict"] != "unclear" || row["reason"] == "" {
		t.Errorf("unsupported: %v", row)
	}
	holds := func(want, after string) {
		t.Helper()
		if g, _ := lms.Grade("ana", "leaf"); g.Value != want {
			t.Errorf("%s changed the gradebook to %q", after, g.Value)
		}
	}
	lms.SetGrade("ana", "leaf", "") // a teacher deletes the grade
	if row := s.compareAll("--consumer", "k"); row["verdict"] != "missing" {
		t.Errorf("with nothing there: %v", row)
	}
	holds("", "comparing alone")
	s.compareAll("--repair")
	s.site.deliverer.Wake()
	lms.WaitGrade("ana", "leaf", "1", 5*time.Second)
	lms.SetGrade("ana", "leaf", "0.25") // and types another
	if row := s.compareAll("--repair"); row["verdict"] != "overridden" || row["reason"] == "" {
		t.Errorf("with a teacher's grade there: %v", row)
	}
	holds("0.25", "repairing")
	if code, out, errOut := s.command("score", "resend", "--verdict", "overridden"); code != exitDone || !strings.HasPrefix(out, "1 scores") {
		t.Errorf("resend: %d %s%s", code, out, errOut)
	}
	s.site.deliverer.Wake()
	lms.WaitGrade("ana", "leaf", "1", 5*time.Second)
}

// TestScoreNeverOwed compares what was answered before the LMS had a place for
// it.
func TestScoreNeverOwed(t *testing.T) {
	s := startSite(t, nil)
	lms, browser, _ := s.scoreLMS()
	lms.WaitGrade("ana", "leaf", "1", 5*time.Second)
	links := append(lms.Links(), fakelms.Link{ID: "late", Title: "The same, later", LaunchURL: s.url + path("problem", "block_id"), Graded: true})
	if err := lms.SetLinks(links); err != nil {
		t.Fatal(err)
	}
	s.fromLMS(browser, lms.MustLaunch("ana", "late"))
	s.fromLMS(newBrowser(t), lms.MustLaunch("ben", "late"))
	console := s.signedInBrowser()
	list := s.get(console, "/admin/scores?state=none")
	if n := strings.Count(list.body, `name="id"`); n != 2 {
		t.Fatalf("%d places without a score, want 2", n)
	}
	if all := s.get(console, "/admin/scores"); strings.Count(all.body, `name="id"`) != 3 {
		t.Error("the list of all leaves some out")
	}
	s.submit(console, "/admin/scores/compare", s.fill(list, "state", "none", "repair", "1"))
	lms.WaitGrade("ana", "late", "1", 5*time.Second)
	s.eventually(func() bool {
		return strings.Count(s.get(console, "/admin/scores?verdict=unanswered").body, `name="id"`) == 1
	})
	if g, _ := lms.Grade("ben", "late"); g.Value != "" {
		t.Errorf("somebody who answered nothing got %q", g.Value)
	}
	one := regexp.MustCompile(`href="(/admin/scores/[^"?]+)"`).FindStringSubmatch(s.get(console, "/admin/scores?state=none").body)
	if p := s.get(console, one[1]); p.StatusCode != http.StatusOK || !strings.Contains(p.body, "nothing to send") || strings.Contains(p.body, "Send again") {
		t.Errorf("its page: %d", p.StatusCode)
	}
}

func TestScorePages(t *testing.T) {
	s := startSite(t, nil)
	lms, _, _ := s.scoreLMS()
	lms.WaitGrade("ana", "leaf", "1", 5*time.Second)
	browser := s.signedInBrowser()
	list := s.get(browser, "/admin/scores")
	id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(list.body)
	if list.StatusCode != 200 || id == nil {
		t.Fatalf("list: %d", list.StatusCode)
	}
	at := "/admin/scores/" + id[1]
	for query, want := range map[string]bool{
		"state=delivered": true, "state=parked": false, "learner=nobody": false, "link=" + url.QueryEscape(someBlock+"problem+block@block_id"): true,
		"course=" + strings.ReplaceAll(someCourse, "+", "%2B"): true, "course=course-v1:a%2Bb%2Bc": false,
		"verdict=wrong": false, "before=nonsense": true, "before=1.x": false, "consumer=%00": false,
	} {
		if p := s.get(browser, "/admin/scores?"+query); p.StatusCode != 200 || strings.Contains(p.body, id[1]) != want {
			t.Errorf("%s: %d, row shown: %v, want %v", query, p.StatusCode, !want, want)
		}
	}
	lms.SetGrade("ana", "leaf", "0.25")
	s.follow(browser, s.submit(browser, "/admin/scores/compare", s.fill(list, "ticked", "1", "id", id[1])))
	s.eventually(func() bool {
		p := s.get(browser, at)
		return strings.Contains(p.body, "overridden (0.25 there, 1 here)") && strings.Contains(p.body, "The score is not lost")
	})
	if p := s.get(browser, "/admin/scores?verdict=overridden"); !strings.Contains(p.body, "0.25 there, 1 here") {
		t.Error("the list does not show both numbers")
	}
	export := s.get(browser, "/admin/scores.csv?verdict=overridden")
	rows, err := csv.NewReader(strings.NewReader(export.body)).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][1] != "'=Moodle" || rows[1][8] != "delivered" || rows[1][15] != "overridden" {
		t.Errorf("CSV: %v\n%s", err, export.body)
	}
	nothing := s.follow(browser, s.submit(browser, "/admin/scores/resend", s.fill(list, "ticked", "1")))
	if !strings.Contains(nothing.body, "Nothing was ticked") {
		t.Error("a form about ticked scores without any did something")
	}
	if g, _ := lms.Grade("ana", "leaf"); g.Value != "0.25" {
		t.Errorf("the gradebook holds %q", g.Value)
	}
	s.submit(browser, "/admin/scores/repair", s.fill(list, "ticked", "1", "id", id[1], "page", id[1]))
	s.eventually(func() bool { return !strings.Contains(s.get(browser, at).body, "being compared") })
	if g, _ := lms.Grade("ana", "leaf"); g.Value != "0.25" {
		t.Errorf("repairing put %q over a teacher's grade", g.Value)
	}
	lms.SetGrade("ana", "leaf", "")
	s.submit(browser, "/admin/scores/compare", s.fill(list, "repair", "1"))
	lms.WaitGrade("ana", "leaf", "1", 5*time.Second)
	s.eventually(func() bool { return strings.Count(s.get(browser, at).body, `<span title="done">taken</span>`) == 2 })
	if p := s.get(browser, "/admin/scores/nobody"); p.StatusCode != http.StatusNotFound {
		t.Errorf("unknown score: %d", p.StatusCode)
	}
	if p := s.get(newBrowser(t), "/admin/scores.csv"); p.StatusCode != http.StatusSeeOther {
		t.Errorf("a stranger's CSV: %d", p.StatusCode)
	}
}

// eventually waits for what background work does.
func (s *testSite) eventually(done func() bool) {
	s.t.Helper()
	for end := time.Now().Add(5 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatal("it did not happen within 5 s")
		}
	}
}

func TestAllowAddress(t *testing.T) {
	s := startSite(t, func(c *config.Config) { c.OutboundAllow = nil })
	lms, _, _ := s.scoreLMS()
	browser := s.signedInBrowser()
	id := ""
	s.eventually(func() bool {
		p := s.get(browser, "/admin/scores?state=parked")
		if m := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(p.body); m != nil {
			id = m[1]
		}
		return id != ""
	})
	p := s.get(browser, "/admin/scores/"+id)
	if !strings.Contains(p.body, "Allow this address") {
		t.Fatalf("no way out: %s", p.body)
	}
	allowed := s.follow(browser, s.submit(browser, "/admin/scores/"+id+"/allow", s.fill(p)))
	if allowed.StatusCode != 200 {
		t.Fatalf("allow: %d %s", allowed.StatusCode, allowed.code())
	}
	lms.WaitGrade("ana", "leaf", "1", 5*time.Second)
	if got := s.app.Networks.Allowed(); len(got) != 1 || got[0] != netip.MustParsePrefix("127.0.0.1/32") {
		t.Errorf("allowed %v, want the one address", got)
	}
	if p := s.submit(browser, "/admin/scores/"+id+"/allow", s.fill(p)); p.StatusCode != http.StatusConflict {
		t.Errorf("allowing what is not held back: %d", p.StatusCode)
	}
	list := s.get(browser, "/admin/scores")
	s.submit(browser, "/admin/scores/withdraw", s.fill(list, "network", "127.0.0.1/32"))
	if got := s.app.Networks.Allowed(); len(got) != 0 {
		t.Errorf("still allowed: %v", got)
	}
	if audit := s.get(browser, "/admin/audit").body; !strings.Contains(audit, "outbound.allow") || !strings.Contains(audit, "outbound.withdraw") {
		t.Error("the audit does not know")
	}
}

// TestAllowAddressOfMany lets one click in the list free all scores of a host.
func TestAllowAddressOfMany(t *testing.T) {
	s := startSite(t, func(c *config.Config) { c.OutboundAllow = nil })
	lms, _, _ := s.scoreLMS()
	ben := newBrowser(t)
	s.answer(ben, s.fromLMS(ben, lms.MustLaunch("ben", "leaf")), "block_id", map[string]string{"_2_1": "choice_1"})
	browser := s.signedInBrowser()
	var list page
	var action []string
	s.eventually(func() bool {
		list = s.get(browser, "/admin/scores?state=parked")
		action = regexp.MustCompile(`action="(/admin/scores/[^/"]+/allow)"`).FindStringSubmatch(list.body)
		return strings.Contains(list.body, "2 scores on this page") && action != nil
	})
	if n := strings.Count(list.body, "Allow this address</button>"); n != 1 {
		t.Fatalf("%d buttons for one address", n)
	}
	done := s.follow(browser, s.submit(browser, action[1], s.fill(list, "list", "1", "state", "parked")))
	if done.StatusCode != 200 || done.Request.URL.Query().Get("state") != "parked" || strings.Contains(done.body, "Held back") {
		t.Errorf("after the click: %d at %s", done.StatusCode, done.Request.URL)
	}
	lms.WaitGrade("ana", "leaf", "1", 5*time.Second)
	lms.WaitGrade("ben", "leaf", "1", 5*time.Second)
}

// TestRotation changes a secret in the middle of launches and deliveries.
func TestRotation(t *testing.T) {
	s := startSite(t, nil)
	lms, browser, _ := s.scoreLMS()
	lms.WaitGrade("ana", "leaf", "1", 5*time.Second)
	code, out, errOut := s.command("consumer", "rotate", "k", "--secret", "newer", "--json")
	if code != exitDone || !strings.Contains(out, `"secret": "newer"`) || !strings.Contains(out, `"previous"`) {
		t.Fatalf("exit %d: %s%s", code, out, errOut)
	}
	if code, _, errOut := s.command("consumer", "rotate", "k"); code == exitDone || !strings.Contains(errOut, "two live secrets") {
		t.Errorf("a third secret: exit %d, %s", code, errOut)
	}
	resend := func() {
		t.Helper()
		lms.SetGrade("ana", "leaf", "0")
		if code, _, errOut := s.command("score", "resend", "--all"); code != exitDone {
			t.Fatal(errOut)
		}
		s.site.deliverer.Wake()
		lms.WaitGrade("ana", "leaf", "1", 5*time.Second)
	}
	refused := func() (n int) {
		for _, m := range lms.Messages() {
			if !m.Accepted {
				n++
			}
		}
		return n
	}
	s.fromLMS(browser, lms.MustLaunch("ana", "leaf")) // the LMS has the old one still
	resend()
	if n := refused(); n != 0 {
		t.Errorf("%d messages were signed by the secret that the LMS does not know", n)
	}
	lms.SetCredentials("k", "newer")
	resend() // before any launch tells us: refused once, then by the other
	if n := refused(); n != 1 {
		t.Errorf("%d messages refused, want 1", n)
	}
	s.clock.add(time.Second)
	s.fromLMS(browser, lms.MustLaunch("ana", "leaf"))
	resend()
	if n := refused(); n != 1 {
		t.Errorf("%d messages refused after a launch with the new secret, want 1", n)
	}
	consumer, err := s.app.Registry.Find(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.app.Registry.Secrets(t.Context(), consumer.ID)
	if err != nil || len(list) != 2 || list[0].LastUsedAt.IsZero() || list[1].LastUsedAt.IsZero() {
		t.Fatalf("secrets %+v, %v", list, err)
	}
	s.dropOld(lms, consumer.ID)
}

// dropOld ends a rotation in the console.
func (s *testSite) dropOld(lms *lmstest.LMS, id string) {
	s.t.Helper()
	if _, out, _ := s.command("consumer", "show", "k"); strings.Count(out, "last used 20") != 2 {
		s.t.Errorf("the command line does not show both uses: %s", out)
	}
	console := s.signedInBrowser()
	form := s.get(console, "/admin/consumers/"+id)
	if strings.Count(form.body, "last launch signed with it") != 2 {
		s.t.Error("the page does not show both uses")
	}
	s.submit(console, "/admin/consumers/"+id+"/drop", s.fill(form, "slot", "previous"))
	lms.SetCredentials("k", "s")
	if p, _ := lms.Post(newBrowser(s.t), lms.MustLaunch("ana", "leaf")); p.StatusCode == http.StatusOK || p.StatusCode == http.StatusSeeOther {
		s.t.Errorf("a launch with the dropped secret: %d", p.StatusCode)
	}
	if code, _, _ := s.command("consumer", "rotate", "k", "--drop", "current"); code == exitDone {
		s.t.Error("the only secret was dropped")
	}
	var acts []string
	s.view(func(ctx context.Context, tx store.Tx) error {
		entries, err := tx.Audit().List(ctx, 0)
		for _, e := range entries {
			acts = append(acts, e.Act)
		}
		return err
	})
	if text := strings.Join(acts, " "); !strings.Contains(text, "consumer.rotate") || !strings.Contains(text, "consumer.drop-secret") {
		s.t.Errorf("audit: %v", acts)
	}
}

// TestRotationUndone drops the new secret: the old one is the current one again.
func TestRotationUndone(t *testing.T) {
	s := startSite(t, nil)
	c := s.consumer("k", "first", nil)
	ctx := t.Context()
	if _, err := s.app.Registry.Rotate(ctx, "", c.ID, "second"); err != nil {
		t.Fatal(err)
	}
	if _, secrets, err := s.app.Registry.Credentials(ctx, c.ID); err != nil || len(secrets) != 2 || secrets[0].Value != "first" {
		t.Errorf("before any launch the LMS knows the old one only: %v", err)
	}
	if err := s.app.Registry.DropSecret(ctx, "", c.ID, lti.Current); err != nil {
		t.Fatal(err)
	}
	if got, err := s.app.Registry.Reveal(ctx, "", c.ID); err != nil || got != "first" {
		t.Errorf("current secret %q, %v", got, err)
	}
}
