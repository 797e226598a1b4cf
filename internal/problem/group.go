package problem

import (
	"fmt"
	"html"
	"slices"
	"strings"

	"lectern/internal/locale"
)

// group draws radio buttons or check boxes in a fieldset.
func (f *fieldView) group() string {
	kind, suffix := "radio", ""
	switch {
	case f.in.node.Name == "checkboxgroup", f.in.response.kind.tag == trueFalseTag:
		kind, suffix = "checkbox", "[]"
	case f.in.node.Name == "radiogroup":
		suffix = "[]"
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<div class="choicegroup capa_inputtype" id="inputtype_%s"><fieldset%s%s>`,
		f.id, f.describedBy(), f.disabled())
	b.WriteString(f.legend(locale.Text("Choices of question %d")))
	b.WriteString(f.notes())
	for _, c := range f.in.choices {
		f.choice(&b, c, kind, suffix)
	}
	b.WriteString(`</fieldset>`)
	if f.in.node.Attr("show_correctness") == "never" {
		f.received(&b)
	} else {
		fmt.Fprintf(&b, `<div class="indicator-container">%s</div>`, f.statusHTML())
	}
	fmt.Fprintf(&b, `<div class="answer" id="answer_%s"></div>`, f.id) // the correct choices are marked themselves
	return b.String() + f.message() + `</div>`
}

// choice draws one button or box with its label.
func (f *fieldView) choice(b *strings.Builder, c choice, kind, suffix string) {
	chosen := slices.Contains(f.answer.Values, c.name)
	name := html.EscapeString(c.name)
	checked, class := "", "response-label field-label label-inline"
	if chosen {
		checked = " checked"
		if f.status.class != "unanswered" && f.in.node.Attr("show_correctness") != "never" {
			class += " choicegroup_" + f.status.class
		}
	}
	class, mark := f.reveal(class, c.correct == "TRUE")
	fmt.Fprintf(b, `<div class="field"><input type="%s" name="input_%s%s" id="input_%s_%s" class="field-input input-%s" value="%s"%s>`,
		kind, f.id, suffix, f.id, name, kind, name, checked)
	fmt.Fprintf(b, `<label id="%s-%s-label" for="input_%s_%s" class="%s"><span class="choice-text">%s</span>%s</label></div>`,
		f.id, name, f.id, name, class, xmlToHTML(c.node.Children), mark)
}

// received says no more than that there is an answer, for groups that never
// show what is right. The status stays for what refers to it.
func (f *fieldView) received(b *strings.Builder) {
	text := ""
	if len(f.answer.Values) > 0 || f.status.class != "unanswered" {
		if text = f.in.node.Attr("submitted_message"); text == "" {
			text = f.d.v.T("Answer received.")
		}
	}
	fmt.Fprintf(b, `<div class="indicator-container"><span class="status" id="status_%s">%s</span></div>`,
		f.id, html.EscapeString(text))
}

// reveal returns a label's class and what stands after it where answers are
// shown and the choice is a right one.
func (f *fieldView) reveal(class string, correct bool) (string, string) {
	if !f.d.v.ShowAnswers || !correct {
		return class, ""
	}
	return class + " choicegroup_correct_answer",
		` <span class="answer-mark"><span aria-hidden="true">✓</span> <span class="answer-word">` + html.EscapeString(f.d.v.T("correct answer")) + `</span></span>`
}
