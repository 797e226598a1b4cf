package visitor

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"net/http"

	"lectern/internal/web"
)

// Names of the cookie that ties forms of people who are not signed in to their
// browser: another page's script can neither read the form nor the cookie.
const (
	secureForm = "__Host-lectern-form"
	plainForm  = "lectern-form"
)

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
	if c, err := r.Cookie(name); err == nil && len(c.Value) == 43 {
		return c.Value
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
	c, err := r.Cookie(h.formCookie(r))
	if err != nil || c.Value == "" ||
		subtle.ConstantTimeCompare([]byte(c.Value), []byte(r.PostForm.Get("csrf"))) != 1 {
		return web.ErrForged.With("form of nobody signed in")
	}
	return nil
}
