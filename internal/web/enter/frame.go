package enter

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"

	"lectern/internal/account"
	"lectern/internal/continuation"
	"lectern/internal/errs"
	"lectern/internal/launchlog"
	"lectern/internal/locale"
	"lectern/internal/lti"
	"lectern/internal/web"
	"lectern/ui"
)

// framePage is what ui/enter/frame.html gets.
type framePage struct {
	Title, Message        string
	Consumer              string
	Address, Other        string // masked
	Code, Tab, Go         string // "" when signing in would not help
	Whole                 string // address of the tab, for another browser
	Privacy               string
	Error, Reference      string
	ReturnURL, ReturnHost string
	Style, EnterStyle     string
	Script, CopyScript    string
}

func newFramePage(r *http.Request, c *lti.Consumer, l *continuation.Launch, err error) *framePage {
	e, page, lang := errs.From(err), web.PageOf(r), web.Language(r)
	text, args := e.Words()
	p := &framePage{
		Title: lang.T("Please sign in"), Message: lang.T(text, args...), Error: e.Code, Reference: launchlog.Code(page.Reference),
		Consumer: c.Name, Address: account.MaskAddress(l.LTI.User.Email), Privacy: lang.T(privacy(l.LTI.Instance.Family)),
		ReturnURL: page.ReturnURL,
		Style:     ui.Asset("layout/base.css"), EnterStyle: ui.Asset("enter/enter.css"), Script: ui.Asset("enter/enter.js"),
		CopyScript: ui.Asset("error/copy.js"),
	}
	if p.ReturnURL == "" {
		p.ReturnURL = l.LTI.Presentation.ReturnURL
	}
	if u, err := url.Parse(p.ReturnURL); err == nil {
		p.ReturnHost = u.Host
	}
	if l.LTI.User.Email == "" {
		p.Title = lang.T("Your course did not say who you are")
	}
	return p
}

// wait turns p into the page of a launch that waits.
func (p *framePage) wait(public *url.URL, id, token, code, other string) {
	p.Tab = "/enter/" + url.PathEscape(id)
	p.Go = p.Tab + "/~" + token + "/"
	p.Whole = public.JoinPath(p.Tab).String()
	p.Code, p.Other = code, other
}

// showFrame answers with the page. Its address or content holds the frame's
// credential, so nobody is told where a request from it came from.
func (h *Handler) showFrame(w http.ResponseWriter, r *http.Request, p *framePage) error {
	var b bytes.Buffer
	if err := h.frame.Execute(&b, web.Language(r), "frame.html", p); err != nil {
		return err
	}
	web.PageOf(r).SetHeaders(w.Header(), framePolicy)
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(http.StatusForbidden)
	_, err := w.Write(b.Bytes())
	return err
}

// privacy tells the course team where their LMS keeps people's addresses to
// itself. family is tool_consumer_info_product_family_code, which LMSs spell as
// they like.
func privacy(family string) string {
	f := strings.ToLower(strings.ReplaceAll(family, " ", ""))
	for _, lms := range []struct{ family, where string }{
		{"canvas", locale.Text("In Canvas, open the external tool's settings and set Privacy to “Email Only” or “Public”.")},
		{"moodle", locale.Text("In Moodle, open the tool's settings and set Privacy, “Share launcher's email with the tool”, to “Always”.")},
		{"blackboard", locale.Text("In Blackboard, open the LTI tool provider's settings and send the user field “Email Address”.")},
		{"desire2learn", locale.Text("In Brightspace, open the tool provider's security settings and choose to send the user's e-mail address.")},
		{"brightspace", locale.Text("In Brightspace, open the tool provider's security settings and choose to send the user's e-mail address.")},
		{"sakai", locale.Text("In Sakai, open the external tool's settings and tick “Send Email Addresses to External Tool”.")},
		{"schoology", locale.Text("In Schoology, open the external tool's settings and set Privacy to send name and e-mail address.")},
	} {
		if strings.HasPrefix(f, lms.family) {
			return lms.where
		}
	}
	return locale.Text("In the course site, let the external tool's privacy settings send the e-mail address of whoever opens it.")
}
