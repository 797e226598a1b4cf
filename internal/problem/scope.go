package problem

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"lectern/internal/problem/script"
)

// scope holds the variables that "$name" stands for: what Open edX always
// defines and what a problem's script made.
type scope struct {
	names []string // longest first, so that "$ab" is not taken for "$a"
	vars  map[string]string
	made  map[string]string // by the script; the rest is not an answer
}

// newScope returns the scope of a problem without script.
func newScope(seed int64) *scope {
	s := &scope{vars: map[string]string{
		"seed": strconv.FormatInt(seed, 10), "script_code": "", "python_path": "[]", "extra_files": "None",
	}}
	s.sort()
	return s
}

func (s *scope) sort() {
	s.names = slices.SortedFunc(maps.Keys(s.vars), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
}

// define puts in what a script made.
func (s *scope) define(code string, made map[string]script.Value) {
	s.vars["script_code"] = code
	s.made = make(map[string]string, len(made))
	for name, value := range made {
		s.vars[name], s.made[name] = value.Text, value.Text
	}
	s.sort()
}

// expand puts the variables into text, wherever a "$" and a name stand
// together.
func (s *scope) expand(text string) string {
	if !strings.Contains(text, "$") {
		return text
	}
	for _, name := range s.names {
		text = strings.ReplaceAll(text, "$"+name, s.vars[name])
	}
	return text
}

// variable returns "$name" of a script variable whose value is text, or "".
func (s *scope) variable(text string) string {
	for _, name := range slices.Sorted(maps.Keys(s.made)) {
		if s.made[name] == text {
			return "$" + name
		}
	}
	return ""
}
