package learn

import (
	"html"
	"net/url"
	"regexp"
	"strings"

	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"lectern/internal/account"
	"lectern/internal/course"
	"lectern/internal/keys"
)

// content makes text of the course team ready for the page: variables, and what
// [view.prepare] does.
func (v *view) content(text string) *prepared { return v.prepare(v.substitute(text)) }

// substitute fills in the variables that html blocks may hold. The e-mail
// address is the learner's own or nothing: made-up ones stay here.
func (v *view) substitute(text string) string {
	if !strings.Contains(text, "%%") {
		return text
	}
	email := v.s.Account.Email
	if v.s.Account.Kind == account.Anonymous && !v.s.Consumer.UseLTIPII {
		email = ""
	}
	return strings.NewReplacer(
		"%%USER_ID%%", html.EscapeString(v.s.AccountID),
		"%%USER_EMAIL%%", html.EscapeString(email),
		"%%COURSE_ID%%", html.EscapeString(v.c.Key.String()),
	).Replace(text)
}

// note notes whether text calls jQuery, which Open edX's pages have, and
// whether it holds formulas, by the delimiters that MathJax is set up for in
// ui/learn/math.js.
func (n *needs) note(text string) {
	if strings.Contains(text, "<script") {
		n.jQuery = n.jQuery || callsJQuery.MatchString(text)
	}
	for _, mark := range []string{`\(`, `\[`, "[mathjax", "<math", `\begin{`} {
		if strings.Contains(text, mark) {
			n.math = true
			break
		}
	}
	if strings.Count(text, "`") > 1 {
		n.math, n.ascii = true, true
	}
}

// callsJQuery finds scripts that use jQuery, and files of the course that may.
var callsJQuery = regexp.MustCompile(`\$\s*[.(]|jQuery|<script[^>]+src`)

// rewrite is the address of what a course's own address means.
func (v *view) rewrite(prefix, rest string) (string, bool) {
	address, _, ok := v.rewritten(prefix, rest)
	return address, ok
}

// rewritten is rewrite; yours says that the address is this session's, not
// everybody's.
func (v *view) rewritten(prefix, rest string) (address string, yours, ok bool) {
	address, ok = v.meant(prefix, rest)
	return address, strings.Contains(address, v.s.Base), ok
}

func (v *view) meant(prefix, rest string) (string, bool) {
	switch prefix {
	case course.PrefixStatic:
		return v.staticLink(rest)
	case course.PrefixAsset, course.PrefixAssetKey, course.PrefixC4x:
		name, tail := course.SplitLink(prefix + rest)
		a, err := keys.ParseAsset(name)
		if err != nil || !a.Course.Own(v.c.Key) {
			return "", false
		}
		asset, ok := v.c.Assets.Find(a.Name)
		return v.assetURL(asset) + tail, ok
	case course.PrefixJump:
		id, tail := course.SplitLink(rest)
		return v.blockLink(v.c.BlockByID(strings.Trim(id, "/")), tail), true
	case course.PrefixCourse:
		return v.courseLink(rest), true
	case course.PrefixCourses:
		if own, ok := v.cutCourse(rest); ok {
			return v.courseLink(own), true
		}
	}
	return "", false
}

// staticLink is the address of /static/{rest}.
func (v *view) staticLink(rest string) (string, bool) {
	name, tail := course.SplitLink(rest)
	tail = course.RewriteQuery(tail, v.staticLink)
	asset, ok := v.c.Assets.Find(name)
	if !ok {
		return "", false
	}
	return v.assetURL(asset) + tail, true
}

// assetURL is where a file is served. Open files have an address that is the
// same for everybody, locked ones are below the session's base.
func (v *view) assetURL(a course.Asset) string {
	path := "/asset/" + url.PathEscape(v.c.VersionID) + "/static/"
	if a.Locked {
		path = v.s.Base + "static/"
	}
	return path + escapePath(a.Name)
}

// escapePath escapes a file name, slashes apart, so that it stands in HTML, in
// styles and in strings of scripts.
func escapePath(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(url.PathEscape(p), "&", "%26")
	}
	return strings.Join(parts, "/")
}

// cutCourse removes the course's own key from the front of an address.
func (v *view) cutCourse(rest string) (own string, ok bool) {
	parts := strings.Split(rest, "/")
	for _, n := range []int{1, 3} { // course-v1:Org+Course+Run, Org/Course/Run
		if len(parts) < n {
			break
		}
		text, _ := course.SplitLink(strings.Join(parts[:n], "/"))
		if key, err := keys.ParseCourse(strings.ReplaceAll(text, " ", "+")); err == nil && key.Own(v.c.Key) {
			return strings.Join(parts[n:], "/"), true
		}
	}
	return "", false
}

// courseLink is the address of a page of the course: jump_to/{usage key},
// jump_to_id/{id}, courseware/{chapter}/{subsection}/…; what we have no page
// for leads to the explanation.
func (v *view) courseLink(rest string) string {
	path, tail := course.SplitLink(rest)
	kind, arg, _ := strings.Cut(strings.Trim(path, "/"), "/")
	switch kind {
	case "jump_to":
		if ref, err := course.ParseRef(strings.ReplaceAll(arg, " ", "+")); err == nil {
			return v.blockLink(v.c.Block(ref), tail)
		}
	case "jump_to_id":
		return v.blockLink(v.c.BlockByID(arg), tail)
	case "courseware":
		parts := strings.Split(arg, "/")
		for i := min(len(parts), 2) - 1; i >= 0; i-- { // a position or activity may follow
			if b := v.c.BlockByID(parts[i]); b != nil {
				return v.blockLink(b, tail)
			}
		}
	}
	return v.s.Base + "elsewhere"
}

// blockLink is the address of b, or of the explanation why there is none.
func (v *view) blockLink(b *course.Block, tail string) string {
	if b == nil {
		return v.s.Base + "elsewhere"
	}
	address, ok := v.address(b)
	if !ok {
		return v.s.Base + "elsewhere/" + url.PathEscape(b.Type) + "/" + url.PathEscape(b.ID)
	}
	if i := strings.IndexByte(tail, '#'); i >= 0 && !strings.Contains(address, "#") {
		address += tail[i:]
	}
	return address
}

// balance closes what text leaves open, so that a stray tag in one block does
// not swallow the next. What cannot be parsed stays as it is.
func balance(text string) string {
	body := &xhtml.Node{Type: xhtml.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := xhtml.ParseFragment(strings.NewReader(text), body)
	if err != nil {
		return text
	}
	var b strings.Builder
	for _, n := range nodes {
		if err := xhtml.Render(&b, n); err != nil {
			return text
		}
	}
	return b.String()
}
