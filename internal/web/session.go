package web

import (
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"

	"lectern/internal/session"
	"lectern/internal/telemetry"
)

// SessionHandler answers a request inside a launch session; rest is the path
// below the session's base, unescaped.
type SessionHandler func(w http.ResponseWriter, r *http.Request, s *session.Session, rest string) error

// LearnPattern is the route of everything inside a launch session.
const LearnPattern = "/learn/{launch}/{rest...}"

// WithSession finds the launch session of requests to [LearnPattern] and hands
// them on. It also lands launches: a one-time handle in the query becomes the
// session, in cookie mode or in token mode.
func WithSession(
	sessions *session.Sessions, secure func(r *http.Request) bool, next SessionHandler,
) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		page := PageOf(r)
		page.Framing = FramedByAny // until the session says who may
		id := r.PathValue("launch")
		telemetry.Add(r.Context(), slog.String("launch", id))
		token, rest := session.SplitPath(r.PathValue("rest"))
		if handle := r.URL.Query().Get("h"); handle != "" && token == "" && rest == "" && r.Method == http.MethodGet {
			return land(w, r, sessions, id, handle)
		}
		if rest == WindowPath && token == "" && r.Method == http.MethodPost {
			return handOver(w, r, sessions, id, secure)
		}
		inPath := token != ""
		if !inPath {
			token = session.CookieToken(r)
		}
		s, err := sessions.Find(r.Context(), id, token, inPath, r.UserAgent())
		if err != nil {
			return err
		}
		page.Framing, page.Ancestors, page.ReturnURL = FramedByListed, s.FrameAncestors, s.ReturnURL
		return next(w, r, s, rest)
	}
}

// WindowPath is where a page in a frame posts, below its launch, to open itself
// in a window. It comes without cookie and token: those belong to the frame.
const WindowPath = "window"

// handOver answers a window that a page in a frame opened, with a session of
// its own.
func handOver(
	w http.ResponseWriter, r *http.Request, sessions *session.Sessions, id string, secure func(r *http.Request) bool,
) error {
	if err := ReadForm(w, r); err != nil {
		return err
	}
	newID, ticket, err := sessions.HandOver(r.Context(), id, r.PostForm.Get("pass"), r.UserAgent())
	if err != nil {
		return err
	}
	http.SetCookie(w, session.Cookie(newID, ticket.Token, secure(r)))
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, "/learn/"+newID+"/?h="+url.QueryEscape(ticket.Handle), http.StatusSeeOther)
	return nil
}

// Framed reports whether a request is for a page in a frame; true when the
// browser does not say.
func Framed(r *http.Request) bool { return r.Header.Get("Sec-Fetch-Dest") != "document" }

// land trades the handle for the session. Reloading the address with the handle
// again is answered by the cookie, if it is there.
func land(w http.ResponseWriter, r *http.Request, sessions *session.Sessions, id, handle string) error {
	cookie := session.CookieToken(r)
	path := "/learn/" + url.PathEscape(id) + "/"
	token, err := sessions.Land(r.Context(), id, handle, cookie, r.UserAgent())
	if err != nil {
		if _, over := sessions.Find(r.Context(), id, cookie, false, r.UserAgent()); over != nil {
			return err
		}
		token = ""
	}
	if token != "" {
		path += "~" + token + "/"
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, path, http.StatusSeeOther)
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
