package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"lectern/internal/config"
	"lectern/internal/lti"
	"lectern/internal/store"
)

// findings runs doctor and returns what it found, the worst for each check.
func findings(t *testing.T, data string, args ...string) (code int, worst map[string]finding) {
	t.Helper()
	code, out, errOut := command(data, append(args, "doctor", "--json")...)
	var list []finding
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatalf("%v: %s%s", err, out, errOut)
	}
	rank := map[string]int{wellOK: 0, wellWarn: 1, wellFail: 2}
	worst = map[string]finding{}
	for _, f := range list {
		if f.Says == "" || f.Status != wellOK && f.Do == "" {
			t.Errorf("%+v says nothing or leaves one alone with it", f)
		}
		if had, ok := worst[f.Check]; !ok || rank[f.Status] > rank[had.Status] {
			worst[f.Check] = f
		}
	}
	return code, worst
}

// TestDoctorHealthy looks at a running site on both engines. PostgreSQL runs
// without fsync in tests, which doctor is to notice.
func TestDoctorHealthy(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			var args []string
			s := startSite(t, func(c *config.Config) {
				if engine == "postgres" {
					c.Database = postgres.Database(t)
					args = []string{"--database", c.Database}
				}
			})
			s.importFiles(testCourse())
			s.consumer("consumer_key", "secret", nil)
			s.open(newBrowser(t), s.good(path("vertical", "v2")))
			code, found := findings(t, s.app.Config.Data, append(args, "--public-url", s.url, "--content-url", "http://content.localhost")...)
			for check, f := range found {
				want := wellOK
				switch {
				case check == "public-url":
					want = wellWarn // it is this machine only
				case check == "database" && engine == "postgres":
					want = wellFail
				}
				if f.Status != want {
					t.Errorf("%+v, want %s", f, want)
				}
			}
			for _, check := range []string{"answers", "clock", "disk", "schema", "sealing-key", "launches", "launch-clocks", "scores", "python", "mail"} {
				if _, ok := found[check]; !ok {
					t.Errorf("%s was not checked", check)
				}
			}
			if want := map[string]int{"sqlite": exitDone, "postgres": exitRefused}[engine]; code != want {
				t.Errorf("exit %d, want %d", code, want)
			}
		})
	}
}

// TestDoctorSettings finds one thing wrong at a time.
func TestDoctorSettings(t *testing.T) {
	data := scoreData(t)
	for _, tt := range []struct {
		name          string
		args          []string
		check, status string
		says          string
	}{
		{"plain http", []string{"--public-url", "http://lectern.invalid"}, "public-url", wellFail, "plain http"},
		{"bad URL", []string{"--public-url", "lectern.invalid"}, "public-url", wellFail, "https://"},
		{"none", nil, "public-url", wellWarn, "No public URL"},
		{"content on the same host", []string{"--public-url", "https://a.invalid", "--content-url", "https://a.invalid"}, "content-host", wellFail, "would not start"},
		{"no content host", nil, "content-host", wellWarn, "one origin"},
		{"everybody is a proxy", []string{"--trusted-proxies", "0.0.0.0/0"}, "proxies", wellFail, "whole internet"},
		{"bad proxy", []string{"--trusted-proxies", "proxy"}, "proxies", wellFail, "proxy"},
		{"proxy not trusted", []string{"--public-url", "https://lectern.invalid"}, "proxies", wellWarn, "not trusted"},
		{"proxy trusted", []string{"--public-url", "https://lectern.invalid", "--trusted-proxies", "127.0.0.1"}, "proxies", wellOK, "1 networks"},
		{"site down", []string{"--listen", "127.0.0.1:1"}, "answers", wellWarn, "does not answer"},
		{"no such file", []string{"--database", filepath.Join(data, "none.db")}, "database", wellFail, "no database"},
		{"no postgres", []string{"--database", "postgres://nobody@127.0.0.1:1/x"}, "database", wellFail, "connect"},
		{"files nowhere", []string{"--assets", "file:///nowhere/at/all"}, "course-files", wellFail, "nowhere"},
		{"mail without sender", []string{"--smtp-url", "smtp://mail.invalid:587"}, "mail", wellFail, "mail settings"},
		{"mail", []string{"--smtp-url", "smtp://mail.invalid:587", "--mail-from", "a@example.edu"}, "mail", wellOK, "a@example.edu"},
		{"grader that is none", []string{"--grader-command", "/nowhere/grader"}, "grader", wellFail, "no such file"},
		{"grader settings", []string{"--grader-token", "x"}, "grader", wellFail, "no URL"},
		{"another key", []string{"--sealing-key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}, "sealing-key", wellFail, "cannot open"},
		{"outcome host", nil, "outbound", wellOK, "lms.example"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := examined(t, append([]string{"--data", data}, tt.args...))[tt.check]
			if f.Status != tt.status || !strings.Contains(f.Says, tt.says) {
				t.Errorf("%+v, want %s with %q", f, tt.status, tt.says)
			}
		})
	}
	if err := os.Chmod(filepath.Join(data, "sealing.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	if f := examined(t, []string{"--data", data})["sealing-key"]; f.Status != wellFail || !strings.Contains(f.Do, "chmod 600") {
		t.Errorf("a key that all may read: %+v", f)
	}
}

// examined makes the checks that need no Python in the sandbox, which takes its
// time to start, and returns the last finding of each.
func examined(t *testing.T, args []string) map[string]finding {
	t.Helper()
	var c cli
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(append(args, "doctor")); err != nil {
		t.Fatal(err)
	}
	d := &doctor{app: &App{Config: &c.Config, Context: t.Context(), Out: t.Output(), Err: t.Output(), Clock: utcNow}}
	defer d.close()
	d.site(t.Context())
	d.grader(t.Context())
	found := map[string]finding{}
	for _, f := range d.found {
		found[f.Check] = f
	}
	return found
}

// TestDoctorFlow finds refused launches, clocks that are wrong, scores that do
// not get on, and hosts that do not answer.
func TestDoctorFlow(t *testing.T) {
	data := scoreData(t)
	lms := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusMethodNotAllowed)
	}))
	defer lms.Close()
	app := &App{
		Config: &config.Config{Data: data, LogFormat: "text"}, Context: t.Context(), Out: t.Output(), Err: t.Output(), Clock: utcNow,
	}
	if err := app.Open(); err != nil {
		t.Fatal(err)
	}
	defer app.Close()
	ctx, now := context.Background(), utcNow()
	err := app.Store.Update(ctx, func(tx store.Tx) error {
		for _, code := range []string{"launch_signature_mismatch", "launch_nonce_reused"} {
			if err := tx.LaunchLog().Append(ctx, store.LaunchEntry{At: now, Code: code}); err != nil {
				return err
			}
		}
		claimed, err := tx.Owed().Claim(ctx, now.Add(48*time.Hour), "test", time.Minute, 1)
		if err != nil || len(claimed) != 1 {
			t.Fatalf("claimed %d, %v", len(claimed), err)
		}
		consumer, err := tx.Consumers().ByKey(ctx, "key")
		if err != nil {
			return err
		}
		_, err = tx.Placements().PutTarget(ctx, lti.GradeTarget{
			ConsumerID: consumer.ID, AccountID: "a1", LinkKey: "x", CourseKey: someCourse, UsageKey: someBlock + "problem+block@p2",
			Outcome: lti.Outcome{ServiceURL: lms.URL + "/grades", SourcedID: "x"}, UpdatedAt: now,
		})
		if err != nil {
			return err
		}
		parked := claimed[0].OwedScore
		parked.State = store.Parked
		return tx.Owed().Finish(ctx, parked, "test", store.Attempt{At: now, Class: "permanent"})
	})
	if err != nil {
		t.Fatal(err)
	}
	_, found := findings(t, data)
	for check, want := range map[string]string{
		"launches": wellFail, "parked-scores": wellWarn, "outbound": wellFail, "scores": wellOK,
	} {
		if found[check].Status != want {
			t.Errorf("%+v, want %s", found[check], want)
		}
	}
	code, out, _ := command(data, "--outbound-allow", "127.0.0.0/8", "doctor", "--online")
	if code != exitRefused || !strings.Contains(out, "where scores of Moodle go, answers") ||
		!strings.Contains(out, "apart") || !strings.Contains(out, "lms.example, where scores of Moodle go, does not answer") {
		t.Errorf("online: exit %d: %s", code, out)
	}
}
