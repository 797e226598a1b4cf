// Package tlsfront serves https without a proxy in front.
//
// A [Front] has its certificate either from two files, which it reads again
// when they change, or from a certificate authority that speaks ACME
// [RFC 8555], which it asks when the first browser comes and again before the
// certificate ends. It proves by tls-alpn-01 [RFC 8737] on the https port and
// by http-01 on the plain one that the names are its own.
//
// On the plain port it answers only to send people to https. A launch cannot be
// sent on: its signature covers the address it was posted to [OAuth1 §3.4.1.2],
// so whoever posts one there is told what to change in the LMS.
package tlsfront

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/crypto/acme"
)

// Options say where certificates come from: files or ACME, not both.
type Options struct {
	CertFile, KeyFile string   // PEM; the certificate with its intermediates
	Domains           []string // host names to ask certificates for
	Email             string   // where the authority may write to; optional
	Directory         string   // https address of the ACME directory; empty is Let's Encrypt
	CAFile            string   // PEM roots to believe besides the system's when talking to the authority
	Cache             string   // folder of ACME certificates and the account's key, made with mode 0700

	HSTS  time.Duration // how long browsers remember to use https only; 0 is not at all
	Log   *slog.Logger
	Clock func() time.Time
}

// source is where a front's certificates come from.
type source interface {
	certificate(*tls.ClientHelloInfo) (*tls.Certificate, error)
	covers(host string) bool
	name() string
}

// Front serves https. It is safe for concurrent use. A nil Front is a site that
// does not serve https itself.
type Front struct {
	source source
	acme   *automatic // also the source; nil when certificates come from files
	hsts   time.Duration
}

// New returns a front, or nil when o names neither files nor domains. It fails
// when the files are missing, do not belong together or are no certificate, and
// when a domain is none that certificates are given for. It does not talk to
// the authority.
func New(o Options) (*Front, error) {
	files := o.CertFile != "" || o.KeyFile != ""
	switch {
	case files && len(o.Domains) > 0:
		return nil, errors.New("https: set either certificate files or ACME domains, not both")
	case files:
		if o.CertFile == "" || o.KeyFile == "" {
			return nil, errors.New("https: a certificate file needs its key file, and the other way round")
		}
		p, err := openPair(o)
		if err != nil {
			return nil, err
		}
		return &Front{source: p, hsts: o.HSTS}, nil
	case len(o.Domains) > 0:
		a, err := newAutomatic(o)
		if err != nil {
			return nil, err
		}
		return &Front{source: a, acme: a, hsts: o.HSTS}, nil
	}
	return nil, nil // a nil Front is usable: a site without https of its own
}

// TLSConfig returns the settings of a listener. HTTP/2 is offered first.
func (f *Front) TLSConfig() *tls.Config {
	c := &tls.Config{
		MinVersion: tls.VersionTLS12, GetCertificate: f.source.certificate, NextProtos: []string{"h2", "http/1.1"},
	}
	if f.acme != nil {
		c.NextProtos = append(c.NextProtos, acme.ALPNProto)
	}
	return c
}

// Automatic reports whether certificates come by ACME.
func (f *Front) Automatic() bool { return f != nil && f.acme != nil }

// Name returns a host name that the site has a certificate for: its first
// domain, or the first name without a wildcard in the file. It may be empty.
func (f *Front) Name() string {
	if f == nil {
		return ""
	}
	return f.source.name()
}

// CheckPublic returns an error when browsers that open public would refuse the
// certificate, so that a wrong setting shows at start and not in the LMS.
func (f *Front) CheckPublic(public *url.URL) error {
	switch {
	case f == nil:
		return nil
	case public.Scheme != "https":
		return fmt.Errorf("https: the public URL %s must start with https://", public)
	case f.acme != nil && !f.acme.covers(public.Hostname()):
		return fmt.Errorf("https: the public URL's host %s is not among the ACME domains", public.Hostname())
	}
	return nil
}

// HSTS tells browsers that come by https to come by https from then on
// [RFC 6797]. Subdomains are not included: they are not Lectern's.
func (f *Front) HSTS(next http.Handler) http.Handler {
	if f == nil || f.hsts < time.Second {
		return next
	}
	value := fmt.Sprintf("max-age=%d", int64(f.hsts/time.Second))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil {
			w.Header().Set("Strict-Transport-Security", value)
		}
		next.ServeHTTP(w, r)
	})
}

// hostname returns the host of a Host header as names are compared: without
// port and final dot, in lower case.
func hostname(hostport string) string {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// roots returns the system's roots and those in a PEM file.
func roots(file string) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a machine without any
	}
	pem, err := readSmall(file)
	if err != nil {
		return nil, fmt.Errorf("https: ACME roots: %w", err)
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("https: ACME roots: %s holds no certificate in PEM", file)
	}
	return pool, nil
}
