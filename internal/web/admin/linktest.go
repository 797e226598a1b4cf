package admin

import (
	"errors"
	"html"
	"net/http"
	"net/url"
	"strings"

	"lectern/internal/fakelms"
	"lectern/internal/keys"
	"lectern/internal/launchlog"
	"lectern/internal/linktest"
	"lectern/internal/lti"
	"lectern/internal/store"
	"lectern/internal/web"
)

// recentTests is how many tests the page of a new one lists.
const recentTests = 10

// testForm is what ui/test/form.html gets.
type testForm struct {
	Consumers     []*lti.Consumer
	Courses       []store.CourseInfo
	Test          store.TestLaunch // what is chosen
	People        []fakelms.Fault
	LMSs          []fakelms.Known
	Faults        []fakelms.Fault
	OutcomeFaults []fakelms.Fault
	Recent        []store.TestLaunch
	Names         map[string]string // of consumers
}

// chosenTest reads what a query or a form asks for. The content may be given as
// its LTI link, and the course left out where the usage key names it.
func chosenTest(q url.Values) store.TestLaunch {
	t := store.TestLaunch{
		ConsumerID: q.Get("consumer"), CourseKey: strings.TrimSpace(q.Get("course")), UsageKey: strings.TrimSpace(q.Get("usage")),
		Person: q.Get("person"), LMS: q.Get("lms"), Fault: q.Get("fault"), OutcomeFault: q.Get("outcome_fault"),
	}
	if _, link, ok := strings.Cut(t.UsageKey, "/lti_provider/courses/"); ok {
		if c, u, err := keys.ParseLaunchPath(link); err == nil {
			t.CourseKey, t.UsageKey = c.String(), u.String()
		}
	}
	if u, err := keys.ParseUsage(t.UsageKey); err == nil && t.CourseKey == "" {
		t.CourseKey = u.Course.String()
	}
	return t
}

func (h *Handler) getTest(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	return h.showTestForm(w, r, v, http.StatusOK, chosenTest(r.URL.Query()), "")
}

func (h *Handler) showTestForm(
	w http.ResponseWriter, r *http.Request, v web.Visit, status int, chosen store.TestLaunch, problem string,
) error {
	ctx := r.Context()
	p := testForm{
		Test: chosen, People: linktest.People(), LMSs: fakelms.Names(), Faults: linktest.LaunchFaults(),
		OutcomeFaults: fakelms.OutcomeFaults(),
	}
	err := h.Store.View(ctx, func(tx store.Tx) (err error) {
		if p.Consumers, err = tx.Consumers().List(ctx, ""); err != nil {
			return err
		}
		if p.Courses, err = tx.Courses().List(ctx); err != nil {
			return err
		}
		if p.Names, err = consumerNames(r, tx); err != nil {
			return err
		}
		p.Recent, err = tx.TestLaunches().List(ctx, chosen.ConsumerID, recentTests)
		return err
	})
	if err != nil {
		return err
	}
	l := v.Layout("Test a link", "launches", p)
	l.Problem = problem
	return h.pages.Show(w, r, status, "test/form.html", l)
}

func (h *Handler) postTest(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	chosen := chosenTest(r.PostForm)
	made, err := h.Tests.Make(r.Context(), v.Who.ID, chosen)
	if errors.Is(err, linktest.ErrSettings) {
		return h.showTestForm(w, r, v, http.StatusBadRequest, chosen, linktest.ErrSettings.Public)
	}
	if err != nil {
		return err
	}
	return web.SeeOther(w, r, "/admin/test/"+url.PathEscape(made.ID), "")
}

// testPage is what ui/test/test.html gets.
type testPage struct {
	Test         store.TestLaunch
	Consumer     string
	LMS          string
	Form         fakelms.Form
	Masked       []launchlog.Param // what is sent, as it is shown
	Person       string            // who launches; to be translated, as Fault and OutcomeFault
	Fault        string
	OutcomeFault string
	Verdicts     []testVerdict
	Owed         *store.OwedRow // what this site does with the learner's score; nil for none
	Messages     []store.TestMessage
	First        bool // it was not sent yet
	Send         bool // by itself, when the page opens
	Over         bool // too old to be sent
}

// Again returns the test as parameters of the page that makes one.
func (p testPage) Again() string {
	return url.Values{
		"consumer": {p.Test.ConsumerID}, "course": {p.Test.CourseKey}, "usage": {p.Test.UsageKey}, "person": {p.Test.Person},
		"lms": {p.Test.LMS}, "fault": {p.Test.Fault}, "outcome_fault": {p.Test.OutcomeFault},
	}.Encode()
}

type testVerdict struct {
	store.LaunchEntry
	Do string
}

func (h *Handler) showTest(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	ctx, id := r.Context(), r.PathValue("id")
	t, err := h.Tests.ByID(ctx, id)
	if err != nil {
		return err
	}
	p := testPage{
		Test: *t, LMS: t.LMS, Person: titleOf(linktest.People(), t.Person), Fault: titleOf(linktest.LaunchFaults(), t.Fault),
		OutcomeFault: titleOf(fakelms.OutcomeFaults(), t.OutcomeFault),
	}
	for _, known := range fakelms.Names() {
		if known.Name == t.LMS {
			p.LMS = known.Title
		}
	}
	if p.Form, err = h.Tests.Form(ctx, t); err != nil {
		return err
	}
	for _, pair := range p.Form.Pairs {
		param := launchlog.Param{Name: pair.Name, Value: pair.Value}
		if pair.Name == "oauth_signature" {
			param.Value, param.Masked = web.Language(r).T("made with the consumer's secret"), true
		}
		p.Masked = append(p.Masked, param)
	}
	if p.Messages, err = h.Tests.Messages(ctx, id); err != nil {
		return err
	}
	strict, err := h.fillTest(r, &p)
	if err != nil {
		return err
	}
	p.Over = h.Clock().Sub(t.MadeAt) > linktest.Life
	p.First = !p.Over && len(p.Verdicts) == 0
	// A launch that opened is sent again when the page is looked at again: that
	// changes nothing and shows the learner's page once more.
	p.Send = p.First || !p.Over && !strict && p.Verdicts[0].Code == "ok"
	l := v.Layout("Test of a link", "launches", p)
	l.Frames = append(l.Frames, h.PublicURL.Scheme+"://"+h.PublicURL.Host)
	if u, err := url.Parse(h.ContentURL); err == nil && u.Host != "" {
		l.Frames = append(l.Frames, u.Scheme+"://"+u.Host)
	}
	return h.pages.Show(w, r, http.StatusOK, "test/test.html", l)
}

// fillTest reads what came of a test. It reports whether its consumer refuses
// every repeat of a launch.
func (h *Handler) fillTest(r *http.Request, p *testPage) (strict bool, err error) {
	ctx, t := r.Context(), &p.Test
	err = h.Store.View(ctx, func(tx store.Tx) error {
		c, err := tx.Consumers().ByID(ctx, t.ConsumerID)
		if err != nil {
			return err
		}
		p.Consumer, strict = c.Name, c.StrictReplay
		rows, err := tx.LaunchLog().List(ctx, store.LaunchFilter{TestID: t.ID})
		if err != nil {
			return err
		}
		p.Verdicts = nil
		for _, e := range rows {
			ev := launchlog.Read(e.Evidence)
			p.Verdicts = append(p.Verdicts, testVerdict{e, ev.Do})
		}
		owed, err := tx.Owed().List(ctx, store.OwedFilter{
			ConsumerID: t.ConsumerID, Learner: p.Form.Get("user_id"), Link: t.UsageKey, Limit: 1,
		})
		if len(owed) > 0 && owed[0].State != store.Unowed {
			p.Owed = &owed[0]
		}
		return err
	})
	return strict, err
}

// titleOf returns the title of a choice, "" for none.
func titleOf(list []fakelms.Fault, value string) string {
	for _, f := range list {
		if f.Value == value {
			return f.Title
		}
	}
	return value
}

// backInLMS is where a test's learner is taken back to, in the frame of the test.
func backInLMS(w http.ResponseWriter, r *http.Request) error {
	page := web.PageOf(r)
	lang := web.Language(r)
	title := html.EscapeString(lang.T("Back in the LMS"))
	page.Framing = web.FramedByAny
	page.SetHeaders(w.Header(), "default-src 'none'")
	_, err := w.Write([]byte("<!doctype html><html lang=\"" + lang.Tag + "\"><meta charset=\"utf-8\"><title>" + title + "</title>" +
		"<main><h1>" + title + "</h1><p>" +
		html.EscapeString(lang.T("An LMS would show its course here, with the message that came along.")) + "</p></main></html>"))
	return err
}
