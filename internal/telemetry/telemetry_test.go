package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lectern/internal/telemetry"
)

// private is a value that must never reach a log.
const private = "Ana-Student1"

func TestLoggerDropsPersonalData(t *testing.T) {
	for _, key := range []string{
		"name", "full_name", "FullName", "given-name", "lis_person_name_full", "lis_result_sourcedid", "sourcedid",
		"email", "eMail", "lis_person_contact_email_primary", "Authorization", "cookie", "Set-Cookie", "secret",
		"consumer_secret", "password", "token", "session_token", "handle", "oauth_signature", "oauth_consumer_key",
		"signature", "user_id", "lti_user_id", "username", "ext_user_username", "nonce", "form", "custom_x",
	} {
		for _, format := range []telemetry.Format{telemetry.JSON, telemetry.Text} {
			t.Run(fmt.Sprint(format, " ", key), func(t *testing.T) {
				var b bytes.Buffer
				log := telemetry.NewLogger(&b, format, slog.LevelInfo)
				log.Info("launch", key, private)
				log.With(key, private).Info("launch")
				log.WithGroup("a").WithGroup("b").Info("launch", slog.Group("c", slog.String(key, private)))
				log.WithGroup(key).Info("launch", "x", private)
				log.Info("launch", slog.Group(key, slog.String("x", private)))
				log.Info("launch", "x", slog.GroupValue(slog.String(key, private)))
				log.Info("launch", "launch", lazy{key})
				if strings.Contains(b.String(), private) {
					t.Errorf("logged:\n%s", b.String())
				}
			})
		}
	}
}

type lazy struct{ key string }

func (l lazy) LogValue() slog.Value { return slog.GroupValue(slog.String(l.key, private)) }

func TestLoggerKeepsTheRest(t *testing.T) {
	var b bytes.Buffer
	log := telemetry.NewLogger(&b, telemetry.JSON, slog.LevelInfo)
	log.Info("launch", "code", "ok", "consumer", 7, "took", 3*time.Millisecond, "err", errors.New("why"),
		"handler", "launch", "path", "/learn/abc/~tokentoken/x?h=handle&y=1", "list", []string{"a", "b"},
		"struct", struct{ Email string }{private}, "map", map[string]string{"email": private})
	var got map[string]any
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	delete(got, "time")
	want := map[string]any{
		"level": "INFO", "msg": "launch", "code": "ok", "consumer": 7.0, "took": 3e6, "err": "why",
		"handler": "launch", "path": "/learn/abc/~-/x?h=-&y=1", "list": "a, b",
		"struct": "(struct { Email string })", "map": "(map[string]string)",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestLoggerBoundsValues(t *testing.T) {
	var b bytes.Buffer
	telemetry.NewLogger(&b, telemetry.Text, slog.LevelInfo).Info("x", "v", strings.Repeat("é", 1<<20))
	if b.Len() > 10_000 {
		t.Errorf("line of %d bytes", b.Len())
	}
}

func TestAddress(t *testing.T) {
	for in, want := range map[string]string{
		"/learn/1/~abc":              "/learn/1/~-",
		"/learn/1/~abc/x/~y":         "/learn/1/~-/x/~-",
		"/learn/1/?h=abc":            "/learn/1/?h=-",
		"/learn/1/?a=1&h=abc#f":      "/learn/1/?a=1&h=-#f",
		`Get "https://x/~t?h=u": no`: `Get "https://x/~-?h=-": no`,
		"plain":                      "plain",
		"":                           "",
	} {
		if got := telemetry.Address(in); got != want {
			t.Errorf("Address(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestBag(t *testing.T) {
	ctx := telemetry.With(t.Context())
	telemetry.Add(ctx, slog.String("code", "a"), slog.Int("n", 1))
	telemetry.Add(context.WithoutCancel(ctx), slog.String("code", "b"))
	if got := fmt.Sprint(telemetry.Fields(ctx)); got != "[code=b n=1]" {
		t.Error(got)
	}
	telemetry.Add(t.Context(), slog.String("code", "a"))
	if got := telemetry.Fields(t.Context()); got != nil {
		t.Errorf("fields without a bag: %v", got)
	}
	var wg sync.WaitGroup
	for i := range 1000 {
		wg.Go(func() { telemetry.Add(ctx, slog.Int(fmt.Sprint(i), i)) })
	}
	wg.Wait()
	if n := len(telemetry.Fields(ctx)); n != 64 {
		t.Errorf("%d fields, want a bound of 64", n)
	}
}

func TestMetrics(t *testing.T) {
	m := telemetry.New()
	m.Launch("1.1", "ok")
	m.Launch("1.1", "launch_signature_mismatch")
	m.OutcomeAttempt("done", time.Second)
	m.LaunchClock(-40 * time.Second)
	m.Graded("problem", "graded", 3*time.Millisecond)
	m.Build("1.2.3")
	m.DatabaseCommitted(3, time.Millisecond)
	m.Read(telemetry.Sources{
		Database: func() telemetry.Pool {
			return telemetry.Pool{InUse: 2, Idle: 1, Max: 4, Waits: 7, Waited: 2 * time.Second}
		},
		Disk:  func() (uint64, bool) { return 0, false },
		Ready: func() map[string]bool { return map[string]bool{"database": true, "schema": false} },
	})
	m.OwedScores("waiting", 3)
	m.OutcomeLag(90 * time.Second)
	m.Request("POST /lti_provider/courses/", 303, 12*time.Millisecond)
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	for _, want := range []string{
		`lectern_launches_total{code="ok",lti="1.1"} 1`,
		`lectern_launches_total{code="launch_signature_mismatch",lti="1.1"} 1`,
		`lectern_outcome_attempts_total{class="done"} 1`,
		`lectern_owed_scores{state="waiting"} 3`,
		`lectern_outcome_lag_seconds 90`,
		`lectern_http_request_seconds_count{route="POST /lti_provider/courses/",status="3xx"} 1`,
		`lectern_launch_clock_seconds_bucket{le="60"} 1`,
		`lectern_grading_seconds_count{block="problem",result="graded"} 1`,
		`lectern_build_info{go="go`,
		`lectern_database_commit_updates_sum 3`,
		`lectern_database_connections{state="in_use"} 2`,
		`lectern_database_connections_max 4`,
		`lectern_database_waits_total 7`,
		`lectern_database_wait_seconds_total 2`,
		`lectern_ready{check="database"} 1`,
		`lectern_ready{check="schema"} 0`,
		`go_goroutines`,
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if strings.Contains(w.Body.String(), "lectern_disk_free_bytes ") {
		t.Error("free space is told although it is not known")
	}
	telemetry.New() // a second one does not clash with the first
}

func FuzzAddress(f *testing.F) {
	f.Add("/learn/1/~abc/x?h=y&h=z")
	f.Add("/~/~?h=&h=")
	f.Fuzz(func(t *testing.T, s string) {
		got := telemetry.Address("/learn/x/~SECRETTOKEN/" + s)
		if strings.Contains(got, "SECRETTOKEN") && !strings.Contains(s, "SECRETTOKEN") {
			t.Errorf("Address kept the token: %q", got)
		}
	})
}
