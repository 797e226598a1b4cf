package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lectern/internal/config"
	"lectern/internal/course"
	"lectern/internal/sealed"
	"lectern/internal/store"
)

// learners is how many people answer while a site is saved.
const learners = 3

// lively is a site on which people keep answering.
type lively struct {
	*testSite
	acked [learners]atomic.Int64 // answers whose page came back
}

// startLively runs a site on dsn ("" for SQLite) with a course that has a file.
func startLively(t *testing.T, dsn string) *lively {
	t.Helper()
	s := &lively{testSite: startSite(t, func(c *config.Config) { c.Database = dsn })}
	files := testCourse()
	files["static/picture.txt"] = "a picture"
	s.importFiles(files)
	s.consumer("consumer_key", "secret", nil)
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for i := range learners {
		all.Go(func() {
			browser := newBrowser(t)
			p := s.open(browser, s.good(path("vertical", "v2")).set("user_id", fmt.Sprint("user", i)))
			for n := 0; ctx.Err() == nil; n++ {
				p = s.answer(browser, p, "p2", map[string]string{"_2_1": fmt.Sprint(n)})
				if p.StatusCode == http.StatusOK {
					s.acked[i].Add(1)
				}
			}
		})
	}
	t.Cleanup(func() { stop(); all.Wait() })
	s.waitAnswers(3)
	return s
}

// waitAnswers waits until every learner has given n more answers.
func (s *lively) waitAnswers(n int64) {
	s.t.Helper()
	from := s.answers()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		now, done := s.answers(), true
		for i := range now {
			done = done && now[i] >= from[i]+n
		}
		if done {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("learners do not get on: %v", now)
		}
	}
}

func (s *lively) answers() (list [learners]int64) {
	for i := range list {
		list[i] = s.acked[i].Load()
	}
	return list
}

// attempts returns how many answers of each learner a site has kept.
func (s *testSite) attempts() (list [learners]int64) {
	s.t.Helper()
	s.view(func(ctx context.Context, tx store.Tx) error {
		consumer, err := tx.Consumers().ByKey(ctx, "consumer_key")
		if err != nil {
			return err
		}
		for i := range list {
			link, err := tx.Accounts().FindLink(ctx, consumer.ID, fmt.Sprint("user", i))
			if err != nil {
				return err
			}
			state, err := tx.Learners().State(ctx, store.LearnerKey{
				AccountID: link.AccountID, CourseKey: someCourse, Ref: course.Ref{Type: "problem", ID: "p2"},
			})
			if err != nil {
				return err
			}
			var kept struct {
				Attempts int64 `json:"attempts"`
			}
			if err := json.Unmarshal([]byte(state.State), &kept); err != nil {
				return err
			}
			list[i] = kept.Attempts
		}
		return nil
	})
	return list
}

// lectern runs the command line for a site.
func (s *testSite) lectern(args ...string) (code int, out, errOut string) {
	if dsn := s.app.Config.Database; dsn != "" {
		args = append([]string{"--database", dsn}, args...)
	}
	return command(s.app.Config.Data, args...)
}

// TestBackup saves a site of each engine while learners answer, restores it on
// the same and on the other engine, and finds every answer there that was given
// before the backup began, the course file, and secrets that open.
func TestBackup(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			dsn := ""
			if engine == "postgres" {
				dsn = postgres.Database(t)
			}
			s := startLively(t, dsn)
			file := filepath.Join(t.TempDir(), "site.tar")
			before := s.answers()
			code, out, errOut := s.lectern("backup", "--with-key", file)
			after := s.answers()
			if code != exitDone || !strings.Contains(out, "IS in it") || strings.Contains(errOut, "warning") {
				t.Fatalf("exit %d: %s%s", code, out, errOut)
			}
			s.waitAnswers(1) // the site goes on
			for name, target := range map[string]string{"sqlite": "", "postgres": postgres.Database(t)} {
				t.Run("to "+name, func(t *testing.T) { restoreAndCheck(t, file, target, before, after) })
			}
		})
	}
}

func restoreAndCheck(t *testing.T, file, dsn string, before, after [learners]int64) {
	data := filepath.Join(t.TempDir(), "new")
	args := []string{"--database", dsn, "restore", file}
	if dsn == "" {
		args = args[2:]
	}
	code, out, errOut := command(data, args...)
	if code != exitDone || !strings.Contains(out, "sealing.key") {
		t.Fatalf("exit %d: %s%s", code, out, errOut)
	}
	again := startSite(t, func(c *config.Config) { c.Data, c.Database = data, dsn })
	for i, n := range again.attempts() {
		if n < before[i] || n > after[i]+1 {
			t.Errorf("learner %d has %d answers, want %d to %d", i, n, before[i], after[i]+1)
		}
	}
	browser := newBrowser(t)
	p := again.open(browser, again.good(path("vertical", "v2")).set("user_id", "user0")) // the secret opens
	if p = again.answer(browser, p, "p2", map[string]string{"_2_1": "42"}); p.StatusCode != http.StatusOK {
		t.Errorf("answering: status %d", p.StatusCode)
	}
	list, err := filepath.Glob(filepath.Join(data, "assets", "*", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, name := range list {
		text, err := os.ReadFile(name)
		found = found || err == nil && string(text) == "a picture"
	}
	if !found {
		t.Errorf("the course file is not there: %v", list)
	}
	if code, _, errOut := command(data, args...); code != exitRefused || !strings.Contains(errOut, "not empty") {
		t.Errorf("once more: exit %d: %s", code, errOut)
	}
}

// saved makes a data folder with scores and a course file, and a backup of it.
func saved(t *testing.T, args ...string) (data, file, out, errOut string) {
	t.Helper()
	data, file = scoreData(t), filepath.Join(t.TempDir(), "site.tar")
	code, out, errOut := command(data, append(append([]string{"backup"}, args...), file)...)
	if code != exitDone {
		t.Fatalf("exit %d: %s", code, errOut)
	}
	return data, file, out, errOut
}

// TestBackupKey says where the key is, and restores with and without it.
func TestBackupKey(t *testing.T) {
	data, file, out, _ := saved(t)
	for _, want := range []string{"NOT in it", filepath.Join(data, "sealing.key"), "each needs a new secret", "SHA-256 "} {
		if !strings.Contains(out, want) {
			t.Errorf("backup does not say %q: %s", want, out)
		}
	}
	target := filepath.Join(t.TempDir(), "new")
	code, out, errOut := command(target, "restore", file)
	if code != exitDone || !strings.Contains(out, "NOT in it") || !strings.Contains(out, "BEFORE") {
		t.Fatalf("exit %d: %s%s", code, out, errOut)
	}
	if code, out, _ := command(target, "doctor"); code != exitRefused || !strings.Contains(out, "fail  sealing-key") {
		t.Errorf("doctor without the key: exit %d: %s", code, out)
	}
	key, err := os.ReadFile(filepath.Join(data, "sealing.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(target, "sealing.key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, out, _ := command(target, "doctor"); !strings.Contains(out, "ok    sealing-key") {
		t.Errorf("doctor with the key: %s", out)
	}
	withKey := filepath.Join(t.TempDir(), "key.tar")
	if code, out, errOut := command(data, "backup", "--with-key", withKey); code != exitDone {
		t.Fatalf("exit %d: %s%s", code, out, errOut)
	}
	other := t.TempDir()
	if err := sealed.SaveKeys(filepath.Join(other, "sealing.key"), []sealed.Key{sealed.NewKey()}); err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := command(other, "restore", withKey); code != exitRefused || !strings.Contains(errOut, "another sealing key") {
		t.Errorf("over another key: exit %d: %s", code, errOut)
	}
}

// TestRestoreRefuses brings nothing back from a bad file, or to a place in use.
func TestRestoreRefuses(t *testing.T) {
	_, file, _, _ := saved(t)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	spoiled := bytes.Clone(whole)
	spoiled[len(spoiled)/2] ^= 0xff
	for name, text := range map[string][]byte{
		"truncated": whole[:len(whole)/2], "without its end": whole[:len(whole)-4096], "tampered": spoiled, "empty": {}, "no tar": []byte("hello"),
	} {
		t.Run(name, func(t *testing.T) {
			bad, target := filepath.Join(t.TempDir(), "bad.tar"), filepath.Join(t.TempDir(), "new")
			if err := os.WriteFile(bad, text, 0o600); err != nil {
				t.Fatal(err)
			}
			if code, _, errOut := command(target, "restore", bad); code != exitRefused || !strings.Contains(errOut, "not a whole backup") {
				t.Errorf("exit %d: %s", code, errOut)
			}
			if _, err := os.Stat(target); err == nil {
				t.Error("something was made")
			}
		})
	}
	t.Run("course files of another site", func(t *testing.T) {
		target := t.TempDir()
		writeFiles(t, target, map[string]string{"assets/ab/stranger": "x"})
		if code, _, errOut := command(target, "restore", file); code != exitRefused || !strings.Contains(errOut, "not in the backup") {
			t.Errorf("exit %d: %s", code, errOut)
		}
	})
}

func TestBackupRefuses(t *testing.T) {
	data, file, _, _ := saved(t, "--without-assets")
	if code, _, errOut := command(data, "backup", file); code != exitRefused || !strings.Contains(errOut, "overwrites nothing") {
		t.Errorf("over a backup: exit %d: %s", code, errOut)
	}
	empty := t.TempDir()
	if code, _, errOut := command(empty, "backup", filepath.Join(empty, "x.tar")); code != exitRefused || !strings.Contains(errOut, "no database") {
		t.Errorf("no site: exit %d: %s", code, errOut)
	}
	if left, err := os.ReadDir(empty); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if code, out, errOut := command(filepath.Join(t.TempDir(), "new"), "restore", file); code != exitDone || !strings.Contains(out, "Course files were not in it") {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
}

// TestBackupLostFile saves a site that has lost a course file, and says so.
func TestBackupLostFile(t *testing.T) {
	s := startSite(t, nil)
	files := testCourse()
	files["static/picture.txt"] = "a picture"
	s.importFiles(files)
	if err := os.RemoveAll(filepath.Join(s.app.Config.Data, "assets")); err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := s.lectern("backup", filepath.Join(t.TempDir(), "x.tar")); code != exitDone || !strings.Contains(errOut, "are lost") {
		t.Errorf("exit %d: %s", code, errOut)
	}
	if _, out, _ := s.lectern("doctor"); !strings.Contains(out, "fail  course-files") {
		t.Errorf("doctor: %s", out)
	}
}
