// Package asking is where somebody at an LMS that this site does not know asks for
// access. Its page opens from a refused launch, in the LMS's frame as well: it
// needs neither cookies nor a script.
package asking

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"

	"lectern/internal/access"
	"lectern/internal/errs"
	"lectern/internal/web"
	"lectern/ui"
)

// Prefix is what the address of a form begins with.
const Prefix = "/ask/"

// Deps is what the pages need.
type Deps struct {
	Access   *access.Service
	Visitors *web.Visitors // tells addresses for the throttle
}

// Handler serves the form. It is safe for concurrent use.
type Handler struct {
	Deps
	pages web.Templates
}

// New returns the pages.
func New(d Deps) *Handler { return &Handler{d, web.NewTemplates("ask", nil, "ask/ask.html")} }

// Mount adds the form's address to the mux.
func (h *Handler) Mount(m *web.Mux) {
	m.Handle("GET "+Prefix+"{token}", h.get)
	m.Handle("POST "+Prefix+"{token}", h.post)
}

// Address returns where the form for a refused launch is; "" when there cannot
// be one.
func (h *Handler) Address(l access.Launch) string {
	token, err := h.Access.Offer(l)
	if err != nil {
		return ""
	}
	return Prefix + url.PathEscape(token)
}

// page is what ui/ask/ask.html gets.
type page struct {
	Style, AskStyle string
	Action          string
	Launch          *access.Launch
	Form            access.Form
	Problem         string // what is wrong, in words of ours
	Wrong           string // the field that it is about
	Sent            bool
	Waited          bool // the LMS had a request waiting
	Kept            int  // days after the decision
}

func (h *Handler) get(w http.ResponseWriter, r *http.Request) error {
	l, err := h.look(r)
	if err != nil {
		return err
	}
	return h.show(w, r, http.StatusOK, page{Launch: l, Form: access.Form{Institution: l.LMSName}})
}

func (h *Handler) look(r *http.Request) (*access.Launch, error) {
	web.PageOf(r).Framing = web.FramedByAny // nothing on the page is private
	return h.Access.Look(r.PathValue("token"))
}

func (h *Handler) post(w http.ResponseWriter, r *http.Request) error {
	l, err := h.look(r)
	if err != nil {
		return err
	}
	if err := web.ReadForm(w, r); err != nil {
		return err
	}
	form := access.Form{
		Name: r.PostForm.Get("name"), Institution: r.PostForm.Get("institution"), Email: r.PostForm.Get("email"),
		Message: r.PostForm.Get("message"),
	}
	waited, err := h.Access.Send(r.Context(), r.PathValue("token"), form, h.Visitors.Address(r))
	if err == nil {
		return h.show(w, r, http.StatusOK, page{Launch: l, Sent: true, Waited: waited})
	}
	e := errs.From(err)
	if e.Kind != errs.Invalid && !errors.Is(err, access.ErrOften) {
		return err
	}
	p := page{Launch: l, Form: form, Problem: e.Public}
	switch e.Code {
	case access.ErrName.Code:
		p.Wrong = "name"
	case access.ErrPlace.Code:
		p.Wrong = "institution"
	case access.ErrMail.Code:
		p.Wrong = "email"
	}
	return h.show(w, r, web.Status(e.Kind), p)
}

// show renders the page. Its address lets somebody send the form, so nobody is
// told where a request from it came from.
func (h *Handler) show(w http.ResponseWriter, r *http.Request, status int, p page) error {
	lang := web.Language(r)
	p.Style, p.AskStyle = ui.Asset("layout/base.css"), ui.Asset("ask/ask.css")
	p.Action, p.Problem, p.Kept = r.URL.EscapedPath(), lang.T(p.Problem), access.KeptDays
	var b bytes.Buffer
	if err := h.pages.Execute(&b, lang, "ask.html", p); err != nil {
		return err
	}
	web.PageOf(r).SetHeaders(w.Header(), "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'")
	w.Header().Set("Referrer-Policy", "same-origin") // "no-referrer" would take the origin away from the form
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, err := w.Write(b.Bytes())
	return err
}
