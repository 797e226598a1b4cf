package admin

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"lectern/internal/lti"
	"lectern/internal/registry"
	"lectern/internal/store"
	"lectern/internal/web"
)

// expiry is what a new number of days would delete.
type expiry struct {
	Days int
	store.StaleUsage
}

// readRails reads the limits of a consumer's form, and what is wrong with them.
func readRails(form url.Values) (r lti.Rails, wrong map[string]string) {
	wrong = map[string]string{}
	var err error
	r.Courses = entries(form.Get("courses"))
	if r.StartsAt, err = registry.ParseDate(form.Get("starts_at")); err != nil {
		wrong["starts_at"] = registry.ErrDates.Public
	}
	if r.EndsAt, err = registry.ParseDate(form.Get("ends_at")); err != nil {
		wrong["ends_at"] = registry.ErrDates.Public
	}
	number := func(name, say string) int {
		text := strings.TrimSpace(form.Get(name))
		if text == "" {
			return 0
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			wrong[name] = say
		}
		return n
	}
	r.LaunchesPerMinute = number("launches_per_minute", registry.ErrRate.Public)
	r.KeepDays = number("keep_days", registry.ErrKeepDays.Public)
	if len(wrong) == 0 {
		wrong = nil
	}
	return r, wrong
}

// preview returns what saving would delete, for a number of days that is new and
// that nobody has confirmed; else nil.
func (h *Handler) preview(r *http.Request, c *lti.Consumer, days int) (*expiry, error) {
	confirmed := r.PostForm.Get("keep_confirmed") == strconv.Itoa(days)
	if days < 1 || days == c.KeepDays || confirmed {
		return nil, nil
	}
	n, err := h.People.WouldExpire(r.Context(), c.ID, days)
	return &expiry{days, n}, err
}

// anew is what beginning anew in each LMS course, or no longer, would concern.
type anew struct{ Cells int64 }

// anew returns what moving learners' work to another place would do to
// gradebooks, unless somebody has confirmed it or there is nothing to lose.
func (h *Handler) anew(r *http.Request, c *lti.Consumer, fresh bool) (*anew, error) {
	if r.PostForm.Has("fresh_confirmed") {
		return nil, nil
	}
	cells, err := h.Registry.Moving(r.Context(), c, fresh)
	if err != nil || cells == 0 {
		return nil, err
	}
	return &anew{cells}, nil
}

// postAccountData hands out all that the site keeps about somebody.
func (h *Handler) postAccountData(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	e, err := h.People.TakeOut(r.Context(), v.Who.ID, r.PathValue("id"))
	if err != nil {
		return err
	}
	header := w.Header()
	web.PageOf(r).SetHeaders(header, "default-src 'none'")
	header.Set("Content-Type", "application/json")
	header.Set("Content-Disposition", `attachment; filename="lectern-account.json"`)
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(e)
}
