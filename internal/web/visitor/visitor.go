// Package visitor is where people sign in to the site, whoever they are, and
// where they find their own account.
package visitor

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"lectern/internal/identity"
	"lectern/internal/people"
	"lectern/internal/sealed"
	"lectern/internal/signin"
	"lectern/internal/web"
)

// Mailer sends letters.
type Mailer interface {
	Send(ctx context.Context, to, subject, text string) error
}

// Deps is what the pages need.
type Deps struct {
	Visitors  *web.Visitors
	SignIn    *signin.Service
	People    *people.Service
	Keys      *sealed.Keyring
	PublicURL *url.URL
	Log       *slog.Logger
	Clock     func() time.Time

	Mail         Mailer             // nil when the site sends none
	Provider     *identity.Provider // nil when people sign in by password only
	ProviderName string             // for its button
}

// Handler serves the pages. It is safe for concurrent use.
type Handler struct {
	Deps
	pages   web.Pages
	letters sync.WaitGroup
	posting chan struct{} // holds a token per letter under way
}

// New returns the pages.
func New(d Deps) *Handler {
	pages := web.NewPages(
		"signin/signin.html", "signin/setup.html", "signin/signout.html", "signin/forgot.html", "signin/onward.html",
		"signin/connect.html", "account/account.html", "account/delete.html",
	)
	return &Handler{Deps: d, pages: pages, posting: make(chan struct{}, maxLetters)}
}

// Mount adds the pages' addresses to the mux.
func (h *Handler) Mount(m *web.Mux) {
	pages := map[string]web.Handler{
		"GET /login":              h.getSignIn,
		"POST /login":             h.postSignIn,
		"GET /login/set/{token}":  h.getSetup,
		"POST /login/set/{token}": h.postSetup,
		"GET /login/forgot":       h.getForgot,
		"POST /login/forgot":      h.postForgot,
	}
	if h.Provider != nil {
		pages["GET /login/idp"] = h.getProvider
		pages["GET "+CallbackPath] = h.getCallback
		pages["GET /login/idp/finish"] = h.getFinish
		pages["POST /login/connect"] = h.postConnect
	}
	for pattern, page := range pages {
		m.Handle(pattern, open(page))
	}
	for pattern, page := range map[string]web.VisitHandler{
		"GET /logout":            h.getSignOut,
		"POST /logout":           h.postSignOut,
		"GET /account":           h.getAccount,
		"GET /account/{$}":       h.getAccount,
		"GET /account/data":      h.getData,
		"POST /account/password": h.postPassword,
		"POST /account/unlink":   h.postUnlink,
		"POST /account/identity": h.postIdentity,
		"GET /account/delete":    h.getDelete,
		"POST /account/delete":   h.postDelete,
	} {
		m.Handle(pattern, h.Visitors.Guard(page))
	}
}

// Wait waits for letters that are being sent.
func (h *Handler) Wait() { h.letters.Wait() }

// open is for pages of people who are not signed in: nobody's script may load
// them, because they hold forms.
func open(page web.Handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := web.TopLevel(r); err != nil {
			return err
		}
		return page(w, r)
	}
}
