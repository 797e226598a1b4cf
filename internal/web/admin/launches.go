package admin

import (
	"encoding/csv"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"lectern/internal/errs"
	"lectern/internal/launchlog"
	"lectern/internal/locale"
	"lectern/internal/lti"
	"lectern/internal/store"
	"lectern/internal/web"
)

// launchPageRows is how many launches a page shows.
const launchPageRows = 100

// errLaunch means that no launch has the ID asked for.
var errLaunch = errs.New(errs.NotFound, "launch_log_unknown", "",
	"There is no such launch in the log. It may have been too long ago.", "LECTERN_LAUNCH_LOG_DAYS says how long launches are kept.")

// launchesPage is what ui/launches/launches.html gets.
type launchesPage struct {
	Filter    store.LaunchFilter
	Typed     string // the learner's code, as it was typed
	Any       bool   // the filter selects less than all
	Query     url.Values
	Consumers []*lti.Consumer
	Courses   []store.CourseInfo
	Rows      []launchRow
	Next      string // parameters of the next page; "" on the last
	Warnings  []launchlog.Warning
}

type launchRow struct {
	store.LaunchEntry
	Consumer string
}

// launchFilter reads a selection from a query.
func launchFilter(q url.Values) store.LaunchFilter {
	return store.LaunchFilter{
		ConsumerID: q.Get("consumer"), Code: strings.TrimSpace(q.Get("code")), CourseKey: strings.TrimSpace(q.Get("course")),
		Failed: q.Get("verdict") == "refused" || q.Has("failed"), Opened: q.Get("verdict") == "opened",
		Text: strings.TrimSpace(q.Get("text")), Reference: launchlog.Ending(q.Get("reference")),
	}
}

// launchQuery is the inverse of launchFilter, without empty parameters.
func launchQuery(f store.LaunchFilter, typed string) url.Values {
	q := url.Values{}
	verdict := ""
	switch {
	case f.Failed:
		verdict = "refused"
	case f.Opened:
		verdict = "opened"
	}
	for name, value := range map[string]string{
		"consumer": f.ConsumerID, "code": f.Code, "course": f.CourseKey, "verdict": verdict, "text": f.Text, "reference": typed,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

func launchKey(text string) store.LaunchKey {
	return store.LaunchKey(pageKey(text))
}

func (h *Handler) launches(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	q := r.URL.Query()
	f := launchFilter(q)
	p := launchesPage{Filter: f, Typed: strings.TrimSpace(q.Get("reference"))}
	p.Query = launchQuery(f, p.Typed)
	p.Any = len(p.Query) > 0
	f.Before, f.Limit = launchKey(q.Get("before")), launchPageRows+1
	err := h.Store.View(r.Context(), func(tx store.Tx) error { return h.readLaunches(r, tx, f, &p) })
	if err != nil {
		return err
	}
	if len(p.Rows) == 1 && f.Reference != "" {
		return web.SeeOther(w, r, "/admin/launches/"+url.PathEscape(p.Rows[0].ID), "")
	}
	if len(p.Rows) > launchPageRows {
		p.Rows = p.Rows[:launchPageRows]
		next, last := launchQuery(f, p.Typed), p.Rows[launchPageRows-1].Key()
		next.Set("before", keyText(store.OwedKey(last)))
		p.Next = next.Encode()
	}
	return h.pages.Show(w, r, http.StatusOK, "launches/launches.html", v.Layout("Launches", "launches", p))
}

func (h *Handler) readLaunches(r *http.Request, tx store.Tx, f store.LaunchFilter, p *launchesPage) (err error) {
	ctx := r.Context()
	if p.Consumers, err = tx.Consumers().List(ctx, ""); err != nil {
		return err
	}
	if p.Courses, err = tx.Courses().List(ctx); err != nil {
		return err
	}
	if p.Warnings, err = launchlog.Warnings(ctx, tx, h.Clock()); err != nil {
		return err
	}
	list, err := tx.LaunchLog().List(ctx, f)
	names := map[string]string{}
	for _, c := range p.Consumers {
		names[c.ID] = c.Name
	}
	for _, e := range list {
		p.Rows = append(p.Rows, launchRow{e, names[e.ConsumerID]})
	}
	return err
}

// launchPage is what ui/launches/launch.html gets.
type launchPage struct {
	Row        store.LaunchEntry
	Consumer   *lti.Consumer // nil when unknown or deleted
	Evidence   launchlog.Evidence
	Parameters []launchlog.Param
	Clock      string // how far the LMS's clock is from ours
	Days       int    // how long rows are kept
}

func (h *Handler) launch(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	ctx := r.Context()
	p := launchPage{Days: h.LaunchLogDays}
	err := h.Store.View(ctx, func(tx store.Tx) error {
		rows, err := tx.LaunchLog().List(ctx, store.LaunchFilter{Reference: launchlog.Ending(r.PathValue("id")), Limit: 1})
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return errLaunch
		}
		p.Row = rows[0]
		p.Consumer, err = tx.Consumers().ByID(ctx, p.Row.ConsumerID)
		if errors.Is(err, store.ErrNotFound) {
			err = nil
		}
		return err
	})
	if err != nil {
		return err
	}
	p.Evidence = launchlog.Read(p.Row.Evidence)
	p.Parameters = p.Evidence.Parameters()
	if p.Row.Skew != nil {
		p.Clock = clockText(web.Language(r), *p.Row.Skew)
	}
	return h.pages.Show(w, r, http.StatusOK, "launches/launch.html", v.Layout(web.Language(r).T("Launch %s", launchlog.Code(p.Row.ID)), "launches", p))
}

// clockText says how far a clock is from ours; skew is ours minus theirs.
func clockText(lang *locale.Language, skew time.Duration) string {
	switch {
	case skew > 0:
		return lang.T("%s behind this site's", skew)
	case skew < 0:
		return lang.T("%s ahead of this site's", -skew)
	}
	return lang.T("agrees with this site's")
}

// launchesCSV streams what the filter selects, a step of rows at a time.
func (h *Handler) launchesCSV(w http.ResponseWriter, r *http.Request, _ web.Visit) error {
	ctx, f := r.Context(), launchFilter(r.URL.Query())
	f.Limit = csvRows
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="launches.csv"`)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	out := csv.NewWriter(w)
	err := out.Write([]string{
		"id", "learners_code", "at", "verdict", "consumer", "consumer_key", "course", "content", "repeats", "clock_seconds",
		"what", "cause", "what_to_change", "signed", "served", "test",
	})
	for err == nil {
		var rows []store.LaunchEntry
		var names map[string]string
		err = h.Store.View(ctx, func(tx store.Tx) (err error) {
			if names, err = consumerNames(r, tx); err != nil {
				return err
			}
			rows, err = tx.LaunchLog().List(ctx, f)
			return err
		})
		for _, e := range rows {
			err = errors.Join(err, out.Write(launchCells(e, names[e.ConsumerID])))
		}
		out.Flush()
		err = errors.Join(err, out.Error())
		if len(rows) < csvRows || f.Reference != "" {
			break
		}
		f.Before = rows[len(rows)-1].Key()
	}
	return err
}

func launchCells(e store.LaunchEntry, consumer string) []string {
	skew := ""
	if e.Skew != nil {
		skew = strconv.Itoa(int(e.Skew.Seconds()))
	}
	ev := launchlog.Read(e.Evidence)
	cells := []string{
		e.ID, launchlog.Code(e.ID), csvTime(e.At), e.Code, consumer, e.ConsumerKey, e.CourseKey, e.UsageKey,
		strconv.FormatInt(e.Repeats, 10), skew, e.Detail, e.Cause, ev.Do, ev.Signed, ev.Served, e.TestID,
	}
	for i, c := range cells {
		cells[i] = harmless(c)
	}
	return cells
}
