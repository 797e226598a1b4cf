package web

import (
	"net/http"
	"strings"
)

type pageKey struct{}

// Framing says which sites may show a page in a frame.
type Framing int

// The choices. Pages are not framed unless their handler says so.
const (
	FramedByNone Framing = iota
	FramedByAny          // pages of refused launches: nothing on them is private
	FramedByListed
)

// Page is what handlers learn about a request on the way, for its headers, its
// error page and its log line.
type Page struct {
	Framing   Framing
	Ancestors []string // origins, with FramedByListed
	ReturnURL string   // where the person can go back to; checked, may carry a message
	AskURL    string   // of a form to ask for access; "" offers none
	Reference string   // finds the launch-log row; shown to the person

	// Locale is the language that the LMS or the course asks for, as a tag or as
	// Accept-Language has it. A person's own choice goes before it.
	Locale string

	route string
	mux   *Mux // that serves it; nil: nobody knows
}

// PageOf returns the request's page.
func PageOf(r *http.Request) *Page {
	if p, ok := r.Context().Value(pageKey{}).(*Page); ok {
		return p
	}
	return &Page{} // a request that did not come through a Mux
}

// FrameAncestors returns the frame-ancestors directive of p's pages.
func (p *Page) FrameAncestors() string {
	switch {
	case p.Framing == FramedByNone:
		return "frame-ancestors 'none'"
	case p.Framing == FramedByAny || len(p.Ancestors) == 0:
		return "frame-ancestors *"
	}
	return "frame-ancestors 'self' " + strings.Join(p.Ancestors, " ")
}

// SetHeaders sets what every page of ours has, with the given content security
// policy plus p's frame-ancestors.
func (p *Page) SetHeaders(h http.Header, policy string) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy+"; "+p.FrameAncestors())
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if p.Framing == FramedByNone {
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
	}
}
