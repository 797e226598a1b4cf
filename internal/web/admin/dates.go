package admin

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/grading"
	"lectern/internal/keys"
	"lectern/internal/locale"
	"lectern/internal/lti"
	"lectern/internal/store"
	"lectern/internal/web"
)

// linksShown is how many links the page about dates lists.
const linksShown = 200

// inherit is the choice that leaves dates to the next farther level.
const inherit = "inherit"

// datesPage is what ui/dates/dates.html gets.
type datesPage struct {
	Key, Name string
	Link      *store.Placement // nil: the rule of the course
	Consumer  *lti.Consumer    // the rule of a consumer, for all its courses
	Action    string
	Error     string

	Choice string // inherit or a mode
	Days   int
	Starts string // YYYY-MM-DD
	Else   string // what inherit means

	Effects []dateEffect
	First   *time.Time // first date of the course, which "starts on" moves
	Links   []linkDates
	More    bool
}

// dateEffect is what one choice makes of the course today.
type dateEffect struct {
	Label string
	Now   bool // the choice in effect
	course.DateEffect
}

// linkDates is a link and what becomes of dates there.
type linkDates struct {
	store.Placement
	Consumer string
	Content  string
	Rule     course.DateRule
	Level    store.DateLevel
	From     string // LMS course whose link this one was copied from, as the LMS says; "" for none
	lang     *locale.Language
}

// readRule reads the choice of a form; nil leaves it to the next farther level.
func readRule(form url.Values) (*course.DateRule, error) {
	choice := form.Get("mode")
	if choice == inherit {
		return nil, nil //nolint:nilnil // no rule is a choice
	}
	r := course.DateRule{Mode: course.DateMode(choice)}
	if r.Mode == course.Shift {
		var err error
		if starts := form.Get("starts"); starts != "" {
			r.Starts, err = time.Parse(time.DateOnly, starts)
		} else if days := strings.TrimSpace(form.Get("days")); days != "" {
			r.Days, err = strconv.Atoi(days)
		}
		if err != nil {
			return nil, grading.ErrDates
		}
	}
	return &r, grading.CheckRule(r)
}

// fill shows a rule in the form.
func (p *datesPage) fill(r *course.DateRule) {
	if p.Choice = inherit; r == nil {
		return
	}
	p.Choice, p.Days = string(r.Mode), r.Days
	if !r.Starts.IsZero() {
		p.Starts = r.Starts.Format(time.DateOnly)
	}
}

func (h *Handler) getDates(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	return h.showDates(w, r, v, http.StatusOK, url.Values{}, "")
}

// showDates shows the dates of a course, or of one of its links, with what typed
// would change.
func (h *Handler) showDates(w http.ResponseWriter, r *http.Request, v web.Visit, status int, typed url.Values, problem string) error {
	key := r.PathValue("key")
	c, err := h.Catalog.Course(r.Context(), key)
	if err != nil {
		return err
	}
	p := datesPage{Key: key, Name: c.Name, Action: "/admin/dates/" + key, Error: problem, First: c.FirstDate()}
	top, terms := c.Root, store.TermsKey{CourseKey: key}
	level, subject := store.DatesOfCourse, key
	if id := r.URL.Query().Get("link"); id != "" {
		if p.Link, err = h.linkOf(r, key, id); err != nil {
			return err
		}
		level, subject = store.DatesOfLink, id
		p.Action += "?link=" + url.QueryEscape(id)
		terms.ConsumerID = p.Link.ConsumerID
		if u, err := keys.ParseUsage(p.Link.UsageKey); err == nil {
			top = c.Block(course.Ref{Type: u.Type, ID: u.ID})
		}
	}
	rule, farther, err := h.ruleAt(r, level, subject, terms)
	if err != nil {
		return err
	}
	p.Else = sayRule(web.Language(r), farther)
	p.fill(rule)
	p.Effects = h.effects(web.Language(r), c, top, rule, farther, typed, &p)
	if p.Link == nil {
		if p.Links, p.More, err = h.linksDates(r, c); err != nil {
			return err
		}
	}
	lang := web.Language(r)
	title := lang.T("Dates of %s", c.Name)
	if p.Link != nil {
		title = lang.T("Dates of a link to %s", c.Name)
	}
	l := v.Layout(title, "courses", p)
	if r.URL.Query().Get("done") == "dates" {
		l.Notice = locale.Text("The dates are set. They count from now on; no answer and no score was changed.")
	}
	return h.pages.Show(w, r, status, "dates/dates.html", l)
}

// ruleAt returns the rule of a level, nil where it has none, and what counts
// there without it.
func (h *Handler) ruleAt(r *http.Request, level store.DateLevel, subject string, k store.TermsKey) (own *course.DateRule, farther course.DateRule, err error) {
	err = h.Store.View(r.Context(), func(tx store.Tx) error {
		set, err := tx.Dates().Setting(r.Context(), level, subject)
		if err == nil {
			own = &set.Rule
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if level == store.DatesOfLink {
			terms, err := tx.Dates().Terms(r.Context(), k)
			if err != nil {
				return err
			}
			farther = terms.Rule
		}
		return nil
	})
	return own, farther, err
}

// effects counts what each choice makes of the course today, the typed one too.
func (h *Handler) effects(lang *locale.Language, c *course.Course, top *course.Block, rule *course.DateRule, farther course.DateRule, typed url.Values, p *datesPage) []dateEffect {
	counts := farther
	if rule != nil {
		counts = *rule
	}
	var list []dateEffect
	add := func(label string, r course.DateRule, now bool) {
		list = append(list, dateEffect{label, now, c.Effect(course.NewDates(c, r, nil), top, h.Clock())})
	}
	add(lang.T("Now: %s", sayRule(lang, counts)), counts, true)
	if typed.Has("mode") {
		next, err := readRule(typed)
		switch {
		case err != nil:
			text, args := errs.From(err).Words()
			p.Error = lang.T(text, args...)
		default:
			p.fill(next)
			if next == nil {
				next = &farther
			}
			add(lang.T("Not saved yet: %s", sayRule(lang, *next)), *next, false)
		}
	}
	for _, mode := range []course.DateMode{course.Obey, course.Ignore} {
		if counts.Mode != mode && (counts.Mode != "" || mode != course.Obey) {
			add(lang.T("With: %s", sayRule(lang, course.DateRule{Mode: mode})), course.DateRule{Mode: mode}, false)
		}
	}
	return list
}

// sayRule puts a rule into words.
func sayRule(lang *locale.Language, r course.DateRule) string {
	switch {
	case r.Mode == course.Ignore:
		return lang.T("dates are ignored")
	case r.Mode == course.Shift && !r.Starts.IsZero():
		return lang.T("dates move so that the course starts on %s", lang.Date(r.Starts))
	case r.Mode == course.Shift && r.Days < 0:
		return lang.T("dates move %d days back", -r.Days)
	case r.Mode == course.Shift:
		return lang.T("dates move %d days on", r.Days)
	}
	return lang.T("dates are obeyed")
}

// Say is the rule in words.
func (l linkDates) Say() string { return sayRule(l.lang, l.Rule) }

// linkOf returns a link to the course.
func (h *Handler) linkOf(r *http.Request, key, id string) (*store.Placement, error) {
	var p *store.Placement
	err := h.Store.View(r.Context(), func(tx store.Tx) (err error) {
		p, err = tx.Placements().ByID(r.Context(), id)
		return err
	})
	if errors.Is(err, store.ErrNotFound) || err == nil && p.CourseKey != key {
		return nil, web.ErrNotFound
	}
	return p, err
}

// linksDates lists the links to a course with what becomes of dates there.
func (h *Handler) linksDates(r *http.Request, c *course.Course) (list []linkDates, more bool, err error) {
	ctx, key := r.Context(), c.Key.String()
	err = h.Store.View(ctx, func(tx store.Tx) error {
		all, err := tx.Placements().List(ctx, "", key)
		if err != nil {
			return err
		}
		titles := map[string]string{}
		for _, p := range all {
			titles[p.ID] = p.LMSContext.Name()
		}
		if more = len(all) > linksShown; more {
			all = all[:linksShown]
		}
		names := map[string]string{}
		for _, p := range all {
			terms, err := tx.Dates().Terms(ctx, store.TermsKey{CourseKey: key, ConsumerID: p.ConsumerID, PlacementID: p.ID})
			if err != nil {
				return err
			}
			if _, known := names[p.ConsumerID]; !known {
				consumer, err := tx.Consumers().ByID(ctx, p.ConsumerID)
				if err != nil {
					return err
				}
				names[p.ConsumerID] = consumer.Name
			}
			list = append(list, linkDates{p, names[p.ConsumerID], contentName(c, p.UsageKey), terms.Rule, terms.Level, titles[p.CopiedFrom], web.Language(r)})
		}
		return nil
	})
	return list, more, err
}

// contentName is the name of a block, else its key.
func contentName(c *course.Course, usageKey string) string {
	if u, err := keys.ParseUsage(usageKey); err == nil {
		if b := c.Block(course.Ref{Type: u.Type, ID: u.ID}); b != nil && b.Name != "" {
			return b.Name
		}
	}
	return usageKey
}

func (h *Handler) postDates(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	key, level := r.PathValue("key"), store.DatesOfCourse
	subject, back := key, "/admin/dates/"+key
	if _, err := h.Catalog.Course(r.Context(), key); err != nil {
		return err
	}
	if id := r.URL.Query().Get("link"); id != "" {
		if _, err := h.linkOf(r, key, id); err != nil {
			return err
		}
		level, subject = store.DatesOfLink, id
		back += "?link=" + url.QueryEscape(id)
	}
	if r.PostForm.Has("see") {
		return h.showDates(w, r, v, http.StatusOK, r.PostForm, "")
	}
	rule, err := readRule(r.PostForm)
	if err == nil {
		err = h.Grading.SetDates(r.Context(), v.Who.ID, level, subject, rule)
	}
	if e := errs.From(err); err != nil && e.Code == grading.ErrDates.Code {
		return h.showDates(w, r, v, http.StatusBadRequest, url.Values{}, e.Public)
	}
	if err != nil {
		return err
	}
	return web.SeeOther(w, r, back, "dates")
}

func (h *Handler) getConsumerDates(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	return h.showConsumerDates(w, r, v, http.StatusOK, "")
}

func (h *Handler) showConsumerDates(w http.ResponseWriter, r *http.Request, v web.Visit, status int, problem string) error {
	c, err := h.Registry.ByID(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	rule, _, err := h.ruleAt(r, store.DatesOfConsumer, c.ID, store.TermsKey{})
	if err != nil {
		return err
	}
	p := datesPage{Consumer: c, Action: "/admin/consumers/" + c.ID + "/dates", Error: problem, Else: web.Language(r).T("what the course says")}
	p.fill(rule)
	l := v.Layout(web.Language(r).T("Dates at %s", c.Name), "consumers", p)
	if r.URL.Query().Get("done") == "dates" {
		l.Notice = locale.Text("The dates are set. They count from now on; no answer and no score was changed.")
	}
	return h.pages.Show(w, r, status, "dates/dates.html", l)
}

func (h *Handler) postConsumerDates(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	id := r.PathValue("id")
	if _, err := h.Registry.ByID(r.Context(), id); err != nil {
		return err
	}
	rule, err := readRule(r.PostForm)
	if err == nil {
		err = h.Grading.SetDates(r.Context(), v.Who.ID, store.DatesOfConsumer, id, rule)
	}
	if e := errs.From(err); err != nil && e.Code == grading.ErrDates.Code {
		return h.showConsumerDates(w, r, v, http.StatusBadRequest, e.Public)
	}
	if err != nil {
		return err
	}
	return web.SeeOther(w, r, "/admin/consumers/"+url.PathEscape(id)+"/dates", "dates")
}
