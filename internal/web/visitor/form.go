package visitor

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"net/http"

	"lectern/internal/errs"
	"lectern/internal/signin"
	"lectern/internal/web"
)

// Names of the cookie that ties forms of people who are not signed in to their
// browser: another page's script can neither read the form nor the cookie.
const (
	secureForm = "__Host-lectern-form"
	plainForm  = "lectern-form"
)

// ErrCookies means that a browser keeps no cookies, so that nobody can be signed
// in.
var ErrCookies = errs.New(errs.Forbidden, "signin_cookies_blocked", "",
	"Signing in needs cookies, and your browser sent none. Allow cookies for this site, then try again.", "")

func (h *Handler) formCookie(r *http.Request) string {
	if h.Visitors.HTTPS(r) {
		return secureForm
	}
	return plainForm
}

// form returns the token for a page's form and makes sure that the browser has
// its cookie.
func (h *Handler) form(w http.ResponseWriter, r *http.Request) string {
	name := h.formCookie(r)
	if token := signin.OneCookie(r, name); len(token) == 43 {
		return token
	}
	var b [32]byte
	rand.Read(b[:]) // never fails
	token := base64.RawURLEncoding.EncodeToString(b[:])
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: token, Path: "/", HttpOnly: true, Secure: h.Visitors.HTTPS(r),
		SameSite: http.SameSiteStrictMode,
	})
	return token
}

// checkForm parses a form that [Handler.form] gave a token.
func (h *Handler) checkForm(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(w, r); err != nil {
		return err
	}
	token := signin.OneCookie(r, h.formCookie(r))
	switch {
	case token == "":
		return ErrCookies
	case subtle.ConstantTimeCompare([]byte(token), []byte(r.PostForm.Get("csrf"))) != 1:
		return web.ErrForged.With("form of nobody signed in")
	}
	return nil
}
