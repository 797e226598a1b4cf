package problem

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/dlclark/regexp2"
)

// group reads what a parenthesis opens.
func (t *translator) group() (item, error) {
	start := t.pos
	t.pos++
	if !t.take('?') {
		return t.capture(start)
	}
	c := t.peek()
	t.pos++
	switch c {
	case -1:
		return item{}, reError(t.pos-1, "unexpected end of pattern")
	case 'P':
		return t.named(start)
	case '#':
		for t.peek() != ')' {
			if t.peek() == -1 {
				return item{}, reError(start, "missing ), unterminated comment")
			}
			t.pos++
		}
		t.pos++
		return item{}, nil
	case ':', '=', '!', '>':
		return t.inside("(?"+string(c), start)
	case '<':
		d := t.peek()
		if d == -1 {
			return item{}, reError(t.pos, "unexpected end of pattern")
		}
		t.pos++
		if d != '=' && d != '!' {
			return item{}, reError(start+1, "unknown extension ?<%c", d)
		}
		return t.inside("(?<"+string(d), start)
	case '(':
		return t.conditional(start)
	}
	t.pos--
	if strings.ContainsRune("iLmsuxa-", c) {
		return t.flags(start)
	}
	return item{}, reError(start+1, "unknown extension ?%c", c)
}

// inside reads up to the closing parenthesis and writes it behind prefix.
func (t *translator) inside(prefix string, start int) (item, error) {
	text, err := t.alternatives()
	if err != nil {
		return item{}, err
	}
	if !t.take(')') {
		return item{}, reError(start, "missing ), unterminated subpattern")
	}
	return item{text: prefix + text + ")"}, nil
}

// capture reads a numbered group. Named ones are numbered too, since the other
// dialect counts named groups last.
func (t *translator) capture(start int) (item, error) {
	t.groups++
	n := t.groups
	t.open[n] = true
	it, err := t.inside("(", start)
	delete(t.open, n)
	return it, err
}

// named reads "(?P<name>…)" or "(?P=name)".
func (t *translator) named(start int) (item, error) {
	c := t.peek()
	t.pos++
	switch c {
	case '<':
		at := t.pos
		name, err := t.name('>')
		if err != nil {
			return item{}, err
		}
		if n, taken := t.names[name]; taken {
			return item{}, reError(at, "redefinition of group name '%s' as group %d; was group %d", name, t.groups+1, n)
		}
		t.names[name] = t.groups + 1
		return t.capture(start)
	case '=':
		at := t.pos
		name, err := t.name(')')
		if err != nil {
			return item{}, err
		}
		n, ok := t.names[name]
		if !ok {
			return item{}, reError(at, "unknown group name '%s'", name)
		}
		return t.refer(n, at+1)
	case -1:
		return item{}, reError(t.pos-1, "unexpected end of pattern")
	}
	return item{}, reError(start+1, "unknown extension ?P%c", c)
}

// name reads a group's name up to its end mark.
func (t *translator) name(end rune) (string, error) {
	at := t.pos
	k := slices.Index(t.src[t.pos:], end)
	if k == 0 || at >= len(t.src) {
		return "", reError(at, "missing group name")
	}
	if k < 0 {
		return "", reError(at, "missing %c, unterminated name", end)
	}
	name := string(t.src[at : at+k])
	t.pos = at + k + 1
	for i, r := range name {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return "", reError(at, "bad character in group name '%s'", name)
		}
	}
	return name, nil
}

// conditional reads "(?(1)yes|no)".
func (t *translator) conditional(start int) (item, error) {
	at := t.pos
	k := slices.Index(t.src[t.pos:], ')')
	if k <= 0 {
		return item{}, reError(at, "missing group name")
	}
	name := string(t.src[at : at+k])
	t.pos = at + k + 1
	n, err := strconv.Atoi(name)
	if err != nil {
		var ok bool
		if n, ok = t.names[name]; !ok {
			return item{}, reError(at, "unknown group name '%s'", name)
		}
	} else if n <= 0 {
		return item{}, reError(at, "bad group number")
	}
	t.later = append(t.later, laterGroup{n, at})
	return t.inside(fmt.Sprintf("(?(%d)", n), start)
}

// flags reads "(?i)", which turns flags on for the whole pattern, or
// "(?i-s:…)". Unlike Python since 3.11, the first kind may stand anywhere:
// grading puts "^" in front of every pattern.
func (t *translator) flags(start int) (item, error) {
	on, off, minus := "", "", false
	for {
		c := t.peek()
		switch {
		case c == -1:
			return item{}, reError(t.pos, "missing -, : or )")
		case c == '-':
			minus = true
		case c == ')' && !minus:
			t.pos++
			return item{}, t.turnOn(on)
		case c == ':':
			t.pos++
			prefix := "(?" + on
			if off != "" {
				prefix += "-" + off
			}
			return t.inside(prefix+":", start)
		case c == 'i' || c == 'm' || c == 's' || c == 'x':
			if minus {
				off += string(c)
			} else {
				on += string(c)
			}
		case c == 'a' || c == 'u':
			t.ascii = c == 'a'
		default:
			return item{}, reError(t.pos, "unknown flag")
		}
		t.pos++
	}
}

// turnOn sets flags for the whole pattern.
func (t *translator) turnOn(flags string) error {
	for _, f := range flags {
		switch f {
		case 'i':
			t.options |= regexp2.IgnoreCase
		case 'm':
			t.options |= regexp2.Multiline
		case 's':
			t.options |= regexp2.Singleline
		case 'x':
			if !t.verbose {
				return errVerbose
			}
		default:
			return errors.New("unknown flag")
		}
	}
	return nil
}
