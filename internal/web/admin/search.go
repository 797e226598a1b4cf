package admin

import (
	"net/http"
	"net/url"
	"strings"

	"lectern/internal/account"
	"lectern/internal/course"
	"lectern/internal/launchlog"
	"lectern/internal/lti"
	"lectern/internal/store"
	"lectern/internal/web"
)

// Bounds of a search.
const (
	hitsMost    = 10  // of each kind
	searchMost  = 200 // characters
	coursesRead = 100 // courses whose blocks are looked through
)

// searchPage is what ui/search/search.html gets.
type searchPage struct {
	Search    string
	Consumers []*lti.Consumer
	Courses   []store.CourseInfo
	Blocks    []blockHit
	Accounts  []*account.Account
	Launches  []store.LaunchEntry
	None      bool
}

// blockHit is a piece of a course that a search found.
type blockHit struct {
	Course, Key string
	Name, Type  string
	ID          string
}

// Link leads to the piece on its course's page.
func (b blockHit) Link() string {
	return "/admin/courses/" + b.Key + "?q=" + url.QueryEscape(b.ID)
}

// search looks for a text in everything that has a name: consumers, courses and
// their pieces, accounts, and the reference of a launch that a learner read out.
func (h *Handler) search(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	p := searchPage{Search: cutText(strings.TrimSpace(r.URL.Query().Get("q")), searchMost)}
	if p.Search != "" {
		if err := h.find(r, v, &p); err != nil {
			return err
		}
		p.None = len(p.Consumers)+len(p.Courses)+len(p.Blocks)+len(p.Accounts)+len(p.Launches) == 0
	}
	return h.pages.Show(w, r, http.StatusOK, "search/search.html", v.Layout("Search", "search", p))
}

// cutText returns at most most characters of s.
func cutText(s string, most int) string {
	if list := []rune(s); len(list) > most {
		return string(list[:most])
	}
	return s
}

func (h *Handler) find(r *http.Request, v web.Visit, p *searchPage) error {
	ctx := r.Context()
	var courses []store.CourseInfo
	err := h.Store.View(ctx, func(tx store.Tx) (err error) {
		if courses, err = tx.Courses().List(ctx); err != nil || !v.Who.ConsoleRole().May(account.ReadSite) {
			return err
		}
		if p.Consumers, err = tx.Consumers().List(ctx, p.Search); err != nil {
			return err
		}
		p.Consumers = p.Consumers[:min(len(p.Consumers), hitsMost)]
		if p.Accounts, err = tx.Accounts().List(ctx, p.Search, hitsMost); err != nil {
			return err
		}
		if ending := launchlog.Ending(p.Search); ending != "" {
			p.Launches, err = tx.LaunchLog().List(ctx, store.LaunchFilter{Reference: ending, Limit: hitsMost})
		}
		return err
	})
	if err != nil {
		return err
	}
	return h.findInCourses(r, v, p, courses)
}

// findInCourses looks through the courses that the person may see.
func (h *Handler) findInCourses(r *http.Request, v web.Visit, p *searchPage, courses []store.CourseInfo) error {
	wanted := strings.ToLower(p.Search)
	has := func(texts ...string) bool {
		return strings.Contains(strings.ToLower(strings.Join(texts, "\n")), wanted)
	}
	read := 0
	for _, info := range seen(v, courses) {
		if len(p.Courses) < hitsMost && has(info.Name, info.Key) {
			p.Courses = append(p.Courses, info)
		}
		if read++; read > coursesRead || len(p.Blocks) >= hitsMost {
			continue
		}
		c, err := h.Catalog.Course(r.Context(), info.Key)
		if err != nil {
			return err
		}
		c.Blocks(func(b *course.Block) {
			if len(p.Blocks) < hitsMost && b != c.Root && has(b.Name, b.ID) {
				p.Blocks = append(p.Blocks, blockHit{Course: info.Name, Key: info.Key, Name: b.Name, Type: b.Type, ID: b.ID})
			}
		})
	}
	return nil
}
