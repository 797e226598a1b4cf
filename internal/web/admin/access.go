package admin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"lectern/internal/access"
	"lectern/internal/account"
	"lectern/internal/errs"
	"lectern/internal/locale"
	"lectern/internal/lti"
	"lectern/internal/registry"
	"lectern/internal/store"
	"lectern/internal/web"
)

// accessRows is how many requests for access the list shows.
const accessRows = 200

// letterMost bounds a letter, in bytes.
const letterMost = 8000

// Refusals of letters.
var (
	ErrNoMail = errs.New(errs.Unavailable, "access_mail_missing", "", "This site sends no e-mail. Copy the text instead.",
		"LECTERN_SMTP_URL is not set.")
	ErrLetter = errs.New(errs.Invalid, "access_letter_malformed", "", "The message is empty or too long.", "")
	ErrUnsent = errs.New(errs.Unavailable, "access_mail_failed", "",
		"The mail server did not take the message. Copy the text and send it yourself.", "The log says what the mail server answered.")
)

// Mailer sends letters.
type Mailer interface {
	Send(ctx context.Context, to, subject, text string) error
}

// accessRoutes are the pages of requests for access.
func (h *Handler) accessRoutes() map[string]web.VisitHandler {
	return map[string]web.VisitHandler{
		"GET /admin/access":               h.accessList,
		"GET /admin/access/{id}":          h.getAccess,
		"GET /admin/access/{id}/data":     h.accessData,
		"POST /admin/access/{id}/approve": h.postApprove,
		"POST /admin/access/{id}/decline": h.postDecline,
		"POST /admin/access/{id}/mail":    h.postLetter,
		"POST /admin/access/{id}/delete":  h.postForget,
	}
}

// accessListPage is what ui/access/list.html gets.
type accessListPage struct {
	Rows          []store.AccessRequest
	On            bool // the site takes requests
	Kept, Waiting int  // days
}

func (h *Handler) accessList(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	p := accessListPage{On: h.AccessRequests, Kept: access.KeptDays, Waiting: access.WaitingDays}
	err := h.Store.View(r.Context(), func(tx store.Tx) (err error) {
		p.Rows, err = tx.AccessRequests().List(r.Context(), accessRows)
		return err
	})
	if err != nil {
		return err
	}
	l := v.Layout("Requests for access", "consumers", p)
	l.Notice = accessNotice(r)
	return h.pages.Show(w, r, http.StatusOK, "access/list.html", l)
}

func accessNotice(r *http.Request) string {
	return map[string]string{
		"approved":  locale.Text("The consumer was made. Tell the person who asked."),
		"declined":  locale.Text("The request was declined. Tell the person who asked."),
		"mailed":    locale.Text("The message was sent."),
		"forgotten": locale.Text("The request was deleted."),
	}[r.URL.Query().Get("done")]
}

// accessPage is what ui/access/request.html gets.
type accessPage struct {
	Row         *store.AccessRequest
	Waits       bool
	Spec        registry.Spec     // what approving makes
	OwnKey      bool              // the key is to be made here
	KeyUsable   bool              // the key that the LMS sends can be had
	Errors      map[string]string // by field
	Answer      string            // why it is declined, as far as it was typed
	HasCourse   bool              // the course that was asked for is here
	Consumer    *lti.Consumer     // nil until approved, or when deleted since
	Letter      string            // to the person who asked
	Mail        bool              // the site can send it
	Decider     string            // user name
	DeletedDays int
}

func (h *Handler) getAccess(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	row, err := h.Access.ByID(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	p := accessPage{Row: row}
	if p.Spec, err = h.Access.Suggest(r.Context(), row); err != nil {
		return err
	}
	return h.showAccess(w, r, v, http.StatusOK, p, "")
}

// showAccess renders a request with what a form says so far.
func (h *Handler) showAccess(w http.ResponseWriter, r *http.Request, v web.Visit, status int, p accessPage, problem string) error {
	ctx := r.Context()
	p.Waits, p.Mail, p.DeletedDays = p.Row.State == store.AccessWaiting, h.Mail != nil, access.KeptDays
	suggested, err := h.Access.Suggest(ctx, p.Row)
	if err != nil {
		return err
	}
	p.KeyUsable = suggested.Key != ""
	err = h.Store.View(ctx, func(tx store.Tx) error {
		var err error
		if p.Row.ConsumerID != "" {
			if p.Consumer, err = tx.Consumers().ByID(ctx, p.Row.ConsumerID); err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		who, err := tx.Accounts().ByID(ctx, p.Row.DecidedBy)
		if err == nil {
			p.Decider = who.Username
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(suggested.Courses) > 0 {
		_, err := h.Catalog.Course(ctx, suggested.Courses[0])
		p.HasCourse = err == nil
	}
	if !p.Waits && p.Letter == "" {
		p.Letter = h.letter(r, &p)
	}
	l := v.Layout("Request for access", "consumers", p)
	l.Notice, l.Problem = accessNotice(r), problem
	return h.pages.Show(w, r, status, "access/request.html", l)
}

func letterSubject(r *http.Request, host string) string {
	return web.Language(r).T("Your request for access to %s", host)
}

// letter is what the person who asked may be told. It holds no secret: that is
// for a way that others cannot read.
func (h *Handler) letter(r *http.Request, p *accessPage) string {
	lang, host := web.Language(r), h.PublicURL.Host
	if p.Row.State == store.AccessDeclined {
		return lang.T("Hello %s,\n\nyou asked for access to %s. We cannot give it:\n\n%s\n", p.Row.Name, host, p.Row.Answer)
	}
	if p.Consumer == nil {
		return ""
	}
	return lang.T("Hello %s,\n\nyou asked for access to %s. You have it now.\n\nConsumer key: %s\n"+
		"Consumer secret: you get it separately.\n\nEnter both in your LMS, where the settings of the external tool are, "+
		"then open the link again.\n", p.Row.Name, host, p.Consumer.Key)
}

func (h *Handler) postApprove(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	row, err := h.Access.ByID(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	p := accessPage{Row: row, Spec: registry.Spec{Name: r.PostForm.Get("consumer_name")}, OwnKey: r.PostForm.Get("key") == "new"}
	p.Spec.Courses = entries(r.PostForm.Get("courses"))
	if !p.OwnKey {
		p.Spec.Key = row.ConsumerKey
	}
	c, err := h.Access.Approve(r.Context(), v.Who.ID, row.ID, p.Spec)
	if err == nil {
		return web.SeeOther(w, r, "/admin/access/"+url.PathEscape(row.ID), "approved")
	}
	if p.Errors = fieldErrors(err); p.Errors == nil || c != nil {
		return err
	}
	return h.showAccess(w, r, v, http.StatusBadRequest, p, p.Errors["form"])
}

func (h *Handler) postDecline(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	id, answer := r.PathValue("id"), r.PostForm.Get("answer")
	err := h.Access.Decline(r.Context(), v.Who.ID, id, answer)
	if !errors.Is(err, access.ErrAnswer) {
		if err != nil {
			return err
		}
		return web.SeeOther(w, r, "/admin/access/"+url.PathEscape(id), "declined")
	}
	row, errRow := h.Access.ByID(r.Context(), id)
	if errRow != nil {
		return errRow
	}
	p := accessPage{Row: row, Answer: answer, Errors: map[string]string{"answer": errs.From(err).Public}}
	if p.Spec, err = h.Access.Suggest(r.Context(), row); err != nil {
		return err
	}
	return h.showAccess(w, r, v, http.StatusBadRequest, p, "")
}

// postLetter sends what the administrator wrote to the person who asked. Only
// requests that were decided are answered, and only to the address they gave.
func (h *Handler) postLetter(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	ctx := r.Context()
	row, err := h.Access.ByID(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	letter := strings.TrimSpace(strings.ReplaceAll(r.PostForm.Get("letter"), "\r\n", "\n"))
	switch {
	case h.Mail == nil:
		return ErrNoMail
	case row.State == store.AccessWaiting:
		return access.ErrUnknown
	case letter == "" || len(letter) > letterMost:
		err = ErrLetter
	default:
		if errSend := h.Mail.Send(ctx, row.Email, letterSubject(r, h.PublicURL.Host), letter+"\n"); errSend != nil {
			err = ErrUnsent.Wrap(errSend)
		}
	}
	if err != nil {
		e := errs.From(err)
		return h.showAccess(w, r, v, web.Status(e.Kind), accessPage{Row: row, Letter: letter}, e.Public)
	}
	err = h.Store.Update(ctx, func(tx store.Tx) error {
		return store.Note(ctx, tx, store.Act{At: h.Clock(), Who: v.Who.ID, Name: "access.mail", Subject: row.ID})
	})
	if err != nil {
		return err
	}
	return web.SeeOther(w, r, "/admin/access/"+url.PathEscape(row.ID), "mailed")
}

func (h *Handler) postForget(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	if err := h.Access.Delete(r.Context(), v.Who.ID, r.PathValue("id")); err != nil {
		return err
	}
	return web.SeeOther(w, r, "/admin/access", "forgotten")
}

// accessData hands out all that is kept of a request, for somebody who asks what
// the site knows of them.
func (h *Handler) accessData(w http.ResponseWriter, r *http.Request, _ web.Visit) error {
	row, err := h.Access.ByID(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	web.PageOf(r).SetHeaders(w.Header(), "default-src 'none'")
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", `attachment; filename="lectern-request.json"`)
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(row)
}

// waitingRequests counts the requests that wait, for those who may see them.
func (h *Handler) waitingRequests(ctx context.Context, tx store.Tx, v web.Visit) (int, error) {
	if !v.Who.ConsoleRole().May(account.ReadSite) {
		return 0, nil
	}
	return tx.AccessRequests().Waiting(ctx)
}
