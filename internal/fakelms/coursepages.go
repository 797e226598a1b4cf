package fakelms

import (
	"html/template"
	"net/http"
	"net/url"
	"strconv"
)

// linkRow is a link with the visitor's grade.
type linkRow struct {
	Link
	Grade Grade
	Done  bool
}

// coursePage is the list of activities.
type coursePage struct {
	Rows    []linkRow
	Selects bool // the visitor may choose content
}

func (l *LMS) showCourse(w http.ResponseWriter, r *http.Request) {
	u := l.person(r)
	rows := []linkRow{}
	for _, k := range l.Links() {
		g, ok := l.Grade(u.Name, k.ID)
		rows = append(rows, linkRow{Link: k, Grade: g, Done: ok})
	}
	l.render(w, r, http.StatusOK, "course.html", "Light and Colour", coursePage{rows, u.Teacher && l.selectURL != ""})
}

// linkPage is the page around the frame.
type linkPage struct {
	linkRow
	Frame, Window template.URL
	Fault         LaunchFault
	Note          string
}

func (l *LMS) showLink(w http.ResponseWriter, r *http.Request) {
	k, ok := l.link(r.PathValue("id"))
	if !ok {
		l.refuse(w, r, ErrLaunch.With("link %q", r.PathValue("id")))
		return
	}
	u := l.person(r)
	g, done := l.Grade(u.Name, k.ID)
	query := url.Values{"as": {u.Name}}
	fault := LaunchFault(r.FormValue("fault"))
	p := linkPage{linkRow: linkRow{Link: k, Grade: g, Done: done}, Fault: fault}
	if fault != "" {
		query.Set("fault", string(fault))
		p.Note = noteOf(fault)
	}
	base := "/launch/" + url.PathEscape(k.ID)
	p.Frame = template.URL(base + "?" + query.Encode()) //nolint:gosec // both parts are encoded above
	query.Set("target", "window")
	p.Window = template.URL(base + "?" + query.Encode()) //nolint:gosec // both parts are encoded above
	l.render(w, r, http.StatusOK, "link.html", k.Title, p)
}

// openLink turns the form of the "break things" page into a link page.
func (l *LMS) openLink(w http.ResponseWriter, r *http.Request) {
	k, ok := l.link(r.FormValue("link"))
	if !ok {
		l.refuse(w, r, ErrLaunch.With("link %q", r.FormValue("link")))
		return
	}
	query := url.Values{"as": {l.person(r).Name}, "fault": {r.FormValue("fault")}}
	http.Redirect(w, r, "/link/"+url.PathEscape(k.ID)+"?"+query.Encode(), http.StatusSeeOther)
}

// postForm is the page inside the frame: a signed form that posts itself to the
// tool, as in every LMS that speaks LTI 1.1.
func (l *LMS) postForm(w http.ResponseWriter, r *http.Request) {
	target := "iframe"
	if r.FormValue("target") == "window" {
		target = "window"
	}
	form, err := l.launch(l.person(r).Name, r.PathValue("id"), LaunchFault(r.FormValue("fault")), target)
	if err != nil {
		l.refuse(w, r, err)
		return
	}
	l.render(w, r, http.StatusOK, "launch.html", "Opening", form)
}

// showReturn is where tools send the browser back to, with up to four messages
// [LTI 1.1 §3].
func (l *LMS) showReturn(w http.ResponseWriter, r *http.Request) {
	messages := []Pair{}
	for _, p := range parsePairs(r.URL.RawQuery) {
		switch p.Name {
		case "lti_errormsg", "lti_errorlog", "lti_msg", "lti_log":
			messages = append(messages, p)
		}
	}
	l.render(w, r, http.StatusOK, "return.html", "Back from the tool", messages)
}

// launchChoices says what each launch fault does, in the order of the page.
func launchChoices() []choice {
	return []choice{
		{string(WrongSecret), "Wrong secret", "The secret in the LMS was mistyped."},
		{string(UnknownKey), "Unknown consumer key", "The tool has no consumer with this key."},
		{string(Tampered), "Changed after signing", "Somebody makes a learner an instructor on the way."},
		{string(Stale), "An hour old", "A page left open, posted again much later."},
		{string(ClockBehind), "Clock 14 minutes slow", "The clock of the LMS is wrong."},
		{string(ClockAhead), "Clock 14 minutes fast", "The clock of the LMS is wrong the other way."},
		{string(Replay), "The last launch again", "The very same form is posted twice."},
		{string(MissingUser), "No user_id", "The LMS does not say who is there."},
		{string(EmptyUser), "Empty user_id", "The LMS says nobody is there."},
		{string(RepeatedUser), "Two user_ids", "The LMS says two people are there."},
		{string(MissingRoles), "No roles", "The LMS does not say what they may do."},
		{string(WrongMessage), "Unknown message type", "Well signed, but no launch."},
		{string(NoOutcome), "No gradebook", "The LMS takes no score for this link."},
	}
}

func noteOf(fault LaunchFault) string {
	for _, c := range launchChoices() {
		if c.Value == string(fault) {
			return c.Name + ". " + c.Explanation
		}
	}
	return "Unknown fault " + strconv.Quote(string(fault)) + "; this is a good launch."
}
