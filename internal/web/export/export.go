// Package export serves the files that LMSs read by themselves: one LTI link as
// XML, and the tool's configuration for Canvas. They are public, hold neither key
// nor secret, and come without redirects.
package export

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"lectern/internal/cartridge"
	"lectern/internal/catalog"
	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/importer"
	"lectern/internal/keys"
	"lectern/internal/web"
)

// ErrLink means that there is no link for this address.
var ErrLink = errs.New(errs.NotFound, "cartridge_unknown", "",
	"There is no such link.", "The course has no block with this key that learners may see.")

// Prefix is the path of link files; [Last] is how their addresses end.
const (
	Prefix = "/lti/cartridge/"
	Last   = "/cartridge.xml"
)

// ConfigPath is the address of the configuration for Canvas.
const ConfigPath = "/lti/config.xml"

// Handler serves the files. It is safe for concurrent use.
type Handler struct {
	Catalog *catalog.Catalog
	Tool    *cartridge.Tool
}

// NewTool returns what link files say of a site.
func NewTool(site *url.URL, selectPath string) *cartridge.Tool {
	at := func(path string) string { return site.JoinPath(path).String() }
	return &cartridge.Tool{
		Name: "Lectern", Description: "Open edX courses inside the LMS.", Site: site,
		SelectURL: at(selectPath), LaunchURL: at(selectPath),
	}
}

// Mount adds the addresses to the mux.
func (h *Handler) Mount(m *web.Mux) {
	m.HandleRaw(Prefix, h.link)
	m.Handle("GET "+ConfigPath, func(w http.ResponseWriter, _ *http.Request) error {
		return send(w, h.Tool.Canvas())
	})
}

// link serves one link, as Moodle and others read it.
func (h *Handler) link(w http.ResponseWriter, r *http.Request) error {
	path, ok := strings.CutSuffix(strings.TrimPrefix(r.URL.EscapedPath(), Prefix), Last)
	if r.Method != http.MethodGet && r.Method != http.MethodHead || !ok {
		return ErrLink.With("%s %.200q", r.Method, path)
	}
	key, usage, err := keys.ParseLaunchPath(path)
	if err != nil {
		return ErrLink.Wrap(err)
	}
	c, err := h.Catalog.Course(r.Context(), key.String())
	if errors.Is(err, catalog.ErrCourse) {
		return ErrLink.Wrap(err)
	}
	if err != nil {
		return err
	}
	b := c.Block(course.Ref{Type: usage.Type, ID: usage.ID})
	if b == nil || b.Fate == course.Hidden || b.Fate == course.Broken || c.Key.Library {
		return ErrLink.With("%s", usage)
	}
	for n := b; n != nil; n = n.Parent { // what learners never see has no name for strangers
		if n.Settings.StaffOnly {
			return ErrLink.With("%s is for staff", usage)
		}
	}
	text := c.Usage(b).String()
	return send(w, h.Tool.XML(&cartridge.Link{
		ID: text, Title: importer.Title(c, b), URL: importer.LaunchURL(strings.TrimSuffix(h.Tool.Site.String(), "/"), c.Key, text), Usage: text,
	}))
}

func send(w http.ResponseWriter, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", cartridge.Type)
	h.Set("Cache-Control", "public, max-age=300")
	h.Set("X-Content-Type-Options", "nosniff")
	_, err := w.Write(body)
	return err
}
