// Package web is the front of the server: routing, the one place where errors
// become pages, the headers every page needs, and one log line per request.
//
// Packages web/launch, web/learn and web/admin bring their routes to a [Mux];
// they never import each other. A handler returns an error instead of writing
// one.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"

	"lectern/internal/errs"
	"lectern/internal/telemetry"
)

// Handler answers a request, or returns an error that the mux turns into a page
// or, for scripts, JSON.
type Handler func(w http.ResponseWriter, r *http.Request) error

// ErrNotFound is an address that leads nowhere.
var ErrNotFound = errs.New(errs.NotFound, "page_unknown", "", "There is nothing at this address.", "")

// ErrCrossOrigin is a form that another site sent in a browser's name.
var ErrCrossOrigin = errs.New(errs.Forbidden, "request_cross_origin", "",
	"This request came from another site, so nothing was changed. Please go back and try again.",
	"If it happens on this site's own pages, the public URL setting is not the address in the browser.")

// Options are what a [Mux] needs.
type Options struct {
	PublicURL *url.URL
	// ContentURL is the host that course content has of its own, so that its
	// scripts are never on one origin with the console; nil when it has none.
	ContentURL *url.URL
	Log        *slog.Logger
	Metrics    *telemetry.Metrics
	Clock      func() time.Time
}

// Mux routes requests. Routes are added before the first request.
type Mux struct {
	opts    Options
	mux     *http.ServeMux
	content *http.ServeMux     // of the content host; mux when there is none
	raw     map[string]Handler // by path prefix
	origin  *http.CrossOriginProtection
	errors  *ErrorPage
	routes  []string
}

// Routes returns the patterns that were added, so that a test can walk them.
func (m *Mux) Routes() []string { return m.routes }

// New returns a mux without routes. It fails when the public URL is broken.
func New(opts Options) (*Mux, error) {
	m := &Mux{opts: opts, mux: http.NewServeMux(), raw: map[string]Handler{}, errors: newErrorPage()}
	m.content = m.mux
	m.origin = http.NewCrossOriginProtection()
	if err := m.origin.AddTrustedOrigin(opts.PublicURL.Scheme + "://" + opts.PublicURL.Host); err != nil {
		return nil, fmt.Errorf("public URL: %w", err)
	}
	if opts.ContentURL != nil {
		m.content = http.NewServeMux()
		m.HandleContent("/", func(http.ResponseWriter, *http.Request) error { return ErrNotFound })
	}
	return m, nil
}

// Handle adds a route in the pattern language of [http.ServeMux]. Forms that
// other sites send there are refused.
func (m *Mux) Handle(pattern string, h Handler) { m.handle(m.mux, pattern, h) }

// HandleContent is [Mux.Handle] for pages and files with course content: they
// are on the content host, and nowhere else, when there is one.
func (m *Mux) HandleContent(pattern string, h Handler) { m.handle(m.content, pattern, h) }

// HandleBoth is [Mux.Handle] for what both hosts need.
func (m *Mux) HandleBoth(pattern string, h Handler) {
	m.handle(m.mux, pattern, h)
	if m.content != m.mux {
		m.handle(m.content, pattern, h)
	}
}

func (m *Mux) handle(mux *http.ServeMux, pattern string, h Handler) {
	m.routes = append(m.routes, pattern)
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		PageOf(r).route = pattern
		err := m.origin.Check(r)
		if err != nil {
			err = ErrCrossOrigin.Wrap(err)
		} else {
			err = h(w, r)
		}
		m.answer(w, r, err)
	})
}

// onContent reports whether a request came to the content host.
func (m *Mux) onContent(r *http.Request) bool {
	return m.opts.ContentURL != nil && strings.EqualFold(r.Host, m.opts.ContentURL.Host)
}

// HandleRaw adds everything below a path prefix, past the mux: the request
// target is not cleaned, because a signature covers it as it was sent
// [OAuth1 §3.4.1.2], and any site may post there.
func (m *Mux) HandleRaw(prefix string, h Handler) { m.raw[prefix] = h }

// HandleHTTP adds a plain handler, e.g. one that serves files, to both hosts.
func (m *Mux) HandleHTTP(pattern string, h http.Handler) {
	m.HandleBoth(pattern, func(w http.ResponseWriter, r *http.Request) error {
		h.ServeHTTP(w, r)
		return nil
	})
}

// ServeHTTP serves one request and logs it.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	page := &Page{mux: m}
	ctx := telemetry.With(context.WithValue(r.Context(), pageKey{}, page))
	r = r.WithContext(ctx)
	rec := &recorder{ResponseWriter: w}
	start := m.opts.Clock()
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler { //nolint:errorlint // the sentinel is compared by identity, as net/http does
				panic(p)
			}
			m.answer(rec, r, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
		m.log(r, rec, m.opts.Clock().Sub(start))
	}()
	if m.onContent(r) {
		m.content.ServeHTTP(rec, r)
		return
	}
	for prefix, h := range m.raw {
		if strings.HasPrefix(r.URL.EscapedPath(), prefix) {
			page.route = prefix
			m.answer(rec, r, h(rec, r))
			return
		}
	}
	m.mux.ServeHTTP(rec, r)
}

// opens reports whether an address of this site is a page that a link may lead
// to.
func (m *Mux) opens(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	_, route := m.mux.Handler(&http.Request{Method: http.MethodGet, URL: u, Host: m.opts.PublicURL.Host})
	return strings.HasPrefix(route, http.MethodGet+" ")
}

// answer renders err, if there is one and nothing has been sent yet.
func (m *Mux) answer(w http.ResponseWriter, r *http.Request, err error) {
	if err == nil || errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return
	}
	e := errs.From(err)
	telemetry.Add(r.Context(), slog.String("code", e.Code), slog.String("error", e.Error()))
	if rec, ok := w.(*recorder); ok && rec.status != 0 {
		return // too late for a page: the log line has to do
	}
	m.errors.Render(w, r, e)
}

func (m *Mux) log(r *http.Request, rec *recorder, took time.Duration) {
	page := PageOf(r)
	if page.route == "" {
		page.route = "-"
	}
	level := slog.LevelInfo
	switch {
	case rec.status >= http.StatusInternalServerError:
		level = slog.LevelError
	case strings.HasPrefix(page.route, "GET /ui/") || page.route == "GET /healthz" || page.route == "GET /readyz":
		level = slog.LevelDebug
	}
	// The route, not the path: paths carry tokens.
	attrs := append(telemetry.Fields(r.Context()),
		slog.String("method", r.Method), slog.String("route", page.route),
		slog.Int("status", rec.status), slog.Int64("bytes", rec.bytes), slog.Duration("took", took))
	m.opts.Log.LogAttrs(r.Context(), level, "request", attrs...)
	if m.opts.Metrics != nil {
		m.opts.Metrics.Request(page.route, rec.status, took)
	}
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// NewReference returns a fresh reference: a UUIDv7, of which people quote the
// launchlog.Code.
func NewReference() string { return uuid.Must(uuid.NewV7()).String() }
