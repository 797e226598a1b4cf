// Package visitor is where people sign in to the site, whoever they are, and
// where they find their own account.
package visitor

import (
	"net/http"
	"net/url"
	"time"

	"lectern/internal/signin"
	"lectern/internal/store"
	"lectern/internal/web"
)

// Deps is what the pages need.
type Deps struct {
	Visitors  *web.Visitors
	SignIn    *signin.Service
	Store     store.Store
	PublicURL *url.URL
	Clock     func() time.Time
}

// Handler serves the pages. It is safe for concurrent use.
type Handler struct {
	Deps
	pages web.Pages
}

// New returns the pages; it fails when an embedded template is broken.
func New(d Deps) (*Handler, error) {
	pages, err := web.NewPages("signin/signin.html", "signin/setup.html", "signin/signout.html")
	return &Handler{Deps: d, pages: pages}, err
}

// Mount adds the pages' addresses to the mux.
func (h *Handler) Mount(m *web.Mux) {
	for pattern, page := range map[string]web.Handler{
		"GET /login":              h.getSignIn,
		"POST /login":             h.postSignIn,
		"GET /login/set/{token}":  h.getSetup,
		"POST /login/set/{token}": h.postSetup,
	} {
		m.Handle(pattern, open(page))
	}
	for pattern, page := range map[string]web.VisitHandler{
		"GET /logout":  h.getSignOut,
		"POST /logout": h.postSignOut,
	} {
		m.Handle(pattern, h.Visitors.Guard(page))
	}
}

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
