// Package admin is the console: where operators register external LMSs, see
// courses and their links, launches and scores.
//
// It shares its origin with course content, whose scripts are trusted by
// learners' pages but not here. So console pages answer only top-level
// navigations, are never framed, sit in a browsing context of their own (COOP),
// and every form carries a token that only the page itself knows. The session
// cookie is Strict and scoped to /admin.
package admin

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"lectern/internal/account"
	"lectern/internal/catalog"
	"lectern/internal/errs"
	"lectern/internal/importer"
	"lectern/internal/registry"
	"lectern/internal/signin"
	"lectern/internal/store"
	"lectern/internal/web"
	"lectern/ui"
)

// Names of the console's cookie, over https and localhost, and elsewhere.
const (
	secureCookie = "__Secure-lectern-console"
	plainCookie  = "lectern-console"
)

// maxForm bounds the console's forms.
const maxForm = 64 << 10

// Refusals of the console itself.
var (
	ErrForged = errs.New(errs.Forbidden, "form_expired", "",
		"This form is no longer valid. Please open the page again and repeat what you did.",
		"The form's token does not belong to the session, or a script tried to use the console.")
	ErrEmbedded = errs.New(errs.Forbidden, "console_embedded", "",
		"The console only opens in a window of its own.",
		"Something on another page, such as a course's script, tried to load a console page.")
)

// Deps is what the console needs.
type Deps struct {
	Store     store.Store
	Registry  *registry.Registry
	SignIn    *signin.Service
	Catalog   *catalog.Catalog
	Importer  *importer.Importer
	PublicURL *url.URL
	Secure    func(r *http.Request) bool
	Wake      func() // sends owed scores now
	Clock     func() time.Time
}

// Handler serves the console. It is safe for concurrent use.
type Handler struct {
	Deps
	pages map[string]*template.Template
}

// New returns a console; it fails when an embedded template is broken.
func New(d Deps) (*Handler, error) {
	h := &Handler{Deps: d, pages: map[string]*template.Template{}}
	for _, name := range []string{
		"home/home.html", "signin/signin.html", "signin/setup.html",
		"consumers/consumers.html", "consumer/form.html", "consumer/delete.html",
		"courses/courses.html", "course/course.html", "launches/launches.html", "scores/scores.html",
	} {
		t, err := template.New("layout.html").Funcs(funcs()).ParseFS(ui.FS, "console/layout.html", name)
		if err != nil {
			return nil, fmt.Errorf("page %s: %w", name, err)
		}
		h.pages[name] = t
	}
	return h, nil
}

func funcs() template.FuncMap {
	return template.FuncMap{
		"when": func(t time.Time) string {
			if t.IsZero() {
				return "never"
			}
			return t.UTC().Format("2 Jan 2006 15:04 UTC")
		},
		"iso": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"tail": func(id string) string {
			if len(id) > 12 {
				return id[len(id)-12:]
			}
			return id
		},
	}
}

// Mount adds the console's addresses to the mux.
func (h *Handler) Mount(m *web.Mux) {
	m.Handle("GET /admin/login", h.getSignIn)
	m.Handle("POST /admin/login", h.postSignIn)
	m.Handle("GET /admin/setup/{token}", h.getSetup)
	m.Handle("POST /admin/setup/{token}", h.postSetup)
	for pattern, page := range map[string]signedIn{
		"GET /admin":                         h.home,
		"GET /admin/{$}":                     h.home,
		"POST /admin/logout":                 h.postSignOut,
		"GET /admin/consumers":               h.consumers,
		"GET /admin/consumers/add":           h.getAdd,
		"POST /admin/consumers/add":          h.postAdd,
		"GET /admin/consumers/{id}":          h.getConsumer,
		"POST /admin/consumers/{id}":         h.postConsumer,
		"POST /admin/consumers/{id}/secret":  h.postReveal,
		"POST /admin/consumers/{id}/enable":  h.postEnable,
		"POST /admin/consumers/{id}/disable": h.postDisable,
		"GET /admin/consumers/{id}/delete":   h.getDelete,
		"POST /admin/consumers/{id}/delete":  h.postDelete,
		"GET /admin/courses":                 h.courses,
		"GET /admin/courses/{key...}":        h.course,
		"GET /admin/launches":                h.launches,
		"GET /admin/scores":                  h.scores,
		"POST /admin/scores/resend":          h.postResend,
	} {
		m.Handle(pattern, h.guard(page))
	}
}

// visit is one request of a signed-in administrator.
type visit struct {
	who  *account.Account
	csrf string
}

type signedIn func(w http.ResponseWriter, r *http.Request, v visit) error

// guard lets administrators through and sends everybody else to the sign-in
// page.
func (h *Handler) guard(page signedIn) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := topLevel(r); err != nil {
			return err
		}
		token := cookie(r)
		who, err := h.SignIn.Who(r.Context(), token)
		if errors.Is(err, signin.ErrSession) {
			to := "/admin/login"
			if r.Method == http.MethodGet && r.URL.Path != "/admin" && r.URL.Path != "/admin/" {
				to += "?next=" + url.QueryEscape(r.URL.RequestURI())
			}
			http.Redirect(w, r, to, http.StatusSeeOther)
			return nil
		}
		if err != nil {
			return err
		}
		v := visit{who: who, csrf: csrfToken(token)}
		if r.Method == http.MethodPost {
			if err := checkForm(w, r, v.csrf); err != nil {
				return err
			}
		}
		return page(w, r, v)
	}
}

// topLevel refuses requests that no person made by going to a page. Browsers
// too old to say are let through: cookie and form token still hold.
func topLevel(r *http.Request) error {
	mode, dest := r.Header.Get("Sec-Fetch-Mode"), r.Header.Get("Sec-Fetch-Dest")
	if mode != "" && mode != "navigate" || dest != "" && dest != "document" {
		return ErrEmbedded.With("mode %.20q dest %.20q", mode, dest)
	}
	return nil
}

func checkForm(w http.ResponseWriter, r *http.Request, want string) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return ErrForged.Wrap(err)
	}
	if subtle.ConstantTimeCompare([]byte(r.PostForm.Get("csrf")), []byte(want)) != 1 {
		return ErrForged
	}
	return nil
}

// csrfToken is derived from the session token, which no page ever shows.
func csrfToken(session string) string {
	sum := sha256.Sum256([]byte("console form " + session))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func cookie(r *http.Request) string {
	for _, name := range []string{secureCookie, plainCookie} {
		if c, err := r.Cookie(name); err == nil && c.Value != "" {
			return c.Value
		}
	}
	return ""
}

func (h *Handler) setCookie(w http.ResponseWriter, r *http.Request, token string, life time.Duration) {
	c := &http.Cookie{
		Name: plainCookie, Value: token, Path: "/admin", HttpOnly: true, SameSite: http.SameSiteStrictMode,
		MaxAge: int(life.Seconds()),
	}
	if life <= 0 {
		c.MaxAge = -1
	}
	if h.Secure(r) {
		c.Name, c.Secure = secureCookie, true
	}
	http.SetCookie(w, c)
}

// layout is what every console page shows around its content.
type layout struct {
	Title   string
	Section string // of the menu
	User    string // "" when nobody is signed in
	CSRF    string
	Notice  string
	Problem string
	Styles  []string
	Script  string
	Page    any
}

// show renders a page of the console.
func (h *Handler) show(w http.ResponseWriter, r *http.Request, status int, name string, l layout) error {
	l.Styles = []string{ui.Asset("layout/base.css"), ui.Asset("console/console.css")}
	l.Script = ui.Asset("console/console.js")
	var b bytes.Buffer
	if err := h.pages[name].ExecuteTemplate(&b, "layout.html", l); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	web.PageOf(r).SetHeaders(w.Header(), "default-src 'none'; style-src 'self'; script-src 'self'; "+
		"img-src 'self' data:; font-src 'self'; form-action 'self'; base-uri 'none'")
	w.WriteHeader(status)
	_, err := w.Write(b.Bytes())
	return err
}

func (v visit) layout(title, section string, page any) layout {
	return layout{Title: title, Section: section, User: v.who.Username, CSRF: v.csrf, Page: page}
}

// seeOther answers a form with the page to look at next and a notice.
func seeOther(w http.ResponseWriter, r *http.Request, to, notice string) error {
	if notice != "" {
		to += "?done=" + url.QueryEscape(notice)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// notices are what a page may say after a form; the address names one.
func notice(r *http.Request) string {
	return map[string]string{
		"added":    "The consumer was added. Copy its key and secret into the LMS.",
		"saved":    "The changes were saved.",
		"enabled":  "The consumer is enabled.",
		"disabled": "The consumer is disabled. Its open launches ended.",
		"deleted":  "The consumer was deleted.",
		"resent":   "The scores are on their way again.",
		"welcome":  "Your password is set. Welcome.",
	}[r.URL.Query().Get("done")]
}

// address is where a request comes from, for the sign-in throttle.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		return ip.Mask(net.CIDRMask(64, 128)).String() // one subscriber has a whole /64
	}
	return host
}

// localPath returns next when it is a console address, else the console's home.
func localPath(next string) string {
	if strings.HasPrefix(next, "/admin") && !strings.ContainsAny(next, "\\\r\n") && !strings.Contains(next, "//") {
		return next
	}
	return "/admin"
}
