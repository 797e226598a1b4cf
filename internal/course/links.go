package course

import (
	"net/url"
	"strings"
)

// Prefixes of the addresses that courses write inside quotes and that mean
// something only within a course.
const (
	PrefixStatic   = "/static/"     // a file
	PrefixCourse   = "/course/"     // a page of the course itself
	PrefixJump     = "/jump_to_id/" // a block by its ID
	PrefixAsset    = "/asset-v1:"   // a file by key; also without the slash
	PrefixAssetKey = "asset-v1:"
	PrefixC4x      = "/c4x/"     // a file by old key
	PrefixCourses  = "/courses/" // an address of the site the course comes from
)

var prefixes = [...]string{
	PrefixStatic, PrefixCourse, PrefixJump, PrefixAsset, PrefixAssetKey, PrefixC4x, PrefixCourses,
}

// quotes are what may stand around an address: plain, escaped as in a string
// inside a script, and as character references inside an attribute. The longer
// of two that begin alike comes first.
var quotes = [...]string{`\"`, `\'`, `"`, `'`, "&quot;", "&#34;", "&apos;", "&#39;"}

// maxLink bounds the length of an address, in bytes, so that a stray quote does
// not make half a page into one.
const maxLink = 4096

// RewriteLinks calls f for every quoted string in html that begins with one of
// the prefixes, and puts what f returns in place of prefix and rest. The rest
// runs to the same quote on the same line, with query and fragment. Where f says
// false the text stays as it is. It works on text, not on elements: addresses
// stand in scripts and styles too. A /static/ address ending in "?raw" is left
// alone: the author asked for it.
func RewriteLinks(html string, f func(prefix, rest string) (replacement string, ok bool)) string {
	var out strings.Builder
	done := 0 // html[:done] is written
	for i := 0; i < len(html); {
		quote, prefix := linkAt(html[i:])
		if prefix == "" {
			i++
			continue
		}
		start := i + len(quote)
		end := linkEnd(html, start+len(prefix), quote)
		if end < 0 {
			i++
			continue
		}
		rest := html[start+len(prefix) : end]
		i = end + len(quote)
		if prefix == PrefixStatic && strings.HasSuffix(rest, "?raw") {
			continue
		}
		if replacement, ok := f(prefix, rest); ok {
			out.WriteString(html[done:start])
			out.WriteString(replacement)
			done = end
		}
	}
	if done == 0 {
		return html
	}
	out.WriteString(html[done:])
	return out.String()
}

// linkAt returns the quote and the prefix that s begins with, or "".
func linkAt(s string) (quote, prefix string) {
	if s[0] != '\\' && s[0] != '"' && s[0] != '\'' && s[0] != '&' {
		return "", ""
	}
	for _, q := range quotes {
		rest, ok := strings.CutPrefix(s, q)
		if !ok {
			continue
		}
		for _, p := range prefixes {
			if strings.HasPrefix(rest, p) {
				return q, p
			}
		}
		return "", ""
	}
	return "", ""
}

// linkEnd returns where the closing quote begins in s, from i on, or -1.
func linkEnd(s string, i int, quote string) int {
	line := s[i:min(len(s), i+maxLink)]
	if n := strings.IndexByte(line, '\n'); n >= 0 {
		line = line[:n]
	}
	n := strings.Index(line, quote)
	if n < 0 {
		return -1
	}
	return i + n
}

// SplitLink splits what follows a prefix into the name, with percent-encoding
// decoded where it is valid, and the query and fragment as they are.
func SplitLink(rest string) (name, tail string) {
	name = rest
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		name, tail = rest[:i], rest[i:]
	}
	name = strings.ReplaceAll(name, "&amp;", "&")
	if decoded, err := url.PathUnescape(name); err == nil {
		name = decoded
	}
	return name, tail
}

// RewriteQuery replaces the values in a query or fragment that begin with
// /static/: pages of a course pass addresses of files to each other. f gets what
// follows the prefix. The separators may be written "&amp;".
func RewriteQuery(tail string, f func(rest string) (replacement string, ok bool)) string {
	const mark = "=" + PrefixStatic
	var out strings.Builder
	for {
		i := strings.Index(tail, mark)
		if i < 0 {
			break
		}
		value := tail[i+len(mark):]
		end := strings.IndexAny(value, "&#")
		if end < 0 {
			end = len(value)
		}
		out.WriteString(tail[:i+1])
		if replacement, ok := f(value[:end]); ok {
			out.WriteString(replacement)
		} else {
			out.WriteString(PrefixStatic + value[:end])
		}
		tail = value[end:]
	}
	out.WriteString(tail)
	return out.String()
}
