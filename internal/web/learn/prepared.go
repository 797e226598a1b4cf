package learn

import (
	"slices"
	"strings"

	"lectern/internal/course"
)

// preparedBytes bounds the texts that are kept ready for pages.
const preparedBytes = 4 << 20

// preparedKey is all that a prepared text depends on.
type preparedKey struct{ version, text string }

// prepared is text of the course team, ready for a page.
type prepared struct {
	html  string
	needs needs
	paper bool // it sets colours itself and must not be shown on a dark page
}

// prepare makes text ready for the page: links to files and blocks, balanced
// markup. It notes what scripts the page needs. What depends on the text and the
// course's version alone is kept, whoever it was made for; where a link leads
// somewhere else for each learner, it is not.
func (v *view) prepare(text string) *prepared {
	key := preparedKey{v.c.VersionID, text}
	p, ok := v.prepared.get(key)
	if !ok {
		p = &prepared{}
		own := false
		html := course.RewriteLinks(text, func(prefix, rest string) (string, bool) {
			address, yours, ok := v.rewritten(prefix, rest)
			own = own || yours
			return address, ok
		})
		p.needs.note(html)
		p.html = balance(html)
		p.paper = ownColours(p.html)
		if !own && key.version != "" {
			v.prepared.put(key, p, len(key.text)+len(p.html))
		}
	}
	v.needs.math = v.needs.math || p.needs.math
	v.needs.ascii = v.needs.ascii || p.needs.ascii
	v.needs.jQuery = v.needs.jQuery || p.needs.jQuery
	return p
}

// ownColours reports whether content sets colours itself: it brings styles, or
// an element has old attributes or a style for them.
func ownColours(html string) bool {
	low := strings.ToLower(html)
	has := func(mark string) bool { return strings.Contains(low, mark) }
	if slices.ContainsFunc([]string{"<style", "stylesheet", "<font", "bgcolor"}, has) {
		return true
	}
	for {
		_, after, ok := strings.Cut(low, "style")
		if !ok {
			return false
		}
		low = after
		value, ok := strings.CutPrefix(strings.TrimLeft(after, " \t\r\n\f"), "=")
		value = strings.TrimLeft(value, " \t\r\n\f")
		if !ok || value == "" || value[0] != '"' && value[0] != '\'' {
			continue
		}
		value = value[1:]
		if end := strings.IndexAny(value, `"'`); end >= 0 {
			value = value[:end]
		}
		if strings.Contains(value, "color") || strings.Contains(value, "background") {
			return true
		}
	}
}
