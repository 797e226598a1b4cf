package admin

import (
	"io"
	"net/http"
	"net/url"
	"strings"

	"lectern/internal/account"
	"lectern/internal/errs"
	"lectern/internal/people"
	"lectern/internal/store"
	"lectern/internal/web"
)

// mergePage is what ui/accounts/merge.html gets.
type mergePage struct {
	From, Into *account.Account
	States     int           // blocks that from has worked on
	Links      int           // LMS users that are from
	Merged     *store.Merged // nil before
}

// getMerge shows what a merge would do.
func (h *Handler) getMerge(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	p, err := h.merging(r, r.URL.Query().Get("from"))
	if err != nil {
		return h.done(w, r, v, err, "")
	}
	err = h.Store.View(r.Context(), func(tx store.Tx) error {
		history, err := tx.People().History(r.Context(), p.From.ID)
		if err != nil {
			return err
		}
		links, err := tx.Accounts().Links(r.Context(), p.From.ID)
		p.States, p.Links = len(history.States), len(links)
		return err
	})
	if err != nil {
		return err
	}
	return h.pages.Show(w, r, http.StatusOK, "accounts/merge.html", v.Layout("Merge accounts", "accounts", p))
}

// merging finds both accounts, unless [people.Service.Merge] would refuse.
func (h *Handler) merging(r *http.Request, from string) (*mergePage, error) {
	a, into, err := h.People.CheckMerge(r.Context(), strings.TrimSpace(from), r.PathValue("id"))
	return &mergePage{From: a, Into: into}, err
}

func (h *Handler) postMerge(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	p, err := h.merging(r, r.PostForm.Get("from"))
	if err != nil {
		return h.done(w, r, v, err, "")
	}
	if p.Merged, err = h.People.Merge(r.Context(), v.Who.ID, p.From.ID, p.Into.ID); err != nil {
		return h.done(w, r, v, err, "")
	}
	h.Wake() // the scores that changed
	l := v.Layout("Accounts merged", "accounts", p)
	return h.pages.Show(w, r, http.StatusOK, "accounts/merge.html", l)
}

// deleteAccountPage is what ui/accounts/delete.html gets.
type deleteAccountPage struct {
	*people.Person
	States int
}

func (h *Handler) getDeleteAccount(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	person, err := h.People.Person(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	p := deleteAccountPage{Person: person}
	err = h.Store.View(r.Context(), func(tx store.Tx) error {
		history, err := tx.People().History(r.Context(), person.ID)
		if err == nil {
			p.States = len(history.States)
		}
		return err
	})
	if err != nil {
		return err
	}
	return h.pages.Show(w, r, http.StatusOK, "accounts/delete.html", v.Layout(web.Language(r).T("Delete %s", p.Username), "accounts", p))
}

func (h *Handler) postDeleteAccount(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	if err := h.People.Delete(r.Context(), v.Who.ID, r.PathValue("id")); err != nil {
		return h.done(w, r, v, err, "")
	}
	return web.SeeOther(w, r, "/admin/accounts", "deleted")
}

// importPage is what ui/accounts/import.html gets.
type importPage struct {
	Text   string
	Report *people.Report
}

func (h *Handler) getImport(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	l := v.Layout("Import accounts", "accounts", importPage{})
	return h.pages.Show(w, r, http.StatusOK, "accounts/import.html", l)
}

// upload reads an administrator's big form before the guard does, which allows
// less; strangers' forms are left to it.
func (h *Handler) upload(next web.Handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if v, err := h.Visitors.Visit(r); err == nil && v.Who.Admin {
			r.Body = http.MaxBytesReader(w, r.Body, 2*people.MaxImport+web.MaxForm)
			if err := r.ParseMultipartForm(people.MaxImport); err != nil {
				return people.ErrImport.Wrap(err)
			}
			defer r.MultipartForm.RemoveAll() //nolint:errcheck // temporary files; the system clears them too
		}
		return next(w, r)
	}
}

func (h *Handler) postImport(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	p := importPage{Text: r.PostForm.Get("text")}
	var file io.Reader = strings.NewReader(p.Text)
	if f, header, err := r.FormFile("file"); err == nil {
		defer f.Close()
		if header.Size > 0 {
			file = f
		}
	}
	l := v.Layout("Import accounts", "accounts", p)
	report, err := h.People.Import(r.Context(), v.Who.ID, file)
	if e := errs.From(err); err != nil && e.Code == people.ErrImport.Code {
		l.Problem = e.Public
		return h.pages.Show(w, r, http.StatusBadRequest, "accounts/import.html", l)
	}
	if err != nil {
		return err
	}
	l.Page = importPage{Report: report}
	return h.pages.Show(w, r, http.StatusOK, "accounts/import.html", l)
}

// auditPage is what ui/audit gets.
type auditPage struct {
	About string
	Rows  []auditRow
	Who   map[string]string
	Next  string // parameters of the page of older entries
}

func (h *Handler) audit(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	p := auditPage{About: strings.TrimSpace(r.URL.Query().Get("about"))}
	err := h.Store.View(r.Context(), func(tx store.Tx) (err error) {
		var list []store.AuditEntry
		before := pageKey(r.URL.Query().Get("before"))
		switch {
		case before.ID != "":
			list, err = tx.Audit().Before(r.Context(), store.AuditEntry{At: before.At, ID: before.ID}, p.About, listLimit+1)
		case p.About == "":
			list, err = tx.Audit().List(r.Context(), listLimit+1)
		default:
			list, err = tx.People().AuditAbout(r.Context(), p.About, listLimit+1)
		}
		if err != nil {
			return err
		}
		p.Next = ""
		if len(list) > listLimit {
			list = list[:listLimit]
			last, q := list[listLimit-1], url.Values{}
			q.Set("before", keyText(store.OwedKey{At: last.At, ID: last.ID}))
			if p.About != "" {
				q.Set("about", p.About)
			}
			p.Next = q.Encode()
		}
		p.Rows = named(list)
		p.Who, err = actors(r, tx, list)
		return err
	})
	if err != nil {
		return err
	}
	return h.pages.Show(w, r, http.StatusOK, "audit/audit.html", v.Layout("Audit", "audit", p))
}

// accountRoutes are the console's pages about people.
func (h *Handler) accountRoutes() map[string]web.VisitHandler {
	routes := map[string]web.VisitHandler{
		"GET /admin/accounts":        h.accounts,
		"GET /admin/accounts/add":    h.getAddAccount,
		"POST /admin/accounts/add":   h.postAddAccount,
		"GET /admin/accounts/import": h.getImport,
		"GET /admin/audit":           h.audit,
	}
	for action, page := range map[string]web.VisitHandler{
		"GET ":           h.getAccount,
		"POST ":          h.postAccount,
		"POST /enable":   h.setAccount(true, "enabled"),
		"POST /disable":  h.setAccount(false, "disabled"),
		"POST /role":     h.postRole,
		"POST /link":     h.postLink,
		"POST /unlink":   h.postUnlink,
		"POST /identity": h.postIdentity,
		"POST /sign-in":  h.postSignInLink,
		"POST /data":     h.postAccountData,
		"GET /merge":     h.getMerge,
		"POST /merge":    h.postMerge,
		"GET /delete":    h.getDeleteAccount,
		"POST /delete":   h.postDeleteAccount,
	} {
		method, path, _ := strings.Cut(action, " ")
		routes[method+" /admin/accounts/{id}"+path] = page
	}
	return routes
}
