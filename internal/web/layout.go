package web

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"lectern/internal/account"
	"lectern/internal/launchlog"
	"lectern/internal/locale"
	"lectern/ui"
)

// Layout is what every page of the console and of accounts shows around its
// content. See ui/console/layout.html.
type Layout struct {
	Title   string       // this, Notice and Problem are translated if they are texts of ours
	Lang    string       // of Title, where it is not that of the page
	Section string       // of the menu
	User    string       // "" when nobody is signed in
	Role    account.Role // what of the console's menu is shown
	CSRF    string
	Here    string             // address of the page, to come back to; by default the one asked for
	Others  []*locale.Language // that the page can be had in
	Notice  string
	Problem string
	Frames  []string // origins of pages that this one shows in a frame
	Styles  []string
	Script  string
	Page    any
}

// Layout returns the layout of a page that v sees.
func (v Visit) Layout(title, section string, page any) Layout {
	return Layout{
		Title: title, Section: section, User: v.Who.Username, Role: v.Who.ConsoleRole(), CSRF: v.CSRF, Page: page,
	}
}

// May reports whether the person has a right, so that a page shows no way to
// what they would be refused.
func (l Layout) May(right account.Right) bool { return l.Role.May(right) }

// Looks reports whether the person may look at the page and change nothing on
// it: its buttons are not shown.
func (l Layout) Looks() bool {
	return l.Role == account.Support && l.Section != "account" || l.Role == account.CourseTeam && l.Section == "scores"
}

// Pages are the templates of pages with a [Layout].
type Pages map[string]Templates

// NewPages are pages of package ui by name.
func NewPages(names ...string) Pages {
	pages := Pages{}
	for _, name := range names {
		pages[name] = NewTemplates("layout.html", layoutFuncs(), "console/layout.html", name)
	}
	return pages
}

func layoutFuncs() template.FuncMap {
	return template.FuncMap{
		"number": Number,
		"iso":    func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"code":   launchlog.Code,
		// at is an address with a query that is encoded already: behind a ? that
		// stands in the template it would be encoded once more.
		"at": func(path, query string) string { return path + "?" + query },
		"tail": func(id string) string {
			if len(id) > 12 {
				return id[len(id)-12:]
			}
			return id
		},
	}
}

// Show renders a page.
func (p Pages) Show(w http.ResponseWriter, r *http.Request, status int, name string, l Layout) error {
	l.Styles = []string{ui.Asset("layout/base.css"), ui.Asset("console/console.css")}
	l.Script = ui.Asset("console/console.js")
	spoken := Language(r)
	if l.Here == "" {
		l.Here = here(r)
	}
	l.Title, l.Notice, l.Problem = spoken.T(l.Title), spoken.T(l.Notice), spoken.T(l.Problem)
	for _, other := range locale.Languages() {
		if other != spoken {
			l.Others = append(l.Others, other)
		}
	}
	var b bytes.Buffer
	if err := p[name].Execute(&b, spoken, "layout.html", l); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	PageOf(r).SetHeaders(w.Header(), "default-src 'none'; style-src 'self'; script-src 'self'; "+
		"img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'self'"+l.framed())
	w.WriteHeader(status)
	_, err := w.Write(b.Bytes())
	return err
}

// framed lets a page show others in a frame, and post there.
func (l Layout) framed() string {
	if len(l.Frames) == 0 {
		return ""
	}
	origins := " " + strings.Join(l.Frames, " ")
	return origins + "; frame-src 'self'" + origins
}

// SeeOther answers a form with the page to look at next, which shows the notice
// of that name.
func SeeOther(w http.ResponseWriter, r *http.Request, to, notice string) error {
	if notice != "" {
		sign := "?"
		if strings.Contains(to, "?") {
			sign = "&"
		}
		to += sign + "done=" + url.QueryEscape(notice)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
