package tlsfront

import (
	"net/http"
	"net/url"
	"strings"

	"lectern/internal/errs"
)

// ErrPlain is something sent, not just asked for, over plain http: a launch.
var ErrPlain = errs.New(errs.Invalid, "launch_over_http", "OAuth1 §3.4.1.2",
	"The launch URL in your LMS must start with https://. Please tell your course team.",
	"Change http:// to https:// in the LMS, in the activity or the tool it uses. A redirect would break the signature.")

// Challenges answers the authority's http-01 challenges and leaves everything
// else to next.
func (f *Front) Challenges(next http.Handler) http.Handler {
	if !f.Automatic() {
		return next
	}
	return f.acme.manager.HTTPHandler(next)
}

// Redirect returns what the plain http port does: it sends readers to the same
// page on https, for good, and fails with [ErrPlain] for everything else. Names
// the site has a certificate for are kept, others become that of public, so
// that it leads nowhere else.
func (f *Front) Redirect(public *url.URL) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			return ErrPlain
		}
		host := public.Host
		if name := hostname(r.Host); name != "" && f.source.covers(name) {
			host = withPort(name, public.Port())
		}
		target := r.RequestURI
		if !strings.HasPrefix(target, "/") { // a proxy's form of request
			target = r.URL.RequestURI()
		}
		w.Header().Set("Location", "https://"+host+target)
		w.WriteHeader(http.StatusPermanentRedirect)
		return nil
	}
}

// withPort joins a host name or address and a port, which may be empty.
func withPort(host, port string) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port == "" {
		return host
	}
	return host + ":" + port
}
