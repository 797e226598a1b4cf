// Package safehttp calls addresses that came from outside, such as an outcome
// service named in a launch, without becoming a way into the operator's
// network.
//
// Every connection is checked after name resolution, on the address that is
// really dialled: public addresses only, unless the operator admits a network
// in [Options.Allow]. Plain http goes to admitted networks only. Redirects are
// not followed, no proxy is taken from the environment, time and size are
// bounded. [Options.CheckURL] refuses early, without a look-up, what could
// never be called.
package safehttp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"code.dny.dev/ssrf"

	"lectern/internal/errs"
)

// ErrRefused means an address is one this site does not call. [Reason] says
// why.
var ErrRefused = errs.New(errs.Forbidden, "outbound_refused", "",
	"This site does not send anything to that address.",
	"Admit the LMS's network with LECTERN_OUTBOUND_ALLOW if it is your own.")

// ErrBodyTooLarge means an answer is longer than the caller takes.
var ErrBodyTooLarge = errs.New(errs.TooLarge, "outbound_answer_too_large", "",
	"The other site's answer is too long.", "The answer is over the limit; the address may be wrong.")

// Defaults of [Options].
const (
	defaultConnect = 10 * time.Second
	defaultTotal   = 30 * time.Second
)

const maxURL = 4096 // bytes

// Options says what a client may reach. The zero value reaches public
// addresses by https.
type Options struct {
	Allow   []netip.Prefix        // networks admitted besides public ones, by http and https
	Also    func() []netip.Prefix // more of them, asked at every call; nil: none
	Hosts   []string              // when not empty, only these hosts and their subdomains
	Version string                // for the User-Agent
	Connect time.Duration         // 10 s when zero; until TCP is up
	Total   time.Duration         // 30 s when zero; until the answer is read
	RootCAs *x509.CertPool        // the system's when nil

	// Resolve looks a host up; the system's resolver when nil.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
}

// New returns a client for addresses that came from outside. Its errors match
// [ErrRefused] when the address was not called.
func New(o Options) *http.Client {
	g := newGuard(o)
	return &http.Client{
		Transport: &transport{
			guard: g,
			agent: userAgent(o.Version),
			plain: g.transport(g.plainAddr),
			tls:   g.transport(g.publicAddr),
		},
		Timeout:       orDefault(o.Total, defaultTotal),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// CheckURL parses an address to be stored and called later. It looks nothing
// up: names are checked when they are dialled, or by [Options.CheckHost]. The
// error is an [ErrRefused].
func (o Options) CheckURL(raw string) (*url.URL, error) { return newGuard(o).checkURL(raw) }

// CheckHost looks the host of raw up and reports whether it could be called
// now. The error is an [ErrRefused], or the resolver's.
func (o Options) CheckHost(ctx context.Context, raw string) error {
	g := newGuard(o)
	u, err := g.checkURL(raw)
	if err != nil {
		return err
	}
	check := g.publicAddr
	if u.Scheme == "http" {
		check = g.plainAddr
	}
	_, err = g.admitted(ctx, u.Hostname(), port(u), check)
	return err
}

// Reason returns why err refuses an address, for the operator, or "".
func Reason(err error) string {
	var r refusal
	if errors.As(err, &r) {
		return string(r)
	}
	return ""
}

// ReadBody reads the body of resp, at most limit bytes. A longer body is
// [ErrBodyTooLarge].
func ReadBody(resp *http.Response, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	if int64(len(b)) > limit {
		return nil, ErrBodyTooLarge
	}
	return b, nil
}

// refusal is the reason inside an ErrRefused.
type refusal string

func (r refusal) Error() string { return string(r) }

func refuse(format string, args ...any) error {
	return ErrRefused.Wrap(refusal(fmt.Sprintf(format, args...)))
}

type guard struct {
	o       Options
	public  *ssrf.Guardian
	resolve func(ctx context.Context, host string) ([]netip.Addr, error)
}

func newGuard(o Options) *guard {
	g := &guard{o: o, public: ssrf.New(ssrf.WithAnyPort()), resolve: o.Resolve}
	if g.resolve == nil {
		g.resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	return g
}

func (g *guard) checkURL(raw string) (*url.URL, error) {
	if raw == "" || len(raw) > maxURL || strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return nil, refuse("the address is empty, too long or holds blanks")
	}
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" {
		return nil, refuse("the address cannot be read")
	}
	return u, g.check(u)
}

// check refuses what no look-up could make right.
func (g *guard) check(u *url.URL) error {
	host := u.Hostname()
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return refuse("scheme %.20q is not https", u.Scheme)
	case host == "":
		return refuse("the address has no host")
	case u.User != nil:
		return refuse("the address holds user information")
	case u.Scheme == "http" && len(g.admits()) == 0:
		return refuse("scheme http is only for networks the operator admits")
	case !g.listed(host):
		return refuse("the host is not on the list of allowed hosts")
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return nil // a name; checked when it is dialled
	}
	if u.Scheme == "http" {
		return g.plainAddr(ip, port(u))
	}
	return g.publicAddr(ip, port(u))
}

func (g *guard) listed(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	return len(g.o.Hosts) == 0 || slices.ContainsFunc(g.o.Hosts, func(h string) bool {
		h = strings.ToLower(h)
		return host == h || strings.HasSuffix(host, "."+h)
	})
}

// port returns the port of u, or 0 when it is none that can be dialled.
func port(u *url.URL) uint16 {
	if u.Port() == "" {
		if u.Scheme == "http" {
			return 80
		}
		return 443
	}
	p, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil {
		return 0
	}
	return uint16(p)
}

// plainAddr admits what the operator named.
func (g *guard) plainAddr(ip netip.Addr, _ uint16) error {
	if g.allowed(ip) {
		return nil
	}
	return refuse("scheme http is only for networks the operator admits, and %s is in none", ip)
}

// publicAddr admits what the operator named and public addresses. Low ports
// belong to other protocols than http.
func (g *guard) publicAddr(ip netip.Addr, port uint16) error {
	if g.allowed(ip) {
		return nil
	}
	if ip.Zone() != "" || g.public.SafeAddr(ip.Unmap()) != nil {
		return refuse("%s is not a public address", ip.WithZone(""))
	}
	if port < 1024 && port != 443 && port != 80 {
		return refuse("port %d is not one for web services", port)
	}
	return nil
}

func (g *guard) allowed(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	return slices.ContainsFunc(g.admits(), func(p netip.Prefix) bool { return p.Contains(ip) })
}

// admits returns the networks admitted now.
func (g *guard) admits() []netip.Prefix {
	if g.o.Also == nil {
		return g.o.Allow
	}
	return slices.Concat(g.o.Allow, g.o.Also())
}

type addrCheck func(ip netip.Addr, port uint16) error

// admitted resolves host and returns the addresses that pass check, IPv4
// first. When none passes, the error says why the first did not.
func (g *guard) admitted(ctx context.Context, host string, port uint16, check addrCheck) ([]netip.Addr, error) {
	ips := []netip.Addr{}
	if ip, err := netip.ParseAddr(host); err == nil {
		ips = append(ips, ip)
	} else if ips, err = g.resolve(ctx, host); err != nil {
		return nil, err
	}
	var good []netip.Addr
	var refused error
	for _, ip := range ips {
		ip = ip.Unmap()
		if err := check(ip, port); err == nil {
			good = append(good, ip)
		} else if refused == nil {
			refused = err
		}
	}
	if len(good) == 0 {
		if refused == nil {
			refused = fmt.Errorf("no address for host")
		}
		return nil, refused
	}
	slices.SortStableFunc(good, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
	return good, nil
}

// dial connects to a checked address, never to a name, so that a second
// look-up cannot lead elsewhere.
func (g *guard) dial(ctx context.Context, address string, check addrCheck) (net.Conn, error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	number, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, orDefault(g.o.Connect, defaultConnect))
	defer cancel()
	ips, err := g.admitted(ctx, host, uint16(number), check)
	if err != nil {
		return nil, err
	}
	d := &net.Dialer{Control: control(check)}
	for i, ip := range ips {
		var conn net.Conn
		conn, err = dialOne(ctx, d, netip.AddrPortFrom(ip, uint16(number)), len(ips)-i)
		if err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// dialOne gives one of left addresses its share of the time.
func dialOne(ctx context.Context, d *net.Dialer, to netip.AddrPort, left int) (net.Conn, error) {
	deadline, _ := ctx.Deadline()
	ctx, cancel := context.WithTimeout(ctx, time.Until(deadline)/time.Duration(left))
	defer cancel()
	return d.DialContext(ctx, "tcp", to.String())
}

// control checks once more, at the socket, what is being connected to.
func control(check addrCheck) func(string, string, syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		return check(to.Addr(), to.Port())
	}
}

func (g *guard) transport(check addrCheck) *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			return g.dial(ctx, address, check)
		},
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: g.o.RootCAs},
		TLSHandshakeTimeout:    orDefault(g.o.Connect, defaultConnect),
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    4,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true, // a small answer must not unpack into a large one
	}
}

// transport picks the connections that fit the scheme and names us.
type transport struct {
	guard      *guard
	agent      string
	plain, tls *http.Transport
}

// RoundTrip refuses what [Options.CheckURL] refuses and sends the rest.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := t.guard.check(req.URL); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	if req.Header.Get("User-Agent") == "" {
		req = req.Clone(req.Context())
		req.Header.Set("User-Agent", t.agent)
	}
	if req.URL.Scheme == "http" {
		return t.plain.RoundTrip(req)
	}
	return t.tls.RoundTrip(req)
}

// CloseIdleConnections lets http.Client.CloseIdleConnections work.
func (t *transport) CloseIdleConnections() {
	t.plain.CloseIdleConnections()
	t.tls.CloseIdleConnections()
}

func userAgent(version string) string {
	if version == "" {
		version = "dev"
	}
	return "Lectern/" + version + " (+LTI tool)"
}

func orDefault(d, def time.Duration) time.Duration {
	if d == 0 {
		return def
	}
	return d
}
