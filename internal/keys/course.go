package keys

import "strings"

// Course identifies a course or, with Library set, a content library. The zero
// value identifies nothing. Two spellings of one key parse to equal values;
// the old and the new style of the same names do not.
type Course struct {
	Org, Course, Run string // Run is empty for libraries
	Branch           string // "draft", …; almost always empty
	Version          string // 24 hex digits; almost always empty
	Deprecated       bool   // written Org/Course/Run
	Library          bool   // written library-v1:Org+Library
}

// ParseCourse reads a course key or a library key. Its error is ErrCourse.
func ParseCourse(s string) (Course, error) {
	c, ok := parseCourse(s)
	if !ok || !usable(s) {
		return Course{}, ErrCourse.With("course key %.300q", s)
	}
	return c, nil
}

func parseCourse(s string) (Course, bool) {
	ns, body, colon := strings.Cut(s, ":")
	switch {
	case colon && (ns == nsCourse || ns == nsSlashes):
		p, ok := split(body)
		if !ok {
			return Course{}, false
		}
		return p.course(false)
	case colon && ns == nsLibrary:
		p, ok := split(body)
		if !ok || p.typ != "" || p.block != "" {
			return Course{}, false
		}
		return p.course(true)
	}
	list := strings.Split(s, "/")
	if len(list) != 3 || !isOld(list[0]) || !isOld(list[1]) || list[2] != "" && !isOld(list[2]) {
		return Course{}, false
	}
	return Course{Org: list[0], Course: list[1], Run: list[2], Deprecated: true}, true
}

// String writes c in its own style. It returns "" for the zero value.
func (c Course) String() string {
	switch {
	case c == Course{}:
		return ""
	case c.Deprecated:
		return c.Org + "/" + c.Course + "/" + c.Run
	case c.Library:
		return nsLibrary + ":" + c.body()
	}
	return nsCourse + ":" + c.body()
}

// body is the part after the namespace, also of block keys.
func (c Course) body() string {
	var list []string
	switch {
	case c.Library && c.Course != "":
		list = append(list, c.Org, c.Course)
	case c.Run != "":
		list = append(list, c.Org, c.Course, c.Run)
	}
	if c.Branch != "" {
		list = append(list, "branch@"+c.Branch)
	}
	if c.Version != "" {
		list = append(list, "version@"+c.Version)
	}
	return strings.Join(list, "+")
}

// Bare returns c without branch and version: the key that courses are stored
// under. It is the zero value when c names nothing but a version.
func (c Course) Bare() Course {
	c.Branch, c.Version = "", ""
	if c.Org == "" || c.Run == "" && !c.Library && !c.Deprecated {
		return Course{}
	}
	return c
}

// Usage returns the key of a block of c, in the style of c.
func (c Course) Usage(typ, id string) Usage {
	u := Usage{Course: c, Type: typ, ID: id}
	if c.Library {
		u.Form = FormLibrary
	}
	return u
}

// Own reports whether c and other name the same course, whatever the style: old
// exports speak of themselves in both.
func (c Course) Own(other Course) bool {
	return c.Org == other.Org && c.Course == other.Course && (c.Run == other.Run || c.Run == "" || other.Run == "")
}
