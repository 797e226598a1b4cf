package learn

import (
	"net/http"
	"time"

	"lectern/internal/course"
	"lectern/internal/session"
	"lectern/internal/web"
)

// pageBytes bounds the pages that are kept.
const pageBytes = 6 << 20

// pageKey is an address as one session opens it, and how.
type pageKey struct {
	base, rest string // base names the session, and in token mode its token
	language   string
	framed     bool
}

// keptPage is a page as it was sent. It is good for as long as nothing that it
// was made of is different: every visit reads all of that anew and compares, so
// that a page is never older than what the database has, however many processes
// there are.
type keptPage struct {
	stamp uint64    // of what was read
	until time.Time // a date that changes the page by itself; zero: there is none
	body  []byte
}

// pageKey returns the key of the page that r asks for. ok is false for pages
// that are not kept: what is not opened plainly, and those of the course team,
// which show more than they read at the front door.
func (h *Handler) pageKey(r *http.Request, s *session.Session, rest, language string) (key pageKey, ok bool) {
	if r.Method != http.MethodGet || r.URL.RawQuery != "" || s.Opened == nil || s.Staff {
		return key, false
	}
	return pageKey{s.Base, rest, language, web.Framed(r)}, true
}

// sendKept sends the page under key if it is there and still good.
func (h *Handler) sendKept(w http.ResponseWriter, r *http.Request, s *session.Session, key pageKey) (sent bool, err error) {
	p, ok := h.pages.get(key)
	if !ok || p.stamp != s.Opened.Stamp || !p.until.IsZero() && !h.Clock().Before(p.until) {
		return false, nil
	}
	return true, sendPage(w, r, s, p.body)
}

// keep keeps the page that was made for a plain visit.
func (v *view) keep(body []byte) {
	if v.key == nil || v.passing {
		return
	}
	p := &keptPage{stamp: v.s.Opened.Stamp, until: v.changes(), body: body}
	v.pages.put(*v.key, p, len(body)+len(v.key.base)+len(v.key.rest))
}

// changes returns the next moment at which what was launched looks different
// without anybody doing anything: the next of its dates. It is zero when there
// is none.
func (v *view) changes() (next time.Time) {
	note := func(t *time.Time, grace time.Duration) {
		if t == nil {
			return
		}
		at := t.Add(grace)
		if !at.Before(v.now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	dates := v.learner.Dates
	ofBlock := func(b *course.Block) bool {
		note(dates.Start(b), 0)
		for _, t := range []*time.Time{dates.Due(b), dates.End(v.c, b)} {
			note(t, 0)
			note(t, b.Settings.Grace)
		}
		return true
	}
	note(dates.CourseStart(v.c), 0)
	for b := v.launched.Parent; b != nil; b = b.Parent {
		ofBlock(b)
	}
	v.launched.Walk(ofBlock)
	return next
}
