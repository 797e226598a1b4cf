package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestRunServesUntilStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	out, w := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"--listen", "127.0.0.1:0", "--tool-url", "http://localhost:1/a, http://localhost:1/b"}, w, w)
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	base := strings.TrimSpace(strings.TrimPrefix(line, "Sample LMS"))
	req, err := http.NewRequestWithContext(ctx, "GET", base+"course", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || !strings.Contains(string(page), "http://localhost:1/b") {
		t.Errorf("course page without the second link: %v\n%s", err, page)
	}
	http.DefaultClient.CloseIdleConnections()
	stop()
	select {
	case got := <-code:
		if got != 0 {
			t.Errorf("exit code %d, want 0", got)
		}
	case <-time.After(10 * time.Second):
		t.Error("did not stop")
	}
}

func TestRunRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []string
		code int
	}{
		{"help", []string{"--help"}, 0},
		{"unknown flag", []string{"--sede", "1"}, 2},
		{"unknown fault", []string{"--faults", "gremlins"}, 2},
		{"argument", []string{"now"}, 2},
		{"links that are not JSON", []string{"--links", "{"}, 1},
		{"relative address", []string{"--tool-url", "/x"}, 1},
		{"no secret", []string{"--secret", ""}, 1},
		{"address in use by nobody", []string{"--listen", "nowhere.invalid:1"}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			if got := run(t.Context(), tt.args, &out, &out); got != tt.code || out.Len() == 0 {
				t.Errorf("exit code %d, want %d; said %q", got, tt.code, out.String())
			}
		})
	}
}
