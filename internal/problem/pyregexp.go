package problem

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2"
)

// Limits of a regular expression. Backtracking is exponential for some
// expressions, and it is the learner who chooses the text.
const (
	matchTimeout     = 500 * time.Millisecond
	maxPatternLength = 10_000
	maxSubjectLength = 5_000
	maxPatternDepth  = 100
	maxRepeat        = 1<<31 - 2
)

// errSlowMatch means matching was given up.
var errSlowMatch = errors.New("the regular expression takes too long for this answer")

// matchPython reports whether a pattern of Python's re module is found in a
// text, as re.search does. Broken patterns are errors in Python's words.
func matchPython(pattern, text string, ignoreCase bool) (bool, error) {
	re, err := compilePython(pattern, ignoreCase)
	if err != nil {
		return false, err
	}
	if len(text) > maxSubjectLength {
		return false, fmt.Errorf("the answer is longer than %d bytes", maxSubjectLength)
	}
	ok, err := re.MatchString(strings.ToValidUTF8(text, string(utf8.RuneError)))
	if err != nil {
		return false, errSlowMatch
	}
	return ok, nil
}

// compilePython translates a pattern into the dialect of the matcher.
func compilePython(pattern string, ignoreCase bool) (*regexp2.Regexp, error) {
	if len(pattern) > maxPatternLength {
		return nil, fmt.Errorf("the pattern is longer than %d bytes", maxPatternLength)
	}
	t := &translator{src: []rune(pattern)}
	out, err := t.translate()
	if errors.Is(err, errVerbose) {
		t = &translator{src: []rune(pattern), verbose: true}
		out, err = t.translate()
	}
	if err != nil {
		return nil, err
	}
	options := t.options
	if ignoreCase {
		options |= regexp2.IgnoreCase
	}
	re, err := regexp2.Compile(out, options)
	if err != nil {
		return nil, err
	}
	re.MatchTimeout = matchTimeout
	return re, nil
}

// translator reads a Python pattern, refuses what Python refuses, and writes
// the same for a matcher of the .NET dialect.
type translator struct {
	src     []rune
	pos     int
	depth   int
	verbose bool
	ascii   bool
	options regexp2.RegexOptions
	groups  int // opened so far
	open    map[int]bool
	names   map[string]int
	later   []laterGroup // conditions on groups that must exist in the end
}

type laterGroup struct{ number, pos int }

// errVerbose asks to start over: a flag inside turned on verbose mode for the
// whole.
var errVerbose = errors.New("verbose mode")

// reError is an error in Python's words.
func reError(pos int, format string, args ...any) error {
	return fmt.Errorf("%s at position %d", fmt.Sprintf(format, args...), pos)
}

func (t *translator) translate() (string, error) {
	t.open, t.names = map[int]bool{}, map[string]int{}
	out, err := t.alternatives()
	if err != nil {
		return "", err
	}
	if t.pos < len(t.src) {
		return "", reError(t.pos, "unbalanced parenthesis")
	}
	for _, l := range t.later {
		if l.number > t.groups {
			return "", reError(l.pos, "invalid group reference %d", l.number)
		}
	}
	return out, nil
}

// peek returns the next character, or -1 at the end.
func (t *translator) peek() rune {
	if t.pos < len(t.src) {
		return t.src[t.pos]
	}
	return -1
}

// take consumes r if it comes next.
func (t *translator) take(r rune) bool {
	if t.peek() == r {
		t.pos++
		return true
	}
	return false
}

func (t *translator) alternatives() (string, error) {
	if t.depth++; t.depth > maxPatternDepth {
		return "", errors.New("the pattern is nested too deeply")
	}
	defer func() { t.depth-- }()
	var b strings.Builder
	for {
		branch, err := t.branch()
		if err != nil {
			return "", err
		}
		b.WriteString(branch)
		if !t.take('|') {
			return b.String(), nil
		}
		b.WriteByte('|')
	}
}

// item is one part of a branch.
type item struct {
	text     string
	anchor   bool // matches a place, cannot be repeated
	repeated bool
}

func (t *translator) branch() (string, error) {
	var items []item
	for {
		t.skipVerbose()
		switch c := t.peek(); {
		case c == -1 || c == '|' || c == ')':
			var b strings.Builder
			for _, it := range items {
				b.WriteString(it.text)
			}
			return b.String(), nil
		case strings.ContainsRune("*+?{", c):
			done, err := t.repeat(&items)
			if err != nil {
				return "", err
			}
			if done {
				continue
			}
			t.pos++
			items = append(items, item{text: `\{`})
		default:
			it, err := t.atom()
			if err != nil {
				return "", err
			}
			if it.text != "" {
				items = append(items, it)
			}
		}
	}
}

// skipVerbose skips blanks and comments in verbose mode.
func (t *translator) skipVerbose() {
	for t.verbose && t.pos < len(t.src) {
		switch c := t.src[t.pos]; {
		case strings.ContainsRune(" \t\n\r\v\f", c):
			t.pos++
		case c == '#':
			for t.pos < len(t.src) && t.src[t.pos] != '\n' {
				t.pos++
			}
		default:
			return
		}
	}
}

// repeat applies a quantifier to the last item. It reports false for a brace
// that is none.
func (t *translator) repeat(items *[]item) (bool, error) {
	start := t.pos
	quantifier, ok, err := t.quantifier()
	if err != nil || !ok {
		t.pos = start
		return false, err
	}
	if len(*items) == 0 || (*items)[len(*items)-1].anchor {
		return false, reError(start, "nothing to repeat")
	}
	last := &(*items)[len(*items)-1]
	if last.repeated {
		return false, reError(start, "multiple repeat")
	}
	last.repeated = true
	switch {
	case t.take('?'):
		last.text += quantifier + "?"
	case t.take('+'): // possessive
		last.text = "(?>" + last.text + quantifier + ")"
	default:
		last.text += quantifier
	}
	return true, nil
}

// quantifier reads "*", "+", "?" or a pair of braces.
func (t *translator) quantifier() (string, bool, error) {
	start := t.pos
	c := t.src[t.pos]
	t.pos++
	if c != '{' {
		return string(c), true, nil
	}
	if t.peek() == '}' {
		return "", false, nil
	}
	low := t.number()
	high := low
	comma := t.take(',')
	if comma {
		high = t.number()
	}
	if !t.take('}') {
		return "", false, nil
	}
	var lowN, highN int
	var err error
	if low != "" {
		if lowN, err = strconv.Atoi(low); err != nil || lowN > maxRepeat {
			return "", false, errors.New("the repetition number is too large")
		}
	}
	if high == "" {
		return fmt.Sprintf("{%d,}", lowN), true, nil
	}
	if highN, err = strconv.Atoi(high); err != nil || highN > maxRepeat {
		return "", false, errors.New("the repetition number is too large")
	}
	if highN < lowN {
		return "", false, reError(start+1, "min repeat greater than max repeat")
	}
	return fmt.Sprintf("{%d,%d}", lowN, highN), true, nil
}

func (t *translator) number() string {
	start := t.pos
	for t.pos < len(t.src) && '0' <= t.src[t.pos] && t.src[t.pos] <= '9' {
		t.pos++
	}
	return string(t.src[start:t.pos])
}

func (t *translator) atom() (item, error) {
	c := t.src[t.pos]
	switch c {
	case '\\':
		return t.escape()
	case '[':
		text, err := t.set()
		return item{text: text}, err
	case '(':
		return t.group()
	case '.':
		t.pos++
		return item{text: "."}, nil
	case '^', '$':
		t.pos++
		return item{text: string(c), anchor: true}, nil
	}
	t.pos++
	return item{text: literal(c)}, nil
}

// literal writes a character so that it means itself, in a set or out of it.
func literal(r rune) string {
	switch {
	case r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r > 0xffff:
		return string(r)
	case r < 0x80 && r > ' ':
		return `\` + string(r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}
