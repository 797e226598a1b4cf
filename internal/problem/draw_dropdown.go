package problem

import (
	"fmt"
	"html"
	"strings"
)

// dropdown draws a list to pick one option from.
func (f *fieldView) dropdown() string {
	label, fallback := f.heading()
	var b strings.Builder
	fmt.Fprintf(&b, `<div class="inputtype option-input%s" id="inputtype_%s">%s<select name="input_%s" id="input_%s"%s%s%s>`,
		f.inline(), f.id, label, f.id, f.id, f.describedBy(), fallback, f.disabled())
	fmt.Fprintf(&b, `<option value="option_%s_dummy_default">%s</option>`, f.id, html.EscapeString(f.d.v.T("Select an option")))
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
