package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"lectern/internal/account"
	"lectern/internal/config"
	"lectern/internal/fakelms"
	"lectern/internal/lmstest"
	"lectern/internal/openedx"
	"lectern/internal/store"
)

// What the dump of internal/openedx/testdata says of its Canvas.
const (
	movedKey    = "0f4b3c2d1e5a69788796a5b4c3d2e1f0"
	movedSecret = "f0e1d2c3b4a5968778695a4b3c2d1e0f"
	movedUser   = "qUv3xT7aLmN0pRsW2yZbC4dEfG6hJk"
)

// moveIn writes the dump as files, with texts in it replaced, and returns their
// paths.
func moveIn(t *testing.T, names []string, replace ...string) []string {
	t.Helper()
	dir, r := t.TempDir(), strings.NewReplacer(replace...)
	paths := make([]string, len(names))
	for i, name := range names {
		text, err := os.ReadFile(filepath.Join("../../internal/openedx/testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		paths[i] = filepath.Join(dir, name)
		if err := os.WriteFile(paths[i], []byte(r.Replace(string(text))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

// move runs the command and returns its report.
func (s *testSite) move(args ...string) *openedx.Report {
	s.t.Helper()
	code, out, errOut := s.command(append([]string{"openedx", "import", "--json"}, args...)...)
	var report openedx.Report
	if err := json.Unmarshal([]byte(out), &report); code != exitDone || err != nil {
		s.t.Fatalf("exit %d, %v: %s%s", code, err, out, errOut)
	}
	return &report
}

// lmsOf returns a sample LMS that is the dump's Canvas, what its launch of ana
// says, and what of the dump has to be replaced to fit.
func (s *testSite) lmsOf() (lms *lmstest.LMS, replace []string) {
	s.t.Helper()
	lms = lmstest.Start(s.t, fakelms.Options{Key: movedKey, Secret: movedSecret})
	if err := lms.SetLinks([]fakelms.Link{
		{ID: "old", Title: "Problem", LaunchURL: s.url + path("problem", "block_id"), Graded: true},
	}); err != nil {
		s.t.Fatal(err)
	}
	said := map[string]string{}
	for _, p := range lms.MustLaunch("ana", "old").Pairs {
		said[p.Name] = p.Value
	}
	quoted, err := json.Marshal(said["lis_result_sourcedid"])
	if err != nil {
		s.t.Fatal(err)
	}
	return lms, []string{
		`"1-2-3-4-canvas-sourcedid"`, string(quoted), "canvas-user-1", said["user_id"],
		"https://canvas.example.edu/api/lti/v1/tools/1/grade_passback", said["lis_outcome_service_url"],
	}
}

// TestMoveFromOpenEdX is the whole move: import, then a launch by the old link
// lands on the imported account with its state, and a better answer reaches the
// old gradebook cell.
func TestMoveFromOpenEdX(t *testing.T) {
	for name, database := range map[string]func(*config.Config){
		"SQLite":     nil,
		"PostgreSQL": func(c *config.Config) { c.Database = postgres.Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			s := startSite(t, database)
			s.importFiles(testCourse())
			if s.app.Config.Database != "" {
				t.Setenv("LECTERN_DATABASE", s.app.Config.Database)
			}
			t.Setenv("LECTERN_OUTBOUND_ALLOW", "127.0.0.0/8")
			lms, replace := s.lmsOf()
			args := moveIn(t, []string{"modules.json", "lti.json", "users.json"}, replace...)
			dry := s.move(append([]string{"--dry-run"}, args...)...)
			s.view(func(ctx context.Context, tx store.Tx) error {
				list, err := tx.Consumers().List(ctx, "")
				if len(list) != 0 {
					t.Error("a dry run wrote something")
				}
				return err
			})
			report := s.move(args...)
			dry.DryRun = false
			if same(t, dry) != same(t, report) {
				t.Errorf("the dry run said\n%s\nbut this happened\n%s", same(t, dry), same(t, report))
			}
			before := s.everything()
			again := s.move(args...)
			if again.Changed() || s.everything() != before {
				t.Errorf("a second import changed something: %s", same(t, again))
			}
			if g, _ := lms.Grade("ana", "old"); g.Value != "" {
				t.Errorf("the import sent %q", g.Value)
			}
			s.playOn(lms)
			before = s.everything()
			if again = s.move(args...); again.Changed() || s.everything() != before {
				t.Errorf("an import after work here changed something: %s", same(t, again))
			}
		})
	}
}

// playOn launches by the old link and answers better.
func (s *testSite) playOn(lms *lmstest.LMS) {
	t, browser := s.t, newBrowser(s.t)
	p := s.fromLMS(browser, lms.MustLaunch("ana", "old"))
	if !strings.Contains(p.body, "You have used 1 of 3 attempts") || !regexp.MustCompile(`value="choice_0"[^>]*checked`).MatchString(p.body) {
		t.Errorf("the learner's work is not there: %s", p.body)
	}
	s.answer(browser, p, "block_id", map[string]string{"_2_1": "choice_1"})
	lms.WaitGrade("ana", "old", "1", 5*time.Second)
	s.eventually(func() bool { return s.scoreList()[0]["state"] == "delivered" })
	s.view(func(ctx context.Context, tx store.Tx) error {
		a, err := tx.Accounts().ByUsername(ctx, movedUser)
		if err != nil {
			return err
		}
		rows, err := tx.Owed().List(ctx, store.OwedFilter{AccountID: a.ID})
		if err != nil {
			return err
		}
		if len(rows) != 1 || rows[0].State != store.Delivered || strings.HasPrefix(rows[0].LinkKey, "openedx") || a.Kind != account.Anonymous {
			t.Errorf("%s account, scores %+v", a.Kind, rows)
		}
		return nil
	})
}

// everything is the database as text, without what launching alone changes.
func (s *testSite) everything() string {
	s.t.Helper()
	var out []any
	s.view(func(ctx context.Context, tx store.Tx) error {
		accounts, err := tx.Accounts().List(ctx, "", 0)
		if err != nil {
			return err
		}
		for _, a := range accounts {
			h, err := tx.People().History(ctx, a.ID)
			if err != nil {
				return err
			}
			links, err := tx.Accounts().Links(ctx, a.ID)
			if err != nil {
				return err
			}
			out = append(out, a, h, links)
		}
		owed, err := tx.Owed().List(ctx, store.OwedFilter{})
		if err != nil {
			return err
		}
		consumers, err := tx.Consumers().List(ctx, "")
		if err != nil {
			return err
		}
		audit, err := tx.Audit().List(ctx, 1000)
		out = append(out, owed, consumers, audit)
		return err
	})
	text, err := json.Marshal(out)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

func same(t *testing.T, r *openedx.Report) string {
	t.Helper()
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestMoveCounts: each object is accounted for, with the reason.
func TestMoveCounts(t *testing.T) {
	for _, files := range [][]string{{"lti.json", "users.json", "modules.json"}, {"natural.json"}} {
		t.Run(files[0], func(t *testing.T) {
			s := startSite(t, nil)
			s.importFiles(testCourse())
			report := s.move(moveIn(t, files)...)
			got := map[string][5]int64{}
			for _, c := range report.Models {
				got[c.Model] = [5]int64{c.Read, c.Added, c.Changed, c.Same, c.Skipped}
				if c.Read != c.Added+c.Changed+c.Same+c.Skipped {
					t.Errorf("%s: not every object is accounted for: %+v", c.Model, c)
				}
			}
			for model, want := range map[string][5]int64{
				"lti_provider.lticonsumer": {3, 3}, "lti_provider.outcomeservice": {2, 0, 0, 2},
				"lti_provider.ltiuser": {4, 3, 0, 0, 1}, "auth.user": {5, 3, 0, 0, 2}, "student.userprofile": {1, 0, 0, 1},
				"courseware.studentmodule": {10, 4, 0, 0, 6}, "lti_provider.gradedassignment": {4, 2, 0, 0, 2},
			} {
				if got[model] != want {
					t.Errorf("%s: read, added, changed, same, skipped %v, want %v", model, got[model], want)
				}
			}
			var why []string
			for _, r := range report.Skipped {
				why = append(why, r.Why)
			}
			for _, want := range []string{
				"The course course-v1:other+course+run is not imported here.", "Its state cannot be read.",
				"The course " + someCourse + " has no such block.", "Its learner did not come by LTI, or was not taken over.",
				"A later launch of the same learner has the same gradebook cell.",
			} {
				if !slices.Contains(why, want) {
					t.Errorf("no reason %q in %q", want, why)
				}
			}
			s.movedPeople()
		})
	}
}

// movedPeople looks at who came with the dump.
// TestMoveRefused: a file that is wrong anywhere changes nothing and the error
// says where.
func TestMoveRefused(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	for name, tt := range map[string]struct{ old, new, want string }{
		"cut short":       {`"pk": 1010`, "", "after object"},
		"no grade number": {`"grade": 0.0`, `"grade": "x"`, "modules.json, object 1 (courseware.studentmodule, pk 1001): field grade"},
		"no student":      {`"student": 11`, `"student": null`, "pk 1001): field student: it is missing"},
		"not a time":      {`"modified": "2026-02-10T10:11:12.345Z"`, `"modified": "soon"`, "field modified"},
		"NaN":             {`"grade": 0.5`, `"grade": NaN`, "near byte"},
	} {
		t.Run(name, func(t *testing.T) {
			files := moveIn(t, []string{"lti.json", "users.json", "modules.json"}, tt.old, tt.new)
			if name == "cut short" {
				text, err := os.ReadFile(files[2])
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(files[2], text[:len(text)-40], 0o600); err != nil {
					t.Fatal(err)
				}
			}
			code, out, errOut := s.command(append([]string{"openedx", "import"}, files...)...)
			if code != exitRefused || !strings.Contains(errOut, tt.want) {
				t.Errorf("exit %d: %s%s", code, out, errOut)
			}
		})
	}
	s.view(func(ctx context.Context, tx store.Tx) error {
		list, err := tx.Consumers().List(ctx, "")
		if len(list) != 0 {
			t.Errorf("a refused import wrote %d consumers", len(list))
		}
		return err
	})
}

// TestMoveConflicts: what is here already wins, and is named.
func TestMoveConflicts(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	s.consumer(movedKey, "another secret", nil)
	alice := s.local("alice", "someone@else.example", "a pass phrase", false)
	report := s.move(moveIn(t, []string{"natural.json"})...)
	var why []string
	for _, r := range report.Conflicts {
		why = append(why, r.Why)
	}
	if !slices.Equal(why, []string{"Another account here has their user name.", "A consumer here has this key with another secret."}) {
		t.Errorf("conflicts %q", why)
	}
	s.view(func(ctx context.Context, tx store.Tx) error {
		links, err := tx.Accounts().Links(ctx, alice.ID)
		if err != nil || len(links) != 0 {
			t.Errorf("somebody got into an account by its name: %+v, %v", links, err)
		}
		_, err = tx.Accounts().ByUsername(ctx, movedUser)
		if err == nil {
			t.Error("a learner came without their consumer")
		}
		return nil
	})
	code, out, _ := s.command("openedx", "import", "--dry-run", moveIn(t, []string{"natural.json"})[0])
	if code != exitDone || !strings.Contains(out, "Conflicts:\n") || !strings.Contains(out, "lti_provider.lticonsumer") {
		t.Errorf("exit %d: %s", code, out)
	}
}

// TestMoveResend: scores that were taken over are sent when that is asked for.
func TestMoveResend(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	t.Setenv("LECTERN_OUTBOUND_ALLOW", "127.0.0.0/8")
	lms, replace := s.lmsOf()
	s.move(append([]string{"--resend"}, moveIn(t, []string{"natural.json"}, replace...)...)...)
	s.site.deliverer.Wake()
	lms.WaitGrade("ana", "old", "0", 5*time.Second)
}
