package problem

import (
	"fmt"
	"html"
	"strings"
)

// script draws the place of a program that the course brings along. A page's
// script opens it in a frame and asks it for the answer, see ui/learn/program.js.
// It is named by data attributes, so that nothing loads where nothing could
// talk to it.
func (f *fieldView) script() string {
	heading, attrs := f.groupHeading()
	var b strings.Builder
	fmt.Fprintf(&b, `<div class="capa_inputtype jsinput" id="inputtype_%s"%s>%s`, f.id, attrs, heading)
	b.WriteString(`<div class="program" data-program`)
	title := f.attr("title")
	if title == "" {
		title = "Problem Remote Content" // Open edX's name for screen readers
	}
	gradefn := f.attr("gradefn")
	if gradefn == "" {
		gradefn = "gradefn"
	}
	for _, data := range [][2]string{
		{"file", f.attr("html_file")}, {"grade", gradefn}, {"get", f.attr("get_statefn")}, {"set", f.attr("set_statefn")},
		{"state", f.attr("initial_state")}, {"title", title},
		{"width", dimension(f.attr("width"), "400")}, {"height", dimension(f.attr("height"), "500")},
	} {
		if data[1] != "" {
			fmt.Fprintf(&b, ` data-%s="%s"`, data[0], html.EscapeString(data[1]))
		}
	}
	b.WriteString(`><p class="input-note">` + f.d.v.T("The answer to this question is given in a small program that runs in your browser. "+
		"Please switch JavaScript on to use it.") + `</p></div>`)
	return b.String() + f.hiddenField(f.answer.Value()) + f.foot() + `</div>`
}

// dimension returns a length in pixels or per cent, as the attributes of frames
// have it.
func dimension(s, fallback string) string {
	s = strings.TrimSuffix(strings.TrimSpace(s), "px")
	digits := strings.TrimSuffix(s, "%")
	if digits == "" || len(digits) > 4 || strings.Trim(digits, "0123456789") != "" {
		return fallback
	}
	return s
}
