package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"lectern/internal/config"
	"lectern/internal/fakelms"
	"lectern/internal/lmstest"
	"lectern/internal/s3test"
	"lectern/internal/sealed"
)

// asLectern makes this test binary be the product: it is set in the environment
// of processes that tests start.
const asLectern = "LECTERN_TEST_AS_PROGRAM"

// process is a `lectern serve` of its own.
type process struct {
	*exec.Cmd
	t   *testing.T
	log io.ReadCloser
	url string
}

// startProcess starts one with these settings. It is killed when the test ends.
func startProcess(t *testing.T, settings ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0], "serve"), t: t}
	p.Env = append(os.Environ(), asLectern+"=1", "LECTERN_LISTEN=127.0.0.1:0", "LECTERN_LOG_FORMAT=json",
		"LECTERN_OUTBOUND_ALLOW=127.0.0.0/8", "LECTERN_DATA="+t.TempDir(), "LECTERN_PYTHON_POOL=1",
		"LECTERN_PYTHON_CACHE="+config.SharedPythonCache())
	p.Env = append(p.Env, settings...)
	var err error
	if p.log, err = p.StderrPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

var listeningAt = regexp.MustCompile(`"msg":"listening","address":"([^"]+)"`)

// listening waits until the process says where it listens.
func (p *process) listening() {
	p.t.Helper()
	lines := bufio.NewScanner(p.log)
	for lines.Scan() {
		if m := listeningAt.FindStringSubmatch(lines.Text()); m != nil {
			p.url = "http://" + m[1]
			go io.Copy(io.Discard, p.log) //nolint:errcheck // so that the process never waits for a reader
			return
		}
		p.t.Log(lines.Text())
	}
	p.t.Fatal("the process ended before it listened")
}

// kill is kill -9.
func (p *process) kill() {
	_ = p.Process.Kill()
	_ = p.Wait()
}

// TestProcesses runs two processes on one PostgreSQL and one S3, started at
// once on an empty database. What begins at one goes on at the other, also when
// one is killed.
func TestProcesses(t *testing.T) {
	s3 := s3test.Start(t)
	front := newBalancer(t)
	settings := []string{
		"LECTERN_DATABASE=" + postgres.Database(t), "LECTERN_ASSETS=" + s3.URL, "LECTERN_PUBLIC_URL=" + front.URL,
		"LECTERN_SEALING_KEY=" + sealed.NewKey().Encode(),
	}
	a, b := startProcess(t, settings...), startProcess(t, settings...)
	a.listening()
	b.listening()

	files := testCourse()
	files["static/picture.txt"] = "a picture"
	folder := filepath.Join(t.TempDir(), "course")
	writeFiles(t, folder, files)
	for _, variable := range settings {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	data := t.TempDir()
	for _, args := range [][]string{
		{"course", "import", folder}, {"consumer", "add", "--name", "LMS", "--key", "k", "--secret", "s"},
	} {
		if code, out, errOut := command(data, args...); code != exitDone {
			t.Fatalf("%v: exit %d: %s%s", args, code, out, errOut)
		}
	}
	lms := lmstest.Start(t, fakelms.Options{Key: "k", Secret: "s"})
	if err := lms.SetLinks([]fakelms.Link{
		{ID: "leaf", Title: "Problem", LaunchURL: front.URL + path("problem", "block_id"), Graded: true},
		{ID: "other", Title: "Number", LaunchURL: front.URL + path("problem", "p2"), Graded: true},
	}); err != nil {
		t.Fatal(err)
	}

	s := &testSite{t: t, url: front.URL}
	browser := newBrowser(t)
	form := lms.MustLaunch("ana", "leaf")
	front.use(t, a.url)
	shown := s.fromLMS(browser, form)
	front.use(t, b.url)
	if again := s.get(browser, shown.Request.URL.String()); again.StatusCode != http.StatusOK {
		t.Fatalf("the page on B: %d %s", again.StatusCode, again.code())
	}
	shown = s.answer(browser, shown, "block_id", map[string]string{"_2_1": "choice_1"})
	front.use(t, a.url)
	if again := s.get(browser, shown.Request.URL.String()); !strings.Contains(again.body, "Correct (1/1 point)") {
		t.Fatalf("F5 on A: %d %s", again.StatusCode, again.code())
	}
	lms.WaitGrade("ana", "leaf", "1", 20*time.Second)
	stranger := newBrowser(t)
	front.use(t, b.url)
	resp, _ := lms.Post(stranger, form)
	if got := s.follow(stranger, page{Response: resp}); got.StatusCode == http.StatusOK {
		t.Errorf("the launch again, on B: %d", got.StatusCode)
	}

	a.kill()
	shown = s.fromLMS(browser, lms.MustLaunch("ana", "other"))
	s.answer(browser, shown, "p2", map[string]string{"_2_1": "42"})
	lms.WaitGrade("ana", "other", "1", 20*time.Second)
	sent := map[string]int{}
	for _, m := range lms.Messages() {
		sent[m.Link]++
	}
	if len(sent) != 2 || sent["leaf"] != 1 || sent["other"] != 1 {
		t.Errorf("messages to the LMS: %v, want one for each score", sent)
	}
}
