package web

import (
	"fmt"
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"time"

	"lectern/internal/course"
	"lectern/internal/locale"
)

// markup are the template functions for a sentence with a link, an emphasis or
// a moment inside: th translates it and puts in what the others make. Whatever
// is not made by them, the sentence included, is escaped.
func markup(l *locale.Language) template.FuncMap {
	return template.FuncMap{
		"th":        func(text string, args ...any) template.HTML { return sentence(l, text, args) },
		"decimal":   func(v any) string { return decimal(l, v) },
		"blocktype": func(typ string) string { return l.T(course.TypeName(typ)) },
		"title":     func(name, typ string) string { return blockTitle(l, name, typ) },
		"took":      func(d time.Duration) string { return took(l, d) },
		"told":      func(text string) template.HTML { return told(l, text) },
		"strong":    func(v any) template.HTML { return element("<strong>", v, "</strong>") },
		"mono":      func(v any) template.HTML { return element("<code>", v, "</code>") },
		"monolong":  func(v any) template.HTML { return element(`<code class="long">`, v, "</code>") },
		"anchor":    anchor,
		"stamp":     func(t time.Time) template.HTML { return stamp(t, l.When(t)) },
		"moment":    func(t time.Time) template.HTML { return stamp(t, l.T("%s", locale.Moment(t))) },
	}
}

// decimal returns a number as people read it in the language: a float64, a
// pointer to one, or a text of one as this site sends it.
func decimal(l *locale.Language, v any) string {
	switch n := v.(type) {
	case float64:
		return l.Number(n)
	case *float64:
		if n != nil {
			return decimal(l, *n)
		}
		return ""
	case string:
		if x, err := strconv.ParseFloat(n, 64); err == nil {
			return decimal(l, x)
		}
	}
	return fmt.Sprint(v)
}

// blockTitle returns the name of a block; one without a name is called by its
// type, in the language.
func blockTitle(l *locale.Language, name, typ string) string {
	if english := course.TypeName(typ); name == english {
		return l.T(english)
	}
	return name
}

// took says a time that a computer took: in milliseconds, or in seconds when it
// was long.
func took(l *locale.Language, d time.Duration) string {
	if d < time.Second {
		return l.T("%v ms", l.Number(float64(d.Round(100*time.Microsecond))/float64(time.Millisecond)))
	}
	return l.T("%v s", l.Number(d.Round(100*time.Millisecond).Seconds()))
}

// told returns an English sentence that was made earlier in the language, marked
// as English where it is not known.
func told(l *locale.Language, text string) template.HTML {
	said, known := l.Retell(text)
	if known || !strings.Contains(text, " ") {
		return element("", said, "")
	}
	return element(`<span lang="`+locale.Source+`">`, said, "</span>")
}

// element returns v, escaped, between two tags.
func element(begin string, v any, end string) template.HTML {
	return template.HTML(begin + template.HTMLEscaper(v) + end) //nolint:gosec // v is escaped, the tags are constant
}

// stamp returns a moment that is written as said.
func stamp(t time.Time, said string) template.HTML {
	return element(`<time datetime="`+t.UTC().Format(time.RFC3339)+`">`, said, "</time>")
}

// anchor returns a link to a path of this site. Other addresses lead nowhere.
func anchor(path string, v any) template.HTML {
	if u, err := url.Parse(path); err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(path, "/") ||
		strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		path = "#"
	}
	return element(`<a href="`+template.HTMLEscapeString(path)+`">`, v, "</a>")
}

// sentence returns text in a language with its arguments as HTML: numbers as
// the language writes them, template.HTML as it is, all else escaped.
func sentence(l *locale.Language, text string, args []any) template.HTML {
	// The arguments go through the translation as marks of characters that no
	// text holds, so that the whole of it can be escaped around them.
	marked, marks := make([]any, len(args)), make([]string, 0, 2*len(args))
	for i, arg := range args {
		switch v := arg.(type) {
		case int, int32, int64, float64:
			marked[i] = v
			continue
		case template.HTML:
			marks = append(marks, mark(i), string(v))
		case locale.Phrase, locale.Moment:
			marks = append(marks, mark(i), template.HTMLEscapeString(l.T("%s", v)))
		default:
			marks = append(marks, mark(i), template.HTMLEscaper(v))
		}
		marked[i] = mark(i)
	}
	said := template.HTMLEscapeString(l.T(text, marked...))
	return template.HTML(strings.NewReplacer(marks...).Replace(said)) //nolint:gosec // escaped above
}

// mark stands for an argument, between characters of private use.
func mark(i int) string { return "\uE000" + strconv.Itoa(i) + "\uE001" }
