package admin

import (
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/boombuler/barcode/qr"

	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/keys"
	"lectern/internal/outline"
	"lectern/internal/session"
	"lectern/internal/store"
	"lectern/internal/web"
)

// errBlock means that a course has no such block.
var errBlock = errs.New(errs.NotFound, "course_block_unknown", "",
	"The course has no such block, or not any more.", "The course was imported since the page was opened.")

// openBelow is how many blocks an outline has at most that is shown open.
const openBelow = 60

// treeRow is a block of the outline as pages show it.
type treeRow struct {
	*outline.Node
	Number int
	Links  int64  // live ones
	Page   string // address of the block's page
	Open   bool
	Rows   []*treeRow
}

// outline puts a course's tree into its page.
func (h *Handler) outline(r *http.Request, p *coursePage, c *course.Course) error {
	if c.Key.Library {
		return nil
	}
	tree := outline.Of(c, h.PublicURL.String(), p.Report)
	links := map[string]int64{}
	err := h.Store.View(r.Context(), func(tx store.Tx) error {
		uses, err := tx.Placements().Use(r.Context(), p.Info.Key)
		for _, u := range uses {
			links[u.UsageKey] += u.Links
		}
		return err
	})
	if err != nil {
		return err
	}
	size := 0
	tree.Walk(func(*outline.Node) { size++ })
	if p.Find = strings.TrimSpace(r.URL.Query().Get("find")); p.Find != "" {
		p.Found = tree.Find(p.Find)
	}
	number := 0
	var row func(n *outline.Node) *treeRow
	row = func(n *outline.Node) *treeRow {
		number++
		x := &treeRow{Node: n, Number: number, Links: links[n.Usage], Page: blockPage(p.Info.Key, n.Usage)}
		x.Open = n.Open() || p.Find == "" && (n.Level == course.LevelCourse || n.Level == course.LevelSection || size <= openBelow)
		for _, child := range n.Children {
			x.Rows = append(x.Rows, row(child))
		}
		return x
	}
	p.Tree = row(tree)
	return nil
}

// blockPage is the address of the page about a block.
func blockPage(courseKey, usage string) string {
	return "/admin/block/" + (&url.URL{Path: courseKey}).EscapedPath() + "?" + url.Values{"usage": {usage}}.Encode()
}

// blockView is what ui/course/block.html gets.
type blockView struct {
	*outline.Node
	Key       string
	Course    string
	QR        template.HTML // SVG; "" when nothing can be launched
	Cartridge string        // address of the link as XML
	Uses      []blockUse
	Total     int64
}

// blockUse is how much one LMS uses a block.
type blockUse struct {
	store.PlacementUse
	Consumer string
}

func (h *Handler) block(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	c, n, err := h.node(r, r.URL.Query().Get("usage"))
	if err != nil {
		return err
	}
	p := blockView{Node: n, Key: r.PathValue("key"), Course: c.Name}
	err = h.Store.View(r.Context(), func(tx store.Tx) error {
		names, err := consumerNames(r, tx)
		if err != nil {
			return err
		}
		uses, err := tx.Placements().Use(r.Context(), p.Key)
		for _, u := range uses {
			if u.UsageKey == n.Usage {
				p.Uses = append(p.Uses, blockUse{u, names[u.ConsumerID]})
				p.Total += u.Links
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	if n.URL != "" {
		p.Cartridge = strings.Replace(n.URL, "/lti_provider/courses/", "/lti/cartridge/", 1) + "/cartridge.xml"
		if p.QR, err = qrCode(n.URL); err != nil {
			return err
		}
	}
	return h.pages.Show(w, r, http.StatusOK, "course/block.html", v.Layout(n.Name, "courses", p))
}

// node finds a block of the course that the address names.
func (h *Handler) node(r *http.Request, usage string) (*course.Course, *outline.Node, error) {
	c, err := h.Catalog.Course(r.Context(), r.PathValue("key"))
	if err != nil {
		return nil, nil, err
	}
	report, err := h.Importer.Report(r.Context(), r.PathValue("key"))
	if err != nil {
		return nil, nil, err
	}
	var found *outline.Node
	outline.Of(c, h.PublicURL.String(), report).Walk(func(n *outline.Node) {
		if n.Usage == usage {
			found = n
		}
	})
	if found == nil {
		return nil, nil, errBlock.With("%.200q", usage)
	}
	return c, found, nil
}

// postPreview shows a block as learners see it, without an LMS.
func (h *Handler) postPreview(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	key := r.PathValue("key")
	_, n, err := h.node(r, r.PostForm.Get("usage"))
	if err != nil {
		return err
	}
	if _, err := keys.ParseUsage(n.Usage); err != nil || n.URL == "" {
		return errors.Join(errBlock.With("not launchable: %s", n.Usage), err)
	}
	var id string
	var ticket session.Ticket
	err = h.Store.Update(r.Context(), func(tx store.Tx) error {
		id, ticket, err = h.Sessions.Preview(r.Context(), tx, v.Who.ID, key, n.Usage, r.UserAgent())
		if err != nil {
			return err
		}
		return store.Note(r.Context(), tx, store.Act{At: h.Clock(), Who: v.Who.ID, Name: "course.preview", Subject: n.Usage})
	})
	if err != nil {
		return err
	}
	if h.ContentURL == "" {
		http.SetCookie(w, session.Cookie(id, ticket.Token, h.Secure(r)))
	}
	return web.SeeOther(w, r, h.ContentURL+"/learn/"+id+"/?h="+url.QueryEscape(ticket.Handle), "")
}

// qrCode draws an address as an SVG of one path.
func qrCode(address string) (template.HTML, error) {
	code, err := qr.Encode(address, qr.M, qr.Auto)
	if err != nil {
		return "", err
	}
	const quiet = 4 // modules of white around it
	size := code.Bounds().Dx()
	var path strings.Builder
	for y := range size {
		for x := range size {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				path.WriteString("M" + strconv.Itoa(x+quiet) + " " + strconv.Itoa(y+quiet) + "h1v1h-1z")
			}
		}
	}
	all := strconv.Itoa(size + 2*quiet)
	return template.HTML(`<svg class="qr" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ` + all + ` ` + all + //nolint:gosec // numbers only
		`" aria-hidden="true" focusable="false" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h` + all + `v` + all + `H0z"/><path fill="#000" d="` + path.String() + `"/></svg>`), nil
}
