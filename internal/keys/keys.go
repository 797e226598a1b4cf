// Package keys reads and writes the identifiers of courses and of the blocks in
// them: new style (course-v1:Org+Course+Run, block-v1:…) and old style
// (Org/Course/Run, i4x://Org/Course/type/name).
//
// LMSs hold launch addresses made of these keys for years, so the grammar is
// Open edX's to the letter. Stricter here, on purpose: keys longer than
// [MaxLength], block keys without a type, and a newline at the end are invalid.
package keys

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"lectern/internal/errs"
)

// MaxLength is the longest key accepted, in characters: what a column of an
// Open edX database holds.
const MaxLength = 255

var (
	// ErrCourse means that a string is no course key, or not one that can be launched.
	ErrCourse = errs.New(errs.NotFound, "key_course_invalid", "",
		"There is no course at this address.",
		"A course key reads course-v1:Org+Course+Run. A plus sign that became a space is the usual mistake.")
	// ErrUsage means that a string is no usage key, or not one that can be launched.
	ErrUsage = errs.New(errs.NotFound, "key_usage_invalid", "",
		"There is no content at this address.",
		"A usage key reads block-v1:Org+Course+Run+type@problem+block@name and names a course's block.")
	// ErrAddress means that a path does not have the shape of a launch address.
	ErrAddress = errs.New(errs.NotFound, "launch_address_invalid", "",
		"This link's address is not complete.",
		"A launch address ends in /lti_provider/courses/{course key}/{usage key}, one usage key, no slash after it.")
	// ErrAsset means that a string is no address of a course file.
	ErrAsset = errs.New(errs.NotFound, "key_asset_invalid", "",
		"There is no file at this address.", "")
)

// Namespaces, the part of a key before its first colon.
const (
	nsCourse   = "course-v1"
	nsSlashes  = "slashes" // read like course-v1, written as course-v1
	nsLibrary  = "library-v1"
	nsBlock    = "block-v1"
	nsLocation = "location" // short-lived form of block-v1
	nsLibBlock = "lib-block-v1"
	nsLib2     = "lb"
	nsAsset    = "asset-v1"
	i4xPrefix  = "i4x://"
)

// word reports whether r is a word character as Python's \w means it. Combining
// marks are not, so a decomposed "ó" makes a key invalid.
func word(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r)
}

func only(s, extra string) bool {
	if s == "" {
		return false
	}
	for _, r := range s {
		if !word(r) && !strings.ContainsRune(extra, r) {
			return false
		}
	}
	return true
}

func isID(s string) bool   { return only(s, "-~.:") }  // ids of new-style keys
func isOld(s string) bool  { return only(s, ".%-") }   // parts of old course keys
func isName(s string) bool { return only(s, "-.~:%") } // names of old usage keys
func isSlug(s string) bool { return only(s, "-.") }

func isVersion(s string) bool {
	return len(s) == 24 && strings.Trim(s, "0123456789abcdef") == ""
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}

// usable reports whether s may be a key at all: text of a sane length.
func usable(s string) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= MaxLength
}

// clean replaces every character that is neither a word character nor in extra.
func clean(s, extra string) string {
	return strings.Map(func(r rune) rune {
		if word(r) || strings.ContainsRune(extra, r) {
			return r
		}
		return '_'
	}, s)
}

// parts is the common body of new-style keys: names, then tagged parts in a
// fixed order, joined by "+".
type parts struct {
	names                       []string
	branch, version, typ, block string
}

// split reads the body of a new-style key.
func split(body string) (parts, bool) {
	var p parts
	list := strings.Split(body, "+")
	for len(list) > 0 && !strings.Contains(list[0], "@") {
		if !isID(list[0]) {
			return p, false
		}
		p.names, list = append(p.names, list[0]), list[1:]
	}
	for _, tag := range []struct {
		prefix string
		to     *string
		valid  func(string) bool
	}{
		{"branch@", &p.branch, isID},
		{"version@", &p.version, isVersion},
		{"type@", &p.typ, isID},
		{"block@", &p.block, isID},
	} {
		if len(list) == 0 || !strings.HasPrefix(list[0], tag.prefix) {
			continue
		}
		*tag.to = list[0][len(tag.prefix):]
		if !tag.valid(*tag.to) {
			return p, false
		}
		list = list[1:]
	}
	return p, len(list) == 0
}

// course makes a course key of p, or a library key.
func (p parts) course(library bool) (Course, bool) {
	c := Course{Branch: p.branch, Version: p.version, Library: library}
	switch len(p.names) {
	case 0:
		return c, p.version != ""
	case 2:
		c.Org, c.Course = p.names[0], p.names[1]
		return c, library || p.version != ""
	case 3:
		c.Org, c.Course = p.names[0], p.names[1]
		if !library { // a library's run says nothing and is dropped
			c.Run = p.names[2]
		}
		return c, true
	}
	return c, false
}
