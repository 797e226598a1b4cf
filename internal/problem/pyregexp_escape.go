package problem

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// controls are the escapes that stand for one control character.
var controls = map[rune]rune{'a': 7, 'f': 12, 'n': 10, 'r': 13, 't': 9, 'v': 11}

// asciiSets are what the category escapes mean with the flag "a".
var asciiSets = map[rune]string{
	'd': "0-9", 'w': "a-zA-Z0-9_", 's': ` \t\n\r\f\v`,
}

// escape reads an escape outside of a set.
func (t *translator) escape() (item, error) {
	start := t.pos
	t.pos++
	c := t.peek()
	switch {
	case c == -1:
		return item{}, reError(start, "bad escape (end of pattern)")
	case strings.ContainsRune("AbBZ", c):
		t.pos++
		if c == 'Z' {
			c = 'z' // the very end; the other dialect's \Z allows a newline before it
		}
		return item{text: `\` + string(c), anchor: true}, nil
	case strings.ContainsRune("dDsSwW", c):
		t.pos++
		return item{text: t.category(c, false)}, nil
	case '1' <= c && c <= '9':
		return t.reference(start)
	}
	r, err := t.character(start)
	return item{text: literal(r)}, err
}

// category writes a category escape, which means ASCII only with the flag "a".
func (t *translator) category(c rune, inSet bool) string {
	set, ok := asciiSets[unicode.ToLower(c)]
	switch {
	case !t.ascii || !ok || inSet && unicode.IsUpper(c):
		return `\` + string(c)
	case inSet:
		return set
	case unicode.IsUpper(c):
		return "[^" + set + "]"
	}
	return "[" + set + "]"
}

// reference reads a group's number, or three octal digits.
func (t *translator) reference(start int) (item, error) {
	digits := string(t.src[t.pos])
	t.pos++
	if c := t.peek(); '0' <= c && c <= '9' {
		digits += string(c)
		t.pos++
		if c := t.peek(); isOctal(digits) && '0' <= c && c <= '7' {
			t.pos++
			return t.octal(digits+string(c), start)
		}
	}
	n, err := strconv.Atoi(digits)
	if err != nil {
		return item{}, err
	}
	return t.refer(n, start+1)
}

func isOctal(s string) bool { return strings.Trim(s, "01234567") == "" }

func (t *translator) octal(digits string, start int) (item, error) {
	n, err := strconv.ParseInt(digits, 8, 32)
	if err != nil || n > 0o377 {
		return item{}, reError(start, `octal escape value \%s outside of range 0-0o377`, digits)
	}
	return item{text: literal(rune(n))}, nil
}

// refer writes a reference to an earlier group.
func (t *translator) refer(n, pos int) (item, error) {
	if n > t.groups {
		return item{}, reError(pos, "invalid group reference %d", n)
	}
	if t.open[n] {
		return item{}, reError(pos-1, "cannot refer to an open group")
	}
	return item{text: fmt.Sprintf(`(?:\%d)`, n)}, nil
}

// character reads an escape that stands for one character; the backslash has
// been read.
func (t *translator) character(start int) (rune, error) {
	c := t.src[t.pos]
	t.pos++
	if r, ok := controls[c]; ok {
		return r, nil
	}
	if digits, ok := map[rune]int{'x': 2, 'u': 4, 'U': 8}[c]; ok {
		return t.hex(start, digits)
	}
	switch {
	case c == '0':
		for range 2 {
			if d := t.peek(); '0' <= d && d <= '7' {
				t.pos++
			}
		}
		n, err := strconv.ParseInt(string(t.src[start+1:t.pos]), 8, 32)
		return rune(n), err
	case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
		return 0, reError(start, `bad escape \%c`, c)
	}
	return c, nil
}

func (t *translator) hex(start, digits int) (rune, error) {
	from := t.pos
	for t.pos < len(t.src) && t.pos < from+digits && strings.ContainsRune("0123456789abcdefABCDEF", t.src[t.pos]) {
		t.pos++
	}
	if t.pos-from != digits {
		return 0, reError(start, "incomplete escape %s", string(t.src[start:t.pos]))
	}
	n, err := strconv.ParseUint(string(t.src[from:t.pos]), 16, 32)
	if err != nil || n > unicode.MaxRune {
		return 0, reError(start, "bad escape %s", string(t.src[start:t.pos]))
	}
	return rune(n), nil
}

// setMember is a character of a set or a category.
type setMember struct {
	r        rune
	category string
	source   string // as written
}

func (m setMember) text() string {
	if m.category != "" {
		return m.category
	}
	return literal(m.r)
}

// charSet is a set as it is read.
type charSet struct {
	negated bool
	members strings.Builder // characters, ranges and categories
	count   int
	inverse []string // categories such as \W, which mean what they do not hold
}

// text writes the set. The matcher gets sets wrong that mix an inverse category
// with something else, so these become alternatives.
func (s *charSet) text() string {
	plain := s.members.String()
	if len(s.inverse) == 0 || len(s.inverse) == 1 && s.count == 0 {
		body := plain + strings.Join(s.inverse, "")
		if s.negated {
			return "[^" + body + "]"
		}
		return "[" + body + "]"
	}
	parts := slices.Clone(s.inverse)
	if plain != "" {
		parts = append(parts, "["+plain+"]")
	}
	if s.negated {
		return "(?:(?!" + strings.Join(parts, "|") + `)[\s\S])`
	}
	return "(?:" + strings.Join(parts, "|") + ")"
}

// set reads a set in brackets.
func (t *translator) set() (string, error) {
	start := t.pos
	t.pos++
	s := &charSet{negated: t.take('^')}
	for first := true; ; first = false {
		if t.peek() == -1 {
			return "", reError(start, "unterminated character set")
		}
		if !first && t.take(']') {
			return s.text(), nil
		}
		from := t.pos
		low, err := t.member()
		if err != nil {
			return "", err
		}
		if t.peek() != '-' || t.pos+1 < len(t.src) && t.src[t.pos+1] == ']' {
			s.add(low)
			continue
		}
		t.pos++
		if t.peek() == -1 {
			return "", reError(start, "unterminated character set")
		}
		high, err := t.member()
		if err != nil {
			return "", err
		}
		if low.category != "" || high.category != "" || high.r < low.r {
			return "", reError(from, "bad character range %s-%s", low.source, high.source)
		}
		s.count++
		s.members.WriteString(low.text() + "-" + high.text())
	}
}

func (s *charSet) add(m setMember) {
	if m.category != "" && unicode.IsUpper(rune(m.category[1])) {
		s.inverse = append(s.inverse, m.category)
		return
	}
	s.count++
	s.members.WriteString(m.text())
}

// member reads one member of a set.
func (t *translator) member() (setMember, error) {
	start := t.pos
	c := t.src[t.pos]
	t.pos++
	if c != '\\' {
		return setMember{r: c, source: string(c)}, nil
	}
	e := t.peek()
	switch {
	case e == -1:
		return setMember{}, reError(start, "bad escape (end of pattern)")
	case strings.ContainsRune("dDsSwW", e):
		t.pos++
		return setMember{category: t.category(e, true), source: `\` + string(e)}, nil
	case e == 'b':
		t.pos++
		return setMember{r: 8, source: `\b`}, nil
	case '0' <= e && e <= '7':
		digits := ""
		for d := t.peek(); len(digits) < 3 && '0' <= d && d <= '7'; d = t.peek() {
			digits += string(d)
			t.pos++
		}
		n, err := strconv.ParseInt(digits, 8, 32)
		if err != nil || n > 0o377 {
			return setMember{}, reError(start, `octal escape value \%s outside of range 0-0o377`, digits)
		}
		return setMember{r: rune(n), source: `\` + digits}, nil
	case e == '8' || e == '9':
		return setMember{}, reError(start, `bad escape \%c`, e)
	}
	r, err := t.character(start)
	return setMember{r: r, source: string(t.src[start:t.pos])}, err
}
