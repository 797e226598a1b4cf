package visitor

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"lectern/internal/errs"
	"lectern/internal/identity"
	"lectern/internal/people"
	"lectern/internal/signin"
	"lectern/internal/web"
)

// CallbackPath is where the identity provider sends people back to.
const CallbackPath = "/login/idp/callback"

// How long somebody may take at the provider, and then for their password.
const (
	attemptLife = 10 * time.Minute
	connectLife = 10 * time.Minute
)

// Names of the cookie that ties a sign-in at the provider to the browser that
// began it.
const (
	secureAttempt = "__Host-lectern-idp"
	plainAttempt  = "lectern-idp"
)

// attempt is what the cookie holds.
type attempt struct {
	identity.Attempt
	Next string
}

func (h *Handler) setAttempt(w http.ResponseWriter, r *http.Request, value string) {
	c := &http.Cookie{
		Name: plainAttempt, Value: value, Path: "/", HttpOnly: true, Secure: h.Visitors.HTTPS(r),
		SameSite: http.SameSiteStrictMode, MaxAge: int(attemptLife / time.Second),
	}
	if c.Secure {
		c.Name = secureAttempt
	}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

func (h *Handler) attempt(r *http.Request) (a attempt) {
	name := plainAttempt
	if h.Visitors.HTTPS(r) {
		name = secureAttempt
	}
	raw, err := base64.RawURLEncoding.DecodeString(signin.OneCookie(r, name))
	if err != nil || json.Unmarshal(raw, &a) != nil {
		return attempt{}
	}
	return a
}

// getProvider sends the browser to the identity provider. It is a link, not a
// form: pages here may send forms to nobody else.
func (h *Handler) getProvider(w http.ResponseWriter, r *http.Request) error {
	a := attempt{identity.NewAttempt(), web.LocalPath(r.URL.Query().Get("next"), "")}
	to, err := h.Provider.AuthURL(r.Context(), a.Attempt)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("sign-in attempt: %w", err)
	}
	h.setAttempt(w, r, base64.RawURLEncoding.EncodeToString(raw))
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// getCallback takes the provider's answer one step on: cookies that only this
// site's pages may send are there from the next request.
func (h *Handler) getCallback(w http.ResponseWriter, r *http.Request) error {
	return h.onward(w, r, "/login/idp/finish?"+r.URL.Query().Encode())
}

// onwardPage is what ui/signin/onward.html gets.
type onwardPage struct{ To string }

// onward goes to an address of this site as if from a page of it.
func (h *Handler) onward(w http.ResponseWriter, r *http.Request, to string) error {
	w.Header().Set("Refresh", "0; url="+to)
	return h.pages.Show(w, r, http.StatusOK, "signin/onward.html", web.Layout{Title: "One moment", Page: onwardPage{to}})
}

// getFinish signs in whom the provider vouches for.
func (h *Handler) getFinish(w http.ResponseWriter, r *http.Request) error {
	a := h.attempt(r)
	h.setAttempt(w, r, "") // an answer counts once
	if h.taken(r) {
		return h.stay(w, r, web.LocalPath(a.Next, ""))
	}
	q := r.URL.Query()
	claims, err := h.Provider.Redeem(r.Context(), a.Attempt, q.Get("state"), q.Get("code"), q.Get("error"))
	if err != nil {
		return err
	}
	who, err := h.People.ByIdentity(r.Context(), claims)
	if errors.Is(err, people.ErrConnect) {
		return h.askConnect(w, r, claims, web.LocalPath(a.Next, ""))
	}
	if err != nil {
		return err
	}
	token, err := h.SignIn.Open(r.Context(), who.ID)
	if err != nil {
		return err
	}
	return h.enter(w, r, token, web.LocalPath(a.Next, ""), "")
}

// connectPage is what ui/signin/connect.html gets.
type connectPage struct {
	CSRF     string
	Box      string
	Next     string
	Provider string
	Email    string
	Username string
}

// pending is an identity that waits for the password of an account, sealed into
// the form and bound to the form's browser.
type pending struct {
	Claims identity.Claims
	Until  time.Time
}

func (h *Handler) askConnect(w http.ResponseWriter, r *http.Request, c *identity.Claims, next string) error {
	raw, err := json.Marshal(pending{*c, h.Clock().Add(connectLife)})
	if err != nil {
		return fmt.Errorf("pending identity: %w", err)
	}
	p := connectPage{CSRF: h.form(w, r), Next: next, Email: c.Email}
	p.Box = base64.RawURLEncoding.EncodeToString(h.Keys.Seal("connect/"+p.CSRF, raw))
	return h.showConnect(w, r, http.StatusOK, people.ErrConnect, p)
}

func (h *Handler) showConnect(w http.ResponseWriter, r *http.Request, status int, problem error, p connectPage) error {
	p.Provider = h.ProviderName
	return h.pages.Show(w, r, status, "signin/connect.html", web.Layout{
		Title: "Connect your account", Problem: web.Public(r, problem), Page: p,
	})
}

func (h *Handler) postConnect(w http.ResponseWriter, r *http.Request) error {
	if err := h.checkForm(w, r); err != nil {
		return err
	}
	p := connectPage{
		CSRF: r.PostForm.Get("csrf"), Box: r.PostForm.Get("box"), Username: r.PostForm.Get("username"),
		Next: web.LocalPath(r.PostForm.Get("next"), ""),
	}
	if h.taken(r) {
		return h.stay(w, r, p.Next)
	}
	var waits pending
	box, err := base64.RawURLEncoding.DecodeString(p.Box)
	if err != nil {
		return web.ErrForged.Wrap(err)
	}
	raw, err := h.Keys.Open("connect/"+p.CSRF, box)
	if err != nil {
		return web.ErrForged.Wrap(err)
	}
	if err := json.Unmarshal(raw, &waits); err != nil || h.Clock().After(waits.Until) {
		return web.ErrForged.With("pending identity is old")
	}
	p.Email = waits.Claims.Email
	token, err := h.SignIn.SignIn(r.Context(), p.Username, r.PostForm.Get("password"), h.Visitors.Address(r))
	if errors.Is(err, signin.ErrWrong) || errors.Is(err, signin.ErrThrottled) {
		return h.showConnect(w, r, web.Status(errs.From(err).Kind), err, p)
	}
	if err != nil {
		return err
	}
	if err := h.connect(r, token, &waits.Claims); err != nil {
		return errors.Join(err, h.SignIn.SignOut(r.Context(), token))
	}
	return h.enter(w, r, token, p.Next, "connected")
}

func (h *Handler) connect(r *http.Request, token string, c *identity.Claims) error {
	who, err := h.SignIn.Visitor(r.Context(), token)
	if err != nil {
		return err
	}
	return h.People.Connect(r.Context(), c, who.ID)
}
