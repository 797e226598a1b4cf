package visitor

import (
	"encoding/json"
	"errors"
	"net/http"

	"lectern/internal/account"
	"lectern/internal/errs"
	"lectern/internal/locale"
	"lectern/internal/people"
	"lectern/internal/signin"
	"lectern/internal/web"
)

// accountPage is what ui/account/account.html gets.
type accountPage struct {
	*people.Person
	Errors map[string]string // by field
}

// notices are what a page may say after a form; the address names one.
func notice(r *http.Request) string {
	return map[string]string{
		"password":     locale.Text("Your password is set."),
		"unlinked":     locale.Text("The link is gone. The next launch from there starts anew, or asks you to sign in."),
		"disconnected": locale.Text("The identity is not connected any more."),
		"connected":    locale.Text("Both are connected. From now on, either way signs you in."),
	}[r.URL.Query().Get("done")]
}

func (h *Handler) getAccount(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	return h.showAccount(w, r, v, http.StatusOK, nil)
}

func (h *Handler) showAccount(
	w http.ResponseWriter, r *http.Request, v web.Visit, status int, fields map[string]string,
) error {
	p, err := h.People.Person(r.Context(), v.Who.ID)
	if err != nil {
		return err
	}
	l := v.Layout("Your account", "account", accountPage{p, web.Said(r, fields)})
	l.Notice = notice(r)
	return h.pages.Show(w, r, status, "account/account.html", l)
}

// getData hands out all that the site keeps about the person.
func (h *Handler) getData(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	e, err := h.People.Export(r.Context(), v.Who.ID)
	if err != nil {
		return err
	}
	header := w.Header()
	web.PageOf(r).SetHeaders(header, "default-src 'none'")
	header.Set("Content-Type", "application/json")
	header.Set("Content-Disposition", `attachment; filename="lectern-my-data.json"`)
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(e)
}

func (h *Handler) postPassword(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	password := r.PostForm.Get("password")
	if password != r.PostForm.Get("again") {
		return h.showAccount(w, r, v, http.StatusBadRequest, map[string]string{"again": locale.Text("The two passwords differ.")})
	}
	token, err := h.SignIn.ChangePassword(r.Context(), v.Who.ID, r.PostForm.Get("old"), password)
	switch {
	case errors.Is(err, signin.ErrPassword), errors.Is(err, signin.ErrThrottled):
		return h.showAccount(w, r, v, web.Status(errs.From(err).Kind), map[string]string{"old": web.Public(r, err)})
	case errors.Is(err, account.ErrPasswordWeak):
		return h.showAccount(w, r, v, http.StatusBadRequest, map[string]string{"password": web.Public(r, err)})
	case err != nil:
		return err
	}
	h.Visitors.SetToken(w, r, token)
	return web.SeeOther(w, r, "/account", "password")
}

func (h *Handler) postUnlink(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	f := r.PostForm
	if err := h.People.Unlink(r.Context(), v.Who.ID, f.Get("consumer"), f.Get("user"), v.Who.ID); err != nil {
		return err
	}
	return web.SeeOther(w, r, "/account", "unlinked")
}

// postIdentity disconnects an identity. Who has no password keeps one, or they
// could never sign in again.
func (h *Handler) postIdentity(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	if v.Who.PasswordHash == "" {
		return h.showAccount(w, r, v, http.StatusConflict, map[string]string{
			"identity": locale.Text("Choose a password first, or you could not sign in any more."),
		})
	}
	f := r.PostForm
	if err := h.People.Disconnect(r.Context(), v.Who.ID, v.Who.ID, f.Get("issuer"), f.Get("subject")); err != nil {
		return err
	}
	token, err := h.SignIn.Open(r.Context(), v.Who.ID) // disconnecting ended every session
	if err != nil {
		return err
	}
	h.Visitors.SetToken(w, r, token)
	return web.SeeOther(w, r, "/account", "disconnected")
}

// deletePage is what ui/account/delete.html gets.
type deletePage struct {
	Username string
	Password bool // there is one to ask for
}

func (h *Handler) getDelete(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	return h.showDelete(w, r, v, http.StatusOK, nil)
}

func (h *Handler) showDelete(w http.ResponseWriter, r *http.Request, v web.Visit, status int, problem error) error {
	l := v.Layout("Delete your account", "account", deletePage{v.Who.Username, v.Who.PasswordHash != ""})
	l.Problem = web.Public(r, problem)
	return h.pages.Show(w, r, status, "account/delete.html", l)
}

// ErrConfirm means that somebody without a password did not type their name.
var ErrConfirm = errs.New(errs.Invalid, "account_not_confirmed", "", "Type your user name to confirm.", "")

func (h *Handler) postDelete(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	err := h.SignIn.Confirm(r.Context(), v.Who.ID, r.PostForm.Get("password"))
	if err == nil && v.Who.PasswordHash == "" && r.PostForm.Get("username") != v.Who.Username {
		err = ErrConfirm
	}
	if err == nil {
		err = h.People.Delete(r.Context(), v.Who.ID, v.Who.ID)
	}
	if e := errs.From(err); err != nil && e.Kind != errs.Internal {
		return h.showDelete(w, r, v, web.Status(e.Kind), err)
	}
	if err != nil {
		return err
	}
	h.Visitors.SetToken(w, r, "")
	return web.SeeOther(w, r, "/login", "deleted")
}
