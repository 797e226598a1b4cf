package problem

import (
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
)

// messagePolicy is what feedback made by a script may hold. The course team
// writes it, but it may quote what the learner typed, so nothing in it runs.
var messagePolicy = newMessagePolicy()

func newMessagePolicy() *bluemonday.Policy {
	p := bluemonday.UGCPolicy()
	p.AllowAttrs("class").Globally()
	p.AllowAttrs("style").Globally()
	p.AllowStyles("color", "background-color", "text-align", "font-weight", "font-style", "font-size",
		"text-decoration", "border", "padding", "margin", "width", "height", "float", "display").Globally()
	p.AllowAttrs("border", "cellpadding", "cellspacing").Matching(regexp.MustCompile(`^[0-9]+$`)).OnElements("table")
	p.AllowAttrs("target").Matching(regexp.MustCompile(`^_blank$`)).OnElements("a")
	p.AllowElements("font", "center", "u", "big", "tt")
	p.AllowAttrs("color", "size").OnElements("font")
	p.AllowDataURIImages()
	p.RequireNoFollowOnLinks(false)
	return p
}

// cleanMessage returns feedback made by a script as HTML that is safe to keep
// and to show.
func cleanMessage(markup string) string {
	if !strings.ContainsAny(markup, "<&") {
		return strings.TrimSpace(markup)
	}
	return strings.TrimSpace(messagePolicy.Sanitize(markup))
}
