package admin

import (
	"encoding/csv"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"lectern/internal/errs"
	"lectern/internal/lti"
	"lectern/internal/outcome"
	"lectern/internal/store"
	"lectern/internal/web"
)

// Rows of scores on a page, and of one step of an export.
const (
	scoreRows = 100
	csvRows   = 500
)

// errScore means that no owed score has the ID asked for.
var errScore = errs.New(errs.NotFound, "score_unknown", "", "There is no such score.", "")

// scoresPage is what ui/scores/scores.html gets.
type scoresPage struct {
	Filter    store.OwedFilter
	Any       bool       // the filter selects less than all
	Query     url.Values // the filter as parameters
	States    []store.OwedState
	Verdicts  []store.Verdict
	Consumers []*lti.Consumer
	Courses   []store.CourseInfo
	Rows      []store.OwedRow
	Next      string // parameters of the next page; "" on the last
	Pending   int64  // comparisons under way on this site
	Networks  []netip.Prefix
	Held      []heldBack
}

// heldBack are scores on a page that wait for their host to be allowed.
type heldBack struct {
	Consumer, Host string
	ID             string // one of them
	Scores         int
}

// held gathers the rows that are parked because of their address.
func held(rows []store.OwedRow) (list []heldBack) {
	for _, r := range rows {
		host, is := outcome.HeldBack(r)
		if !is {
			continue
		}
		i := slices.IndexFunc(list, func(h heldBack) bool { return h.Consumer == r.ConsumerName && h.Host == host })
		if i < 0 {
			i, list = len(list), append(list, heldBack{Consumer: r.ConsumerName, Host: host, ID: r.ID})
		}
		list[i].Scores++
	}
	return list
}

// scoreFilter reads a selection from a query or a form.
func scoreFilter(q url.Values) store.OwedFilter {
	return store.OwedFilter{
		State: store.OwedState(q.Get("state")), ConsumerID: q.Get("consumer"), CourseKey: strings.TrimSpace(q.Get("course")),
		Learner: strings.TrimSpace(q.Get("learner")), Link: strings.TrimSpace(q.Get("link")),
		Verdict: store.Verdict(q.Get("verdict")),
	}
}

// scoreQuery is the inverse of scoreFilter, without empty parameters.
func scoreQuery(f store.OwedFilter) url.Values {
	q := url.Values{}
	for name, value := range map[string]string{
		"state": string(f.State), "consumer": f.ConsumerID, "course": f.CourseKey, "learner": f.Learner, "link": f.Link,
		"verdict": string(f.Verdict),
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

// pageKey reads where a page begins: microseconds, a dot, an ID. What cannot be
// read is the first page.
func pageKey(text string) store.OwedKey {
	at, id, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(at, 10, 64)
	switch {
	case err != nil || n < 0 || id == "":
		return store.OwedKey{}
	case n == 0: // among places that nothing was owed to
		return store.OwedKey{ID: id}
	}
	return store.OwedKey{At: time.UnixMicro(n).UTC(), ID: id}
}

func keyText(k store.OwedKey) string {
	if k.At.IsZero() {
		return "0." + k.ID
	}
	return strconv.FormatInt(k.At.UnixMicro(), 10) + "." + k.ID
}

func (h *Handler) scores(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	ctx, f := r.Context(), scoreFilter(r.URL.Query())
	p := scoresPage{
		Filter: f, Query: scoreQuery(f), Networks: h.Networks.Allowed(),
		States:   []store.OwedState{store.Waiting, store.Sending, store.Retrying, store.Delivered, store.Parked, store.Unowed},
		Verdicts: []store.Verdict{store.Wrong, store.Same, store.Missing, store.Differs, store.Overridden, store.Unclear, store.Unanswered},
	}
	p.Any = len(p.Query) > 0
	f.Before, f.Limit = pageKey(r.URL.Query().Get("before")), scoreRows+1
	err := h.Store.View(ctx, func(tx store.Tx) (err error) {
		if p.Consumers, err = tx.Consumers().List(ctx, ""); err != nil {
			return err
		}
		if p.Courses, err = tx.Courses().List(ctx); err != nil {
			return err
		}
		if p.Pending, err = tx.Checks().Pending(ctx); err != nil {
			return err
		}
		p.Rows, err = tx.Owed().List(ctx, f)
		return err
	})
	if err != nil {
		return err
	}
	p.Courses = seen(v, p.Courses)
	if len(p.Rows) > scoreRows {
		p.Rows = p.Rows[:scoreRows]
		next := scoreQuery(f)
		next.Set("before", keyText(p.Rows[scoreRows-1].Key()))
		p.Next = next.Encode()
	}
	p.Held = held(p.Rows)
	l := v.Layout("Scores", "scores", p)
	l.Notice = notice(r)
	return h.pages.Show(w, r, http.StatusOK, "scores/scores.html", l)
}

// scorePage is what ui/scores/score.html gets.
type scorePage struct {
	Row      store.OwedRow
	Host     string // where the score goes
	Attempts []store.Attempt
	Refused  bool // the address is one this site does not call
}

func (h *Handler) score(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	ctx := r.Context()
	var p scorePage
	err := h.Store.View(ctx, func(tx store.Tx) (err error) {
		if p.Row, err = tx.Owed().Row(ctx, r.PathValue("id")); errors.Is(err, store.ErrNotFound) {
			return errScore
		}
		if err == nil {
			p.Attempts, err = tx.Owed().Attempts(ctx, p.Row.ID)
		}
		return err
	})
	if err != nil {
		return err
	}
	if u, err := url.Parse(p.Row.ServiceURL); err == nil {
		p.Host = u.Host
	}
	p.Refused = p.Row.State == store.Parked && len(p.Attempts) > 0 && p.Attempts[0].Class == string(outcome.Refused)
	l := v.Layout("Score", "scores", p)
	l.Notice = notice(r)
	return h.pages.Show(w, r, http.StatusOK, "scores/score.html", l)
}

// selected returns what a form means: the scores that are ticked, or those of
// its filter. It reports false when a form about ticked ones has none.
func selected(form url.Values) (list []store.OwedFilter, ok bool) {
	if !form.Has("ticked") {
		return []store.OwedFilter{scoreFilter(form)}, true
	}
	for _, id := range form["id"] {
		if id != "" && len(list) < scoreRows {
			list = append(list, store.OwedFilter{ID: id})
		}
	}
	return list, len(list) > 0
}

// back is where a form about scores leads: the page it was on.
func back(form url.Values) string {
	if id := form.Get("page"); id != "" {
		return "/admin/scores/" + url.PathEscape(id)
	}
	if q := scoreQuery(scoreFilter(form)).Encode(); q != "" {
		return "/admin/scores?" + q
	}
	return "/admin/scores"
}

// each does something to all that a form means.
func (h *Handler) each(w http.ResponseWriter, r *http.Request, done string, do func(store.OwedFilter) error) error {
	list, ok := selected(r.PostForm)
	if !ok {
		return web.SeeOther(w, r, back(r.PostForm), "noscores")
	}
	for _, f := range list {
		if err := do(f); err != nil {
			return err
		}
	}
	h.Wake()
	return web.SeeOther(w, r, back(r.PostForm), done)
}

// postResend sends scores again.
func (h *Handler) postResend(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	return h.each(w, r, "resent", func(f store.OwedFilter) error {
		_, err := outcome.Resend(r.Context(), h.Store, v.Who.ID, f, h.Clock())
		return err
	})
}

// postCompare asks the LMSs what they hold.
func (h *Handler) postCompare(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	repair := r.PostForm.Get("repair") == "1"
	done := "comparing"
	if repair {
		done = "repairing"
	}
	return h.each(w, r, done, func(f store.OwedFilter) error {
		_, err := outcome.Compare(r.Context(), h.Store, v.Who.ID, f, repair, h.Clock())
		return err
	})
}

// postRepair asks LMSs again about what they lacked or held otherwise, and sends
// what they still do.
func (h *Handler) postRepair(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	return h.each(w, r, "repairing", func(f store.OwedFilter) error {
		if f.ID == "" && f.Verdict != store.Missing && f.Verdict != store.Differs {
			f.Verdict = store.Wrong
		}
		_, err := outcome.Compare(r.Context(), h.Store, v.Who.ID, f, true, h.Clock())
		return err
	})
}

// postAllow admits the address that a parked score goes to.
func (h *Handler) postAllow(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	id := r.PathValue("id")
	_, err := h.Networks.Admit(r.Context(), v.Who.ID, id, h.Outbound)
	if err != nil {
		return err
	}
	h.Wake()
	if r.PostForm.Has("list") {
		return web.SeeOther(w, r, back(r.PostForm), "allowed")
	}
	return web.SeeOther(w, r, "/admin/scores/"+url.PathEscape(id), "allowed")
}

// postWithdraw takes an admitted network back.
func (h *Handler) postWithdraw(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	network, err := netip.ParsePrefix(r.PostForm.Get("network"))
	if err != nil {
		return web.ErrNotFound
	}
	if err := h.Networks.Withdraw(r.Context(), v.Who.ID, network); err != nil {
		return err
	}
	return web.SeeOther(w, r, "/admin/scores", "withdrawn")
}

// scoresCSV streams what the filter selects, a step of rows at a time: no
// transaction stays open while a slow line reads.
func (h *Handler) scoresCSV(w http.ResponseWriter, r *http.Request, _ web.Visit) error {
	ctx, f := r.Context(), scoreFilter(r.URL.Query())
	f.Limit = csvRows
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="scores.csv"`)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	out := csv.NewWriter(w)
	err := out.Write([]string{
		"id", "consumer", "account", "username", "lms_user", "course", "content", "link", "state", "tries", "sent_score",
		"delivered_at", "next_try", "last_answer", "compared_at", "verdict", "here", "there", "reason",
	})
	for err == nil {
		var rows []store.OwedRow
		err = h.Store.View(ctx, func(tx store.Tx) (err error) {
			rows, err = tx.Owed().List(ctx, f)
			return err
		})
		for _, row := range rows {
			err = errors.Join(err, out.Write(csvRow(row)))
		}
		out.Flush()
		err = errors.Join(err, out.Error())
		if len(rows) < csvRows {
			break
		}
		f.Before = rows[len(rows)-1].Key()
	}
	return err
}

func csvRow(r store.OwedRow) []string {
	next := time.Time{}
	if r.State == store.Waiting || r.State == store.Retrying {
		next = r.NextAt
	}
	cells := []string{
		r.ID, r.ConsumerName, r.AccountID, r.Username, r.LTIUserID, r.CourseKey, r.UsageKey, r.LinkKey, string(r.State),
		strconv.Itoa(r.Attempts), decimal(r.LastScore), csvTime(r.DeliveredAt), csvTime(next), r.LastError,
		csvTime(r.Check.CheckedAt), string(r.Check.Verdict), decimal(r.Check.Here), decimal(r.Check.There), r.Check.Reason,
	}
	for i, c := range cells {
		cells[i] = harmless(c)
	}
	return cells
}

// harmless returns a cell that no spreadsheet takes for a formula.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

func decimal(n *float64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatFloat(*n, 'f', -1, 64)
}

func csvTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
