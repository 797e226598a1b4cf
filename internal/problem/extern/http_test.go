package extern_test

import (
	"context"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lectern/internal/errs"
	"lectern/internal/problem/extern"
	"lectern/internal/problem/script"
)

// endpoint returns a grader at a server with the handler, and how often it is
// asked.
func endpoint(t *testing.T, l extern.Limits, serve http.HandlerFunc) (*extern.HTTP, *atomic.Int32) {
	t.Helper()
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		serve(w, r)
	}))
	t.Cleanup(server.Close)
	h, err := extern.NewHTTP(server.URL+"/grade", "tok-en", nil, l)
	if err != nil {
		t.Fatal(err)
	}
	return h, &asked
}

func TestHTTP(t *testing.T) {
	h, _ := endpoint(t, extern.Limits{}, func(w http.ResponseWriter, r *http.Request) {
		got := readAll(t, r.Body)
		lib, _ := got["library"].(map[string]any)
		if r.Method != http.MethodPost || r.Header.Get("Authorization") != "Bearer tok-en" || r.URL.Path != "/grade" ||
			r.Header.Get("Content-Type") != "application/json" || got["seed"] != 5.0 || got["protocol"] != 1.0 ||
			lib["sha256"] != "abc" || lib["zip"] != "emlw" {
			t.Errorf("request %s %v, job %v", r.Method, r.Header, got)
		}
		_, _ = io.WriteString(w, good(5))
	})
	job := seeded(5)
	job.Library = library("zip", nil)
	reply, err := h.Run(t.Context(), job)
	if err != nil || reply.Globals["seed"].Text != "5" {
		t.Errorf("%+v, %v", reply, err)
	}
}

func status(code int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

// hangUp ends the connection after some bytes.
func hangUp(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_, _ = io.WriteString(c, text)
			_ = c.Close()
		}
	}
}

func trickle(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	for range 50 {
		if _, err := io.WriteString(w, " "); err != nil {
			return
		}
		_ = http.NewResponseController(w).Flush()
		time.Sleep(50 * time.Millisecond)
	}
}

func TestHTTPAwkward(t *testing.T) {
	for _, tt := range []struct {
		name  string
		serve http.HandlerFunc
		want  *errs.Error
		word  string
		asked int32
	}{
		{"garbage", status(200, "<html>It works!</html>"), script.ErrUnavailable, "It works!", 1},
		{"wrong protocol", status(200, `{"protocol":9}`), script.ErrUnavailable, "protocol 9", 1},
		{"flood", status(200, strings.Repeat("x", 9<<20)), script.ErrLimit, "bytes of output", 1},
		{"half a reply", hangUp("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"proto"), script.ErrUnavailable, "unexpected EOF", 3},
		{"hangs up", hangUp(""), script.ErrUnavailable, "EOF", 3},
		{"no HTTP", hangUp("SSH-2.0-OpenSSH_9.6\r\n"), script.ErrUnavailable, "malformed", 3},
		{"no such page", status(404, "nothing here"), script.ErrUnavailable, "404", 1},
		{"wrong token", status(401, "wrong token"), script.ErrUnavailable, "wrong token", 1},
		{"its own mistake", status(500, "Traceback"), script.ErrUnavailable, "Traceback", 1},
		{"redirect", status(307, "", "Location", "http://169.254.169.254/"), script.ErrUnavailable, "169.254.169.254", 1},
		{"busy", status(503, "full"), script.ErrBusy, "full", 3},
		{"bad gateway", status(502, "proxy"), script.ErrUnavailable, "proxy", 3},
		{"gateway time-out", status(504, ""), script.ErrUnavailable, "504", 3},
		{"too many", status(429, "slow down", "Retry-After", "3600"), script.ErrBusy, "slow down", 1},
		{"hangs", func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}, script.ErrLimit, "no reply within", 1},
		{"slow trickle", trickle, script.ErrLimit, "no reply within", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			limits := extern.Limits{}
			if strings.Contains(tt.word, "within") {
				limits.Timeout = time.Second
			}
			h, asked := endpoint(t, limits, tt.serve)
			_, err := h.Run(t.Context(), seeded(1))
			refused(t, err, tt.want, tt.word)
			if asked.Load() != tt.asked {
				t.Errorf("asked %d times, want %d", asked.Load(), tt.asked)
			}
		})
	}
}

func TestHTTPTriesAgain(t *testing.T) {
	for name, header := range map[string]string{
		"without header": "", "seconds": "1", "date": time.Now().Add(2 * time.Second).UTC().Format(http.TimeFormat), "nonsense": "soon",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var first atomic.Int64
			h, asked := endpoint(t, extern.Limits{}, func(w http.ResponseWriter, _ *http.Request) {
				if first.CompareAndSwap(0, time.Now().UnixMilli()) {
					w.Header().Set("Retry-After", header)
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				if header == "1" && time.Now().UnixMilli()-first.Load() < 1000 {
					t.Error("too early")
				}
				_, _ = io.WriteString(w, good(1))
			})
			if _, err := h.Run(t.Context(), seeded(1)); err != nil || asked.Load() != 2 {
				t.Errorf("%v after %d times", err, asked.Load())
			}
		})
	}
}

func TestHTTPNobodyThere(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	h, err := extern.NewHTTP(address, "", nil, extern.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Run(t.Context(), seeded(1))
	refused(t, err, script.ErrUnavailable, "refused")
}

// One that takes connections and never answers TLS is not there; its time is
// not the script's.
func TestHTTPSilentPort(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	h, err := extern.NewHTTP("https://"+l.Addr().String(), "", nil, extern.Limits{Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Run(t.Context(), seeded(1))
	refused(t, err, script.ErrUnavailable, "time is up")
}

func TestHTTPS(t *testing.T) {
	server := httptest.NewTLSServer(status(200, good(1)))
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	trusting, err := extern.NewHTTP(server.URL, "", roots, extern.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trusting.Run(t.Context(), seeded(1)); err != nil {
		t.Errorf("with its root: %v", err)
	}
	doubting, err := extern.NewHTTP(server.URL, "", nil, extern.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = doubting.Run(t.Context(), seeded(1))
	refused(t, err, script.ErrUnavailable, "certificate")
}

func TestHTTPCallerGone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	h, asked := endpoint(t, extern.Limits{}, func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	start := time.Now()
	if _, err := h.Run(ctx, seeded(1)); err == nil || asked.Load() != 1 || time.Since(start) > 2*time.Second {
		t.Errorf("%v after %d times and %s", err, asked.Load(), time.Since(start))
	}
}

func TestNewHTTPRefuses(t *testing.T) {
	for _, address := range []string{"", "localhost:8010", "ftp://x/", "http://", "http://a:b@host/", "http://x/#y", "http://a b/"} {
		if _, err := extern.NewHTTP(address, "", nil, extern.Limits{}); err == nil || strings.Contains(err.Error(), "a:b") {
			t.Errorf("%q: %v", address, err)
		}
	}
}
