// Package enter lets people sign in to go on with a launch.
//
// The frame in the LMS shows [Handler.Refuse]'s page and then
// /enter/{launch}/~{token}/, which needs no cookie. Its button opens
// /enter/{launch} in a tab of its own: a page of the site's own kind, for
// somebody who is signed in, that asks for the frame's short code. Once that was
// given by the right person, the frame's page goes on by itself.
package enter

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"lectern/internal/account"
	"lectern/internal/catalog"
	"lectern/internal/continuation"
	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/keys"
	"lectern/internal/lti"
	"lectern/internal/store"
	"lectern/internal/telemetry"
	"lectern/internal/web"
)

// Deps is what the pages need.
type Deps struct {
	Store         store.Store
	Continuations *continuation.Service
	Visitors      *web.Visitors
	Catalog       *catalog.Catalog
	ContentURL    string // where learners' pages are; "" when on this host
	PublicURL     *url.URL
}

// Finisher goes on with a launch whose learner has signed in, and returns where
// the learner's page is.
type Finisher func(w http.ResponseWriter, r *http.Request, id, token string) (location string, err error)

// Handler serves the pages. It is safe for concurrent use.
type Handler struct {
	Deps
	frame  web.Templates
	pages  web.Pages
	finish Finisher
}

// New returns the pages.
func New(d Deps) *Handler {
	return &Handler{
		Deps: d, frame: web.NewTemplates("frame", nil, "enter/frame.html"), pages: web.NewPages("enter/tab.html", "enter/done.html"),
	}
}

// Mount adds the pages' addresses to the mux. Launches go on by finish.
func (h *Handler) Mount(m *web.Mux, finish Finisher) {
	h.finish = finish
	m.Handle("GET /enter/{launch}", h.Visitors.Guard(h.getTab))
	m.Handle("POST /enter/{launch}", h.Visitors.Guard(h.postTab))
	m.Handle("GET /enter/{launch}/{token}/{$}", h.getFrame)
	m.Handle("GET /enter/{launch}/{token}/wait", h.getWait)
}

// framePolicy is the content security policy of the page in the frame.
const framePolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'"

// Refuse answers a launch that asks for a sign-in, with err as the reason.
// Nothing is kept when the LMS sent no address: signing in would not help.
func (h *Handler) Refuse(w http.ResponseWriter, r *http.Request, l *continuation.Launch, err error) error {
	c, errStore := h.listed(r, l)
	if errStore != nil {
		return errStore
	}
	p := newFramePage(r, c, l, err)
	telemetry.Add(r.Context(), slog.String("code", p.Error))
	if l.LTI.User.Email != "" {
		t, err := h.Continuations.Open(r.Context(), l, r.UserAgent())
		if err != nil {
			return err
		}
		telemetry.Add(r.Context(), slog.String("launch", t.ID))
		p.wait(h.PublicURL, t.ID, t.Token, t.Code, "")
	}
	return h.showFrame(w, r, p)
}

// listed says who may frame the page: where this consumer's verified launches
// come from, and where this one did.
func (h *Handler) listed(r *http.Request, l *continuation.Launch) (*lti.Consumer, error) {
	var c *lti.Consumer
	ancestors := slices.Clone(l.Origins)
	err := h.Store.View(r.Context(), func(tx store.Tx) (err error) {
		if c, err = tx.Consumers().ByID(r.Context(), l.ConsumerID); err != nil {
			return err
		}
		learned, err := tx.Consumers().Origins(r.Context(), c.ID)
		ancestors = append(append(ancestors, learned...), c.FrameOrigins...)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, continuation.ErrOver.Wrap(err)
	}
	page := web.PageOf(r)
	page.Framing, page.Ancestors = web.FramedByListed, slices.Compact(slices.Sorted(slices.Values(ancestors)))
	return c, err
}

// look finds the launch that a frame's request is about. Pages about one that
// is not there hold nothing private and may be framed by anybody.
func (h *Handler) look(r *http.Request) (id, token string, w *continuation.Waiting, err error) {
	web.PageOf(r).Framing = web.FramedByAny
	id = r.PathValue("launch")
	telemetry.Add(r.Context(), slog.String("launch", id))
	token, ok := strings.CutPrefix(r.PathValue("token"), "~")
	if !ok {
		return "", "", nil, web.ErrNotFound
	}
	w, err = h.Continuations.Look(r.Context(), id, token, r.UserAgent())
	return id, token, w, err
}

// getFrame shows the waiting page again, or goes on when the learner has signed
// in.
func (h *Handler) getFrame(w http.ResponseWriter, r *http.Request) error {
	id, token, waiting, err := h.look(r)
	if err != nil {
		return err
	}
	c, err := h.listed(r, waiting.Launch)
	if err != nil {
		return err
	}
	switch waiting.State {
	case store.ContinuationConfirmed:
		to, err := h.finish(w, r, id, token)
		if err != nil {
			return err
		}
		return goOn(w, r, to)
	case store.ContinuationUsed:
		return goOn(w, r, h.ContentURL+"/learn/"+url.PathEscape(id)+"/") // its cookie decides
	}
	p := newFramePage(r, c, waiting.Launch, account.ErrRequired)
	p.wait(h.PublicURL, id, token, waiting.Code, waiting.Other)
	return h.showFrame(w, r, p)
}

func goOn(w http.ResponseWriter, r *http.Request, to string) error {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// getWait tells the frame's script how far the learner is.
func (h *Handler) getWait(w http.ResponseWriter, r *http.Request) error {
	_, _, waiting, err := h.look(r)
	if err != nil {
		return err
	}
	if _, err := h.listed(r, waiting.Launch); err != nil {
		return err
	}
	web.PageOf(r).SetHeaders(w.Header(), "default-src 'none'")
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(map[string]string{"state": string(waiting.State), "other": waiting.Other})
}

// tabPage is what ui/enter/tab.html gets.
type tabPage struct {
	Consumer, Host, Context string
	Course, Content         string
	Username, Email         string
	Address                 string // masked: the launch's
	Matches                 bool
	Action                  string
}

func (h *Handler) getTab(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	return h.showTab(w, r, v, http.StatusOK, "")
}

func (h *Handler) showTab(w http.ResponseWriter, r *http.Request, v web.Visit, status int, problem string) error {
	id := r.PathValue("launch")
	l, err := h.Continuations.Ask(r.Context(), id)
	if err != nil {
		return err
	}
	p, err := h.tabPage(r.Context(), l, v.Who)
	if err != nil {
		return err
	}
	p.Action = "/enter/" + url.PathEscape(id)
	page := v.Layout("Continue to your course", "", p)
	page.Problem = problem
	return h.pages.Show(w, r, status, "enter/tab.html", page)
}

func (h *Handler) tabPage(ctx context.Context, l *continuation.Launch, who *account.Account) (*tabPage, error) {
	consumer, err := h.consumer(ctx, l.ConsumerID)
	if err != nil {
		return nil, err
	}
	p := &tabPage{
		Consumer: consumer.Name, Context: l.LTI.Context.Title, Course: l.CourseKey, Content: l.UsageKey,
		Username: who.Username, Email: who.Email, Address: account.MaskAddress(l.LTI.User.Email),
		Matches: account.SameAddress(who.Email, l.LTI.User.Email),
	}
	if len(l.Origins) > 0 {
		p.Host = strings.TrimPrefix(strings.TrimPrefix(l.Origins[0], "https://"), "http://")
	}
	c, err := h.Catalog.Course(ctx, l.CourseKey)
	if err != nil {
		return nil, err
	}
	if c.Name != "" {
		p.Course = c.Name
	}
	if u, err := keys.ParseUsage(l.UsageKey); err == nil {
		if b := c.Block(course.Ref{Type: u.Type, ID: u.ID}); b != nil && b.Name != "" {
			p.Content = b.Name
		}
	}
	return p, nil
}

func (h *Handler) consumer(ctx context.Context, id string) (*lti.Consumer, error) {
	var c *lti.Consumer
	err := h.Store.View(ctx, func(tx store.Tx) (err error) {
		c, err = tx.Consumers().ByID(ctx, id)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, continuation.ErrOver.Wrap(err)
	}
	return c, err
}

// donePage is what ui/enter/done.html gets.
type donePage struct{ Consumer, Username string }

func (h *Handler) postTab(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	id := r.PathValue("launch")
	telemetry.Add(r.Context(), slog.String("launch", id))
	l, err := h.Continuations.Ask(r.Context(), id)
	if err != nil {
		return err
	}
	err = h.Continuations.Confirm(r.Context(), id, v.Who.ID, r.PostForm.Get("code"))
	if errors.Is(err, continuation.ErrCode) || errors.Is(err, continuation.ErrAddress) {
		e := errs.From(err)
		telemetry.Add(r.Context(), slog.String("code", e.Code))
		return h.showTab(w, r, v, http.StatusForbidden, web.Public(r, e))
	}
	if err != nil {
		return err
	}
	c, err := h.consumer(r.Context(), l.ConsumerID)
	if err != nil {
		return err
	}
	return h.pages.Show(w, r, http.StatusOK, "enter/done.html",
		v.Layout("You are signed in", "", donePage{c.Name, v.Who.Username}))
}
