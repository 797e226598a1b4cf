package admin

import (
	"errors"
	"net/http"

	"lectern/internal/account"
	"lectern/internal/errs"
	"lectern/internal/signin"
)

// signInPage is what ui/signin gets.
type signInPage struct {
	Username string
	Next     string
}

func (h *Handler) getSignIn(w http.ResponseWriter, r *http.Request) error {
	return h.showSignIn(w, r, http.StatusOK, "", signInPage{Next: localPath(r.URL.Query().Get("next"))})
}

func (h *Handler) showSignIn(w http.ResponseWriter, r *http.Request, status int, problem string, p signInPage) error {
	return h.show(w, r, status, "signin/signin.html", layout{Title: "Sign in", Problem: problem, Page: p})
}

// postSignIn needs no form token: there is no session yet that it could abuse,
// and cross-origin forms do not get here.
func (h *Handler) postSignIn(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return ErrForged.Wrap(err)
	}
	p := signInPage{Username: r.PostForm.Get("username"), Next: localPath(r.PostForm.Get("next"))}
	token, err := h.SignIn.SignIn(r.Context(), p.Username, r.PostForm.Get("password"), address(r))
	switch {
	case errors.Is(err, signin.ErrWrong):
		return h.showSignIn(w, r, http.StatusForbidden, errs.From(err).Public, p)
	case errors.Is(err, signin.ErrThrottled):
		return h.showSignIn(w, r, http.StatusTooManyRequests, errs.From(err).Public, p)
	case err != nil:
		return err
	}
	h.setCookie(w, r, token, signin.SessionLife)
	http.Redirect(w, r, p.Next, http.StatusSeeOther)
	return nil
}

func (h *Handler) postSignOut(w http.ResponseWriter, r *http.Request, _ visit) error {
	if err := h.SignIn.SignOut(r.Context(), cookie(r)); err != nil {
		return err
	}
	h.setCookie(w, r, "", 0)
	return seeOther(w, r, "/admin/login", "")
}

// setupPage is what ui/signin/setup.html gets.
type setupPage struct {
	Username string
	Action   string
}

func (h *Handler) getSetup(w http.ResponseWriter, r *http.Request) error {
	return h.showSetup(w, r, http.StatusOK, "")
}

func (h *Handler) showSetup(w http.ResponseWriter, r *http.Request, status int, problem string) error {
	owner, err := h.SignIn.LinkOwner(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	return h.show(w, r, status, "signin/setup.html", layout{
		Title: "Choose a password", Problem: problem,
		Page: setupPage{Username: owner.Username, Action: r.URL.EscapedPath()},
	})
}

func (h *Handler) postSetup(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return ErrForged.Wrap(err)
	}
	password := r.PostForm.Get("password")
	if password != r.PostForm.Get("again") {
		return h.showSetup(w, r, http.StatusBadRequest, "The two passwords differ.")
	}
	token, err := h.SignIn.Redeem(r.Context(), r.PathValue("token"), password)
	if errors.Is(err, account.ErrPasswordWeak) {
		return h.showSetup(w, r, http.StatusBadRequest, errs.From(err).Public)
	}
	if err != nil {
		return err
	}
	h.setCookie(w, r, token, signin.SessionLife)
	return seeOther(w, r, "/admin", "welcome")
}
