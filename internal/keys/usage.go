package keys

import (
	"strings"
	"unicode"
)

// Form is the family a usage key belongs to.
type Form int

// The forms. Only blocks of courses can be launched.
const (
	FormBlock     Form = iota // block-v1:… or i4x://…, as the course's style says
	FormLibrary               // lib-block-v1:…, a block of a library-v1 library
	FormLibraryV2             // lb:Org:slug:type:id, a block of a newer library
)

// Usage identifies a block within a course. It is comparable.
type Usage struct {
	Course Course // an i4x key does not say its run
	Type   string // "problem", "vertical", …
	ID     string // block id: the OLX url_name
	Form   Form
}

// ParseUsage reads a usage key. Its error is ErrUsage. Keys of asides, of
// definitions and of assets are not usage keys here.
func ParseUsage(s string) (Usage, error) {
	u, ok := parseUsage(s)
	if !ok || !usable(s) {
		return Usage{}, ErrUsage.With("usage key %.300q", s)
	}
	return u, nil
}

func parseUsage(s string) (Usage, bool) {
	if rest, ok := strings.CutPrefix(s, i4xPrefix); ok {
		return parseI4x(rest)
	}
	ns, body, _ := strings.Cut(s, ":")
	switch ns {
	case nsBlock:
		return parseBlock(body, FormBlock)
	case nsLibBlock:
		return parseBlock(body, FormLibrary)
	case nsLocation:
		return parseLocation(body)
	case nsLib2:
		return parseLib2(body)
	}
	return Usage{}, false
}

func parseBlock(body string, form Form) (Usage, bool) {
	p, ok := split(body)
	if !ok || p.block == "" || p.typ == "" {
		return Usage{}, false
	}
	c, ok := p.course(form == FormLibrary)
	return Usage{Course: c, Type: p.typ, ID: p.block, Form: form}, ok
}

func parseI4x(rest string) (Usage, bool) {
	list := strings.Split(rest, "/")
	if len(list) != 4 {
		return Usage{}, false
	}
	name, revision, revised := strings.Cut(list[3], "@")
	ok := isOld(list[0]) && isOld(list[1]) && isCategory(list[2]) && isName(name) && (!revised || isName(revision))
	return Usage{
		Course: Course{Org: list[0], Course: list[1], Branch: revision, Deprecated: true},
		Type:   list[2], ID: name,
	}, ok
}

// isCategory reports whether s may be the type in an i4x key: anything that can
// be printed and stored, even blanks.
func isCategory(s string) bool {
	return s != "" && strings.IndexFunc(s, unicode.IsControl) < 0
}

func parseLocation(body string) (Usage, bool) {
	list := strings.Split(body, "+")
	if len(list) != 5 {
		return Usage{}, false
	}
	for _, id := range list {
		if !isID(id) {
			return Usage{}, false
		}
	}
	return Usage{Course: Course{Org: list[0], Course: list[1], Run: list[2]}, Type: list[3], ID: list[4]}, true
}

func parseLib2(body string) (Usage, bool) {
	list := strings.Split(body, ":")
	if len(list) != 4 {
		return Usage{}, false
	}
	ok := isASCII(list[0]) && isSlug(list[0]) && isSlug(list[1]) &&
		isASCII(list[2]) && isSlug(list[2]) && isSlug(list[3])
	return Usage{
		Course: Course{Org: list[0], Course: list[1], Library: true},
		Type:   list[2], ID: list[3], Form: FormLibraryV2,
	}, ok
}

// String writes u in its own style.
func (u Usage) String() string {
	switch {
	case u.Form == FormLibraryV2:
		return strings.Join([]string{nsLib2, u.Course.Org, u.Course.Course, u.Type, u.ID}, ":")
	case u.Form == FormLibrary:
		return nsLibBlock + ":" + u.Course.body() + "+type@" + u.Type + "+block@" + u.ID
	case u.Course.Deprecated:
		s := i4xPrefix + strings.Join([]string{u.Course.Org, u.Course.Course, u.Type, u.ID}, "/")
		if u.Course.Branch != "" {
			s += "@" + u.Course.Branch
		}
		return s
	}
	return nsBlock + ":" + u.Course.body() + "+type@" + u.Type + "+block@" + u.ID
}

// MapInto returns the key of the block of c that has the type and id of u,
// whatever course u speaks of. Blocks of libraries cannot be mapped, nor ids
// that the style of c cannot write: ErrUsage.
func (u Usage) MapInto(c Course) (Usage, error) {
	if u.Form != FormBlock {
		return Usage{}, ErrUsage.With("%s is a block of a library", u)
	}
	fits := c.Deprecated || isID(u.Type) && isID(u.ID)
	if !fits {
		return Usage{}, ErrUsage.With("%s does not fit into a new-style key", u)
	}
	return Usage{Course: c, Type: u.Type, ID: u.ID}, nil
}

// HTMLID returns the id that Open edX gives the block's element in a page, and
// from which the names of a problem's form fields are made: the block id, or for
// old keys i4x-org-course-type-name.
func (u Usage) HTMLID() string {
	if !u.Course.Deprecated {
		return u.ID
	}
	return clean(strings.Join([]string{"i4x", u.Course.Org, u.Course.Course, u.Type, u.ID}, "-"), "-")
}
