package learn

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"time"

	"lectern/internal/course"
	"lectern/internal/grading"
	"lectern/internal/keys"
	"lectern/internal/locale"
	"lectern/internal/session"
	"lectern/internal/store"
)

// view is one request of one learner: what was launched, and what of it they
// may see. It is made new for every request.
type view struct {
	*Handler
	s        *session.Session
	c        *course.Course
	launched *course.Block
	lang     *locale.Language   // of what we say; the course has its own
	words    *template.Template // the templates in lang
	now      time.Time
	query    url.Values // of the launch
	learner  *grading.Learner

	needs needs     // what the page must load
	notes []string  // for the course team, below the page
	just  *answered // what was just posted; nil on a plain visit

	answers bool // a teacher looks at everything with its answers

	facts   *store.Opened // of the learner, until something was done
	key     *pageKey      // that the page may be kept under; nil: it may not
	passing bool          // the page shows what may be different at the next look
}

// needs is what content on a page asks for.
type needs struct {
	math, ascii, jQuery bool
	files               []string // styles and scripts of ours, for some blocks only
}

// need notes that the page must load files of ui/.
func (v *view) need(files ...string) {
	for _, f := range files {
		if !slices.Contains(v.needs.files, f) {
			v.needs.files = append(v.needs.files, f)
		}
	}
}

// open finds what s launched and checks that the learner may see it. Staff of
// the LMS's course preview: they see what their learners see, may look at every
// answer, and are told why something is missing and where scores go. They get no
// rights.
func (h *Handler) open(ctx context.Context, s *session.Session) (*view, error) {
	c, err := h.course(ctx, s)
	if err != nil {
		return nil, err
	}
	u, err := keys.ParseUsage(s.UsageKey)
	if err != nil {
		return nil, err
	}
	query, err := url.ParseQuery(s.Query)
	if err != nil {
		query = url.Values{}
	}
	if err := CheckQuery(query); err != nil {
		return nil, err
	}
	v := &view{
		Handler: h, s: s, c: c, now: h.Clock(), query: query,
		launched: c.Block(course.Ref{Type: u.Type, ID: u.ID}), facts: s.Opened,
	}
	if v.launched == nil {
		return nil, ErrBlock.With("%s is not in version %s", s.UsageKey, c.VersionID)
	}
	if v.facts != nil {
		v.learner, err = h.Grading.LearnerOf(ctx, v.who(), v.at(v.launched), v.facts)
	} else {
		v.learner, err = h.Grading.Learner(ctx, v.who(), v.at(v.launched))
	}
	if err != nil {
		return nil, err
	}
	return v, c.Visible(v.launched, v.learner.Viewer, v.now)
}

// course returns the published version of the session's course.
func (h *Handler) course(ctx context.Context, s *session.Session) (*course.Course, error) {
	if s.Opened == nil || s.Opened.VersionID == "" {
		return h.Catalog.Course(ctx, s.CourseKey)
	}
	return h.Catalog.Version(ctx, s.Opened.VersionID)
}

// again reads what the learner has done by now.
func (v *view) again(ctx context.Context) (err error) {
	v.facts = nil
	v.learner, err = v.Grading.Learner(ctx, v.who(), v.at(v.launched))
	return err
}

// who is the learner. Staff get no rights that their learners have not.
func (v *view) who() grading.Who {
	return grading.Who{
		AccountID: v.s.AccountID, Scope: v.s.Scope, ConsumerID: v.s.ConsumerID, PlacementID: v.s.PlacementID,
	}
}

func (v *view) at(b *course.Block) grading.At {
	at := grading.At{Course: v.c, Block: b}
	if v.learner != nil {
		at.Dates, at.Learner = v.learner.Dates, v.learner
	}
	return at
}

// children returns what is shown of b, in order. The course team is also shown
// where a block is broken.
func (v *view) children(b *course.Block) []*course.Block {
	list := v.learner.Children(b)
	if !v.s.Staff || b.Draws() || b.Type == "split_test" || !v.learner.Open(b) {
		return list
	}
	var out []*course.Block
	for _, child := range b.Children {
		broken := child.Fate == course.Broken && v.c.Visible(child, v.learner.Viewer, v.now) == nil
		if broken || slices.Contains(list, child) {
			out = append(out, child)
		}
	}
	return out
}

// reaches reports whether the learner gets to see b from what was launched.
func (v *view) reaches(b *course.Block) bool {
	for n := b; n != v.launched; n = n.Parent {
		if n.Parent == nil || !slices.Contains(v.children(n.Parent), n) {
			return false
		}
	}
	return true
}

// isOutline reports whether b is made of steps: a course, a section, a
// subsection. Everything else is shown as one piece.
func isOutline(b *course.Block) bool {
	switch course.LevelOf(b.Type) {
	case course.LevelCourse, course.LevelSection, course.LevelSubsection:
		return true
	}
	return false
}

// step returns the piece that b, a part of the launch, is shown in: going down
// from the launched block, the first one that is not made of steps. It is nil
// when b itself is.
func (v *view) step(b *course.Block) *course.Block {
	var first *course.Block
	for n := b; n != nil; n = n.Parent {
		if !isOutline(n) {
			first = n
		}
		if n == v.launched {
			break
		}
	}
	return first
}

// address returns where b is shown. ok is false when b is not part of what was
// launched, or not for this learner.
func (v *view) address(b *course.Block) (address string, ok bool) {
	if !b.Within(v.launched) || !v.reaches(b) {
		return "", false
	}
	step := v.step(b)
	switch {
	case b == v.launched:
		return v.s.Base, true
	case step == nil || step == b:
		return v.blockURL(b), true
	case step == v.launched:
		return v.s.Base + "#" + v.anchor(b), true
	}
	return v.blockURL(step) + "#" + v.anchor(b), true
}

// page returns the address of the page that shows b, without a fragment.
func (v *view) page(b *course.Block) string {
	if step := v.step(b); step != nil && step != v.launched {
		return v.blockURL(step)
	}
	return v.s.Base
}

func (v *view) blockURL(b *course.Block) string {
	return v.s.Base + "block/" + url.PathEscape(b.Type) + "/" + url.PathEscape(b.ID)
}

// anchor is the id of b's element. Problems have the id that Open edX gives
// them, which course styles and scripts speak of.
func (v *view) anchor(b *course.Block) string {
	if b.Type == "problem" {
		return "problem_" + v.c.Usage(b).HTMLID()
	}
	return "block-" + v.c.Usage(b).HTMLID()
}

// blockAt returns the block of this type and id if the learner sees it here.
func (v *view) blockAt(typ, id string) (*course.Block, error) {
	b := v.c.Block(course.Ref{Type: typ, ID: id})
	if b == nil || !b.Within(v.launched) {
		return nil, ErrBlock.With("%s/%s is not part of the launch", typ, id)
	}
	if err := v.c.Visible(b, v.learner.Viewer, v.now); err != nil {
		return nil, err
	}
	if !v.reaches(b) {
		return nil, ErrBlock.With("%s/%s is not shown to this learner", typ, id)
	}
	return b, nil
}

// redirect answers 303: a reload of what follows posts nothing.
func redirect(w http.ResponseWriter, r *http.Request, address string) error {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}
