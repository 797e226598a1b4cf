package learn

import (
	"bytes"
	"cmp"
	"errors"
	"html/template"
	"net/http"
	"net/url"

	"lectern/internal/account"
	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/oauth1"
	"lectern/internal/tool"
	"lectern/internal/web"
)

// toolPart is what the template "tool" gets.
type toolPart struct {
	part
	Name, Label string
	Alone       bool
	Description template.HTML
	Action      string // "" where nothing can be opened
	Window      *toolWindow
	Frame       string // name of the frame
	Height      int
}

// toolWindow is what opens a tool in a window of its own. The frame's cookie does
// not get there, so that the window has a session of its own.
type toolWindow struct{ Pass, To string }

// renderTool returns the button that opens another tool. Nothing is signed until
// it is selected: signatures age.
func (v *view) renderTool(b *course.Block) (template.HTML, error) {
	t, err := tool.Parse(b.Type, b.Fields)
	if err == nil && !t.Hidden {
		_, _, err = v.toolKey(t)
	}
	if err != nil {
		return v.toolNotice(b, err)
	}
	v.need("learn/blocks.css", "learn/blocks.js")
	p := &toolPart{
		part: v.part(b), Name: b.Name, Alone: b == v.launched, Description: v.courseHTML(t.Description),
		Frame: "tool-" + v.anchor(b), Height: t.Height,
		Label: cmp.Or(t.Button, v.lang.T("Open %s", cmp.Or(b.Name, v.lang.T("the tool")))),
	}
	switch {
	case t.Hidden:
	case !t.Window:
		p.Action = v.actURL(b) + "launch"
	default:
		p.Action = "/learn/" + url.PathEscape(v.s.ID) + "/" + web.WindowPath
		p.Window = &toolWindow{v.s.Pass(), "act/" + b.Type + "/" + b.ID + "/launch"}
	}
	return v.html("tool", p)
}

// toolNotice says to learners that a tool cannot be opened, and to the course
// team why.
func (v *view) toolNotice(b *course.Block, err error) (template.HTML, error) {
	var e *errs.Error
	if !errors.As(err, &e) || e.Kind != errs.Invalid {
		return "", err
	}
	if b.Reason == "" && e.Unwrap() != nil {
		return v.notice(b, e.Public, e.Unwrap().Error()+".", e.Hint)
	}
	return v.notice(b, e.Public, b.Reason)
}

// toolKey finds the course's key for t.
func (v *view) toolKey(t *tool.Tool) (key, secret string, err error) {
	return tool.Key(v.c.Root.Fields["lti_passports"], t.ID)
}

// launchTool answers with the signed form, which posts itself, or by a button
// where scripts do not run.
func (v *view) launchTool(w http.ResponseWriter, r *http.Request, b *course.Block) error {
	t, err := tool.Parse(b.Type, b.Fields)
	if err != nil {
		return err
	}
	if t.Hidden {
		return ErrBlock.With("%s/%s opens nothing", b.Type, b.ID)
	}
	key, secret, err := v.toolKey(t)
	if err != nil {
		return err
	}
	form, err := t.Launch(oauth1.Signer{Key: key, Secret: secret, Clock: v.Clock}, v.toolLearner(), v.toolPlace(b))
	if err != nil {
		return tool.ErrContent.Wrap(err)
	}
	var page bytes.Buffer
	err = v.words.ExecuteTemplate(&page, "tool-launch", struct {
		Name, Address string
		Form          []oauth1.Pair
	}{cmp.Or(b.Name, v.lang.T("the tool")), t.Address, form})
	if err != nil {
		return err
	}
	frame(r, v.s).SetHeaders(w.Header(), "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'")
	_, err = w.Write(page.Bytes())
	return err
}

// toolLearner is the learner as other tools may know them: without a name or
// address that the LMS did not mean for us.
func (v *view) toolLearner() tool.Learner {
	who := tool.Learner{ID: v.s.AccountID, Teacher: v.s.Staff, Locale: v.s.Locale}
	if v.s.Account.Kind != account.Anonymous || v.s.Consumer.UseLTIPII {
		who.UserName, who.FullName, who.Email = v.s.Account.Username, v.s.Account.Name, v.s.Account.Email
	}
	return who
}

func (v *view) toolPlace(b *course.Block) tool.Place {
	return tool.Place{
		Link: v.c.Usage(b).String(), Name: b.Name, Course: v.c.Key.String(), Title: v.c.Name, Due: v.learner.Dates.Due(b),
	}
}
