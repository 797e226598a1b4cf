package admin

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"lectern/internal/account"
	"lectern/internal/errs"
	"lectern/internal/launchlog"
	"lectern/internal/locale"
	"lectern/internal/lti"
	"lectern/internal/registry"
	"lectern/internal/store"
	"lectern/internal/web"
)

// consumersPage is what ui/consumers gets.
type consumersPage struct {
	Search    string
	Consumers []*lti.Consumer
	Requests  int  // for access, that wait
	Asked     bool // the site takes requests, or one waits
}

func (h *Handler) consumers(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	p := consumersPage{Search: r.URL.Query().Get("q")}
	err := h.Store.View(r.Context(), func(tx store.Tx) (err error) {
		if p.Requests, err = h.waitingRequests(r.Context(), tx, v); err != nil {
			return err
		}
		p.Asked = h.AccessRequests || p.Requests > 0
		p.Consumers, err = tx.Consumers().List(r.Context(), p.Search)
		return err
	})
	if err != nil {
		return err
	}
	l := v.Layout("LTI Consumers", "consumers", p)
	l.Notice = notice(r)
	return h.pages.Show(w, r, http.StatusOK, "consumers/consumers.html", l)
}

// consumerPage is what ui/consumer/form.html gets.
type consumerPage struct {
	Consumer  *lti.Consumer // nil on the Add page
	Spec      registry.Spec // what the form holds
	Secret    string        // shown because somebody asked for it
	Errors    map[string]string
	Action    string
	LaunchURL string // pattern of launch addresses
	Learners  learners
	Health    consumerHealth
	Secrets   []registry.SecretInfo
	Expiry    *expiry // what saving would delete, to be confirmed
	Anew      *anew   // what another place of learners' work would do, to be confirmed
	Clock     string  // how far its clock is from ours; "" while nobody knows
	ClockOff  bool    // so far that launches may soon be refused
}

// learners counts a consumer's learners by how they are known.
type learners struct {
	All, Anonymous, Named, Proven int64
}

func (h *Handler) learners(ctx context.Context, consumerID string) (learners, error) {
	var n learners
	err := h.Store.View(ctx, func(tx store.Tx) error {
		counts, err := tx.Accounts().CountLinks(ctx, consumerID)
		for how, links := range counts {
			n.All += links
			switch how {
			case account.ByTest: // nobody
				n.All -= links
			case account.ByLaunch:
				n.Anonymous += links
			case account.ByPII, account.ByEmail:
				n.Named += links
			default:
				n.Proven += links
			}
		}
		return err
	})
	return n, err
}

func (h *Handler) getAdd(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	spec := registry.Spec{Key: registry.NewKey(), Secret: registry.NewSecret()}
	return h.showAdd(w, r, v, http.StatusOK, spec, nil)
}

func (h *Handler) showAdd(
	w http.ResponseWriter, r *http.Request, v web.Visit, status int, spec registry.Spec, fields map[string]string,
) error {
	return h.pages.Show(w, r, status, "consumer/form.html", v.Layout("Add LTI Consumer", "consumers",
		consumerPage{Spec: spec, Errors: web.Said(r, fields), Action: "/admin/consumers/add"}))
}

func (h *Handler) postAdd(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	spec, wrong := readSpec(r.PostForm)
	if wrong != nil {
		return h.showAdd(w, r, v, http.StatusBadRequest, spec, wrong)
	}
	c, _, err := h.Registry.Add(r.Context(), v.Who.ID, spec)
	if fields := fieldErrors(err); fields != nil {
		return h.showAdd(w, r, v, http.StatusBadRequest, spec, fields)
	}
	if err != nil {
		return err
	}
	return web.SeeOther(w, r, "/admin/consumers/"+c.ID, "added")
}

// readSpec reads the form, and what is wrong with it before any rule is asked.
func readSpec(form url.Values) (spec registry.Spec, wrong map[string]string) {
	spec = registry.Spec{
		Name: form.Get("consumer_name"), Key: form.Get("consumer_key"), Secret: form.Get("consumer_secret"),
		RequireUserAccount: form.Has("require_user_account"), UseLTIPII: form.Has("use_lti_pii"),
		StrictReplay: form.Has("strict_replay"), StrictLTI: form.Has("strict_lti"), FreshState: form.Has("fresh_state"),
		GradeStaff: form.Has("grade_staff"), TrustedDomains: entries(form.Get("trusted_domains")),
		FrameOrigins: entries(form.Get("frame_origins")),
	}
	spec.Rails, wrong = readRails(form)
	return spec, wrong
}

// entries splits what was typed as a list.
func entries(typed string) []string {
	return strings.FieldsFunc(typed, func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == ';' })
}

// fieldErrors returns what to write beside which field, or nil when err is not
// about the form.
func fieldErrors(err error) map[string]string {
	if err == nil {
		return nil
	}
	e := errs.From(err)
	switch e.Code {
	case registry.ErrNameMissing.Code, registry.ErrNameTaken.Code:
		return map[string]string{"consumer_name": e.Public}
	case registry.ErrKeyMissing.Code, registry.ErrKeyTaken.Code:
		return map[string]string{"consumer_key": e.Public}
	case registry.ErrSecretMissing.Code:
		return map[string]string{"consumer_secret": e.Public}
	case registry.ErrDomain.Code:
		return map[string]string{"trusted_domains": e.Public}
	case registry.ErrOrigin.Code:
		return map[string]string{"frame_origins": e.Public}
	case registry.ErrCourseKey.Code:
		return map[string]string{"courses": e.Public}
	case registry.ErrDates.Code:
		return map[string]string{"ends_at": e.Public}
	case registry.ErrRate.Code:
		return map[string]string{"launches_per_minute": e.Public}
	case registry.ErrKeepDays.Code:
		return map[string]string{"keep_days": e.Public}
	case registry.ErrFieldLong.Code, registry.ErrFieldCharacters.Code, store.ErrConflict.Code:
		return map[string]string{"form": e.Public}
	}
	return nil
}

func (h *Handler) getConsumer(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	c, err := h.Registry.ByID(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return h.showConsumer(w, r, v, http.StatusOK, consumerPage{Consumer: c, Spec: registry.SpecOf(c)})
}

func (h *Handler) showConsumer(w http.ResponseWriter, r *http.Request, v web.Visit, status int, p consumerPage) error {
	p.Action = "/admin/consumers/" + p.Consumer.ID
	p.LaunchURL = h.PublicURL.String() + "/lti_provider/courses/{course}/{block}"
	var err error
	if p.Learners, err = h.learners(r.Context(), p.Consumer.ID); err != nil {
		return err
	}
	if p.Health, err = h.consumerHealth(r.Context(), p.Consumer.ID); err != nil {
		return err
	}
	if p.Secrets, err = h.Registry.Secrets(r.Context(), p.Consumer.ID); err != nil {
		return err
	}
	if err := h.consumerClock(r.Context(), web.Language(r), &p); err != nil {
		return err
	}
	l := v.Layout(p.Consumer.Name, "consumers", p)
	l.Notice = notice(r)
	return h.pages.Show(w, r, status, "consumer/form.html", l)
}

// clockMost is how far an LMS's clock may be off before its page warns.
const clockMost = 75 * time.Second

func (h *Handler) consumerClock(ctx context.Context, lang *locale.Language, p *consumerPage) error {
	return h.Store.View(ctx, func(tx store.Tx) error {
		skew, known, err := launchlog.Clock(ctx, tx, p.Consumer.ID, h.Clock())
		if known {
			p.Clock, p.ClockOff = clockText(lang, skew), skew.Abs() > clockMost
		}
		return err
	})
}

func (h *Handler) postConsumer(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	id := r.PathValue("id")
	spec, fields := readSpec(r.PostForm)
	c, err := h.Registry.ByID(r.Context(), id)
	if err != nil {
		return err
	}
	if fields == nil {
		ask, err := h.preview(r, c, spec.KeepDays)
		if err != nil {
			return err
		}
		anew, err := h.anew(r, c, spec.FreshState)
		if err != nil {
			return err
		}
		if ask != nil || anew != nil {
			return h.showConsumer(w, r, v, http.StatusOK, consumerPage{Consumer: c, Spec: spec, Expiry: ask, Anew: anew})
		}
		_, err = h.Registry.Set(r.Context(), v.Who.ID, id, spec)
		if fields = fieldErrors(err); fields == nil && err != nil {
			return err
		}
	}
	if fields != nil {
		return h.showConsumer(w, r, v, http.StatusBadRequest, consumerPage{Consumer: c, Spec: spec, Errors: web.Said(r, fields)})
	}
	return web.SeeOther(w, r, "/admin/consumers/"+url.PathEscape(id), "saved")
}

func (h *Handler) postReveal(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	c, err := h.Registry.ByID(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	secret, err := h.Registry.Reveal(r.Context(), v.Who.ID, c.ID)
	if err != nil {
		return err
	}
	return h.showConsumer(w, r, v, http.StatusOK, consumerPage{Consumer: c, Spec: registry.SpecOf(c), Secret: secret})
}

// postRotate makes a second live secret and shows it.
func (h *Handler) postRotate(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	c, err := h.Registry.ByID(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	secret, err := h.Registry.Rotate(r.Context(), v.Who.ID, c.ID, "")
	if err != nil {
		return err
	}
	return h.showConsumer(w, r, v, http.StatusOK, consumerPage{Consumer: c, Spec: registry.SpecOf(c), Secret: secret})
}

// postDrop ends one of two live secrets.
func (h *Handler) postDrop(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	id, slot := r.PathValue("id"), lti.Previous
	if r.PostForm.Get("slot") == string(lti.Current) {
		slot = lti.Current
	}
	if err := h.Registry.DropSecret(r.Context(), v.Who.ID, id, slot); err != nil {
		return err
	}
	return web.SeeOther(w, r, "/admin/consumers/"+url.PathEscape(id), "dropped")
}

func (h *Handler) postEnable(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	return h.setEnabled(w, r, v, true, "enabled")
}

func (h *Handler) postDisable(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	return h.setEnabled(w, r, v, false, "disabled")
}

func (h *Handler) setEnabled(w http.ResponseWriter, r *http.Request, v web.Visit, enabled bool, done string) error {
	id := r.PathValue("id")
	if err := h.Registry.SetEnabled(r.Context(), v.Who.ID, id, enabled); err != nil {
		return err
	}
	return web.SeeOther(w, r, "/admin/consumers/"+url.PathEscape(id), done)
}

// deletePage is what ui/consumer/delete.html gets.
type deletePage struct {
	Consumer *lti.Consumer
	Usage    store.ConsumerUsage
}

func (h *Handler) getDelete(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	c, err := h.Registry.ByID(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	p := deletePage{Consumer: c}
	err = h.Store.View(r.Context(), func(tx store.Tx) (err error) {
		p.Usage, err = tx.Consumers().Usage(r.Context(), c.ID)
		return err
	})
	if err != nil {
		return err
	}
	return h.pages.Show(w, r, http.StatusOK, "consumer/delete.html", v.Layout(web.Language(r).T("Delete %s", c.Name), "consumers", p))
}

func (h *Handler) postDelete(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	if _, err := h.Registry.Delete(r.Context(), v.Who.ID, r.PathValue("id")); err != nil {
		return err
	}
	return web.SeeOther(w, r, "/admin/consumers", "deleted")
}
