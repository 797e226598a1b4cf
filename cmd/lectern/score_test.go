package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"lectern/internal/account"
	"lectern/internal/config"
	"lectern/internal/course"
	"lectern/internal/grading"
	"lectern/internal/lti"
	"lectern/internal/problem"
	"lectern/internal/registry"
	"lectern/internal/store"
)

// scoreData makes a data folder where one learner of a consumer has answered
// one of two problems right, and returns the folder.
func scoreData(t *testing.T) string {
	t.Helper()
	ctx := t.Context()
	s := &testSite{t: t, app: &App{
		Config: &config.Config{Data: t.TempDir(), LogFormat: "text"}, Context: ctx, Out: io.Discard, Err: io.Discard, Clock: utcNow,
	}}
	if err := s.app.Open(); err != nil {
		t.Fatal(err)
	}
	defer s.app.Close()
	s.importFiles(testCourse())
	consumer := s.consumer("key", "secret", func(spec *registry.Spec) { spec.Name = "Moodle" })
	c, err := s.app.Catalog.Course(ctx, someCourse)
	if err != nil {
		t.Fatal(err)
	}
	err = s.app.Store.Update(ctx, func(tx store.Tx) error {
		err := tx.Accounts().Create(ctx, &account.Account{
			ID: "a1", Username: "learner", Email: "l@lti.example.com", Kind: account.Anonymous, Enabled: true, CreatedAt: utcNow(),
		})
		if err != nil {
			return err
		}
		link := account.Link{ConsumerID: consumer.ID, LTIUserID: "LTI_User", AccountID: "a1", How: "launch", CreatedAt: utcNow()}
		if _, err := tx.Accounts().Link(ctx, link); err != nil {
			return err
		}
		for _, usage := range []string{"problem+block@block_id", "vertical+block@v1", "problem+block@p2"} {
			_, err := tx.Placements().PutTarget(ctx, lti.GradeTarget{
				ConsumerID: consumer.ID, AccountID: "a1", LinkKey: usage, CourseKey: someCourse, UsageKey: someBlock + usage,
				Outcome: lti.Outcome{ServiceURL: "https://lms.example/grades", SourcedID: usage}, UpdatedAt: utcNow(),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.app.Grading.Submit(ctx, grading.Who{AccountID: "a1"},
		grading.At{Course: c, Block: c.Block(course.Ref{Type: "problem", ID: "block_id"})},
		grading.Form{Answers: problem.Answers{"block_id_2_1": problem.One("choice_1")}})
	if err != nil {
		t.Fatal(err)
	}
	return s.app.Config.Data
}

// command runs the command line on a data folder.
func command(data string, args ...string) (code int, out, errOut string) {
	var stdout, stderr bytes.Buffer
	code = run(context.Background(), append([]string{"--data", data}, args...), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func TestScoreListJSON(t *testing.T) {
	data := scoreData(t)
	if code, out, _ := command(data, "score", "list", "--json", "--state", "none"); code != exitDone || strings.Count(out, `"state": "none"`) != 1 {
		t.Errorf("a place that nothing is owed to: exit %d: %s", code, out)
	}
	code, out, errOut := command(data, "score", "list", "--json", "--state", "waiting")
	if code != exitDone {
		t.Fatalf("exit %d: %s", code, errOut)
	}
	var list []map[string]any
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if len(list) != 2 {
		t.Fatalf("%d scores, want those of the problem and of its unit: %s", len(list), out)
	}
	for _, row := range list {
		want := map[string]any{
			"consumer": "Moodle", "account": "a1", "lti_user_id": "LTI_User", "course": someCourse,
			"earned": 1.0, "possible": 1.0, "score": 1.0, "state": "waiting", "attempts": 0.0, "last_error": "",
		}
		for name, value := range want {
			if row[name] != value {
				t.Errorf("%s: %s = %v, want %v", row["usage"], name, row[name], value)
			}
		}
		if row["link"] == "" || len(row) != len(want)+3 {
			t.Errorf("fields %v", row)
		}
		if _, err := time.Parse(time.RFC3339, row["next_at"].(string)); err != nil {
			t.Errorf("next_at: %v", err)
		}
	}
	if _, out, _ := command(data, "score", "list", "--json", "--account", "nobody-has-answered"); out != "" {
		t.Errorf("unknown account listed %s", out)
	}
	if code, out, _ := command(data, "score", "list", "--state", "parked", "--json"); code != exitDone || strings.TrimSpace(out) != "[]" {
		t.Errorf("parked scores: exit %d, %s", code, out)
	}
	if code, out, _ := command(data, "score", "list"); code != exitDone || !strings.Contains(out, "1/1") || !strings.Contains(out, "LTI_User") {
		t.Errorf("table: exit %d\n%s", code, out)
	}
}

func TestScoreResend(t *testing.T) {
	data := scoreData(t)
	for _, tt := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"T167 new-style course key", []string{"--course", "course-v1:edX+test_course+2525_fall"}, exitDone, "0 scores"},
		{"T167 old-style course key", []string{"--course", "UBC/Law281/2015_T1"}, exitDone, "0 scores"},
		{"T167 no course key", []string{"--course", "Law281"}, exitUsage, "course key"},
		{"T168 nothing said", nil, exitUsage, "--all"},
		{"all and some", []string{"--all", "--course", someCourse}, exitUsage, "--all"},
		{"T169 all", []string{"--all"}, exitDone, "2 scores"},
		{"T170 its course", []string{"--course", someCourse}, exitDone, "2 scores"},
		{"T171 another course", []string{"--course", "course-v1:a+b+c"}, exitDone, "0 scores"},
		{"consumer by name", []string{"--consumer", "Moodle"}, exitDone, "2 scores"},
		{"unknown consumer", []string{"--consumer", "Canvas"}, exitRefused, "no such"},
		{"account by ID", []string{"--account", "a1"}, exitDone, "2 scores"},
		{"account by user name", []string{"--account", "LEARNER"}, exitDone, "2 scores"},
		{"unknown account", []string{"--account", "a2"}, exitRefused, "no such account"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, out, errOut := command(data, append([]string{"score", "resend"}, tt.args...)...)
			if code != tt.code || !strings.Contains(out+errOut, tt.says) {
				t.Errorf("exit %d, want %d saying %q:\n%s%s", code, tt.code, tt.says, out, errOut)
			}
		})
	}
}
