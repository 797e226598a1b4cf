package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// profileTime is how long a profile is taken; longer than a round takes.
const profileTime = 6 * time.Second

// private gives a site a private listener when profiles are wanted, and returns
// its address.
func (b *bench) private(s *site) (string, error) {
	if b.profile == "" {
		return "", nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // free the next moment
	if err != nil {
		return "", err
	}
	addr := l.Addr().String()
	s.env = append(s.env, "LECTERN_LISTEN_PRIVATE="+addr)
	return addr, l.Close()
}

// profiled takes one more round of l, and writes a CPU profile of the server
// while it answers.
func (b *bench) profiled(ctx context.Context, l *line) error {
	var list []request
	for range 10 {
		more, err := l.make()
		if err != nil {
			return err
		}
		list = append(list, more...)
	}
	done := make(chan error, 1)
	go func() { done <- b.fetchProfile(ctx, l) }()
	time.Sleep(100 * time.Millisecond) // until it has begun
	t, err := closed(ctx, l.to, list, connections)
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "profile of %s: %.0f requests/s, CPU %.3f ms\n", l.what, t.rate(), t.each())
	return <-done
}

func (b *bench) fetchProfile(ctx context.Context, l *line) error {
	at := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", l.private, profileTime/time.Second)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := (&http.Transport{}).RoundTrip(req) // no proxy
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	name := strings.NewReplacer(" ", "-", ",", "", "'", "").Replace(l.what) + ".pprof"
	f, err := os.Create(filepath.Join(b.profile, name))
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, resp.Body); err != nil {
		return fmt.Errorf("profile of %s: %w", l.what, err)
	}
	return f.Close()
}
