// Package pick is the page inside the LMS on which a teacher chooses content:
// a course's tree to tick, and the signed form that takes the choice back.
//
// It needs neither cookies nor scripts. The address carries the credential, see
// package selection; what is ticked travels in the form, so that searching
// loses nothing.
package pick

import (
	"bytes"
	"context"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"lectern/internal/catalog"
	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/lti"
	"lectern/internal/lti/lti11"
	"lectern/internal/oauth1"
	"lectern/internal/outline"
	"lectern/internal/selection"
	"lectern/internal/store"
	"lectern/internal/telemetry"
	"lectern/internal/web"
	"lectern/ui"
)

// Deps is what the pages need.
type Deps struct {
	Store      store.Store
	Selections *selection.Service
	Catalog    *catalog.Catalog
	PublicURL  *url.URL
}

// Handler serves the pages. It is safe for concurrent use.
type Handler struct {
	Deps
	pages web.Templates
}

// New returns the pages.
func New(d Deps) *Handler {
	return &Handler{Deps: d, pages: web.NewTemplates("pick", template.FuncMap{"number": web.Number}, "pick/*.html")}
}

// Mount adds the pages' addresses to the mux.
func (h *Handler) Mount(m *web.Mux) {
	m.Handle("GET /select/{id}/{token}/{$}", h.with(h.get))
	m.Handle("POST /select/{id}/{token}/{$}", h.with(h.post))
}

// handler answers a request of somebody who chooses.
type handler func(w http.ResponseWriter, r *http.Request, s *selection.Selection) error

// with finds the selection that the address names, and says who may frame it.
func (h *Handler) with(next handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		page := web.PageOf(r)
		page.Framing = web.FramedByAny // until the selection says who may
		id := r.PathValue("id")
		telemetry.Add(r.Context(), slog.String("selection", id))
		s, err := h.Selections.Find(r.Context(), id, strings.TrimPrefix(r.PathValue("token"), "~"), r.UserAgent())
		if err != nil {
			return err
		}
		page.Framing, page.Ancestors, page.Locale = web.FramedByListed, s.FrameAncestors, s.Locale
		return next(w, r, s)
	}
}

// choosePage is what ui/pick/pick.html gets.
type choosePage struct {
	Style, PickStyle string
	Consumer         string
	Context          string // the LMS's course; "" when it did not say
	Problem          string
	Courses          []courseChoice // more than one
	Course           string         // key
	Name             string         // of the course
	Search           string
	Found            int
	Tree             []*row // sections
	Chosen           []*row // ticked, but not among what was found
	Multiple         bool
	Scores           bool // make gradebook entries
	AutoCreate       bool
	Anything         bool // there is something to choose
}

type courseChoice struct {
	Key, Name string
	Selected  bool
}

// row is a node with what the page needs to know about it.
type row struct {
	*outline.Node
	Multiple, Ticked, Open bool
	Lang                   string // of the course; "" when it does not say
	Rows                   []*row
}

// get shows what there is to choose.
func (h *Handler) get(w http.ResponseWriter, r *http.Request, s *selection.Selection) error {
	if s.Refused != "" {
		return h.send(w, r, s, lti11.ItemAnswer{Error: s.Refused, Log: "lectern: " + s.Code}, s.Refused)
	}
	q := r.URL.Query()
	return h.show(w, r, s, http.StatusOK, q, "")
}

// show renders the page for what a form says so far.
func (h *Handler) show(w http.ResponseWriter, r *http.Request, s *selection.Selection, status int, form url.Values, problem string) error {
	courses, err := h.courses(r.Context(), s.Consumer)
	if err != nil {
		return err
	}
	p := choosePage{
		Style: ui.Asset("layout/base.css"), PickStyle: ui.Asset("pick/pick.css"), Problem: problem,
		Consumer: s.Consumer.Name, Context: s.Context, Search: strings.TrimSpace(form.Get("q")),
		Multiple: s.Item.Multiple, AutoCreate: s.Item.AutoCreate,
		Scores: !form.Has("course") || form.Get("scores") != "",
	}
	if p.Course = form.Get("course"); !slices.ContainsFunc(courses, func(c store.CourseInfo) bool { return c.Key == p.Course }) {
		p.Course = ""
	}
	if p.Course == "" && len(courses) > 0 {
		p.Course = courses[0].Key
	}
	if len(courses) > 1 {
		for _, c := range courses {
			p.Courses = append(p.Courses, courseChoice{c.Key, orKey(c), c.Key == p.Course})
		}
	}
	if p.Course != "" {
		if err := h.fill(r.Context(), &p, form["item"]); err != nil {
			return err
		}
	}
	var b bytes.Buffer
	if err := h.pages.Execute(&b, web.Language(r), "pick.html", p); err != nil {
		return err
	}
	headers(w, r, "form-action 'self'")
	w.WriteHeader(status)
	_, err = w.Write(b.Bytes())
	return err
}

// fill puts a course's tree into the page.
func (h *Handler) fill(ctx context.Context, p *choosePage, ticked []string) error {
	c, tree, err := h.tree(ctx, p.Course)
	if err != nil {
		return err
	}
	p.Name = c.Name
	p.Anything = tree != nil && len(tree.Children) > 0
	if !p.Anything {
		return nil
	}
	small := 0
	tree.Walk(func(*outline.Node) { small++ })
	var all []*row
	tree.Walk(func(n *outline.Node) {
		if slices.Contains(ticked, n.Usage) {
			all = append(all, &row{Node: n, Multiple: p.Multiple, Ticked: true, Lang: c.Language})
		}
	})
	if !p.Multiple && len(all) > 1 {
		all = all[:1]
	}
	if p.Search != "" {
		p.Found = tree.Find(p.Search)
	}
	shown := map[string]bool{}
	var rows func(list []*outline.Node) []*row
	rows = func(list []*outline.Node) (out []*row) {
		for _, n := range list {
			shown[n.Usage] = true
			x := &row{Node: n, Multiple: p.Multiple, Lang: c.Language, Rows: rows(n.Children)}
			x.Ticked = slices.ContainsFunc(all, func(t *row) bool { return t.Usage == n.Usage })
			x.Open = n.Open() || n.Level == course.LevelSection && p.Search == "" ||
				slices.ContainsFunc(x.Rows, func(b *row) bool { return b.Ticked || b.Open }) || small <= openBelow
			out = append(out, x)
		}
		return out
	}
	p.Tree = rows(tree.Children)
	for _, t := range all {
		if !shown[t.Usage] {
			p.Chosen = append(p.Chosen, t)
		}
	}
	return nil
}

// openBelow is how many blocks a tree has at most that is shown open.
const openBelow = 25

// tree returns a course and what of it may be chosen.
func (h *Handler) tree(ctx context.Context, key string) (*course.Course, *outline.Node, error) {
	c, err := h.Catalog.Course(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	return c, selection.Offers(outline.Of(c, h.PublicURL.String(), nil)), nil
}

// courses lists what teachers of a consumer may choose from.
func (h *Handler) courses(ctx context.Context, c *lti.Consumer) ([]store.CourseInfo, error) {
	var list []store.CourseInfo
	err := h.Store.View(ctx, func(tx store.Tx) (err error) {
		list, err = tx.Courses().List(ctx)
		return err
	})
	return slices.DeleteFunc(list, func(i store.CourseInfo) bool {
		return strings.HasPrefix(i.Key, "library-v1:") || !selection.MayChoose(c, i.Key)
	}), err
}

func orKey(c store.CourseInfo) string {
	if c.Name != "" {
		return c.Name
	}
	return c.Key
}

// post takes what was chosen, or that nothing was.
func (h *Handler) post(w http.ResponseWriter, r *http.Request, s *selection.Selection) error {
	if err := web.ReadForm(w, r); err != nil {
		return err
	}
	if r.PostForm.Get("act") != "add" || s.Refused != "" {
		return h.send(w, r, s, lti11.ItemAnswer{Msg: web.Language(r).T("Nothing was chosen.")}, "")
	}
	key := r.PostForm.Get("course")
	if !selection.MayChoose(s.Consumer, key) {
		return selection.ErrItem.With("course %.100q", key)
	}
	_, tree, err := h.tree(r.Context(), key)
	if err != nil {
		return err
	}
	items, err := selection.Items(&s.Item, tree, r.PostForm["item"], r.PostForm.Get("scores") != "")
	if problem := said(r, err); problem != "" {
		return h.show(w, r, s, http.StatusBadRequest, r.PostForm, problem)
	}
	if err != nil {
		return err
	}
	telemetry.Add(r.Context(), slog.Int("items", len(items)))
	return h.send(w, r, s, lti11.ItemAnswer{Items: items}, "")
}

// backPage is what ui/pick/back.html gets.
type backPage struct {
	Style, PickStyle, Script string
	Consumer                 string
	Problem                  string
	Count                    int
	Action                   template.URL
	Form                     []oauth1.Pair
}

// send shows the form that takes an answer to the LMS. It posts itself, unless
// there is something to read first.
func (h *Handler) send(w http.ResponseWriter, r *http.Request, s *selection.Selection, a lti11.ItemAnswer, problem string) error {
	form, err := h.Selections.Answer(r.Context(), s, a)
	if err != nil {
		return err
	}
	p := backPage{
		Style: ui.Asset("layout/base.css"), PickStyle: ui.Asset("pick/pick.css"), Consumer: s.Consumer.Name, Problem: problem,
		Count: len(a.Items), Form: form,
		Action: template.URL(s.Item.ReturnURL), //nolint:gosec // lti11 takes http and https addresses only
	}
	if problem == "" {
		p.Script = ui.Asset("pick/back.js")
	}
	var b bytes.Buffer
	if err := h.pages.Execute(&b, web.Language(r), "back.html", p); err != nil {
		return err
	}
	headers(w, r, "script-src 'self'; form-action https: http:") // LMSs redirect after the post, to wherever
	_, err = w.Write(b.Bytes())
	return err
}

// headers sets those of the pages. Their address is a credential, so nobody is
// told where a request from them came from.
func headers(w http.ResponseWriter, r *http.Request, more string) {
	web.PageOf(r).SetHeaders(w.Header(), "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "+more)
	w.Header().Set("Referrer-Policy", "no-referrer")
}

// said returns what the page says about a choice that did not work, "" where
// another page has to.
func said(r *http.Request, err error) string {
	for _, e := range []*errs.Error{selection.ErrNothing, selection.ErrTooMany, selection.ErrItem} {
		if errors.Is(err, e) {
			return web.Public(r, e)
		}
	}
	return ""
}
