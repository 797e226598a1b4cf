package keys

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// launchPath is the router's grammar: a course of three segments joined by "/"
// or "+", then one usage key, which may hold slashes only in its i4x forms.
var launchPath = regexp.MustCompile(`\A([^/+]+[/+][^/+]+[/+][^/?]+)/` +
	`(i4x://?[^/]+/[^/]+/[^/]+/[^@]+(?:@[^/]+)?|[^/]+)\z`)

// maxLaunchPath bounds what ParseLaunchPath looks at, in bytes: two keys of the
// longest kind, every byte percent-encoded, and more.
const maxLaunchPath = 8 << 10

// ParseLaunchPath reads the part of a launch address below
// /lti_provider/courses/, still percent-encoded as it came in the request. It
// returns the course without branch or version, and the usage mapped into that
// course. Its errors are ErrAddress, ErrCourse and ErrUsage.
func ParseLaunchPath(rawPath string) (Course, Usage, error) {
	if len(rawPath) > maxLaunchPath {
		return Course{}, Usage{}, ErrAddress.With("%d bytes", len(rawPath))
	}
	path := unescape(rawPath)
	m := launchPath.FindStringSubmatch(path)
	if m == nil || !utf8.ValidString(path) {
		return Course{}, Usage{}, ErrAddress.With("path %.300q", rawPath)
	}
	c, err := ParseCourse(m[1])
	if err != nil {
		return Course{}, Usage{}, err
	}
	if c = c.Bare(); c.Library || c == (Course{}) {
		return Course{}, Usage{}, ErrCourse.With("%.300q is not a course", m[1])
	}
	u, err := ParseUsage(UnquoteSlashes(m[2]))
	if err != nil {
		return Course{}, Usage{}, err
	}
	if u, err = u.MapInto(c); err != nil {
		return Course{}, Usage{}, err
	}
	return c, u, nil
}

// unescape decodes percent-encoding once. What is not an encoded byte stays as
// it is, as in Django.
func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}

func unhex(b byte) int {
	switch {
	case '0' <= b && b <= '9':
		return int(b - '0')
	case 'a' <= b && b <= 'f':
		return int(b-'a') + 10
	case 'A' <= b && b <= 'F':
		return int(b-'A') + 10
	}
	return -1
}

// QuoteSlashes writes s without slashes: "/" becomes ";_" and ";" becomes ";;".
func QuoteSlashes(s string) string {
	return strings.NewReplacer(";", ";;", "/", ";_").Replace(s)
}

// UnquoteSlashes undoes QuoteSlashes, from left to right. A semicolon that
// quotes nothing stays.
func UnquoteSlashes(s string) string {
	return strings.NewReplacer(";_", "/", ";;", ";").Replace(s)
}

// CleanAssetName returns name as Studio stores it: slashes and every character
// that is not a word character, ".", "%" or "-" become "_".
func CleanAssetName(name string) string { return clean(name, ".%-") }

// Asset identifies a file of a course by its cleaned name.
type Asset struct {
	Course Course
	Name   string
}

// ParseAsset reads the address of a course file as it stands in content, with or
// without a slash in front: asset-v1:Org+Course+Run+type@asset+block@name (also
// with "block/") or /c4x/Org/Course/asset/name. Its error is ErrAsset.
func ParseAsset(s string) (Asset, error) {
	a, ok := parseAsset(strings.TrimPrefix(s, "/"))
	if !ok || !usable(s) {
		return Asset{}, ErrAsset.With("asset key %.300q", s)
	}
	return a, nil
}

func parseAsset(s string) (Asset, bool) {
	if rest, ok := strings.CutPrefix(s, "c4x/"); ok {
		list := strings.SplitN(rest, "/", 4)
		if len(list) < 4 || !isOld(list[0]) || !isOld(list[1]) || list[3] == "" {
			return Asset{}, false
		}
		return Asset{Course{Org: list[0], Course: list[1], Deprecated: true}, list[3]}, true
	}
	body, ok := strings.CutPrefix(s, nsAsset+":")
	if !ok {
		return Asset{}, false
	}
	head, name, ok := cutBlock(body)
	if !ok || name == "" {
		return Asset{}, false
	}
	p, ok := split(head)
	if !ok || p.typ == "" || p.block != "" {
		return Asset{}, false
	}
	c, ok := p.course(false)
	return Asset{c, name}, ok
}

// cutBlock cuts body at its block part, which relative links write "block/".
func cutBlock(body string) (head, name string, ok bool) {
	if head, name, ok = strings.Cut(body, "+block@"); ok {
		return head, name, true
	}
	return strings.Cut(body, "+block/")
}
