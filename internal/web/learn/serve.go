package learn

import (
	"html/template"
	"net/http"
	"strings"

	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/locale"
	"lectern/internal/session"
	"lectern/internal/web"
)

// ErrMethod means that an address below a session is asked for in a way it is
// not made for.
var ErrMethod = errs.New(errs.Method, "page_method", "",
	"This address does not work like that. Please open the page again from your course.", "")

// Serve answers a request below the session's base; rest is what follows it,
// unescaped.
func (h *Handler) Serve(w http.ResponseWriter, r *http.Request, s *session.Session, rest string) error {
	frame(r, s)
	lang := web.Language(r)
	key, keeps := h.pageKey(r, s, rest, lang.Tag)
	if keeps {
		if sent, err := h.sendKept(w, r, s, key); sent {
			return err
		}
	}
	v, err := h.open(r.Context(), s)
	if err != nil {
		return err
	}
	v.lang = lang
	if v.words, err = h.templates.In(lang); err != nil {
		return err
	}
	if keeps {
		v.key = &key
	}
	kind, arg, _ := strings.Cut(rest, "/")
	switch kind {
	case "problem", "library", "act":
		if r.Method != http.MethodPost {
			if kind == "act" && r.Method == http.MethodGet {
				return v.getAct(w, r, arg)
			}
			return redirect(w, r, s.Base) // a reload of an answer's address
		}
		switch kind {
		case "library":
			return v.resetLibrary(w, r, arg)
		case "act":
			return v.postAct(w, r, arg)
		}
		return v.postProblem(w, r, arg)
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return ErrMethod.With("%s %s", r.Method, kind)
	}
	v.answers = s.Staff && r.URL.Query().Get("answers") == "1"
	switch kind {
	case "":
		return v.getLaunched(w, r)
	case "block":
		return v.getBlock(w, r, arg)
	case "elsewhere":
		return v.getElsewhere(w, r, arg)
	case "transcript":
		return v.getTranscript(w, r, arg)
	case "static":
		return v.getLocked(w, r, arg)
	case "score":
		return v.getScore(w, r)
	case "team":
		return v.getTeam(w, r, arg)
	}
	return ErrBlock.With("no page %.100q", rest)
}

// getLaunched shows what was launched. A section or subsection leads to the step
// where the learner was, at the step's own address, so that Back shows again
// what was there.
func (v *view) getLaunched(w http.ResponseWriter, r *http.Request) error {
	b := v.launched
	if !isOutline(b) {
		return v.showStep(w, r, b)
	}
	step := v.current(b)
	if step == nil {
		body, err := v.notice(b, locale.Text("There is nothing to see here yet."), "")
		if err != nil {
			return err
		}
		return v.write(r.Context(), w, r, v.newPage(b, body))
	}
	address, _ := v.address(step)
	return redirect(w, r, address)
}

// getBlock shows block/{type}/{id}: a step, or, by redirect, the step that
// holds the block.
func (v *view) getBlock(w http.ResponseWriter, r *http.Request, arg string) error {
	typ, id, _ := strings.Cut(arg, "/")
	b, err := v.blockAt(typ, id)
	if err != nil {
		return err
	}
	step := v.step(b)
	if step == nil && b != v.launched {
		step = v.current(b)
	}
	switch {
	case step == nil:
		return redirect(w, r, v.s.Base)
	case step == b && step != v.launched:
		return v.showStep(w, r, step)
	case isOutline(b):
		return v.showStep(w, r, step)
	}
	address, _ := v.address(b)
	return redirect(w, r, address)
}

// showStep shows one piece, with what leads to the others around it.
func (v *view) showStep(w http.ResponseWriter, r *http.Request, step *course.Block) error {
	body, err := v.render(r.Context(), step, 0)
	if err != nil {
		return err
	}
	p := v.newPage(step, body)
	p.Nav, p.Team = v.nav(step), v.teamLinks(step)
	if r.Method == http.MethodGet {
		if err := v.remember(r.Context(), step); err != nil {
			return err
		}
	}
	return v.write(r.Context(), w, r, p)
}

// getElsewhere explains why a link of the course leads nowhere here.
func (v *view) getElsewhere(w http.ResponseWriter, r *http.Request, arg string) error {
	data := struct{ Text, Name, Consumer, Back string }{
		Text:     v.lang.T("This link leads to a part of the course that does not belong to this activity."),
		Consumer: v.lang.T("your course"), Back: v.s.Base,
	}
	typ, id, _ := strings.Cut(arg, "/")
	// Only names of what the learner may see anyway are told.
	if b := v.c.Block(course.Ref{Type: typ, ID: id}); b != nil && v.c.Visible(b, v.learner.Viewer, v.now) == nil {
		data.Name = b.Name
	}
	if v.s.Consumer.Name != "" {
		data.Consumer = v.s.Consumer.Name
	}
	html, err := v.html("elsewhere", data)
	if err != nil {
		return err
	}
	p := v.newPage(v.launched, []template.HTML{html}...)
	p.Heading, p.Due = v.lang.T("Not part of this activity"), nil
	return v.write(r.Context(), w, r, p)
}

// resetLibrary serves library/{type}/{id}/reset.
func (v *view) resetLibrary(w http.ResponseWriter, r *http.Request, arg string) error {
	arg, ok := strings.CutSuffix(arg, "/reset")
	typ, id, _ := strings.Cut(arg, "/")
	if !ok {
		return ErrBlock.With("library/%.100q", arg)
	}
	b, err := v.blockAt(typ, id)
	if err != nil {
		return err
	}
	if err := v.Grading.Redraw(r.Context(), v.who(), v.at(b)); err != nil {
		return err
	}
	return redirect(w, r, v.page(b)+"#"+v.anchor(b))
}
