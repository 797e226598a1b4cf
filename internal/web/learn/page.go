package learn

import (
	"bytes"
	"context"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"lectern/internal/course"
	"lectern/internal/session"
	"lectern/internal/web"
	"lectern/ui"
)

// policy is the content security policy of pages with course content. Courses
// bring scripts and styles of their own, inline and from elsewhere, and are
// trusted with it; MathJax needs the blob worker.
const policy = "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data: https: http:; " +
	"worker-src 'self' blob:; base-uri 'self'"

// page is what the template ui/learn/page.html gets.
type page struct {
	Title, Lang string
	RTL         bool
	Heading     string // "" shows none
	Unseen      string // heading for screen readers, of a page that shows none
	Math        *mathScripts
	JQuery      string // address; "" when nothing calls it
	Styles      []string
	Scripts     []string // both addresses, for some blocks only
	Nav         *nav
	Due         *due
	Body        []template.HTML
	Score       *scoreLine
	StaffNotes  []string
	Preview     bool       // no LMS is behind the page
	Team        *teamLinks // for teachers
	Window      *newWindow // nil where the page has a window of its own
}

// newWindow is the form that opens a page in a window of its own.
type newWindow struct{ Action, Pass string }

// mathScripts says what typesets the formulas of a page. URL is empty in a build
// without MathJax.
type mathScripts struct {
	URL, Fonts string
	ASCII      bool // formulas in `backticks` as well
}

// due is the line that says until when answers count.
type due struct {
	At, Until   time.Time
	Grace, Past bool
	Extra       bool // the learner has more time than others
}

// Libraries that scripts/fetch-ui brings; a build may lack them.
const (
	mathJax = "vendor/mathjax/tex-mml-chtml.js"
	jQuery  = "vendor/jquery/dist/jquery.min.js"
)

// newPage starts a page about b. It is called when the body is rendered, since
// that tells what the page needs.
func (v *view) newPage(b *course.Block, body ...template.HTML) *page {
	p := &page{Title: b.Name, Lang: "en", Heading: b.Name, Body: body, Due: v.due(b)}
	if v.c.Language != "" {
		p.Lang = v.c.Language
	}
	p.RTL = rightToLeft(p.Lang)
	hidden := v.query.Get("show_title") == "0"
	if hidden || course.LevelOf(b.Type) == course.LevelComponent {
		p.Heading = "" // components bring their own
	}
	if p.Title == "" {
		p.Title = v.nameOf(b)
	}
	if p.Heading == "" && !hidden && !hasHeading(body) {
		p.Unseen = p.Title
	}
	v.addLibraries(p)
	return p
}

// hasHeading reports whether content brings a heading of the first level.
func hasHeading(body []template.HTML) bool {
	return slices.ContainsFunc(body, func(h template.HTML) bool {
		return strings.Contains(strings.ToLower(string(h)), "<h1")
	})
}

// addLibraries links what the page's content needs.
func (v *view) addLibraries(p *page) {
	for _, name := range v.needs.files {
		if strings.HasSuffix(name, ".css") {
			p.Styles = append(p.Styles, ui.Asset(name))
		} else {
			p.Scripts = append(p.Scripts, ui.Asset(name))
		}
	}
	if v.needs.jQuery && ui.Has(jQuery) {
		p.JQuery = ui.Asset(jQuery)
	} else if v.needs.jQuery {
		v.note(v.lang.T("Scripts of this page may call jQuery, which this build does not have. Run scripts/fetch-ui and build again."))
	}
	if !v.needs.math {
		return
	}
	p.Math = &mathScripts{ASCII: v.needs.ascii}
	if !ui.Has(mathJax) {
		v.note(v.lang.T("Formulas are shown as they were typed: this build has no MathJax. Run scripts/fetch-ui and build again."))
		return
	}
	p.Math.URL, p.Math.Fonts = ui.Asset(mathJax), ui.Asset("vendor/fonts")
}

// note tells the course team something about the page.
func (v *view) note(text string) { v.notes = append(v.notes, text) }

func rightToLeft(lang string) bool {
	tag, err := language.Parse(lang)
	if err != nil {
		return false
	}
	script, _ := tag.Script()
	switch script.String() {
	case "Arab", "Hebr", "Syrc", "Thaa", "Nkoo":
		return true
	}
	return false
}

// due returns when answers to b are due, or nil when they are not.
func (v *view) due(b *course.Block) *due {
	at := v.learner.Dates.Due(b)
	if at == nil || !holdsScored(b) {
		return nil
	}
	until := at.Add(b.Settings.Grace)
	return &due{At: at.UTC(), Until: until.UTC(), Past: v.now.After(until), Grace: b.Settings.Grace > 0 && v.now.Before(until), Extra: v.learner.Dates.ExtraTime(b) != 0}
}

func holdsScored(b *course.Block) bool {
	found := false
	b.Walk(func(n *course.Block) bool {
		found = found || n.Scored
		return !found
	})
	return found
}

// write sends a page.
func (v *view) write(ctx context.Context, w http.ResponseWriter, r *http.Request, p *page) error {
	score, err := v.scoreLine(ctx)
	if err != nil {
		return err
	}
	p.Score, p.Preview = score, v.s.IsPreview()
	if v.s.Staff {
		if p.StaffNotes, err = v.staffNotes(ctx); err != nil {
			return err
		}
	}
	if web.Framed(r) {
		p.Window = &newWindow{"/learn/" + url.PathEscape(v.s.ID) + "/" + web.WindowPath, v.s.Pass()}
	}
	var b bytes.Buffer
	if err := v.words.ExecuteTemplate(&b, "page.html", p); err != nil {
		return err
	}
	v.keep(b.Bytes())
	return sendPage(w, r, v.s, b.Bytes())
}

// sendPage sends a page's HTML. Told its length, it takes fewer writes to the
// network.
func sendPage(w http.ResponseWriter, r *http.Request, s *session.Session, body []byte) error {
	frame(r, s).SetHeaders(w.Header(), policy)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, err := w.Write(body)
	return err
}

// html runs a template for a part of a page.
func (v *view) html(name string, data any) (template.HTML, error) {
	var b strings.Builder
	if err := v.words.ExecuteTemplate(&b, name, data); err != nil {
		return "", err
	}
	return template.HTML(b.String()), nil //nolint:gosec // html/template made it
}

// frame tells the mux who may frame the session's pages, error pages too.
func frame(r *http.Request, s *session.Session) *web.Page {
	p := web.PageOf(r)
	p.Locale = s.Locale
	p.Framing, p.Ancestors = web.FramedByListed, s.FrameAncestors
	if p.ReturnURL == "" {
		p.ReturnURL = s.ReturnURL
	}
	return p
}
