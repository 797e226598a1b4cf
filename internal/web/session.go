package web

import (
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"lectern/internal/session"
	"lectern/internal/telemetry"
)

// SessionHandler answers a request inside a launch session; rest is the path
// below the session's base, unescaped.
type SessionHandler func(w http.ResponseWriter, r *http.Request, s *session.Session, rest string) error

// LearnPattern is the route of everything inside a launch session.
const LearnPattern = "/learn/{launch}/{rest...}"

// Landing is how launches become sessions. Apart is set where learners' pages
// are on another host than the launch: the cookie that the launch's answer set
// does not get there, so that the first request sets one of its own.
type Landing struct {
	Sessions *session.Sessions
	Secure   func(r *http.Request) bool
	Apart    bool
	// Site is the origin of the console, which shows learners' pages in a frame
	// when an operator tests a link.
	Site string
}

// WithSession finds the launch session of requests to [LearnPattern] and hands
// them on. It also lands launches: a one-time handle in the query becomes the
// session, in cookie mode or in token mode.
func (l *Landing) WithSession(next SessionHandler) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		page := PageOf(r)
		page.Framing = FramedByAny // until the session says who may
		id := r.PathValue("launch")
		telemetry.Add(r.Context(), slog.String("launch", id))
		token, rest := session.SplitPath(r.PathValue("rest"))
		if handle := r.URL.Query().Get("h"); handle != "" && token == "" && rest == "" && r.Method == http.MethodGet {
			return l.land(w, r, id, handle)
		}
		if rest == WindowPath && token == "" && r.Method == http.MethodPost {
			return l.handOver(w, r, id)
		}
		inPath := token != ""
		if !inPath {
			token = session.CookieToken(r)
		}
		s, err := l.Sessions.Find(r.Context(), id, token, inPath, r.UserAgent())
		if err != nil {
			return err
		}
		page.Framing, page.Ancestors, page.ReturnURL = FramedByListed, s.FrameAncestors, s.ReturnURL
		if len(page.Ancestors) > 0 && l.Apart {
			page.Ancestors = append(slices.Clone(page.Ancestors), l.Site)
		}
		return next(w, r, s, rest)
	}
}

// WindowPath is where a page in a frame posts, below its launch, to open itself
// in a window. It comes without cookie and token: those belong to the frame.
const WindowPath = "window"

// nextField names what a page in a frame posts beside the pass when its window is
// to show something else than the launch: a path below the session's base.
const nextField = "to"

// below returns a path that was asked for if it stays below a session's base,
// else "".
func below(next string) string {
	if !strings.HasPrefix(next, "act/") || strings.Contains(next, "..") || strings.ContainsAny(next, "\\?#%~") {
		return ""
	}
	return (&url.URL{Path: next}).EscapedPath()
}

// handOver answers a window that a page in a frame opened, with a session of
// its own.
func (l *Landing) handOver(w http.ResponseWriter, r *http.Request, id string) error {
	if err := ReadForm(w, r); err != nil {
		return err
	}
	newID, ticket, err := l.Sessions.HandOver(r.Context(), id, r.PostForm.Get("pass"), r.UserAgent())
	if err != nil {
		return err
	}
	http.SetCookie(w, session.Cookie(newID, ticket.Token, l.Secure(r)))
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	q := url.Values{"h": {ticket.Handle}}
	if next := r.PostForm.Get(nextField); next != "" {
		q.Set(nextField, next)
	}
	http.Redirect(w, r, "/learn/"+newID+"/?"+q.Encode(), http.StatusSeeOther)
	return nil
}

// Framed reports whether a request is for a page in a frame; true when the
// browser does not say.
func Framed(r *http.Request) bool { return r.Header.Get("Sec-Fetch-Dest") != "document" }

// land trades the handle for the session. Reloading the address with the handle
// again is answered by the cookie, if it is there.
func (l *Landing) land(w http.ResponseWriter, r *http.Request, id, handle string) error {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	path := "/learn/" + url.PathEscape(id) + "/"
	cookie := session.CookieToken(r)
	offered := r.URL.Query().Get("c")
	if l.Apart && offered == "" {
		return l.offerCookie(w, r, id, path, handle)
	}
	token, err := l.Sessions.Land(r.Context(), id, handle, cookie, offered, r.UserAgent())
	if err != nil {
		if _, over := l.Sessions.Find(r.Context(), id, cookie, false, r.UserAgent()); over != nil {
			return err
		}
		token = ""
	}
	if token != "" {
		path += "~" + token + "/"
	}
	http.Redirect(w, r, path+below(r.URL.Query().Get(nextField)), http.StatusSeeOther)
	return nil
}

// offerCookie sets a cookie and asks again whether it came back. The address
// carries what it hashes to, so that no cookie from elsewhere passes for it.
func (l *Landing) offerCookie(w http.ResponseWriter, r *http.Request, id, path, handle string) error {
	token, offer := session.Offer()
	http.SetCookie(w, session.Cookie(id, token, l.Secure(r)))
	q := url.Values{"h": {handle}, "c": {offer}}
	if next := r.URL.Query().Get(nextField); next != "" {
		q.Set(nextField, next)
	}
	http.Redirect(w, r, path+"?"+q.Encode(), http.StatusSeeOther)
	return nil
}

// Secure returns a function that reports whether a browser at publicURL keeps
// Secure cookies: over https, and on the machine's own addresses.
func Secure(publicURL *url.URL) func(r *http.Request) bool {
	return func(r *http.Request) bool {
		return publicURL.Scheme == "https" || r.TLS != nil || local(r.Host)
	}
}

// local reports whether host is one that browsers trust without https.
func local(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
