package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"lectern/internal/errs"
	"lectern/internal/health"
	"lectern/internal/store/sqlstore"
)

// errPrivateListen means that the address for monitoring could be reached by
// strangers.
var errPrivateListen = errs.New(errs.Invalid, "listen_private_public", "",
	"The address for monitoring is a public one.",
	"Set LECTERN_LISTEN_PRIVATE to an address of this machine or of a private network, e.g. 127.0.0.1:9090; in a container to :9090.")

// private is the listener for monitoring and profiling: not for strangers.
type private struct {
	listener net.Listener
	server   *http.Server
}

// sharedSpace is what providers number their own networks with [RFC 6598].
func sharedSpace() netip.Prefix { return netip.MustParsePrefix("100.64.0.0/10") }

// within reports whether an address is of this machine or a private network.
func within(addr netip.Addr) bool {
	addr = addr.Unmap()
	return addr.IsLoopback() || addr.IsPrivate() || addr.IsLinkLocalUnicast() || sharedSpace().Contains(addr)
}

// openPrivate listens on the address for monitoring. It returns nil when there
// is to be none. Addresses that the internet reaches are refused; one of all
// networks is not, since containers have no other, but only callers from private
// networks are answered there.
func (a *App) openPrivate() (*private, error) {
	address := a.Config.ListenPrivate
	if address == "" {
		return nil, nil //nolint:nilnil // none is a setting, not a failure
	}
	listener, err := (&net.ListenConfig{}).Listen(a.Context, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for monitoring: %w", err)
	}
	if err := mayMonitor(listener.Addr().String()); err != nil {
		_ = listener.Close() // the first error says more
		return nil, err
	}
	return &private{listener: listener, server: a.server(a.privateRoutes())}, nil
}

// mayMonitor reports, as an error, that strangers could reach an address.
func mayMonitor(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !at.Addr().IsUnspecified() && !within(at.Addr()) {
		return errPrivateListen.With("%s", address)
	}
	return nil
}

// serve answers in the background; failed gets how it ended.
func (p *private) serve(failed chan<- error) {
	if p != nil {
		go func() { failed <- p.server.Serve(p.listener) }()
	}
}

// close ends it at once: it is there until all else has stopped.
func (p *private) close() {
	if p != nil {
		_ = p.server.Close() // nobody waits for its answers
	}
}

func (a *App) privateRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", a.Metrics.Handler())
	mux.HandleFunc("GET /healthz", alive)
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		report := a.Health.Report(r.Context())
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		if !report.Ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		_ = enc.Encode(report) // who hung up needs no answer
	})
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "not told: a command line may hold passwords", http.StatusNotFound)
	})
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil || !within(peer.Addr()) || forwarded(r) {
			http.Error(w, "This address is for monitoring from private networks, without a proxy.", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// forwarded reports whether a request came through a proxy.
func forwarded(r *http.Request) bool {
	return r.Header.Get("X-Forwarded-For")+r.Header.Get("Forwarded") != ""
}

// courseFiles reports, as an error, that course files cannot be reached. A
// folder that is not there looks like an empty one to the bucket.
func (a *App) courseFiles(ctx context.Context) error {
	address, err := a.Config.AssetURL()
	if err != nil {
		return err
	}
	if u, err := url.Parse(address); err == nil && u.Scheme == "file" {
		path := filepath.FromSlash(u.Path)
		if filepath.VolumeName(strings.TrimPrefix(path, `\`)) != "" { // /C:/…
			path = path[1:]
		}
		info, err := os.Stat(path)
		if err == nil && !info.IsDir() {
			err = fmt.Errorf("%s is no folder", path)
		}
		return err
	}
	ok, err := a.Blobs.IsAccessible(ctx)
	if err == nil && !ok {
		err = errors.New("the bucket of course files is not there")
	}
	return err
}

// readiness sets up the checks that say whether the site can serve, and returns
// them as numbers.
func (a *App) readiness(s *sqlstore.Store) func() map[string]bool {
	a.Health = health.New(a.Clock,
		health.Check{Name: "database", Look: s.Ping},
		health.Check{Name: "schema", Look: s.CheckVersion},
		health.Check{Name: "course-files", Look: a.courseFiles})
	return func() map[string]bool {
		found := map[string]bool{}
		for _, f := range a.Health.Report(a.Context).Findings {
			found[f.Check] = f.OK
		}
		return found
	}
}
