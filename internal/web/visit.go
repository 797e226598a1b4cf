package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"lectern/internal/account"
	"lectern/internal/errs"
	"lectern/internal/signin"
)

// MaxForm bounds the forms of people who are signed in, in bytes.
const MaxForm = 64 << 10

// Refusals of pages for people who are signed in.
var (
	ErrForged = errs.New(errs.Forbidden, "form_expired", "",
		"This form is no longer valid. Please open the page again and repeat what you did.",
		"The form's token does not belong to the session, or a script tried to use the page.")
	ErrEmbedded = errs.New(errs.Forbidden, "page_embedded", "",
		"This page only opens in a window of its own.",
		"Something on another page, such as a course's script, tried to load a page of the console or an account.")
)

// Visit is one request of somebody who is signed in to the site.
type Visit struct {
	Who  *account.Account
	CSRF string // what forms of this session carry

	Limited bool     // only to Courses, whatever a page is about
	Courses []string // course keys
}

// Sees reports whether the visitor may see a course.
func (v Visit) Sees(courseKey string) bool {
	return !v.Limited || slices.Contains(v.Courses, courseKey)
}

// VisitHandler answers a request of somebody who is signed in.
type VisitHandler func(w http.ResponseWriter, r *http.Request, v Visit) error

// Visitors tells who is signed in to the site. It is what every page shares
// that belongs to a person rather than to a launch: such pages share their
// origin with course content, whose scripts must not reach them. So they answer
// only top-level navigations, are never framed, sit in a browsing context of
// their own (COOP), and their forms carry a token that only the page knows.
type Visitors struct {
	SignIn  *signin.Service
	HTTPS   func(r *http.Request) bool // whether browsers reach the site by https
	Proxies []netip.Prefix             // whose X-Forwarded-For is believed
}

// Visit returns who sent a request. It fails with [ErrEmbedded] when no person
// did by going to a page, with [signin.ErrSession] when nobody is signed in,
// and with [account.ErrDisabled].
func (vs *Visitors) Visit(r *http.Request) (Visit, error) {
	if err := TopLevel(r); err != nil {
		return Visit{}, err
	}
	token := vs.Token(r)
	who, err := vs.SignIn.Visitor(r.Context(), token)
	if err != nil {
		return Visit{}, err
	}
	return Visit{Who: who, CSRF: formToken(token)}, nil
}

// Token returns the session token that a request brings, or "".
func (vs *Visitors) Token(r *http.Request) string { return signin.CookieToken(r, vs.HTTPS(r)) }

// SetToken gives the browser a session token, or takes it away when token is
// "".
func (vs *Visitors) SetToken(w http.ResponseWriter, r *http.Request, token string) {
	signin.SetCookie(w, vs.HTTPS(r), token)
}

// Guard lets people through who are signed in, with forms that are theirs, and
// sends everybody else to the sign-in page.
func (vs *Visitors) Guard(page VisitHandler) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := vs.Visit(r)
		if errors.Is(err, signin.ErrSession) {
			to := "/login"
			if r.Method == http.MethodGet {
				to += "?next=" + url.QueryEscape(r.URL.RequestURI())
			}
			http.Redirect(w, r, to, http.StatusSeeOther)
			return nil
		}
		if err != nil {
			return err
		}
		if r.Method == http.MethodPost {
			if err := CheckForm(w, r, v); err != nil {
				return err
			}
		}
		return page(w, r, v)
	}
}

// TopLevel refuses, with [ErrEmbedded], requests that no person made by going
// to a page. Browsers too old to say are let through: cookie and form token
// still hold.
func TopLevel(r *http.Request) error {
	mode, dest := r.Header.Get("Sec-Fetch-Mode"), r.Header.Get("Sec-Fetch-Dest")
	if mode != "" && mode != "navigate" || dest != "" && dest != "document" {
		return ErrEmbedded.With("mode %.20q dest %.20q", mode, dest)
	}
	return nil
}

// CheckForm parses a posted form of at most [MaxForm] bytes and refuses, with
// [ErrForged], one that no page of this session showed.
func CheckForm(w http.ResponseWriter, r *http.Request, v Visit) error {
	if err := ReadForm(w, r); err != nil {
		return err
	}
	if subtle.ConstantTimeCompare([]byte(r.PostForm.Get("csrf")), []byte(v.CSRF)) != 1 {
		return ErrForged
	}
	return nil
}

// ReadForm parses a posted form of at most [MaxForm] bytes; a parsed one stays.
func ReadForm(w http.ResponseWriter, r *http.Request) error {
	if r.PostForm != nil {
		return nil
	}
	r.Body = http.MaxBytesReader(w, r.Body, MaxForm)
	if err := r.ParseForm(); err != nil {
		return ErrForged.Wrap(err)
	}
	return nil
}

// formToken is derived from the session token, which no page ever shows.
func formToken(session string) string {
	sum := sha256.Sum256([]byte("site form " + session))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// LocalPath returns next when it is an address that signing in may lead to: of
// the console, the account or a launch that waits. Else it returns instead.
func LocalPath(next, instead string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || len(next) > 2048 || strings.ContainsAny(next, "\\\r\n\t") ||
		strings.Contains(u.Path, "//") || strings.Contains(u.Path, "..") {
		return instead
	}
	for _, root := range []string{"/admin", "/account"} {
		if u.Path == root || strings.HasPrefix(u.Path, root+"/") {
			return next
		}
	}
	if strings.HasPrefix(u.Path, "/enter/") {
		return next
	}
	return instead
}

// Address is where a request comes from, for throttles: past the proxies that
// are believed.
func (vs *Visitors) Address(r *http.Request) string {
	from := host(r.RemoteAddr)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && vs.proxy(from); i-- {
		next, err := netip.ParseAddr(host(strings.TrimSpace(hops[i])))
		if err != nil {
			break
		}
		from = next.Unmap().String()
	}
	if ip, err := netip.ParseAddr(from); err == nil && ip.Is6() {
		if subscriber, err := ip.WithZone("").Prefix(64); err == nil {
			return subscriber.Addr().String() // one subscriber has a whole /64
		}
	}
	return from
}

// host returns an address without its port, as it is when it has none.
func host(address string) string {
	if ip, err := netip.ParseAddrPort(address); err == nil {
		return ip.Addr().Unmap().String()
	}
	return strings.Trim(address, "[]")
}

func (vs *Visitors) proxy(address string) bool {
	ip, err := netip.ParseAddr(address)
	return err == nil && slices.ContainsFunc(vs.Proxies, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// HTTPS returns a function that reports whether browsers reach publicURL's site
// by https.
func HTTPS(publicURL *url.URL) func(r *http.Request) bool {
	return func(r *http.Request) bool { return publicURL.Scheme == "https" || r.TLS != nil }
}
