package admin

import (
	"net/http"
	"strings"

	"lectern/internal/account"
	"lectern/internal/store"
	"lectern/internal/web"
)

// listLimit is how many rows a list page shows.
const listLimit = 200

// homePage is what ui/home gets.
type homePage struct {
	Consumers int
	Courses   int
	Refusals  []store.LaunchEntry // the latest
	Retrying  int                 // scores that an LMS did not take yet, at most listLimit
	Parked    int
	PlainHTTP bool // frames cannot keep cookies
}

func (h *Handler) home(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	if !v.Who.ConsoleRole().May(account.ReadSite) {
		return web.SeeOther(w, r, "/admin/courses", r.URL.Query().Get("done"))
	}
	p := homePage{PlainHTTP: !h.Secure(r)}
	ctx := r.Context()
	err := h.Store.View(ctx, func(tx store.Tx) error {
		consumers, err := tx.Consumers().List(ctx, "")
		if err != nil {
			return err
		}
		courses, err := tx.Courses().List(ctx)
		if err != nil {
			return err
		}
		p.Consumers, p.Courses = len(consumers), len(courses)
		if p.Refusals, err = tx.LaunchLog().List(ctx, store.LaunchFilter{Failed: true, Limit: 5}); err != nil {
			return err
		}
		for state, n := range map[store.OwedState]*int{store.Retrying: &p.Retrying, store.Parked: &p.Parked} {
			rows, err := tx.Owed().List(ctx, store.OwedFilter{State: state, Limit: listLimit})
			if err != nil {
				return err
			}
			*n = len(rows)
		}
		return nil
	})
	if err != nil {
		return err
	}
	l := v.Layout("Site administration", "home", p)
	l.Notice = notice(r)
	return h.pages.Show(w, r, http.StatusOK, "home/home.html", l)
}

// coursesPage is what ui/courses gets.
type coursesPage struct{ Courses []store.CourseInfo }

func (h *Handler) courses(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	var p coursesPage
	err := h.Store.View(r.Context(), func(tx store.Tx) (err error) {
		p.Courses, err = tx.Courses().List(r.Context())
		return err
	})
	if err != nil {
		return err
	}
	p.Courses = seen(v, p.Courses)
	return h.pages.Show(w, r, http.StatusOK, "courses/courses.html", v.Layout("Courses", "courses", p))
}

// launchesPage is what ui/launches gets.
type launchesPage struct {
	Reference string
	Failed    bool
	Rows      []launchRow
}

type launchRow struct {
	store.LaunchEntry
	Consumer string
}

func (h *Handler) launches(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	q := r.URL.Query()
	p := launchesPage{Reference: strings.TrimSpace(q.Get("reference")), Failed: q.Has("failed")}
	ctx := r.Context()
	err := h.Store.View(ctx, func(tx store.Tx) error {
		list, err := tx.LaunchLog().List(ctx, store.LaunchFilter{
			Reference: p.Reference, Failed: p.Failed, Limit: listLimit,
		})
		if err != nil {
			return err
		}
		names, err := consumerNames(r, tx)
		for _, e := range list {
			p.Rows = append(p.Rows, launchRow{e, names[e.ConsumerID]})
		}
		return err
	})
	if err != nil {
		return err
	}
	return h.pages.Show(w, r, http.StatusOK, "launches/launches.html", v.Layout("Launches", "launches", p))
}

func consumerNames(r *http.Request, tx store.Tx) (map[string]string, error) {
	list, err := tx.Consumers().List(r.Context(), "")
	names := map[string]string{}
	for _, c := range list {
		names[c.ID] = c.Name
	}
	return names, err
}
