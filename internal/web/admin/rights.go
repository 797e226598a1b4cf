package admin

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"lectern/internal/account"
	"lectern/internal/errs"
	"lectern/internal/store"
	"lectern/internal/web"
)

// Refusals of the console.
var (
	ErrAdmin = errs.New(errs.Forbidden, "console_forbidden", "",
		"Your account may not use the console.", "lectern user list shows who may.")
	ErrRight = errs.New(errs.Forbidden, "console_right_missing", "",
		"Your account may not do this. Ask an administrator of this site.",
		"The page of the account gives it another role, or another course.")
	ErrNotYours = errs.New(errs.Forbidden, "console_course_forbidden", "",
		"You are not in the team of this course. Ask an administrator of this site.",
		"The page of the account lists the courses that it works on.")
)

// need is what a route asks of a visitor.
type need struct {
	right  account.Right
	course courseOf // of a right about a course
}

// courseOf returns the course that a request is about; "" when it names none.
type courseOf func(h *Handler, r *http.Request) (string, error)

// needs says what each route of the console asks. A route that is not here is
// for administrators.
func needs() map[string]need {
	list := map[string]need{}
	add := func(right account.Right, course courseOf, patterns ...string) {
		for _, p := range patterns {
			list[p] = need{right, course}
		}
	}
	add(account.Enter, nil, "GET /admin", "GET /admin/{$}", "GET /admin/search", "GET /admin/help", "GET /admin/help/{name...}")
	add(account.ReadSite, nil,
		"GET /admin/consumers", "GET /admin/consumers/{id}", "GET /admin/launches", "GET /admin/launches.csv", "GET /admin/launches/{id}",
		"GET /admin/accounts", "GET /admin/accounts/{id}", "GET /admin/audit")
	add(account.ReadSite, nil, "GET /admin/access", "GET /admin/access/{id}", "GET /admin/access/{id}/data")
	add(account.ReadScores, byQuery, "GET /admin/scores", "GET /admin/scores.csv")
	add(account.ReadScores, byScore, "GET /admin/scores/{id}")
	add(account.ReadCourse, nil, "GET /admin/courses")
	add(account.ReadSite, nil, "GET /admin/consumers/{id}/connect", "GET /admin/consumers/{id}/connect/{lms}")
	add(account.Import, nil, "GET /admin/import", "GET /admin/import/{id}", "POST /admin/import/{id}/publish", "POST /admin/import/{id}/discard")
	add(account.ReadCourse, byPath, "GET /admin/courses/{key...}")
	add(account.ReadCourse, byPath, "GET /admin/block/{key...}", "GET /admin/cartridge/{key...}", "GET /admin/links.csv/{key...}", "POST /admin/preview/{key...}")
	add(account.WriteCourse, byPath, "POST /admin/courses/{key...}")
	add(account.ReadSite, nil, "GET /admin/consumers/{id}/dates")
	add(account.ReadCourse, byPath,
		"GET /admin/dates/{key...}", "GET /admin/learners/{key...}", "GET /admin/rescore/{key...}",
		"GET /admin/versions/{key...}")
	add(account.WriteCourse, byPath,
		"POST /admin/dates/{key...}", "POST /admin/learners/{key...}", "POST /admin/rescore/{key...}",
		"POST /admin/versions/{key...}")
	return list
}

// byPath takes the course from the address.
func byPath(_ *Handler, r *http.Request) (string, error) { return r.PathValue("key"), nil }

// byQuery takes the course from a parameter.
func byQuery(_ *Handler, r *http.Request) (string, error) { return r.URL.Query().Get("course"), nil }

// byScore takes the course of an owed score.
func byScore(h *Handler, r *http.Request) (key string, err error) {
	err = h.Store.View(r.Context(), func(tx store.Tx) error {
		row, err := tx.Owed().Row(r.Context(), r.PathValue("id"))
		if errors.Is(err, store.ErrNotFound) {
			return errScore
		}
		key = row.CourseKey
		return err
	})
	return key, err
}

// teamRoutes are the pages of a course team's daily work.
func (h *Handler) teamRoutes() map[string]web.VisitHandler {
	return map[string]web.VisitHandler{
		"GET /admin/dates/{key...}":        h.getDates,
		"POST /admin/dates/{key...}":       h.postDates,
		"GET /admin/learners/{key...}":     h.getLearners,
		"POST /admin/learners/{key...}":    h.postLearners,
		"GET /admin/versions/{key...}":     h.getVersions,
		"POST /admin/versions/{key...}":    h.postVersions,
		"GET /admin/rescore/{key...}":      h.getRescore,
		"POST /admin/rescore/{key...}":     h.postRescore,
		"GET /admin/consumers/{id}/dates":  h.getConsumerDates,
		"POST /admin/consumers/{id}/dates": h.postConsumerDates,
	}
}

// guard is the one place where it is decided who may use a route: by what
// [needs] says of the pattern that the request matched. Somebody who works on
// some courses only is let through to those, and sees them alone.
func (h *Handler) guard(page web.VisitHandler) web.Handler {
	return h.Visitors.Guard(func(w http.ResponseWriter, r *http.Request, v web.Visit) error {
		n, role := h.needs[r.Pattern], v.Who.ConsoleRole()
		switch {
		case role == account.NoRole:
			return ErrAdmin
		case !role.May(n.right):
			return ErrRight
		case role != account.CourseTeam:
			return page(w, r, v)
		}
		var err error
		if v.Courses, err = h.coursesOf(r, v); err != nil {
			return err
		}
		v.Limited = true
		if n.course == nil {
			return page(w, r, v)
		}
		key, err := n.course(h, r)
		switch {
		case err != nil:
			return err
		case v.Sees(key):
			return page(w, r, v)
		case key == "" && r.Method == http.MethodGet && len(v.Courses) > 0:
			q := r.URL.Query()
			q.Set("course", v.Courses[0])
			return web.SeeOther(w, r, (&url.URL{Path: r.URL.Path, RawQuery: q.Encode()}).String(), "")
		}
		return ErrNotYours
	})
}

func (h *Handler) coursesOf(r *http.Request, v web.Visit) (list []string, err error) {
	err = h.Store.View(r.Context(), func(tx store.Tx) error {
		list, err = tx.Accounts().Courses(r.Context(), v.Who.ID)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return list, err
}

// seen leaves the courses that the visitor may see.
func seen(v web.Visit, list []store.CourseInfo) []store.CourseInfo {
	return slices.DeleteFunc(list, func(c store.CourseInfo) bool { return !v.Sees(c.Key) })
}
