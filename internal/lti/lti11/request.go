package lti11

import (
	"errors"
	"mime"
	"net/url"
	"strings"

	"lectern/internal/errs"
	"lectern/internal/oauth1"
)

// formType is the only media type of a launch.
const formType = "application/x-www-form-urlencoded"

// Request is a launch as it arrived, before anything about it is believed.
type Request struct {
	Method      string // of the HTTP request
	Target      string // request target as in the request line; http.Request.RequestURI
	ContentType string
	Body        []byte // all of it; callers read at most one byte over the limit
	Facts       Facts
	Origin      string // Origin header; tells whether the LMS itself is on http
}

// Facts is what the connection says about the address that the browser used.
// The Forwarded fields count only when the peer is a trusted proxy; otherwise
// they help to explain a refusal.
type Facts struct {
	Host    string // Host header
	TLS     bool   // the connection itself is encrypted
	Trusted bool   // the TCP peer is one of the operator's proxies

	ForwardedProto  string // X-Forwarded-Proto
	ForwardedHost   string // X-Forwarded-Host
	ForwardedPort   string // X-Forwarded-Port
	ForwardedPrefix string // X-Forwarded-Prefix
}

// ExternalURL returns the address of target as the LMS knew it when it signed:
// under public when one is configured, else as a trusted proxy tells, else
// from the Host header and the connection. Path and query stay raw. It returns
// [ErrTarget] when there is no usable host.
func ExternalURL(public *url.URL, target string, f Facts) (oauth1.Address, error) {
	path, query, _ := strings.Cut(originForm(target), "?")
	a := oauth1.Address{Path: path, RawQuery: query}
	switch {
	case public != nil && public.Host != "":
		a.Scheme, a.Host = public.Scheme, public.Host
		a.Path = strings.TrimSuffix(public.EscapedPath(), "/") + path
	case f.Trusted:
		a.Scheme, a.Host = f.forwarded()
		if prefix := firstElement(f.ForwardedPrefix); strings.HasPrefix(prefix, "/") {
			a.Path = strings.TrimSuffix(prefix, "/") + path
		}
	default:
		a.Scheme, a.Host = scheme(f.TLS), f.Host
	}
	if (a.Scheme != "http" && a.Scheme != "https") || !plainHost(a.Host) {
		return oauth1.Address{}, ErrTarget
	}
	return a, nil
}

// originForm reduces a request target in absolute form to path and query.
func originForm(target string) string {
	if strings.HasPrefix(target, "/") {
		return target
	}
	if a, err := oauth1.ParseAddress(target); err == nil {
		target = a.Path
		if a.RawQuery != "" {
			target += "?" + a.RawQuery
		}
	}
	return target
}

func (f Facts) forwarded() (proto, host string) {
	proto, host = scheme(f.TLS), f.Host
	if p := strings.ToLower(firstElement(f.ForwardedProto)); p != "" {
		proto = p
	}
	if h := firstElement(f.ForwardedHost); h != "" {
		host = h
	}
	if port := firstElement(f.ForwardedPort); port != "" && !hasPort(host) {
		host += ":" + port // a default port drops out of the base string again
	}
	return proto, host
}

func scheme(tls bool) string {
	if tls {
		return "https"
	}
	return "http"
}

// firstElement returns the outermost proxy's entry of a list header.
func firstElement(list string) string {
	first, _, _ := strings.Cut(list, ",")
	return strings.TrimSpace(first)
}

func hasPort(host string) bool {
	return strings.LastIndexByte(host, ':') > strings.LastIndexByte(host, ']')
}

// plainHost refuses what no Host header holds and what would let one part of
// the address pass for another.
func plainHost(host string) bool {
	return host != "" && len(host) <= 300 && !strings.ContainsFunc(host, func(r rune) bool {
		return r <= ' ' || r == 0x7f || strings.ContainsRune(`/?#@\&%"<>`, r)
	})
}

// form returns the pairs of the body. Any other media type is no form at all.
func (r *Request) form() ([]oauth1.Pair, error) {
	media, _, err := mime.ParseMediaType(r.ContentType)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) || media != formType {
		return nil, nil
	}
	return escapes(oauth1.ParseForm(r.Body, oauth1.LaunchLimits()))
}

func (r *Request) query() ([]oauth1.Pair, error) {
	_, raw, _ := strings.Cut(originForm(r.Target), "?")
	return escapes(oauth1.ParseForm([]byte(raw), oauth1.LaunchLimits()))
}

// escapes gives the one parse failure that is judged late its launch code.
func escapes(pairs []oauth1.Pair, err error) ([]oauth1.Pair, error) {
	if errors.Is(err, oauth1.ErrFormEscape) {
		err = ErrFormEncoding
	}
	return pairs, err
}

// fatal reports whether a parse failure leaves nothing to look at.
func fatal(err error) bool { return err != nil && errs.From(err).Code != ErrFormEncoding.Code }
