package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"lectern/internal/account"
	"lectern/internal/continuation"
	"lectern/internal/errs"
	"lectern/internal/linktest"
	"lectern/internal/lti/lti11"
	"lectern/internal/outcome"
	"lectern/internal/registry"
	"lectern/internal/selection"
	"lectern/internal/session"
	"lectern/internal/signin"
	"lectern/internal/store"
	"lectern/internal/telemetry"
	"lectern/internal/tlsfront"
	"lectern/internal/web"
	"lectern/internal/web/enter"
	"lectern/internal/web/export"
	"lectern/internal/web/launch"
	"lectern/internal/web/learn"
	"lectern/internal/web/pick"
	"lectern/internal/web/visitor"
	"lectern/ui"
)

// Bounds of the HTTP server. Writing has no limit of its own: a slow line may
// take long for a big file, and handlers hold nothing while they write.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = time.Minute
	idleTimeout   = 2 * time.Minute
	maxHeader     = 64 << 10
	stopTimeout   = 40 * time.Second // longer than an outcome request
)

// Signatures a second that are looked into when they do not match: each costs
// some milliseconds, and anybody can send them.
const (
	diagnoseRate  = 5
	diagnoseBurst = 50
)

// site is a running server and its background work.
type site struct {
	app       *App
	public    *url.URL
	content   *url.URL        // nil: course content is at public
	front     *tlsfront.Front // nil: plain http
	plain     net.Listener    // beside https; nil without
	private   *private        // for monitoring; nil without
	signIn    *signin.Service
	deliverer *outcome.Deliverer
	accounts  *visitor.Handler
	door      *launch.Handler
	mux       *web.Mux
	server    *http.Server
	redirects *http.Server  // on plain; nil without
	pruner    chan struct{} // closed when pruning has ended
	rescorer  sync.WaitGroup
	stopPrune context.CancelFunc
	draining  atomic.Bool // told to stop, still serving
}

// errDraining keeps load balancers from sending anything more.
var errDraining = errs.New(errs.Unavailable, "site_stopping", "",
	"This site is restarting. Please try again in a moment.", "This process was told to stop.")

// newSite wires a site that listens on listener. Nothing runs yet.
func newSite(app *App, listener net.Listener) (*site, error) {
	front, err := app.front()
	if err != nil {
		return nil, err
	}
	public, err := app.public(front, listener)
	if err != nil {
		return nil, err
	}
	content, err := app.Config.Content()
	if err != nil {
		return nil, err
	}
	if content != nil && content.Host == public.Host {
		return nil, fmt.Errorf("content URL %s: must be another host than the public URL", content)
	}
	s := &site{
		app: app, public: public, content: content, front: front,
		signIn: &signin.Service{Store: app.Store, Passwords: app.Passwords, Clock: app.Clock},
	}
	metrics := app.Metrics
	if s.private, err = app.openPrivate(); err != nil {
		return nil, err
	}
	if err := s.deliver(metrics); err != nil {
		return nil, err
	}
	mux, err := s.routes(metrics)
	if err != nil {
		return nil, err
	}
	s.mux, s.server = mux, app.server(front.HSTS(mux))
	return s, s.besideHTTPS(metrics)
}

// server returns a server with the bounds above.
func (a *App) server(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(a.Log.Handler(), slog.LevelDebug),
	}
}

// deliver sets up the sending of scores.
func (s *site) deliver(metrics *telemetry.Metrics) error {
	deliverer, err := s.app.newDeliverer("serve")
	if err != nil {
		return err
	}
	s.deliverer = deliverer
	s.deliverer.Metrics = outcome.Metrics{
		Tried: metrics.OutcomeAttempt, Owed: metrics.OwedScores, Lag: metrics.OutcomeLag, Compared: metrics.Compared,
	}
	s.app.Grading.Outcome = s.deliverer
	return nil
}

// routes builds the mux.
func (s *site) routes(metrics *telemetry.Metrics) (*web.Mux, error) {
	mux, err := web.New(web.Options{
		PublicURL: s.public, ContentURL: s.content, Log: s.app.Log, Metrics: metrics, Clock: s.app.Clock,
	})
	if err != nil {
		return nil, err
	}
	sessions := &session.Sessions{Store: s.app.Store, Clock: s.app.Clock}
	pages := learn.New(learn.Deps{
		Store: s.app.Store, Catalog: s.app.Catalog, Grading: s.app.Grading, Blobs: s.app.Blobs, Clock: s.app.Clock,
	})
	if err := s.launches(mux, sessions, metrics); err != nil {
		return nil, err
	}
	if err := s.people(mux); err != nil {
		return nil, err
	}
	mux.Handle("GET /{$}", web.Front())
	landing := &web.Landing{Sessions: sessions, Secure: web.Secure(s.public), Apart: s.content != nil,
		Site: s.public.Scheme + "://" + s.public.Host}
	mux.HandleContent(web.LearnPattern, landing.WithSession(pages.Serve))
	mux.HandleContent("GET /asset/{version}/static/{name...}", func(w http.ResponseWriter, r *http.Request) error {
		return pages.Asset(w, r, r.PathValue("version"), r.PathValue("name"))
	})
	mux.Handle("POST /language", web.ChooseLanguage(web.HTTPS(s.public)))
	mux.HandleHTTP("GET "+ui.Prefix, ui.Handler())
	if s.private == nil {
		mux.Handle("GET /metrics", onThisMachine(metrics.Handler()))
	}
	mux.HandleHTTP("GET /healthz", http.HandlerFunc(alive))
	mux.HandleBoth("GET /readyz", s.ready)
	mux.Handle("/", func(http.ResponseWriter, *http.Request) error { return web.ErrNotFound })
	return mux, nil
}

// launches adds the front door.
func (s *site) launches(mux *web.Mux, sessions *session.Sessions, metrics *telemetry.Metrics) error {
	proxies, err := s.app.Config.Proxies()
	if err != nil {
		return err
	}
	outbound, err := s.app.outbound()
	if err != nil {
		return err
	}
	memory := &registry.Recent{Registry: s.app.Registry}
	verifier := &lti11.Verifier{
		Consumers: memory, Clock: s.app.Clock, Past: s.app.Config.Window(), Future: s.app.Config.Window(),
		MayDiagnose: rate.NewLimiter(diagnoseRate, diagnoseBurst).Allow,
	}
	if s.app.Config.PublicURL != "" {
		verifier.PublicURL = s.public
	}
	waiting, room := s.waitingRoom()
	selections := &selection.Service{Store: s.app.Store, Registry: s.app.Registry, Clock: s.app.Clock}
	door := launch.New(launch.Deps{
		Waiting: waiting, Refuse: room.Refuse, Selections: selections,
		Store: s.app.Store, Verifier: verifier, Memory: memory, Catalog: s.app.Catalog, Sessions: sessions,
		Accounts: &account.Resolver{
			EmailDomain: s.app.Config.EmailDomain, Clock: s.app.Clock, Absent: store.ErrNotFound, Taken: store.ErrConflict,
		},
		ContentURL: s.contentURL(),
		CheckURL: func(raw string) error {
			if linktest.Owns(raw) {
				return nil
			}
			_, err := outbound.CheckURL(raw)
			return err
		},
		Query: learn.CheckQuery, Proxies: proxies, Secure: web.Secure(s.public), Clock: s.app.Clock,
		Metrics: metrics, Off: !s.app.Config.LTIProvider, Ask: s.asking(mux, proxies),
	})
	s.door = door
	door.Mount(mux)
	pick.New(pick.Deps{
		Store: s.app.Store, Selections: selections, Catalog: s.app.Catalog, PublicURL: s.public,
	}).Mount(mux)
	(&export.Handler{Catalog: s.app.Catalog, Tool: export.NewTool(s.public, launch.SelectPath)}).Mount(mux)
	room.Mount(mux, door.Resume)
	return nil
}

// contentURL returns where learners' pages are when that is another host.
func (s *site) contentURL() string {
	if s.content == nil {
		return ""
	}
	return s.content.String()
}

// waitingRoom is where launches wait until their learners have signed in.
func (s *site) waitingRoom() (*continuation.Service, *enter.Handler) {
	waiting := &continuation.Service{Store: s.app.Store, Keys: s.app.Registry.Keys, Clock: s.app.Clock}
	return waiting, enter.New(enter.Deps{
		Store: s.app.Store, Continuations: waiting, Catalog: s.app.Catalog, PublicURL: s.public, ContentURL: s.contentURL(),
		Visitors: &web.Visitors{SignIn: s.signIn, HTTPS: web.HTTPS(s.public)},
	})
}

// onThisMachine shows h to callers on the machine itself that came through no
// proxy: numbers about a site are not for strangers.
func onThisMachine(h http.Handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil || !peer.Addr().Unmap().IsLoopback() || forwarded(r) {
			return web.ErrNotFound
		}
		h.ServeHTTP(w, r)
		return nil
	}
}

// alive answers as long as the process does.
func alive(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, "ok")
}

// ready answers while the site can serve and nobody has told it to stop. What it lacks is for the log and the
// private address.
func (s *site) ready(w http.ResponseWriter, r *http.Request) error {
	if s.draining.Load() {
		return errDraining
	}
	report := s.app.Health.Report(r.Context())
	for _, f := range report.Findings {
		if !f.OK {
			return lti11.ErrUnavailable.With("%s: %s", f.Check, f.Says)
		}
	}
	alive(w, r)
	return nil
}

// run serves until ctx ends, then stops without losing anything: requests end,
// scores under way arrive or stay owed.
func (s *site) run(ctx context.Context, listener net.Listener) error {
	s.deliverer.Start(ctx)
	pruneCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.stopPrune, s.pruner = cancel, make(chan struct{})
	go s.prune(pruneCtx)
	s.rescorer.Go(func() { s.app.Grading.RescoreLoop(pruneCtx, s.app.Log) })
	failed := make(chan error, 3)
	s.listen(listener, failed)
	s.private.serve(failed)
	s.app.Log.Info("listening", slog.String("address", listener.Addr().String()))
	var err error
	select {
	case err = <-failed: // the listener broke
	case <-ctx.Done():
		err = s.drain(failed)
	}
	return errors.Join(err, s.stop(context.WithoutCancel(ctx)))
}

// drain goes on serving for a while, so that load balancers, which see that the
// site is not ready, send nobody here when the listener closes.
func (s *site) drain(failed <-chan error) error {
	s.draining.Store(true)
	s.app.Health.Leave()
	if s.app.Config.DrainTime <= 0 {
		return nil
	}
	s.app.Log.Info("draining", slog.Duration("for", s.app.Config.DrainTime))
	select {
	case err := <-failed:
		return err
	case <-time.After(s.app.Config.DrainTime):
		return nil
	}
}

func (s *site) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	s.app.Health.Leave()
	defer s.private.close()
	err := s.server.Shutdown(ctx)
	if s.redirects != nil {
		err = errors.Join(err, s.redirects.Shutdown(ctx))
	}
	s.stopPrune()
	<-s.pruner
	s.rescorer.Wait()
	s.accounts.Wait()
	return errors.Join(err, s.door.Flush(ctx), s.deliverer.Stop(ctx))
}
