package poll

import (
	"html"
	"regexp"
	"strings"
)

// markdown returns the HTML of a text in the part of Markdown that polls use:
// paragraphs, headings, lists, emphasis, code, links and pictures. HTML in it
// stays as it is. One paragraph alone is returned without its element, so that
// it can stand in a label.
func markdown(text string) string {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if text == "" {
		return ""
	}
	var out []string
	paragraphs := strings.Split(text, "\n\n")
	for _, p := range paragraphs {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, block(p, len(paragraphs) == 1))
		}
	}
	return strings.Join(out, "\n")
}

var (
	heading   = regexp.MustCompile(`^(#{1,6})\s+(.*?)\s*#*$`)
	bullet    = regexp.MustCompile(`^\s{0,3}[-*+]\s+(.*)$`)
	numbered  = regexp.MustCompile(`^\s{0,3}\d{1,9}\.\s+(.*)$`)
	startsTag = regexp.MustCompile(`(?i)^<(p|div|ul|ol|table|h[1-6]|pre|blockquote|figure|iframe|hr)\b`)
)

// block makes one paragraph, list, heading or piece of HTML.
func block(text string, alone bool) string {
	lines := strings.Split(text, "\n")
	if startsTag.MatchString(text) {
		return text
	}
	if m := heading.FindStringSubmatch(lines[0]); m != nil {
		h := "<h4>" + spans(m[2]) + "</h4>"
		if rest := strings.TrimSpace(strings.Join(lines[1:], "\n")); rest != "" {
			h += "\n" + block(rest, false)
		}
		return h
	}
	for _, list := range []struct {
		item *regexp.Regexp
		tag  string
	}{{bullet, "ul"}, {numbered, "ol"}} {
		if items := all(list.item, lines); items != nil {
			return "<" + list.tag + "><li>" + strings.Join(items, "</li><li>") + "</li></" + list.tag + ">"
		}
	}
	if alone {
		return spans(text)
	}
	return "<p>" + spans(text) + "</p>"
}

// all returns the items when every line is one.
func all(item *regexp.Regexp, lines []string) []string {
	var out []string
	for _, line := range lines {
		m := item.FindStringSubmatch(line)
		if m == nil {
			return nil
		}
		out = append(out, spans(m[1]))
	}
	return out
}

var (
	code     = regexp.MustCompile("`([^`\n]+)`")
	picture  = regexp.MustCompile(`!\[([^\]\n]*)\]\(([^\s)]+)\)`)
	link     = regexp.MustCompile(`\[([^\]\n]+)\]\(([^\s)]+)\)`)
	strong   = regexp.MustCompile(`\*\*(\S(?:[^\n]*?\S)?)\*\*`)
	emphasis = regexp.MustCompile(`(^|[^\w*])\*([^\s*](?:[^*\n]*[^\s*])?)\*`)
	loneAmp  = regexp.MustCompile(`&(#?\w+;)?`)
	lessThan = regexp.MustCompile(`<([^A-Za-z/!]|$)`)
)

// spans makes what stands within a line.
func spans(text string) string {
	text = loneAmp.ReplaceAllStringFunc(text, func(m string) string {
		if m == "&" {
			return "&amp;"
		}
		return m
	})
	text = lessThan.ReplaceAllString(text, "&lt;$1")
	text = code.ReplaceAllStringFunc(text, func(m string) string {
		inner := html.EscapeString(html.UnescapeString(m[1 : len(m)-1]))
		return "<code>" + strings.NewReplacer("*", "&#42;", "[", "&#91;").Replace(inner) + "</code>"
	})
	quoted := func(m []string, pattern string) string {
		address := strings.ReplaceAll(m[2], `"`, "%22")
		return strings.NewReplacer("$text", strings.ReplaceAll(m[1], `"`, "&quot;"), "$to", address).Replace(pattern)
	}
	text = picture.ReplaceAllStringFunc(text, func(m string) string {
		return quoted(picture.FindStringSubmatch(m), `<img src="$to" alt="$text">`)
	})
	text = link.ReplaceAllStringFunc(text, func(m string) string {
		return quoted(link.FindStringSubmatch(m), `<a href="$to">$text</a>`)
	})
	text = strong.ReplaceAllString(text, "<strong>$1</strong>")
	return emphasis.ReplaceAllString(text, "$1<em>$2</em>")
}
