package problem

import (
	"fmt"
	"html"
	"strconv"
	"strings"

	"lectern/internal/locale"
)

// status is the verdict on an input as it is shown: a class, a sign and a word,
// so that nothing depends on colour.
type status struct{ class, sign, word string }

var statuses = map[string]status{
	"unanswered":    {"unanswered", "", locale.Text("unanswered")},
	"submitted":     {"submitted", "•", locale.Text("submitted")},
	string(Correct): {"correct", "✓", locale.Text("correct")},
	string(Partial): {"partially-correct", "◐", locale.Text("partially correct")},
}

var statusIncorrect = status{"incorrect", "✗", locale.Text("incorrect")}

// esc escapes what a learner typed. Dollar signs, slashes and colons too:
// variables are put in and addresses rewritten after the page is drawn.
func esc(s string) string {
	return typed.Replace(html.EscapeString(strings.ToValidUTF8(s, "\uFFFD")))
}

var typed = strings.NewReplacer("$", "&#36;", "/", "&#47;", ":", "&#58;")

// fieldView is what is shown of one input.
type fieldView struct {
	in     *input
	id     string // escaped
	answer Answer
	mark   Mark
	status status
	msg    string // HTML
	d      *drawer
}

// field draws an input with label, descriptions, status and feedback.
func (d *drawer) field(in *input) string {
	f := &fieldView{in: in, id: html.EscapeString(in.id), answer: d.v.Answers[in.id], status: statuses["unanswered"], d: d}
	mark, marked := d.v.Marks.Get(in.id)
	switch {
	case marked && d.v.CorrectnessHidden:
		f.status = statuses["submitted"]
	case marked:
		f.mark = mark
		if !d.v.Saved {
			f.msg = mark.Msg
			var known bool
			if f.status, known = statuses[string(mark.Correctness)]; !known {
				f.status = statusIncorrect
			}
		}
		if mark.HintMode == "always" && mark.Hint != "" {
			f.msg = strings.TrimSuffix(mark.Hint+"<br/>"+f.msg, "<br/>")
		}
	}
	return f.draw()
}

// draw draws the field by its element's name. Each kind is in a file draw_*.go.
func (f *fieldView) draw() string {
	switch f.in.node.Name {
	case "optioninput":
		return f.dropdown()
	case "textline":
		return f.textLine()
	case "formulaequationinput":
		return f.formula()
	case "chemicalequationinput":
		return f.chemistry()
	case "crystallography", "vsepr_input", "designprotein2dinput", "editageneinput", "editamoleculeinput":
		return f.applet()
	case "textbox":
		return f.textBox()
	case "jsinput":
		return f.script()
	case "drag_and_drop_input":
		return f.dragAndDrop()
	case "schematic":
		return f.schematic()
	case "imageinput":
		return f.image()
	case "annotationinput":
		return f.annotation()
	case "radiotextgroup", "checkboxtextgroup":
		return f.choiceText()
	}
	return f.group()
}

// describedBy lists the elements that describe the field.
func (f *fieldView) describedBy(first ...string) string {
	ids := append(first, "status_"+f.in.id)
	for _, n := range f.in.notes {
		ids = append(ids, n.id)
	}
	if f.msg != "" {
		ids = append(ids, "message_"+f.in.id)
	}
	return ` aria-describedby="` + html.EscapeString(strings.Join(ids, " ")) + `"`
}

func (f *fieldView) disabled() string {
	if f.d.v.ReadOnly {
		return " disabled"
	}
	return ""
}

// labelHTML is the question's text, "" when there is none.
func (f *fieldView) labelHTML() string {
	if f.in.label != nil {
		return fragment(f.d.plain().drawAll(f.in.label))
	}
	if len(f.in.response.inputs) > 1 {
		return wellFormed(f.in.name)
	}
	return ""
}

// heading draws label and descriptions of a single field; fallback names it for
// screen readers when it has no label.
func (f *fieldView) heading() (label, fallback string) {
	if text := f.labelHTML(); text != "" {
		label = fmt.Sprintf(`<label class="problem-group-label" for="input_%s" id="label_%s">%s</label>`, f.id, f.id, text)
	} else {
		name := f.in.name
		if name == "" {
			name = f.d.v.T("Answer to question %d", f.in.response.index)
		}
		fallback = ` aria-label="` + html.EscapeString(name) + `"`
	}
	return label + f.notes(), fallback
}

func (f *fieldView) notes() string {
	var b strings.Builder
	for _, n := range f.in.notes {
		fmt.Fprintf(&b, `<div class="question-description" id="%s">%s</div>`,
			html.EscapeString(n.id), fragment(f.d.plain().drawAll(n.content)))
	}
	return b.String()
}

func (f *fieldView) statusHTML() string {
	icon := ""
	if f.status.sign != "" {
		icon = `<span class="status-icon" aria-hidden="true">` + f.status.sign + `</span>`
	}
	return fmt.Sprintf(`<span class="status %s" id="status_%s">%s<span class="sr">%s</span></span>`,
		f.status.class, f.id, icon, html.EscapeString(f.d.v.T(f.status.word)))
}

func (f *fieldView) message() string {
	if f.msg == "" {
		return ""
	}
	return fmt.Sprintf(`<div class="message" id="message_%s" tabindex="-1">%s</div>`, f.id, wellFormed(f.d.v.hints(f.msg)))
}

// answerHTML is the place of the correct answer, filled when answers are shown.
func (f *fieldView) answerHTML() string {
	inner := ""
	if f.d.v.ShowAnswers {
		for _, s := range f.in.response.grader.solution(&f.d.v) {
			if s.ID == f.in.id && s.HTML != "" {
				inner = `<strong>` + html.EscapeString(f.d.v.T("Answer:")) + `</strong> ` + s.HTML
			}
		}
	}
	return fmt.Sprintf(`<div class="answer" id="answer_%s">%s</div>`, f.id, inner)
}

func (f *fieldView) inline() string {
	if f.in.node.Attr("inline") != "" {
		return " inline"
	}
	return ""
}

// attr returns an attribute of the input with variables put in.
func (f *fieldView) attr(name string) string { return f.d.p.scope.expand(f.in.node.Attr(name)) }

// number returns an attribute that is a whole number between 1 and most, or
// fallback.
func (f *fieldView) number(name string, fallback, most int) int {
	n, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(f.attr(name)), "px")))
	if err != nil || n < 1 {
		return fallback
	}
	return min(n, most)
}

// hiddenField draws the field that holds what a script composes, with the value
// as it stands.
func (f *fieldView) hiddenField(value string) string {
	return fmt.Sprintf(`<input type="hidden" name="input_%s" id="input_%s" value="%s"%s>`, f.id, f.id, esc(value), f.disabled())
}

// foot is what stands below every field: the verdict and the correct answer.
func (f *fieldView) foot() string {
	return `<div class="indicator-container">` + f.statusHTML() + `</div>` + f.answerHTML() + f.message()
}

// groupHeading draws label and descriptions of a field that is made of several
// controls; they are named by the attributes returned.
func (f *fieldView) groupHeading() (heading, attrs string) {
	text := f.labelHTML()
	if text == "" {
		name := f.in.name
		if name == "" {
			name = f.d.v.T("Answer to question %d", f.in.response.index)
		}
		return f.notes(), ` role="group" aria-label="` + html.EscapeString(name) + `"` + f.describedBy()
	}
	heading = fmt.Sprintf(`<p class="problem-group-label" id="label_%s">%s</p>`, f.id, text)
	return heading + f.notes(), fmt.Sprintf(` role="group" aria-labelledby="label_%s"`, f.id) + f.describedBy()
}
