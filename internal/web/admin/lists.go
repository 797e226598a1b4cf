package admin

import (
	"net/http"
	"time"

	"lectern/internal/account"
	"lectern/internal/launchlog"
	"lectern/internal/lti"
	"lectern/internal/store"
	"lectern/internal/web"
)

// listLimit is how many rows a list page shows.
const listLimit = 200

// homePage is what ui/home gets.
type homePage struct {
	Consumers int
	Courses   int
	Requests  int                 // for access, that wait
	Refusals  []launchRow         // the latest
	Warnings  []launchlog.Warning // causes of refused launches
	Good      int64               // launches of the last day
	Refused   int64
	Owed      map[store.OwedState]int // scores that have not reached an LMS
	Lag       time.Duration           // age of the oldest of those still to be sent
	Late      bool                    // that is longer than any pause between two tries at the start
	PlainHTTP bool                    // frames cannot keep cookies
}

// Parked, Retrying and Waiting count scores for the template.
func (p homePage) Parked() int   { return p.Owed[store.Parked] }
func (p homePage) Retrying() int { return p.Owed[store.Retrying] }
func (p homePage) Waiting() int  { return p.Owed[store.Waiting] + p.Owed[store.Sending] }

// Bounds of what the first page tells.
const (
	homeDay  = 24 * time.Hour
	homeLate = 30 * time.Minute // a score that waits longer is worth a look
)

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
		if p.Requests, err = h.waitingRequests(ctx, tx, v); err != nil {
			return err
		}
		refused, err := tx.LaunchLog().List(ctx, store.LaunchFilter{Failed: true, Limit: 5})
		if err != nil {
			return err
		}
		names := namesOf(consumers)
		p.Refusals = nil
		for _, e := range refused {
			p.Refusals = append(p.Refusals, launchRow{e, names[e.ConsumerID]})
		}
		if p.Warnings, err = launchlog.Warnings(ctx, tx, h.Clock()); err != nil {
			return err
		}
		if p.Good, p.Refused, err = tx.LaunchLog().Counts(ctx, h.Clock().Add(-homeDay)); err != nil {
			return err
		}
		backlog, err := tx.Owed().Backlog(ctx)
		p.Owed = backlog.Count
		if !backlog.Oldest.IsZero() {
			p.Lag = max(0, h.Clock().Sub(backlog.Oldest)).Round(time.Minute)
			p.Late = p.Lag > homeLate
		}
		return err
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

func consumerNames(r *http.Request, tx store.Tx) (map[string]string, error) {
	list, err := tx.Consumers().List(r.Context(), "")
	return namesOf(list), err
}

// namesOf returns the names of consumers by their IDs.
func namesOf(list []*lti.Consumer) map[string]string {
	names := make(map[string]string, len(list))
	for _, c := range list {
		names[c.ID] = c.Name
	}
	return names
}
