package admin

import (
	"net/http"
	"slices"
	"strings"

	"lectern/internal/course/olx"
	"lectern/internal/course/trial"
	"lectern/internal/importer"
	"lectern/internal/locale"
	"lectern/internal/problem"
	"lectern/internal/store"
	"lectern/internal/web"
)

// coursePage is what ui/course gets.
type coursePage struct {
	Name    string
	Info    *store.CourseInfo
	Report  *importer.Report
	Blocks  []blockCount
	Find    string // search in the outline
	Found   int
	Tree    *treeRow
	History []versionRow
	Check   checkPart

	// What the table of problems does not say already.
	Errors, NotShown []olx.Note
}

// blockCount is how often a type of block occurs.
type blockCount struct {
	Type  string
	Count int
}

// checkPart is the table of problems.
type checkPart struct {
	Search  string
	Filters []checkFilter
	Works   int           // problems that learners can answer
	Summary []checkFilter // how many there are of each status
	Rows    []checkRow
	More    int  // rows that the page leaves out
	All     int  // problems of the course
	Never   bool // imported by a release that did not try problems
}

// checkFilter is a choice of which problems are shown.
type checkFilter struct {
	Value    string
	Label    string
	Count    int
	Selected bool
}

// checkRow is a problem as the table shows it.
type checkRow struct {
	trial.Entry
	ID    string // last part of the usage key
	Label string // of the status
	Tone  string // good, warn or bad
}

// attention is the filter for problems that somebody should look at.
const attention = "attention"

// statusLabel is what the console calls a status.
func statusLabel(c problem.Class) string {
	switch c {
	case problem.Native:
		return locale.Text("native")
	case problem.Broken:
		return locale.Text("broken")
	case problem.External:
		return locale.Text("external grader")
	case problem.Unsupported:
		return locale.Text("not supported")
	case problem.Python:
		return "Python"
	}
	return string(c)
}

func (h *Handler) course(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	key := r.PathValue("key")
	c, err := h.Catalog.Course(r.Context(), key)
	if err != nil {
		return err
	}
	p := coursePage{Name: c.Name}
	if p.Report, err = h.Importer.Report(r.Context(), key); err != nil {
		return err
	}
	err = h.Store.View(r.Context(), func(tx store.Tx) (err error) {
		p.Info, err = tx.Courses().Info(r.Context(), key)
		return err
	})
	if err != nil {
		return err
	}
	for _, t := range p.Report.BlockTypes() {
		p.Blocks = append(p.Blocks, blockCount{t, p.Report.Blocks[t]})
	}
	if err := h.outline(r, &p, c); err != nil {
		return err
	}
	if p.History, err = h.history(r.Context(), key); err != nil {
		return err
	}
	p.Errors, p.NotShown = elsewhere(p.Report)
	p.Check = checks(p.Report, r.URL.Query().Get("status"), strings.TrimSpace(r.URL.Query().Get("q")))
	l := v.Layout(c.Name, "courses", p)
	l.Notice = map[string]string{
		"checked":   locale.Text("The problems were checked again. What has changed is in effect."),
		"published": locale.Text("The course is published."),
		"unchanged": locale.Text("The problems were checked again. Nothing has changed."),
	}[r.URL.Query().Get("done")]
	return h.pages.Show(w, r, http.StatusOK, "course/course.html", l)
}

// checks picks the problems that a filter and a search leave. Without a filter
// it is those that need attention.
func checks(report *importer.Report, status, search string) checkPart {
	p := checkPart{Search: search, All: len(report.Checks), Never: len(report.Checks) == 0 && report.Blocks["problem"] > 0}
	if status == "" {
		status = attention
	}
	counts := map[string]int{}
	for i := range report.Checks {
		e := &report.Checks[i]
		matches := []string{"all", string(e.Status)}
		if e.Attention() {
			matches = append(matches, attention)
		}
		wanted := false
		for _, m := range matches {
			counts[m]++
			wanted = wanted || m == status
		}
		switch {
		case !wanted || !mentions(e, search):
		case len(p.Rows) == listLimit:
			p.More++
		default:
			p.Rows = append(p.Rows, newCheckRow(e))
		}
	}
	for _, f := range []checkFilter{{Value: attention, Label: locale.Text("need attention")}, {Value: "all", Label: locale.Text("all")}} {
		p.Filters = append(p.Filters, checkFilter{f.Value, f.Label, counts[f.Value], f.Value == status})
	}
	for _, c := range []problem.Class{problem.Native, problem.Python, problem.External, problem.Unsupported, problem.Broken} {
		n := counts[string(c)]
		p.Filters = append(p.Filters, checkFilter{string(c), statusLabel(c), n, string(c) == status})
		if n > 0 {
			p.Summary = append(p.Summary, checkFilter{Label: statusLabel(c), Count: n})
		}
	}
	p.Works = report.Problems.Answerable
	return p
}

// elsewhere returns the notes of a report that are not about what the checks
// say.
func elsewhere(report *importer.Report) (errors, notShown []olx.Note) {
	reasons := map[string]string{}
	for i := range report.Checks {
		reasons[report.Checks[i].Usage] = report.Checks[i].Reason
	}
	about := func(n olx.Note) bool {
		reason, ok := reasons[n.Where]
		return ok && strings.HasSuffix(n.Message, reason)
	}
	return slices.DeleteFunc(slices.Clone(report.Errors), about), slices.DeleteFunc(slices.Clone(report.NotShown), about)
}

// mentions reports whether a problem's row has the text, whatever the case.
func mentions(e *trial.Entry, text string) bool {
	row := strings.Join(append([]string{e.Usage, e.Name, e.Reason, e.Module, e.NotRun}, e.Notes...), "\n")
	return strings.Contains(strings.ToLower(row), strings.ToLower(text))
}

func newCheckRow(e *trial.Entry) checkRow {
	row := checkRow{Entry: *e, ID: e.Usage[strings.LastIndexAny(e.Usage, "@/")+1:], Label: statusLabel(e.Status), Tone: "warn"}
	switch {
	case e.Answerable:
		row.Tone = "good"
	case e.Status == problem.Broken:
		row.Tone = "bad"
	}
	return row
}

// postCheck tries the problems of the published version again: the site may be
// able to grade more of them than when they were imported.
func (h *Handler) postCheck(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	key := r.PathValue("key")
	_, changed, err := h.Importer.TryAgain(r.Context(), v.Who.ID, key)
	if err != nil {
		return err
	}
	done := "unchanged"
	if changed {
		done = "checked"
	}
	return web.SeeOther(w, r, "/admin/courses/"+key, done)
}
