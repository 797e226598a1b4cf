package admin

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"lectern/internal/course"
	"lectern/internal/importer"
	"lectern/internal/locale"
	"lectern/internal/store"
	"lectern/internal/web"
)

// keepVersions is how many versions the form about old ones suggests to keep.
const keepVersions = 3

// versionsPage is what ui/versions/versions.html gets.
type versionsPage struct {
	Key, Name string
	Action    string
	Versions  []store.VersionInfo
	Published string
	Keep      int
	Purge     []store.VersionInfo // that would go

	Chosen *store.VersionInfo // to go back to
	Delete bool               // the course is to be deleted
	Wrong  bool               // the key was typed wrong
	Links  []brokenLink       // that would break, the first of them
	Broken int                // all that would
	All    int                // links in LMSs
	Starts int64              // launches of those that would break
}

// brokenLink is a link in an LMS that would lead nowhere.
type brokenLink struct {
	store.Placement
	Consumer string
	Content  string // name of what it leads to now
}

// getVersions lists the versions of a course; with to, it shows what going back
// to one would break, with delete what deleting the course would.
func (h *Handler) getVersions(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	return h.showVersions(w, r, v, http.StatusOK, false)
}

func (h *Handler) showVersions(w http.ResponseWriter, r *http.Request, v web.Visit, status int, wrong bool) error {
	ctx, key, q := r.Context(), r.PathValue("key"), r.URL.Query()
	c, err := h.Catalog.Course(ctx, key)
	if err != nil {
		return err
	}
	p := versionsPage{
		Key: key, Name: c.Name, Action: "/admin/versions/" + key, Published: c.VersionID, Keep: keepVersions,
		Delete: q.Has("delete"), Wrong: wrong,
	}
	if n, err := strconv.Atoi(q.Get("keep")); err == nil && n > 0 && n <= 1000 {
		p.Keep = n
	}
	err = h.Store.View(ctx, func(tx store.Tx) (err error) {
		p.Versions, err = tx.Courses().Versions(ctx, key, 0)
		return err
	})
	if err != nil {
		return err
	}
	if p.Purge, err = h.Importer.Purgeable(ctx, key, p.Keep); err != nil {
		return err
	}
	for i := range p.Versions {
		if to := q.Get("to"); to == p.Versions[i].ID && to != c.VersionID {
			p.Chosen = &p.Versions[i]
		}
	}
	if q.Has("to") && p.Chosen == nil {
		return importer.ErrVersion
	}
	if p.Chosen != nil || p.Delete {
		if err := h.breaks(r, c, &p); err != nil {
			return err
		}
	}
	l := v.Layout(web.Language(r).T("Versions of %s", c.Name), "courses", p)
	l.Notice = map[string]string{
		"returned": locale.Text("That version is the published one now."), "purged": locale.Text("The old versions are deleted."),
	}[q.Get("done")]
	return h.pages.Show(w, r, status, "versions/versions.html", l)
}

// breaks fills in which links in LMSs would lead nowhere.
func (h *Handler) breaks(r *http.Request, c *course.Course, p *versionsPage) error {
	next := (*course.Course)(nil)
	if p.Chosen != nil {
		var err error
		if next, err = h.Catalog.Version(r.Context(), p.Chosen.ID); err != nil {
			return err
		}
	}
	return h.Store.View(r.Context(), func(tx store.Tx) error {
		p.All, p.Broken, p.Starts, p.Links = 0, 0, 0, nil
		names, err := consumerNames(r, tx)
		if err != nil {
			return err
		}
		all, err := tx.Placements().List(r.Context(), "", p.Key)
		for _, l := range all {
			p.All++
			ref, wrong := course.ParseRef(l.UsageKey)
			if next != nil && wrong == nil && next.Block(ref) != nil {
				continue
			}
			p.Broken++
			p.Starts += l.Launches
			if len(p.Links) < linksShown {
				p.Links = append(p.Links, brokenLink{l, names[l.ConsumerID], contentName(c, l.UsageKey)})
			}
		}
		return err
	})
}

func (h *Handler) postVersions(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	ctx, key, form := r.Context(), r.PathValue("key"), r.PostForm
	back := "/admin/versions/" + key
	switch form.Get("act") {
	case "return":
		if err := h.Importer.Return(ctx, v.Who.ID, key, form.Get("to")); err != nil {
			return err
		}
		return web.SeeOther(w, r, back, "returned")
	case "purge":
		keep, err := strconv.Atoi(form.Get("keep"))
		if err != nil || keep < 1 {
			return web.ErrNotFound
		}
		if _, err := h.Importer.Purge(ctx, v.Who.ID, key, keep); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return web.SeeOther(w, r, back+"?keep="+url.QueryEscape(form.Get("keep")), "purged")
	case "delete":
		if strings.TrimSpace(form.Get("confirm")) != key {
			return h.showVersions(w, r, v, http.StatusBadRequest, true)
		}
		if err := h.Importer.Delete(ctx, v.Who.ID, key); err != nil {
			return err
		}
		return web.SeeOther(w, r, "/admin/courses", "deleted")
	}
	return web.ErrNotFound
}
