package admin

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"

	"lectern/docs"
	"lectern/internal/locale"
	"lectern/internal/web"
)

// guide is one document of package docs.
type guide struct {
	Path  string // as in docs/, with .md
	Title string
}

// guides are the documents of one folder.
type guides struct {
	Title string
	List  []guide
}

// helpPage is what ui/help/help.html gets.
type helpPage struct {
	Folders []guides      // of the list of all
	Text    template.HTML // of one document
}

// helpFolders are the folders of docs/ that the console shows, in order.
func helpFolders() []struct{ folder, title string } {
	return []struct{ folder, title string }{
		{"operator", locale.Text("For who runs the site")},
		{"course-team", locale.Text("For course teams")},
		{"lms", locale.Text("For each LMS")},
		{"reference", locale.Text("Reference")},
		{".", locale.Text("Facts")},
	}
}

// help lists the guides.
func (h *Handler) help(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	var p helpPage
	for _, f := range helpFolders() {
		list, err := fs.Glob(docs.FS, path.Join(f.folder, "*.md"))
		if err != nil {
			return fmt.Errorf("help %s: %w", f.folder, err)
		}
		g := guides{Title: f.title}
		for _, name := range list {
			text, err := fs.ReadFile(docs.FS, name)
			if err != nil {
				return fmt.Errorf("help %s: %w", name, err)
			}
			g.List = append(g.List, guide{Path: name, Title: headline(text)})
		}
		if len(list) > 0 {
			p.Folders = append(p.Folders, g)
		}
	}
	return h.pages.Show(w, r, http.StatusOK, "help/help.html", v.Layout("Help", "help", p))
}

// helpText shows one guide. Its links to others are relative and lead here too.
func (h *Handler) helpText(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	name := r.PathValue("name")
	text, err := fs.ReadFile(docs.FS, name)
	if err != nil || !strings.HasSuffix(name, ".md") {
		return web.ErrNotFound.With("help %.200q", name)
	}
	title := headline(text)
	_, body, _ := bytes.Cut(text, []byte("\n"))
	var b bytes.Buffer
	md := goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	if err := md.Convert(body, &b); err != nil {
		return fmt.Errorf("help %s: %w", name, err)
	}
	shown := strings.ReplaceAll(onlyHere(b.String(), path.Dir(name)), "<pre>", `<pre tabindex="0">`) // scrolls by keyboard
	l := v.Layout(title, "help", helpPage{Text: template.HTML(shown)})                               //nolint:gosec // our own documents, without raw HTML
	l.Lang = locale.Source
	return h.pages.Show(w, r, http.StatusOK, "help/help.html", l)
}

// relativeLink is a link of a guide to a file of the project.
var relativeLink = regexp.MustCompile(`<a href="([^":#]+)(?:#[^"]*)?">(.*?)</a>`)

// onlyHere keeps the text of links to files that the console does not show.
func onlyHere(guide, folder string) string {
	return relativeLink.ReplaceAllStringFunc(guide, func(link string) string {
		m := relativeLink.FindStringSubmatch(link)
		if _, err := fs.Stat(docs.FS, path.Join(folder, m[1])); err != nil {
			return m[2]
		}
		return link
	})
}

// headline returns the first heading of a document.
func headline(text []byte) string {
	first, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSpace(strings.TrimLeft(first, "# "))
}
