package problem

import (
	"fmt"
	"html"
	"strings"
)

// textBox draws a field of many lines, for programs most of the time. It begins
// with the text that the course put into it.
func (f *fieldView) textBox() string {
	label, attrs := f.heading()
	attrs = f.describedBy() + attrs + f.disabled() + asTyped
	if hidden := f.attr("hidden"); hidden != "" {
		attrs += " hidden"
	}
	value := esc(f.answer.Value())
	if value == "" && f.status.class == "unanswered" {
		value = html.EscapeString(strings.TrimSpace(f.in.node.Lead()))
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<div class="capa_inputtype textbox" id="textbox_%s"><div class="%s">%s`, f.id, f.status.class, label)
	// The parser of HTML drops a first line break; it is written twice.
	fmt.Fprintf(&b, "<textarea name=\"input_%s\" id=\"input_%s\" rows=\"%d\" cols=\"%d\" style=\"tab-size:%d\" data-mode=\"%s\" "+
		"autocomplete=\"off\"%s>\n%s</textarea>", f.id, f.id, min(f.number("rows", 15, 60), 60), f.number("cols", 80, 200),
		f.number("tabsize", 4, 16), html.EscapeString(f.attr("mode")), attrs, value)
	return b.String() + f.foot() + `</div></div>`
}
