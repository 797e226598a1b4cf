package admin

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"lectern/internal/account"
	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/grading"
	"lectern/internal/locale"
	"lectern/internal/lti"
	"lectern/internal/store"
	"lectern/internal/web"
)

// learnersPage is what ui/learners/learners.html gets.
type learnersPage struct {
	Key, Name string
	Action    string
	Search    string
	Missed    bool           // nobody was found
	Found     []foundLearner // several whom the search means
	Classes   []learnerClass // of LMSs, while nobody is chosen
	Class     *learnerClass  // whose learners are listed
	Members   []store.Member
	Next      string // parameters of the next page of them
	Error     string

	Account *account.Account // nil: only the search
	Scope   string
	Scopes  []string
	Query   url.Values // names the learner

	Blocks     []learnerBlock
	Allowances []allowanceRow
	Block      *learnerBlock // of one block's page
	Above      []learnerBlock
	History    []store.ScoreEvent
	Worked     int // blocks at and below Block that were worked on
	Clear      []cellRow
	Given      *store.Given
	By         string // who gave it
	Typed      string // points in the form
	Why        string
	Give       []cellRow // what they would do; nil before somebody looked
	Looked     bool
	Withdraw   []cellRow // what withdrawing the teacher's score would do
}

// Of returns the parameters of the learner's page about a block; "" is about all.
func (p learnersPage) Of(usage string) string {
	q := maps.Clone(p.Query)
	if usage != "" {
		q.Set("block", usage)
	}
	return q.Encode()
}

// learnerBlock is a block with the learner's score on it.
type learnerBlock struct {
	Usage, Name, Type string
	Score             lti.Score
	Answered, Given   bool
	At                time.Time
	Problem           bool
}

// allowanceRow is an allowance with the name of its block.
type allowanceRow struct {
	store.Allowance
	Longer      string // the extra time in words
	Usage, Name string
}

func (h *Handler) getLearners(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	return h.showLearners(w, r, v, http.StatusOK, r.URL.Query(), learnersPage{})
}

// showLearners shows the search for learners of a course, one of them, or one
// block of one of them, as q says.
func (h *Handler) showLearners(w http.ResponseWriter, r *http.Request, v web.Visit, status int, q url.Values, p learnersPage) error {
	ctx, key := r.Context(), r.PathValue("key")
	c, err := h.Catalog.Course(ctx, key)
	if err != nil {
		return err
	}
	p.Key, p.Name, p.Action, p.Search = key, c.Name, "/admin/learners/"+key, strings.TrimSpace(q.Get("q"))
	id := q.Get("account")
	if id == "" && p.Search != "" {
		if p.Found, err = h.findLearners(ctx, key, p.Search); err != nil {
			return err
		}
		if p.Missed = len(p.Found) == 0; len(p.Found) == 1 {
			id = p.Found[0].ID
		}
	}
	if id == "" {
		if err := h.fillClasses(r, c, q, &p); err != nil {
			return err
		}
	}
	if id != "" {
		err := h.fillLearner(ctx, web.Language(r), c, id, q, &p)
		if errors.Is(err, grading.ErrGiven) { // what was typed cannot be looked at
			p.Looked, p.Error, status, err = false, web.Public(r, err), http.StatusBadRequest, nil
		}
		if err != nil {
			return err
		}
	}
	l := v.Layout(web.Language(r).T("Learners of %s", c.Name), "courses", p)
	l.Notice = map[string]string{
		"given":      locale.Text("The score is set. Gradebooks that show it get it now."),
		"withdrawn":  locale.Text("The score is withdrawn. What was graded counts again."),
		"cleared":    locale.Text("The learner begins anew there. Gradebooks that show it get the new score now."),
		"allowed":    locale.Text("The extra time and attempts count from now on."),
		"disallowed": locale.Text("They do not count any more."),
	}[r.URL.Query().Get("done")]
	return h.pages.Show(w, r, status, "learners/learners.html", l)
}

// learnerIn returns an account if it is a learner of the course, with the scopes
// of its work there; else grading.ErrLearner.
func learnerIn(ctx context.Context, tx store.Tx, key, id string) (*account.Account, []string, error) {
	a, err := tx.Accounts().ByID(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, grading.ErrLearner
	}
	if err != nil {
		return nil, nil, err
	}
	scopes, err := tx.Learners().Scopes(ctx, id, key)
	if err != nil || len(scopes) > 0 {
		return a, scopes, err
	}
	takes, err := tx.Members().Takes(ctx, id, key)
	if err == nil && !takes {
		err = grading.ErrLearner
	}
	return a, []string{""}, err
}

func (h *Handler) fillLearner(ctx context.Context, lang *locale.Language, c *course.Course, id string, q url.Values, p *learnersPage) error {
	var given []store.Allowance
	err := h.Store.View(ctx, func(tx store.Tx) (err error) {
		if p.Account, p.Scopes, err = learnerIn(ctx, tx, p.Key, id); err != nil {
			return err
		}
		if p.Scope = p.Scopes[0]; q.Has("scope") {
			p.Scope = q.Get("scope")
		}
		given, err = tx.Dates().Allowances(ctx, id, p.Scope, p.Key)
		return err
	})
	if err != nil {
		return err
	}
	p.Query = url.Values{"account": {id}, "scope": {p.Scope}}
	for _, a := range given {
		row := allowanceRow{Allowance: a, Longer: longer(lang, a.Time), Name: lang.T("the whole course")}
		if b := c.Block(a.Key.Ref); b != nil {
			row.Usage, row.Name = c.Usage(b).String(), blockName(b)
		} else if a.Key.Ref != (course.Ref{}) {
			row.Name = a.Key.Ref.Type + " " + a.Key.Ref.ID
		}
		p.Allowances = append(p.Allowances, row)
	}
	who := grading.Who{AccountID: id, Scope: p.Scope}
	l, err := h.Grading.Read(ctx, who, c)
	if err != nil {
		return err
	}
	if usage := q.Get("block"); usage != "" {
		return h.fillBlock(ctx, c, l, usage, p)
	}
	c.Blocks(func(b *course.Block) {
		if row := learnerRow(c, l, b); b.Scored && (row.Answered || l.Worked(b) > 0) {
			p.Blocks = append(p.Blocks, row)
		}
	})
	return nil
}

func learnerRow(c *course.Course, l *grading.Learner, b *course.Block) learnerBlock {
	row := learnerBlock{
		Usage: c.Usage(b).String(), Name: blockName(b), Type: b.Type, At: l.Seen(b), Given: l.State(b).Given != nil,
		Problem: b.Type == "problem",
	}
	row.Score, row.Answered = l.Score(b)
	return row
}

func blockName(b *course.Block) string {
	if b.Name != "" {
		return b.Name
	}
	return b.Type + " " + b.ID
}

// fillBlock fills in one block of one learner.
func (h *Handler) fillBlock(ctx context.Context, c *course.Course, l *grading.Learner, usage string, p *learnersPage) error {
	ref, err := course.ParseRef(usage)
	b := c.Block(ref)
	if err != nil || b == nil {
		return web.ErrNotFound
	}
	row := learnerRow(c, l, b)
	p.Block, p.Worked, p.Given = &row, l.Worked(b), l.State(b).Given
	for n := b.Parent; n != nil; n = n.Parent {
		p.Above = append(p.Above, learnerRow(c, l, n))
	}
	at := grading.At{Course: c, Block: b, Dates: l.Dates}
	if p.History, err = h.Grading.Scores(ctx, l.Who, at); err != nil {
		return err
	}
	if p.Given != nil {
		err = h.Store.View(ctx, func(tx store.Tx) error {
			if a, err := tx.Accounts().ByID(ctx, p.Given.By); err == nil {
				p.By = a.Username
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return h.fillEffects(ctx, l.Who, at, p)
}

// fillEffects fills in what each act would do to gradebooks.
func (h *Handler) fillEffects(ctx context.Context, who grading.Who, at grading.At, p *learnersPage) error {
	cleared, err := h.Grading.ClearEffect(ctx, who, at)
	if err == nil {
		p.Clear, err = h.cellRows(ctx, at.Course, cleared)
	}
	if err == nil && p.Given != nil {
		var gone []grading.CellChange
		if gone, err = h.Grading.GiveEffect(ctx, who, at, nil); err == nil {
			p.Withdraw, err = h.cellRows(ctx, at.Course, gone)
		}
	}
	if err != nil || !p.Looked {
		return err
	}
	earned, wrong := strconv.ParseFloat(p.Typed, 64)
	if wrong != nil || !(earned >= 0) || earned > p.Block.Score.Possible {
		return grading.ErrGiven
	}
	given, err := h.Grading.GiveEffect(ctx, who, at, &earned)
	if err == nil {
		p.Give, err = h.cellRows(ctx, at.Course, given)
	}
	return err
}

// learnerForm is what a form about a learner names.
type learnerForm struct {
	who  grading.Who
	at   grading.At
	back string
}

func (h *Handler) learnerForm(r *http.Request) (f learnerForm, err error) {
	ctx, key := r.Context(), r.PathValue("key")
	f.at.Course, err = h.Catalog.Course(ctx, key)
	if err != nil {
		return f, err
	}
	f.who = grading.Who{AccountID: r.PostForm.Get("account"), Scope: r.PostForm.Get("scope")}
	err = h.Store.View(ctx, func(tx store.Tx) error {
		_, _, err := learnerIn(ctx, tx, key, f.who.AccountID)
		return err
	})
	if err != nil {
		return f, err
	}
	q := url.Values{"account": {f.who.AccountID}, "scope": {f.who.Scope}}
	if usage := r.PostForm.Get("block"); usage != "" {
		ref, err := course.ParseRef(usage)
		if f.at.Block = f.at.Course.Block(ref); err != nil || f.at.Block == nil {
			return f, web.ErrNotFound
		}
		q.Set("block", usage)
	}
	f.back = "/admin/learners/" + key + "?" + q.Encode()
	return f, nil
}

// postLearners does what a form about a learner asks for.
func (h *Handler) postLearners(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	f, err := h.learnerForm(r)
	if err != nil {
		return err
	}
	form, done := r.PostForm, ""
	typed := learnersPage{Typed: strings.TrimSpace(form.Get("points")), Why: strings.TrimSpace(form.Get("why"))}
	switch act := form.Get("act"); {
	case act == "allow", act == "disallow":
		done, err = act+"ed", h.allow(r, v, f, act == "allow")
	case f.at.Block == nil:
		return web.ErrNotFound
	case act == "look":
		typed.Looked = true
		return h.showLearners(w, r, v, http.StatusOK, form, typed)
	case act == "give":
		earned, wrong := strconv.ParseFloat(typed.Typed, 64)
		if wrong != nil {
			earned = -1
		}
		done, err = "given", h.Grading.Give(r.Context(), v.Who.ID, f.who, f.at, &earned, typed.Why)
	case act == "withdraw":
		done, err = "withdrawn", h.Grading.Give(r.Context(), v.Who.ID, f.who, f.at, nil, "")
	case act == "clear":
		done = "cleared"
		_, err = h.Grading.Clear(r.Context(), v.Who.ID, f.who, f.at)
	default:
		return web.ErrNotFound
	}
	if e := errs.From(err); err != nil && (e.Code == grading.ErrGiven.Code || e.Code == grading.ErrAllowance.Code) {
		typed.Error = web.Public(r, e)
		return h.showLearners(w, r, v, http.StatusBadRequest, form, typed)
	}
	if err != nil {
		return err
	}
	return web.SeeOther(w, r, f.back, done)
}

// allow gives extra time and attempts, or takes them back.
func (h *Handler) allow(r *http.Request, v web.Visit, f learnerForm, on bool) error {
	k := store.LearnerKey{AccountID: f.who.AccountID, Scope: f.who.Scope, CourseKey: f.at.Course.Key.String()}
	if f.at.Block != nil {
		k.Ref = f.at.Block.Ref
	}
	if !on {
		if key := r.PostForm.Get("of"); key != "" { // of a block that may be gone
			k.Ref.Type, k.Ref.ID, _ = strings.Cut(key, " ")
		}
		return h.Grading.Disallow(r.Context(), v.Who.ID, k)
	}
	number := func(name string) int {
		text := strings.TrimSpace(r.PostForm.Get(name))
		n, err := strconv.Atoi(text)
		if text != "" && (err != nil || n < 0 || n > 100000) {
			return -1
		}
		return n
	}
	days, hours, attempts := number("days"), number("hours"), number("attempts")
	a := store.Allowance{Key: k, Attempts: attempts, Why: strings.TrimSpace(r.PostForm.Get("why"))}
	if a.Time = time.Duration(days)*24*time.Hour + time.Duration(hours)*time.Hour; days < 0 || hours < 0 {
		a.Time = -1
	}
	return h.Grading.Allow(r.Context(), v.Who.ID, a)
}

// longer says an extra time in words, such as "1 day, 2 hours".
func longer(lang *locale.Language, d time.Duration) string {
	var parts []string
	if days := int(d / (24 * time.Hour)); days > 0 {
		parts = append(parts, lang.T("%d days", days))
	}
	if hours := int(d % (24 * time.Hour) / time.Hour); hours > 0 {
		parts = append(parts, lang.T("%d hours", hours))
	}
	return strings.Join(parts, ", ")
}
