package problem

import (
	"fmt"
	"html"
	"strconv"
	"strings"
)

// status is the verdict on an input as it is shown: a class, a sign and a word,
// so that nothing depends on colour.
type status struct{ class, sign, word string }

var statuses = map[string]status{
	"unanswered":    {"unanswered", "", "unanswered"},
	"submitted":     {"submitted", "•", "submitted"},
	string(Correct): {"correct", "✓", "correct"},
	string(Partial): {"partially-correct", "◐", "partially correct"},
}

var statusIncorrect = status{"incorrect", "✗", "incorrect"}

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
	switch in.node.Name {
	case "optioninput":
		return f.dropdown()
	case "textline", "formulaequationinput":
		return f.textField()
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
		return fragment((&drawer{}).drawAll(f.in.label))
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
			name = fmt.Sprintf("Answer to question %d", f.in.response.index)
		}
		fallback = ` aria-label="` + html.EscapeString(name) + `"`
	}
	return label + f.notes(), fallback
}

func (f *fieldView) notes() string {
	var b strings.Builder
	for _, n := range f.in.notes {
		fmt.Fprintf(&b, `<div class="question-description" id="%s">%s</div>`,
			html.EscapeString(n.id), fragment((&drawer{}).drawAll(n.content)))
	}
	return b.String()
}

func (f *fieldView) statusHTML() string {
	icon := ""
	if f.status.sign != "" {
		icon = `<span class="status-icon" aria-hidden="true">` + f.status.sign + `</span>`
	}
	return fmt.Sprintf(`<span class="status %s" id="status_%s">%s<span class="sr">%s</span></span>`,
		f.status.class, f.id, icon, f.status.word)
}

func (f *fieldView) message() string {
	if f.msg == "" {
		return ""
	}
	return fmt.Sprintf(`<div class="message" id="message_%s" tabindex="-1">%s</div>`, f.id, wellFormed(f.msg))
}

// answerHTML is the place of the correct answer, filled when answers are shown.
func (f *fieldView) answerHTML() string {
	inner := ""
	if f.d.v.ShowAnswers {
		for _, s := range f.in.response.grader.solution() {
			if s.ID == f.in.id && s.HTML != "" {
				inner = `<strong>Answer:</strong> ` + s.HTML
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

// textField draws a line of text or a formula.
func (f *fieldView) textField() string {
	n := f.in.node
	formula := n.Name == "formulaequationinput"
	math := !formula && (n.Attr("math") != "" || n.Attr("dojs") != "")
	outer, kind := "inputtype_", "text-input capa_inputtype textline"
	switch {
	case formula:
		outer, kind = "formulaequationinput_", "inputtype formulaequationinput"
	case math:
		kind = "text-input-dynamath capa_inputtype textline"
	}
	label, fallback := f.heading()
	var described []string
	trailing := n.Attr("trailing_text")
	if trailing != "" {
		described = append(described, "trailing_text_"+f.in.id)
	}
	attrs := f.describedBy(described...) + fallback + f.disabled()
	if size, err := strconv.Atoi(strings.TrimSpace(n.Attr("size"))); err == nil && size > 0 && size <= 500 {
		attrs += fmt.Sprintf(` size="%d"`, size)
	}
	hidden := n.Attr("hidden")
	if hidden != "" {
		attrs += " hidden"
	}
	if math {
		attrs += ` data-math="1"`
	}
	if formula {
		attrs += ` data-formula="1" spellcheck="false" autocapitalize="off"`
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<div id="%s%s" class="%s%s"><div class="%s">`, outer, f.id, kind, f.inline(), f.status.class)
	if hidden != "" {
		fmt.Fprintf(&b, `<div hidden data-name="%s" data-inputid="input_%s"></div>`, html.EscapeString(hidden), f.id)
	}
	fmt.Fprintf(&b, `%s<input type="text" name="input_%s" id="input_%s" value="%s" autocomplete="off"%s>`,
		label, f.id, f.id, esc(f.answer.Value()), attrs)
	fmt.Fprintf(&b, `<span class="trailing_text" id="trailing_text_%s">%s</span>%s%s`,
		f.id, html.EscapeString(trailing), f.statusHTML(), f.answerHTML())
	switch {
	case math:
		fmt.Fprintf(&b, `<div id="display_%s" class="equation"></div><textarea hidden id="input_%s_dynamath" `+
			`name="input_%s_dynamath" aria-hidden="true"></textarea>`, f.id, f.id, f.id)
	case formula:
		fmt.Fprintf(&b, `<div id="input_%s_preview" class="equation" aria-live="polite"></div>`, f.id)
	}
	return b.String() + `</div>` + f.message() + `</div>`
}

// dropdown draws a list to pick one option from.
func (f *fieldView) dropdown() string {
	label, fallback := f.heading()
	var b strings.Builder
	fmt.Fprintf(&b, `<div class="inputtype option-input%s" id="inputtype_%s">%s<select name="input_%s" id="input_%s"%s%s%s>`,
		f.inline(), f.id, label, f.id, f.id, f.describedBy(), fallback, f.disabled())
	fmt.Fprintf(&b, `<option value="option_%s_dummy_default">Select an option</option>`, f.id)
	for _, raw := range parseOptions(f.in.node.Attr("options")) {
		option := f.d.p.scope.expand(raw)
		selected := ""
		if value := f.answer.Value(); value != "" && (option == value || f.mark.AnswerVariable == raw) {
			selected = " selected"
		}
		fmt.Fprintf(&b, `<option value="%s"%s>%s</option>`, html.EscapeString(option), selected, html.EscapeString(option))
	}
	fmt.Fprintf(&b, `</select><div class="indicator-container">%s</div>%s%s</div>`,
		f.statusHTML(), f.answerHTML(), f.message())
	return b.String()
}
