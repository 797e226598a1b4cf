package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"lectern/internal/telemetry"
	"lectern/internal/tlsfront"
	"lectern/internal/web"
)

// front returns what serves https, or nil when a proxy does or nobody.
func (a *App) front() (*tlsfront.Front, error) {
	c := a.Config
	return tlsfront.New(tlsfront.Options{
		CertFile: c.TLSCert, KeyFile: c.TLSKey,
		Domains: c.ACMEDomains, Email: c.ACMEEmail, Directory: c.ACMEDirectory, CAFile: c.ACMECA, Cache: c.ACMECache(),
		HSTS: c.HSTS, Log: a.Log, Clock: a.Clock,
	})
}

// public returns the site's address as browsers see it.
func (a *App) public(front *tlsfront.Front, listener net.Listener) (*url.URL, error) {
	public, err := a.Config.Public(a.listening(front, listener))
	if err != nil {
		return nil, err
	}
	return public, front.CheckPublic(public)
}

// listening returns the host and port to name in addresses: the configured host
// with the port that was really taken. A site that listens everywhere goes by
// the name in its certificate. With ACME the world's port is 443, since that is
// where authorities look, whatever a firewall makes of it.
func (a *App) listening(front *tlsfront.Front, listener net.Listener) string {
	if front.Automatic() {
		return net.JoinHostPort(front.Name(), "443")
	}
	host, _, err := net.SplitHostPort(a.Config.Listen)
	_, port, errPort := net.SplitHostPort(listener.Addr().String())
	if err != nil || errPort != nil {
		return listener.Addr().String()
	}
	if host == "" || host == "0.0.0.0" || host == "::" {
		host = "localhost"
		if name := front.Name(); name != "" {
			host = name
		}
	}
	return net.JoinHostPort(host, port)
}

// besideHTTPS listens on the plain port, if there is to be one.
func (s *site) besideHTTPS(metrics *telemetry.Metrics) error {
	address := s.app.Config.ListenHTTP
	if address == "" {
		return nil
	}
	if s.front == nil {
		return errors.New("https: a plain address beside https needs certificate files or ACME domains")
	}
	mux, err := web.New(web.Options{PublicURL: s.public, Log: s.app.Log, Metrics: metrics, Clock: s.app.Clock})
	if err != nil {
		return err
	}
	redirect := s.front.Redirect(s.public)
	mux.HandleRaw("/", func(w http.ResponseWriter, r *http.Request) error {
		web.PageOf(r).Framing = web.FramedByAny // whom a launch came from is not known
		return redirect(w, r)
	})
	s.redirects = s.app.server(s.front.Challenges(mux))
	s.plain, err = (&net.ListenConfig{}).Listen(s.app.Context, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen for plain http: %w", err)
	}
	return nil
}

// listen serves on listener and the plain port; failed, which must have room
// for both, gets how that ended.
func (s *site) listen(listener net.Listener, failed chan<- error) {
	if s.plain != nil {
		go func() { failed <- s.redirects.Serve(s.plain) }()
	}
	if s.front == nil {
		go func() { failed <- s.server.Serve(listener) }()
		return
	}
	s.server.TLSConfig = s.front.TLSConfig()
	go func() { failed <- s.server.ServeTLS(listener, "", "") }()
	go s.front.Obtain()
}
