package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lectern/internal/config"
	"lectern/internal/health"
	"lectern/internal/telemetry"
)

// ask gets an address with a header or two.
func ask(t *testing.T, url string, headers ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// TestPrivateListener finds monitoring at its own address and nowhere else.
func TestPrivateListener(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			s := startSite(t, func(c *config.Config) {
				c.ListenPrivate = "127.0.0.1:0"
				if engine == "postgres" {
					c.Database = postgres.Database(t)
				}
			})
			s.importFiles(testCourse())
			s.consumer("consumer_key", "secret", nil)
			browser := newBrowser(t)
			s.answer(browser, s.open(browser, s.good(path("problem", "block_id"))), "block_id", map[string]string{"_2_1": "choice_1"})
			at := "http://" + s.site.private.listener.Addr().String()
			_, metrics := ask(t, at+"/metrics")
			for _, want := range []string{
				`lectern_launches_total{code="ok",lti="1.1"} 1`, "lectern_launch_clock_seconds_count 1",
				`lectern_grading_seconds_count{block="problem",result="graded"} 1`, `lectern_build_info{go=`,
				`lectern_database_connections{state="idle"}`, "lectern_database_connections_max", "lectern_disk_free_bytes",
				`lectern_ready{check="course-files"} 1`, "lectern_python_pool 2", "process_cpu_seconds_total",
			} {
				if !strings.Contains(metrics, want) {
					t.Errorf("metrics lack %s", want)
				}
			}
			for _, want := range []string{"lectern_database_commit_seconds_count", "lectern_database_write_wait_seconds_count", "lectern_database_commit_updates_sum"} {
				if strings.Contains(metrics, want+" 0\n") || !strings.Contains(metrics, want) {
					t.Errorf("nothing was counted in %s", want)
				}
			}
			for path, want := range map[string]string{
				"/healthz": "ok", "/readyz": `"ready": true`, "/debug/pprof/": "goroutine", "/debug/pprof/heap?debug=1": "heap profile",
			} {
				if code, body := ask(t, at+path); code != http.StatusOK || !strings.Contains(body, want) {
					t.Errorf("%s: %d %.200s", path, code, body)
				}
			}
			if code, _ := ask(t, at+"/debug/pprof/cmdline"); code != http.StatusNotFound {
				t.Errorf("the command line, where a password may be: %d", code)
			}
			if code, _ := ask(t, at+"/metrics", "X-Forwarded-For", "127.0.0.1"); code != http.StatusForbidden {
				t.Errorf("through a proxy: %d", code)
			}
			for _, path := range []string{"/metrics", "/debug/pprof/", "/debug/pprof/heap"} {
				if code, _ := ask(t, s.url+path); code != http.StatusNotFound {
					t.Errorf("%s at the public address: %d", path, code)
				}
			}
			if code, body := ask(t, s.url+"/readyz"); code != http.StatusOK || body != "ok\n" {
				t.Errorf("public /readyz: %d %s", code, body)
			}
		})
	}
}

// TestMetricsWithoutPrivateListener keeps them to this machine.
func TestMetricsWithoutPrivateListener(t *testing.T) {
	s := startSite(t, nil)
	if code, body := ask(t, s.url+"/metrics"); code != http.StatusOK || !strings.Contains(body, "lectern_build_info") {
		t.Errorf("from this machine: %d", code)
	}
	if code, _ := ask(t, s.url+"/metrics", "X-Forwarded-For", "127.0.0.1"); code != http.StatusNotFound {
		t.Errorf("through a proxy: %d", code)
	}
	if code, _ := ask(t, s.url+"/debug/pprof/"); code != http.StatusNotFound {
		t.Errorf("profiles at the public address: %d", code)
	}
}

// TestNotReady takes a part of the site away at a time.
func TestNotReady(t *testing.T) {
	s := startSite(t, func(c *config.Config) { c.ListenPrivate = "127.0.0.1:0" })
	at := "http://" + s.site.private.listener.Addr().String()
	report := func() (int, health.Report) {
		t.Helper()
		s.clock.add(5 * time.Second) // what was found is told for a moment
		code, body := ask(t, at+"/readyz")
		var r health.Report
		if err := json.Unmarshal([]byte(body), &r); err != nil {
			t.Fatal(err)
		}
		return code, r
	}
	wrong := func(r health.Report) string {
		var list []string
		for _, f := range r.Findings {
			if !f.OK {
				list = append(list, f.Check)
			}
		}
		return strings.Join(list, " ")
	}
	if code, r := report(); code != http.StatusOK || !r.Ready {
		t.Fatalf("%d %+v", code, r)
	}
	files, away := filepath.Join(s.app.Config.Data, "assets"), filepath.Join(s.app.Config.Data, "away")
	if err := os.Rename(files, away); err != nil {
		t.Fatal(err)
	}
	if code, r := report(); code != http.StatusServiceUnavailable || wrong(r) != "course-files" {
		t.Errorf("without course files: %d %+v", code, r)
	}
	code, body := ask(t, s.url+"/readyz")
	if code != http.StatusServiceUnavailable || strings.Contains(body, s.app.Config.Data) {
		t.Errorf("public: %d %s", code, body)
	}
	if code, _ := ask(t, s.url+"/healthz"); code != http.StatusOK {
		t.Errorf("alive: %d", code)
	}
	if _, metrics := ask(t, at+"/metrics"); !strings.Contains(metrics, `lectern_ready{check="course-files"} 0`) {
		t.Error("the metrics do not know")
	}
	if err := os.Rename(away, files); err != nil {
		t.Fatal(err)
	}
	if code, _ := report(); code != http.StatusOK {
		t.Errorf("mended: %d", code)
	}
	s.app.Health.Leave()
	if code, r := report(); code != http.StatusServiceUnavailable || wrong(r) != health.Stopping {
		t.Errorf("stopping: %d %+v", code, r)
	}
}

// TestDatabaseGone has no database any more.
func TestDatabaseGone(t *testing.T) {
	s := startSite(t, nil)
	if err := s.app.Store.Close(); err != nil {
		t.Fatal(err)
	}
	if code, _ := ask(t, s.url+"/readyz"); code != http.StatusServiceUnavailable {
		t.Errorf("ready without a database: %d", code)
	}
}

// TestPrivateAddresses refuses to listen where strangers are, and to answer
// them.
func TestPrivateAddresses(t *testing.T) {
	app := &App{Config: &config.Config{}, Context: context.Background(), Log: slog.New(slog.DiscardHandler), Metrics: telemetry.New()}
	for addr, want := range map[string]bool{
		"127.0.0.1": true, "::1": true, "10.1.2.3": true, "192.168.0.9": true, "172.16.1.1": true, "fd00::1": true, "fe80::1": true,
		"100.64.1.1": true, "::ffff:10.0.0.1": true, "192.0.2.1": false, "8.8.8.8": false, "2001:db8::1": false, "::ffff:8.8.8.8": false,
		"172.32.0.1": false, "100.128.0.1": false, "0.0.0.0": false,
	} {
		if got := within(netip.MustParseAddr(addr)); got != want {
			t.Errorf("within(%s) = %v", addr, got)
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/healthz", nil)
		r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(addr), 4711).String()
		w := httptest.NewRecorder()
		app.privateRoutes().ServeHTTP(w, r)
		if ok := w.Code == http.StatusOK; ok != want {
			t.Errorf("a caller at %s: %d", addr, w.Code)
		}
	}
	for address, want := range map[string]string{"": "", "127.0.0.1:0": "", "localhost:0": "", "[::]:0": "", "127.0.0.1:x": "monitoring", "nonsense": "monitoring"} {
		app.Config.ListenPrivate = address
		p, err := app.openPrivate()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", address, err)
		}
		if p != nil {
			_ = p.listener.Close()
		}
	}
	if err := mayMonitor("192.0.2.1:9090"); err == nil {
		t.Error("a public address is taken")
	}
}
