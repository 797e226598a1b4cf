package faults

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"lectern/internal/pgtest"
)

// PostgreSQL stops and starts while people launch and answer. They are told to
// come back, nothing is half-written, and all goes on by itself.
func TestDatabaseRestart(t *testing.T) {
	t.Parallel()
	var server pgtest.Server // of its own: others use the shared one
	t.Cleanup(server.Stop)
	s := begin(t, server.Database(t))
	c := s.crowd(4)
	c.busy(s, 20)
	for range 2 {
		server.Outage(t, func() {
			s.until("people are told", func() bool { return c.refusals()["503 database_unreachable"] >= 3 })
			s.until("not ready", func() bool { // a check is kept for some seconds
				resp, err := http.Get("http://" + s.addr + "/readyz")
				if err != nil {
					return false
				}
				_ = resp.Body.Close() // the status says all
				return resp.StatusCode == http.StatusServiceUnavailable
			})
			if resp, err := http.Get("http://" + s.addr + "/healthz"); err != nil || resp.StatusCode != http.StatusOK {
				t.Errorf("healthz: %v, %v", resp, err)
			}
		})
		c.busy(s, 20)
	}
	c.goHome()
	for what, n := range c.refusals() {
		if !strings.HasPrefix(what, "503 ") {
			t.Errorf("%d pages with %s", n, what)
		}
	}
	s.leasesRunOut()
	s.settle()
	s.allEqual()
}

// fills is a way to take the room for writing from a running site.
type fills struct {
	name string
	wrap func(t *testing.T, s *site) // before the site starts
	fill func(t *testing.T, s *site)
	free func(t *testing.T, s *site)
}

// No room to write: people are told, and what was taken before is kept. When
// there is room again all goes on by itself.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	for _, way := range []fills{
		{"limit on the size of files", nil, func(t *testing.T, s *site) { limitFiles(t, s, "4096") },
			func(t *testing.T, s *site) { limitFiles(t, s, "unlimited") }},
		{"file system", smallDisk, fillDisk, func(t *testing.T, s *site) {
			if err := os.Remove(ballast(s)); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			s := prepare(t, "")
			if way.wrap != nil {
				way.wrap(t, s)
			}
			s.start()
			l := s.learner("before")
			l.mustLaunch(quizUsage, unitUsage)
			l.mustAnswer(2)
			s.until("delivered", func() bool { return s.delivered(l, "0.5") })

			way.fill(t, s)
			c := s.crowd(2)
			s.until("people are told", func() bool { return c.refusals()["503 database_not_writable"] >= 5 })
			if p := l.answer(4); p.status != http.StatusServiceUnavailable || p.code() != "database_not_writable" {
				t.Errorf("answer on a full disk: %d, %q", p.status, p.code())
			}
			if p, err := l.browser.Get(l.base); err != nil || p.StatusCode != http.StatusOK {
				t.Errorf("reading on a full disk: %v, %v", p, err)
			}
			way.free(t, s)
			c.busy(s, 10)
			c.goHome()
			for what, n := range c.refusals() {
				if !strings.HasPrefix(what, "503 ") {
					t.Errorf("%d pages with %s", n, what)
				}
			}
			l.mustAnswer(3)
			s.leasesRunOut()
			s.settle()
			s.allEqual()
		})
	}
}

// delivered reports whether the LMS holds a value for all of a learner's links.
func (s *site) delivered(l *learner, value string) bool {
	book := s.lms.gradebook()
	for usage := range l.usage {
		if book[l.sourcedID(usage)] != value {
			return false
		}
	}
	return true
}

// limitFiles bounds how long the files of the running site may get.
func limitFiles(t *testing.T, s *site, most string) {
	t.Helper()
	out, err := exec.Command("prlimit", "--pid", strconv.Itoa(s.cmd.Process.Pid), "--fsize="+most+":unlimited").CombinedOutput()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("prlimit: %v %s", err, out)
		}
		t.Skipf("prlimit: %v %s", err, out)
	}
}

// smallDisk puts the site's data on a small disk that nobody else sees.
func smallDisk(t *testing.T, s *site) {
	t.Helper()
	must := os.Getenv("CI") == "true" && os.Geteuid() == 0
	mount := `mount -t tmpfs -o size=24m tmpfs "$0" && cp -r "$1/." "$0"`
	disk := filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("unshare", "--mount", "sh", "-c", mount, disk, s.data).CombinedOutput(); err != nil {
		if must {
			t.Fatalf("mounting a small disk: %v %s", err, out)
		}
		t.Skipf("a disk cannot be mounted here: %v %s", err, out)
	}
	s.wrap = []string{"unshare", "--mount", "sh", "-c", mount + ` && shift && exec "$@"`, disk, s.data}
	s.data = disk
}

// inside returns a path as the site's process sees it.
func inside(s *site, path string) string {
	return filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "root", path)
}

func ballast(s *site) string { return filepath.Join(inside(s, s.data), "ballast") }

// fillDisk writes until nothing more fits.
func fillDisk(t *testing.T, s *site) {
	t.Helper()
	f, err := os.Create(ballast(s))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 64 << 10; size > 0; size /= 2 {
		block := make([]byte, size)
		for err = nil; err == nil; {
			_, err = f.Write(block)
		}
	}
}
