package admin

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"lectern/internal/account"
	"lectern/internal/errs"
	"lectern/internal/locale"
	"lectern/internal/lti"
	"lectern/internal/people"
	"lectern/internal/signin"
	"lectern/internal/store"
	"lectern/internal/web"
)

// accountsPage is what ui/accounts/accounts.html gets.
type accountsPage struct {
	Search   string
	Accounts []*account.Account
	More     bool // there are more than the page shows
}

func (h *Handler) accounts(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	p := accountsPage{Search: r.URL.Query().Get("q")}
	var err error
	if p.Accounts, err = h.People.List(r.Context(), p.Search, listLimit+1); err != nil {
		return err
	}
	if p.More = len(p.Accounts) > listLimit; p.More {
		p.Accounts = p.Accounts[:listLimit]
	}
	l := v.Layout("Accounts", "accounts", p)
	l.Notice = accountNotice(r)
	return h.pages.Show(w, r, http.StatusOK, "accounts/accounts.html", l)
}

// accountNotice is what a page of accounts says after a form.
func accountNotice(r *http.Request) string {
	return map[string]string{
		"added":      locale.Text("The account was added. Make a sign-in link for its owner, or let them use “Forgot your password?”."),
		"saved":      locale.Text("The changes were saved."),
		"enabled":    locale.Text("The account is open again."),
		"disabled":   locale.Text("The account is closed. Everything it had open ended."),
		"role":       locale.Text("The account's rights are set. It has to sign in again."),
		"linked":     locale.Text("The LMS user is this account now."),
		"unlinked":   locale.Text("The link is gone, and what was open by it ended."),
		"identified": locale.Text("The identity is not connected any more."),
		"deleted":    locale.Text("The account and all that belonged to it are deleted."),
	}[r.URL.Query().Get("done")]
}

// accountForm is what ui/accounts/form.html gets.
type accountForm struct {
	people.New
	Errors map[string]string
}

func (h *Handler) getAddAccount(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	return h.showAddAccount(w, r, v, http.StatusOK, accountForm{})
}

func (h *Handler) showAddAccount(w http.ResponseWriter, r *http.Request, v web.Visit, status int, f accountForm) error {
	return h.pages.Show(w, r, status, "accounts/form.html", v.Layout("Add account", "accounts", f))
}

func readAccount(form url.Values) people.New {
	return people.New{
		Username: form.Get("username"), Email: form.Get("email"), Name: form.Get("name"), Admin: form.Has("admin"),
	}
}

func (h *Handler) postAddAccount(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	n := readAccount(r.PostForm)
	a, err := h.People.Add(r.Context(), v.Who.ID, n)
	if fields := accountErrors(err); fields != nil {
		return h.showAddAccount(w, r, v, http.StatusBadRequest, accountForm{n, web.Said(r, fields)})
	}
	if err != nil {
		return err
	}
	return web.SeeOther(w, r, "/admin/accounts/"+a.ID, "added")
}

// accountErrors returns what to write beside which field, or nil when err is not
// about the form.
func accountErrors(err error) map[string]string {
	if err == nil {
		return nil
	}
	e := errs.From(err)
	switch e.Code {
	case signin.ErrUserName.Code, signin.ErrUserTaken.Code:
		return map[string]string{"username": e.Public}
	case people.ErrEmail.Code, people.ErrEmailTaken.Code:
		return map[string]string{"email": e.Public}
	case people.ErrNameLong.Code:
		return map[string]string{"name": e.Public}
	case people.ErrLTIUser.Code, people.ErrLinkUnknown.Code:
		return map[string]string{"link": e.Public}
	case people.ErrMergeSame.Code, people.ErrMergeFrom.Code, people.ErrMergeInto.Code, signin.ErrUser.Code:
		return map[string]string{"merge": e.Public}
	case people.ErrLastAdmin.Code, people.ErrNotLocal.Code, people.ErrRole.Code, people.ErrRoleCourse.Code:
		return map[string]string{"rights": e.Public}
	}
	return nil
}

// personPage is what ui/accounts/account.html gets.
type personPage struct {
	*people.Person
	Form      people.New // what the form holds
	Errors    map[string]string
	Consumers []*lti.Consumer
	Rights    rolePart
	Acts      []auditRow
	Who       map[string]string // user names of those the audit names
	SignIn    string            // address of a one-time link, just made
	Local     bool
	Self      bool
}

func (h *Handler) getAccount(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	return h.showAccount(w, r, v, http.StatusOK, personPage{})
}

// showAccount shows the account of the address with what p already holds.
func (h *Handler) showAccount(w http.ResponseWriter, r *http.Request, v web.Visit, status int, p personPage) error {
	var err error
	if p.Person, err = h.People.Person(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	if p.Form == (people.New{}) {
		p.Form = people.New{Username: p.Username, Email: p.Email, Name: p.Name}
	}
	p.Local, p.Self = p.Kind == account.Local, p.ID == v.Who.ID
	err = h.Store.View(r.Context(), func(tx store.Tx) error {
		if p.Consumers, err = tx.Consumers().List(r.Context(), ""); err != nil {
			return err
		}
		if p.Rights, err = rights(r, tx, p.Account); err != nil {
			return err
		}
		p.Acts = named(p.Audit)
		p.Who, err = actors(r, tx, p.Audit)
		return err
	})
	if err != nil {
		return err
	}
	l := v.Layout(web.Language(r).T("Account %s", p.Username), "accounts", p)
	l.Notice = accountNotice(r)
	return h.pages.Show(w, r, status, "accounts/account.html", l)
}

// actors returns the user names of those who did what the entries say.
func actors(r *http.Request, tx store.Tx, list []store.AuditEntry) (map[string]string, error) {
	names := map[string]string{}
	for _, e := range list {
		for _, id := range []string{e.Who, e.Subject} {
			if _, known := names[id]; known || len(id) != 36 {
				continue
			}
			a, err := tx.Accounts().ByID(r.Context(), id)
			switch {
			case err == nil:
				names[id] = a.Username
			case errors.Is(err, store.ErrNotFound):
				names[id] = ""
			default:
				return nil, err
			}
		}
	}
	return names, nil
}

// done answers a form of an account's page: with the page again when err is
// about what was entered.
func (h *Handler) done(w http.ResponseWriter, r *http.Request, v web.Visit, err error, notice string) error {
	if fields := accountErrors(err); fields != nil {
		return h.showAccount(w, r, v, http.StatusBadRequest, personPage{Errors: web.Said(r, fields)})
	}
	if err != nil {
		return err
	}
	return web.SeeOther(w, r, "/admin/accounts/"+url.PathEscape(r.PathValue("id")), notice)
}

func (h *Handler) postAccount(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	n := readAccount(r.PostForm)
	err := h.People.Edit(r.Context(), v.Who.ID, r.PathValue("id"), n.Username, n.Email, n.Name)
	if fields := accountErrors(err); fields != nil {
		return h.showAccount(w, r, v, http.StatusBadRequest, personPage{Form: n, Errors: web.Said(r, fields)})
	}
	return h.done(w, r, v, err, "saved")
}

// setAccount returns the handler of a button that opens or closes an account.
func (h *Handler) setAccount(on bool, notice string) web.VisitHandler {
	return func(w http.ResponseWriter, r *http.Request, v web.Visit) error {
		return h.done(w, r, v, h.People.SetEnabled(r.Context(), v.Who.ID, r.PathValue("id"), on), notice)
	}
}

// postRole says what an account may do in the console.
func (h *Handler) postRole(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	role := account.Role(r.PostForm.Get("role"))
	courses := r.PostForm["course"]
	if role != account.CourseTeam {
		courses = nil
	}
	return h.done(w, r, v, h.People.SetRole(r.Context(), v.Who.ID, r.PathValue("id"), role, courses), "role")
}

// rolePart is the form about the rights of an account.
type rolePart struct {
	Role    account.Role
	Roles   []account.Role
	Courses []roleCourse
}

// roleCourse is a course whose team an account is in, or could be.
type roleCourse struct {
	Key, Name string
	In        bool
}

// rights fills in the form about the rights of an account.
func rights(r *http.Request, tx store.Tx, a *account.Account) (p rolePart, err error) {
	p = rolePart{
		Role:  a.ConsoleRole(),
		Roles: []account.Role{account.NoRole, account.Support, account.CourseTeam, account.Administrator},
	}
	in, err := tx.Accounts().Courses(r.Context(), a.ID)
	if err != nil {
		return p, err
	}
	all, err := tx.Courses().List(r.Context())
	for _, c := range all {
		p.Courses = append(p.Courses, roleCourse{c.Key, c.Name, slices.Contains(in, c.Key)})
		in = slices.DeleteFunc(in, func(key string) bool { return key == c.Key })
	}
	for _, key := range in { // not imported, or not any more
		p.Courses = append(p.Courses, roleCourse{key, key, true})
	}
	return p, err
}

func (h *Handler) postLink(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	f := r.PostForm
	err := h.People.Link(r.Context(), v.Who.ID, f.Get("consumer"), strings.TrimSpace(f.Get("user")), r.PathValue("id"))
	return h.done(w, r, v, err, "linked")
}

func (h *Handler) postUnlink(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	f := r.PostForm
	err := h.People.Unlink(r.Context(), v.Who.ID, f.Get("consumer"), f.Get("user"), r.PathValue("id"))
	return h.done(w, r, v, err, "unlinked")
}

func (h *Handler) postIdentity(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	f := r.PostForm
	err := h.People.Disconnect(r.Context(), v.Who.ID, r.PathValue("id"), f.Get("issuer"), f.Get("subject"))
	return h.done(w, r, v, err, "identified")
}

// postSignInLink makes a one-time link that the operator hands to the account's
// owner.
func (h *Handler) postSignInLink(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	a, err := h.People.Person(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if a.Kind != account.Local || !a.Enabled {
		return h.done(w, r, v, people.ErrNotLocal.Say("Only people with an open account of their own can sign in."), "")
	}
	token, err := h.Visitors.SignIn.LinkBy(r.Context(), v.Who.ID, a.ID)
	if err != nil {
		return err
	}
	return h.showAccount(w, r, v, http.StatusOK, personPage{SignIn: h.PublicURL.String() + "/login/set/" + token})
}
