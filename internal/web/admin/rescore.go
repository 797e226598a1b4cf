package admin

import (
	"errors"
	"net/http"
	"net/url"

	"lectern/internal/course"
	"lectern/internal/grading"
	"lectern/internal/store"
	"lectern/internal/web"
)

// rescoreRows is how many learners a page of a rescore shows.
const rescoreRows = 200

// rescorePage is what ui/rescore/rescore.html gets.
type rescorePage struct {
	Key, Name string
	Action    string

	Usage, Block string // of the problem to grade again; "" before one is chosen
	Account      string // "" for all learners
	Username     string
	Scope        string

	Job     *store.Rescore
	Working bool
	Rows    []store.RescoreRow
	Next    string // parameters of the next page
	Jobs    []rescoreJob
}

// rescoreJob is a line of what was graded again before.
type rescoreJob struct {
	store.Rescore
	Block string
}

// Changes is how many learners get another score.
func (p rescorePage) Changes() int64 { return p.Job.Raised + p.Job.Lowered }

func (h *Handler) getRescore(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	ctx, key, q := r.Context(), r.PathValue("key"), r.URL.Query()
	c, err := h.Catalog.Course(ctx, key)
	if err != nil {
		return err
	}
	p := rescorePage{Key: key, Name: c.Name, Action: "/admin/rescore/" + key, Account: q.Get("account"), Scope: q.Get("scope")}
	name := func(ref course.Ref) string {
		if b := c.Block(ref); b != nil {
			return blockName(b)
		}
		return ref.ID
	}
	if usage := q.Get("block"); usage != "" {
		ref, err := course.ParseRef(usage)
		if err != nil || c.Block(ref) == nil {
			return web.ErrNotFound
		}
		p.Usage, p.Block = usage, name(ref)
	}
	err = h.Store.View(ctx, func(tx store.Tx) error {
		if id := q.Get("job"); id != "" {
			if p.Job, err = tx.Rescores().ByID(ctx, id); err != nil {
				return err
			}
			if p.Job.CourseKey != key {
				return store.ErrNotFound
			}
			p.Usage, p.Block, p.Account = c.Key.Usage(p.Job.Ref.Type, p.Job.Ref.ID).String(), name(p.Job.Ref), p.Job.AccountID
			after := store.RescoreKey{AccountID: q.Get("after"), Scope: q.Get("after_scope")}
			if p.Rows, err = tx.Rescores().Rows(ctx, id, after, rescoreRows+1); err != nil {
				return err
			}
		}
		if p.Account != "" {
			a, _, err := learnerIn(ctx, tx, key, p.Account)
			if err != nil {
				return err
			}
			p.Username = a.Username
		}
		jobs, err := tx.Rescores().List(ctx, key, 20)
		for _, j := range jobs {
			p.Jobs = append(p.Jobs, rescoreJob{j, name(j.Ref)})
		}
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	if len(p.Rows) > rescoreRows {
		p.Rows = p.Rows[:rescoreRows]
		last := p.Rows[rescoreRows-1]
		p.Next = url.Values{"job": {p.Job.ID}, "after": {last.AccountID}, "after_scope": {last.Scope}}.Encode()
	}
	if p.Job != nil {
		p.Working = p.Job.State == store.RescorePreview || p.Job.State == store.RescoreApply
	}
	if p.Working {
		w.Header().Set("Refresh", "4")
	}
	return h.pages.Show(w, r, http.StatusOK, "rescore/rescore.html", v.Layout(web.Language(r).T("Grade again in %s", c.Name), "courses", p))
}

func (h *Handler) postRescore(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	ctx, key, form := r.Context(), r.PathValue("key"), r.PostForm
	id := form.Get("job")
	if act := form.Get("act"); act == "apply" || act == "cancel" {
		err := h.Store.View(ctx, func(tx store.Tx) error {
			job, err := tx.Rescores().ByID(ctx, id)
			if err == nil && job.CourseKey != key {
				err = store.ErrNotFound
			}
			return err
		})
		switch {
		case errors.Is(err, store.ErrNotFound):
			return web.ErrNotFound
		case err == nil && act == "apply":
			err = h.Grading.ApplyRescore(ctx, v.Who.ID, id)
		case err == nil:
			err = h.Grading.CancelRescore(ctx, v.Who.ID, id)
		}
		if err != nil {
			return err
		}
		return web.SeeOther(w, r, "/admin/rescore/"+key+"?job="+url.QueryEscape(id), "")
	}
	c, err := h.Catalog.Course(ctx, key)
	if err != nil {
		return err
	}
	ref, err := course.ParseRef(form.Get("block"))
	b := c.Block(ref)
	if err != nil || b == nil {
		return web.ErrNotFound
	}
	who := grading.Who{AccountID: form.Get("account"), Scope: form.Get("scope")}
	if who.AccountID != "" {
		err := h.Store.View(ctx, func(tx store.Tx) error {
			_, _, err := learnerIn(ctx, tx, key, who.AccountID)
			return err
		})
		if err != nil {
			return err
		}
	}
	id, err = h.Grading.AskRescore(ctx, v.Who.ID, who, grading.At{Course: c, Block: b}, form.Has("only_higher"))
	if err != nil {
		return err
	}
	return web.SeeOther(w, r, "/admin/rescore/"+key+"?job="+url.QueryEscape(id), "")
}
