package main

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"lectern/internal/errs"
	"lectern/internal/oauth1"
	"lectern/internal/registry"
	"lectern/internal/store"
)

// T4-T12: each of the nine parameters, when it is left out, is named.
func TestT4MissingParameters(t *testing.T) {
	s := gateSite(t)
	for i, name := range []string{"roles", "context_id", "oauth_version", "oauth_consumer_key", "oauth_signature",
		"oauth_signature_method", "oauth_timestamp", "oauth_nonce", "user_id"} {
		t.Run([]string{"T4", "T5", "T6", "T7", "T8", "T9", "T10", "T11", "T12"}[i]+" "+name, func(t *testing.T) {
			m := s.good(path("html", "h1"))
			var form []oauth1.Pair
			for _, p := range s.signed(m) {
				if p.Name != name {
					form = append(form, p)
				}
			}
			p := s.postForm(newBrowser(t), m, form)
			if p.StatusCode != http.StatusBadRequest || !strings.Contains(p.body, "Missing: "+name+".") {
				t.Errorf("status %d, page %.400s", p.StatusCode, p.body)
			}
		})
	}
}

// T38-T43: nobody needs to be enrolled, and no role changes what opens.
func TestT38WhoeverComes(t *testing.T) {
	s := gateSite(t)
	for _, tt := range []struct{ name, roles string }{
		{"T38 enrolled learner", "Learner"}, {"T39 not enrolled", "urn:lti:role:ims/lis/Learner"}, {"T40 nobody signed in", "Student"},
		{"T41 enrolled staff", "Instructor"}, {"T42 staff, not enrolled", "urn:lti:instrole:ims/lis/Administrator"},
		{"T43 staff as student", "Instructor,Learner"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := s.open(newBrowser(t), s.good(path("vertical", "v1")).set("roles", tt.roles).set("user_id", tt.name))
			if p.StatusCode != http.StatusOK || !strings.Contains(p.body, "Words of unit one.") {
				t.Errorf("status %d", p.StatusCode)
			}
		})
	}
}

// T48-T51: the page is the content and nothing around it; show_title is heard.
func TestT48OnlyContent(t *testing.T) {
	s := gateSite(t)
	p := s.open(newBrowser(t), s.good(path("vertical", "v1")).set("roles", "Instructor"))
	for _, chrome := range []string{
		"bookmark-button-wrapper",                                                                 // T48
		"course-tabs", "wrapper-footer", "window-wrap", "preview-menu", "wrapper-course-material", // T49
		"wrap-instructor-info", // T50
	} {
		if strings.Contains(p.body, chrome) {
			t.Errorf("the page has %s", chrome)
		}
	}
	const heading = ">Unit one</h1>"
	for _, tt := range []struct {
		name, query string
		want        bool
	}{{"T51 absent", "", true}, {"T51 shown", "?show_title=1", true}, {"T51 hidden", "?show_title=0", false}} {
		p := s.open(newBrowser(t), s.good(path("vertical", "v1")+tt.query))
		if strings.Contains(p.body, heading) != tt.want {
			t.Errorf("%s: title shown %v, want %v", tt.name, !tt.want, tt.want)
		}
	}
}

// T55: a course that has not started shows nothing.
func TestT55CourseNotStarted(t *testing.T) {
	s := startSite(t, nil)
	files := testCourse()
	files["course/some_run.xml"] = strings.Replace(files["course/some_run.xml"], "2020-01-01", "2099-01-01", 1)
	s.importFiles(files)
	s.consumer("consumer_key", "secret", nil)
	p := s.post(newBrowser(t), s.good(path("html", "h1")))
	if p.StatusCode != http.StatusNotFound || p.code() != "course_not_started" {
		t.Errorf("status %d, code %s", p.StatusCode, p.code())
	}
}

// TestChapter: sections open, which Open edX cannot do over LTI.
func TestChapter(t *testing.T) {
	s := gateSite(t)
	p := s.open(newBrowser(t), s.good(path("chapter", "ch1")))
	if p.StatusCode != http.StatusOK || !strings.Contains(p.body, "Lesson one") {
		t.Fatalf("status %d: %.300s", p.StatusCode, p.body)
	}
}

// TestRoles: teachers read why something is not shown; learners only that.
func TestRoles(t *testing.T) {
	s := startSite(t, nil)
	files := testCourse()
	files["problem/p2.xml"] = `<problem><coderesponse queuename="x"><textbox/></coderesponse></problem>`
	s.importFiles(files)
	s.consumer("consumer_key", "secret", nil)
	const forStaff = "Only the course team sees this"
	for roles, want := range map[string]bool{"Learner": false, "Instructor": true, "urn:lti:sysrole:ims/lis/Administrator": false} {
		p := s.open(newBrowser(t), s.good(path("problem", "p2")).set("roles", roles).set("user_id", roles))
		if p.StatusCode != http.StatusOK || strings.Contains(p.body, forStaff) != want {
			t.Errorf("%s: status %d, reason shown: %v, want %v", roles, p.StatusCode, !want, want)
		}
	}
}

// TestSession: two launches in one browser are two sessions; neither opens the
// other's content.
func TestSession(t *testing.T) {
	s := gateSite(t)
	browser := newBrowser(t)
	ana := s.open(browser, s.good(path("problem", "block_id")).set("user_id", "ana"))
	ben := s.open(browser, s.good(path("problem", "block_id")).set("user_id", "ben"))
	ana = s.answer(browser, ana, "block_id", map[string]string{"_2_1": "choice_1"})
	if !strings.Contains(ana.body, "Correct (1/1 point)") {
		t.Fatal("Ana's answer is not counted")
	}
	if again := s.get(browser, ben.Request.URL.String()); strings.Contains(again.body, "Correct (1/1 point)") {
		t.Error("Ben sees Ana's answer")
	}
	if outside := s.get(browser, ana.Request.URL.Path+"block/problem/p2"); outside.StatusCode != http.StatusNotFound {
		t.Errorf("a launch opens what was not launched: %d", outside.StatusCode)
	}
	s.clock.add(5 * 60 * 60 * 1e9) // five hours without a request
	if old := s.get(browser, ben.Request.URL.String()); old.StatusCode != http.StatusForbidden || old.code() != "session_over" {
		t.Errorf("an idle session lives on: %d %s", old.StatusCode, old.code())
	}
}

// T37: a refused launch changes nobody's sign-in.
func TestT37VisitorStaysSignedIn(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	s.consumer("consumer_key", "secret", func(spec *registry.Spec) { spec.RequireUserAccount = true })
	browser := s.signedInBrowser()
	if p := s.post(browser, s.good(path("html", "h1"))); p.StatusCode != http.StatusForbidden {
		t.Fatalf("status %d", p.StatusCode)
	}
	if p := s.get(browser, "/admin"); p.StatusCode != http.StatusOK {
		t.Errorf("the console asks to sign in again: %d", p.StatusCode)
	}
}

// TestNonceAfterSignature: strangers cannot burn a nonce.
func TestNonceAfterSignature(t *testing.T) {
	s := gateSite(t)
	bad := s.good(path("html", "h1"))
	bad.nonce, bad.secret = "nonce-0001", "wrong"
	bad.at = s.clock.now()
	s.post(newBrowser(t), bad)
	bad.secret = "secret"
	if p := s.post(newBrowser(t), bad); p.StatusCode != http.StatusSeeOther {
		t.Errorf("the nonce was burnt: %d %s", p.StatusCode, p.code())
	}
}

// T126: the e-mail address of an administrator gives nobody the account.
func TestT126AdministratorsAddress(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	s.consumer("consumer_key", "secret", func(spec *registry.Spec) { spec.UseLTIPII = true })
	admin, err := s.site.signIn.AddAdmin(context.Background(), "test", "root", "root@example.edu")
	if err != nil {
		t.Fatal(err)
	}
	s.open(newBrowser(t), s.good(path("html", "h1")).set("lis_person_contact_email_primary", "Root@Example.edu"))
	s.view(func(ctx context.Context, tx store.Tx) error {
		links, err := tx.Accounts().Links(ctx, admin.ID)
		if len(links) != 0 {
			t.Errorf("the launch is linked to the administrator: %+v", links)
		}
		return err
	})
}

// TestErrorsAreForPeople: every refusal of the front door has words for the
// person; store errors never show theirs alone.
func TestErrorsAreForPeople(t *testing.T) {
	for _, e := range []*errs.Error{store.ErrNotFound, store.ErrConflict} {
		if e.Public == "" {
			t.Errorf("%s has no sentence", e.Code)
		}
	}
}
