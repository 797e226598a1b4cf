package visitor

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"lectern/internal/errs"
	"lectern/internal/locale"
	"lectern/internal/signin"
	"lectern/internal/web"
)

// maxLetters is how many letters are sent at once. More are dropped: whoever
// waits for one asks again.
const maxLetters = 8

// forgotPage is what ui/signin/forgot.html gets.
type forgotPage struct {
	CSRF string
	Mail bool // the site can send letters
	Done bool
}

func (h *Handler) getForgot(w http.ResponseWriter, r *http.Request) error {
	return h.showForgot(w, r, http.StatusOK, nil, false)
}

func (h *Handler) showForgot(w http.ResponseWriter, r *http.Request, status int, problem error, done bool) error {
	return h.pages.Show(w, r, status, "signin/forgot.html", web.Layout{
		Title: "Forgotten password", Problem: web.Public(r, problem),
		Page: forgotPage{CSRF: h.form(w, r), Mail: h.Mail != nil, Done: done},
	})
}

// postForgot answers alike whether anybody has the address, and as fast: the
// letter goes its way afterwards.
func (h *Handler) postForgot(w http.ResponseWriter, r *http.Request) error {
	if err := h.checkForm(w, r); err != nil {
		return err
	}
	if h.Mail == nil {
		return web.ErrNotFound
	}
	list, err := h.SignIn.Forgot(r.Context(), r.PostForm.Get("email"), h.Visitors.Address(r))
	if errors.Is(err, signin.ErrThrottled) {
		return h.showForgot(w, r, web.Status(errs.TooMany), err, false)
	}
	if err != nil {
		return err
	}
	for _, reset := range list {
		h.post(r.Context(), web.Language(r), reset)
	}
	return h.showForgot(w, r, http.StatusOK, nil, true)
}

// post sends a link in the background.
func (h *Handler) post(ctx context.Context, lang *locale.Language, reset signin.Reset) {
	select {
	case h.posting <- struct{}{}:
	default:
		h.Log.WarnContext(ctx, "mail dropped", slog.String("account", reset.Account.ID))
		return
	}
	ctx = context.WithoutCancel(ctx)
	h.letters.Go(func() {
		defer func() { <-h.posting }()
		text := lang.T("Somebody, probably you, asked for a new password for %s at %s.\n\n"+
			"Open this address within an hour to choose one. It works once.\n\n%s/login/set/%s\n\n"+
			"If it was not you, there is nothing to do: your password stays as it is.\n",
			reset.Account.Username, h.PublicURL.Host, h.PublicURL, reset.Token)
		if err := h.Mail.Send(ctx, reset.Account.Email, lang.T("Choose a new password"), text); err != nil {
			h.Log.ErrorContext(ctx, "mail", slog.String("account", reset.Account.ID), slog.String("error", err.Error()))
		}
	})
}
