package visitor

import (
	"errors"
	"net/http"
	"net/url"

	"lectern/internal/account"
	"lectern/internal/errs"
	"lectern/internal/locale"
	"lectern/internal/signin"
	"lectern/internal/web"
)

// signInPage is what ui/signin gets.
type signInPage struct {
	Username string
	Next     string
	CSRF     string
	Provider string // name on the button; "" without one
}

func (h *Handler) getSignIn(w http.ResponseWriter, r *http.Request) error {
	p := signInPage{Next: web.LocalPath(r.URL.Query().Get("next"), "")}
	if v, err := h.Visitors.Visit(r); err == nil { // signed in already
		return web.SeeOther(w, r, landing(p.Next, v.Who), "")
	}
	if r.Header.Get("Sec-Fetch-Site") == "cross-site" {
		// Somebody followed a link from elsewhere, and the cookie stayed home.
		return h.onward(w, r, signInURL(p.Next))
	}
	return h.showSignIn(w, r, http.StatusOK, nil, p)
}

// signInURL returns the address of the sign-in page that leads to next.
func signInURL(next string) string {
	if next == "" {
		return "/login"
	}
	return "/login?next=" + url.QueryEscape(next)
}

func (h *Handler) showSignIn(w http.ResponseWriter, r *http.Request, status int, problem error, p signInPage) error {
	p.CSRF = h.form(w, r)
	if h.Provider != nil {
		p.Provider = h.ProviderName
	}
	l := web.Layout{Title: "Sign in", Here: signInURL(p.Next), Problem: web.Public(r, problem), Page: p}
	if r.URL.Query().Get("done") == "deleted" {
		l.Notice = locale.Text("Your account and what belonged to it are deleted.")
	}
	return h.pages.Show(w, r, status, "signin/signin.html", l)
}

// landing is where signing in leads.
func landing(next string, who *account.Account) string {
	switch {
	case next != "":
		return next
	case who.HasRights():
		return "/admin"
	}
	return "/account"
}

func (h *Handler) postSignIn(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(w, r); err != nil {
		return err
	}
	p := signInPage{Username: r.PostForm.Get("username"), Next: web.LocalPath(r.PostForm.Get("next"), "")}
	if h.taken(r) {
		return h.stay(w, r, p.Next)
	}
	if err := h.checkForm(w, r); err != nil {
		return h.showSignIn(w, r, http.StatusForbidden, err, p)
	}
	token, err := h.SignIn.SignIn(r.Context(), p.Username, r.PostForm.Get("password"), h.Visitors.Address(r))
	switch {
	case errors.Is(err, signin.ErrWrong), errors.Is(err, signin.ErrThrottled):
		return h.showSignIn(w, r, web.Status(errs.From(err).Kind), err, p)
	case err != nil:
		return err
	}
	return h.enter(w, r, token, p.Next, "")
}

// taken reports whether somebody is signed in. Signing in never replaces
// anybody: a form that some script sends must not make a person work in
// another's account.
func (h *Handler) taken(r *http.Request) bool {
	_, err := h.Visitors.Visit(r)
	return err == nil
}

// stay answers a sign-in of somebody who is signed in already.
func (h *Handler) stay(w http.ResponseWriter, r *http.Request, next string) error {
	return web.SeeOther(w, r, signInURL(next), "")
}

// enter gives the browser its new session and goes on.
func (h *Handler) enter(w http.ResponseWriter, r *http.Request, token, next, notice string) error {
	who, err := h.SignIn.Visitor(r.Context(), token)
	if err != nil {
		return err
	}
	h.Visitors.SetToken(w, r, token)
	return web.SeeOther(w, r, landing(next, who), notice)
}

// signOutPage is what ui/signin/signout.html gets.
type signOutPage struct{ Username string }

func (h *Handler) getSignOut(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	l := v.Layout("Sign out", "", signOutPage{v.Who.Username})
	return h.pages.Show(w, r, http.StatusOK, "signin/signout.html", l)
}

func (h *Handler) postSignOut(w http.ResponseWriter, r *http.Request, _ web.Visit) error {
	if err := h.SignIn.SignOut(r.Context(), h.Visitors.Token(r)); err != nil {
		return err
	}
	h.Visitors.SetToken(w, r, "")
	return web.SeeOther(w, r, "/login", "")
}

// setupPage is what ui/signin/setup.html gets.
type setupPage struct {
	Username string
	Action   string
	CSRF     string
}

func (h *Handler) getSetup(w http.ResponseWriter, r *http.Request) error {
	return h.showSetup(w, r, http.StatusOK, "")
}

func (h *Handler) showSetup(w http.ResponseWriter, r *http.Request, status int, problem string) error {
	owner, err := h.SignIn.LinkOwner(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	return h.pages.Show(w, r, status, "signin/setup.html", web.Layout{
		Title: "Choose a password", Problem: problem,
		Page: setupPage{Username: owner.Username, Action: r.URL.EscapedPath(), CSRF: h.form(w, r)},
	})
}

func (h *Handler) postSetup(w http.ResponseWriter, r *http.Request) error {
	if err := h.checkForm(w, r); err != nil {
		return err
	}
	owner, err := h.SignIn.LinkOwner(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	if v, err := h.Visitors.Visit(r); err == nil && v.Who.ID != owner.ID {
		return h.showSetup(w, r, http.StatusConflict,
			web.Language(r).T("You are signed in as %s. Sign out first to use a link of another account.", v.Who.Username))
	}
	password := r.PostForm.Get("password")
	if password != r.PostForm.Get("again") {
		return h.showSetup(w, r, http.StatusBadRequest, locale.Text("The two passwords differ."))
	}
	token, err := h.SignIn.Redeem(r.Context(), r.PathValue("token"), password)
	if errors.Is(err, account.ErrPasswordWeak) {
		return h.showSetup(w, r, http.StatusBadRequest, web.Public(r, err))
	}
	if err != nil {
		return err
	}
	return h.enter(w, r, token, "", "password")
}
