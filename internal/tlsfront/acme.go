package tlsfront

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
	"golang.org/x/net/idna"
)

const (
	maxDomains   = 100 // names one site asks certificates for
	acmeTimeout  = 30 * time.Second
	firstPause   = time.Minute
	longestPause = time.Hour
)

// errResting means the authority refused a moment ago. Every browser's try would
// ask again, and authorities lock out who asks too often.
var errResting = errors.New("https: no certificate yet; the last try failed a moment ago")

// errForeign means somebody asked for a name that is not the site's.
var errForeign = errors.New("https: no certificate for this name")

// automatic has certificates from an authority that speaks ACME.
type automatic struct {
	manager *autocert.Manager
	domains []string // in ASCII, lower case
	log     *slog.Logger
	clock   func() time.Time

	mu       sync.Mutex
	failures map[string]failure // by domain
}

// failure is what went wrong with a domain that has no certificate.
type failure struct {
	pause time.Duration
	until time.Time
}

func newAutomatic(o Options) (*automatic, error) {
	domains, err := canonical(o.Domains)
	if err != nil {
		return nil, err
	}
	client, err := authority(o)
	if err != nil {
		return nil, err
	}
	a := &automatic{domains: domains, log: o.Log, clock: o.Clock, failures: map[string]failure{}}
	a.manager = &autocert.Manager{
		Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(o.Cache), Email: o.Email, Client: client,
		HostPolicy: func(_ context.Context, host string) error {
			if !a.covers(hostname(host)) { // challenges by http may come with a port
				return errForeign
			}
			return nil
		},
	}
	return a, nil
}

// canonical returns domains as certificates name them. An authority gives none
// to wildcards (by these challenges), addresses and single words.
func canonical(domains []string) ([]string, error) {
	if len(domains) > maxDomains {
		return nil, fmt.Errorf("https: %d ACME domains are too many; at most %d", len(domains), maxDomains)
	}
	var out []string
	for _, raw := range domains {
		name, err := idna.Lookup.ToASCII(strings.TrimSuffix(strings.TrimSpace(raw), "."))
		if err != nil || !strings.Contains(name, ".") || net.ParseIP(name) != nil {
			return nil, fmt.Errorf("https: ACME domain %q must be a host name such as lectern.example.edu", raw)
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out, nil
}

// authority returns the client that talks to the authority of o.
func authority(o Options) (*acme.Client, error) {
	directory := o.Directory
	if directory == "" {
		directory = acme.LetsEncryptURL
	}
	u, err := url.Parse(directory)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("https: ACME directory %q must be an https:// address", directory)
	}
	transport := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: acmeTimeout, ForceAttemptHTTP2: true, IdleConnTimeout: acmeTimeout,
	}
	if o.CAFile != "" {
		if transport.TLSClientConfig.RootCAs, err = roots(o.CAFile); err != nil {
			return nil, err
		}
	}
	return &acme.Client{
		DirectoryURL: directory, UserAgent: "Lectern",
		HTTPClient: &http.Client{Transport: transport, Timeout: acmeTimeout},
	}, nil
}

// certificate returns the certificate for the name a browser asks for, getting
// it first when there is none, or answers the authority's challenge.
func (a *automatic) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := hostname(hello.ServerName)
	if !a.covers(name) || slices.Equal(hello.SupportedProtos, []string{acme.ALPNProto}) {
		return a.manager.GetCertificate(hello) // refused, or a challenge
	}
	if a.resting(name) {
		return nil, errResting
	}
	cert, err := a.manager.GetCertificate(hello)
	a.note(name, err)
	return cert, err
}

func (a *automatic) resting(name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.clock().Before(a.failures[name].until)
}

// note remembers whether there is a certificate for name. Browsers that came
// together fail together: that is one failure.
func (a *automatic) note(name string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.clock()
	switch last := a.failures[name]; {
	case err == nil:
		delete(a.failures, name)
	case !now.Before(last.until):
		pause := min(max(2*last.pause, firstPause), longestPause)
		a.failures[name] = failure{pause: pause, until: now.Add(pause)}
		a.log.Warn("no certificate", slog.String("domain", name), slog.String("error", err.Error()),
			slog.Duration("next_try_after", pause))
	}
}

func (a *automatic) covers(host string) bool { return slices.Contains(a.domains, host) }

func (a *automatic) name() string { return a.domains[0] }

// Obtain gets the certificates that are missing, so that the first browser need
// not wait and a wrong setting shows in the log at once. The https listener, or
// the plain one, must be serving: the authority comes to look. It returns when
// it is done, and at once for certificates from files.
func (f *Front) Obtain() {
	if !f.Automatic() {
		return
	}
	for _, name := range f.acme.domains {
		hello := &tls.ClientHelloInfo{
			ServerName: name, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
		}
		if cert, err := f.acme.certificate(hello); err == nil {
			f.acme.log.Info("certificate ready", slog.String("domain", name), slog.Time("until", cert.Leaf.NotAfter))
		}
	}
}
