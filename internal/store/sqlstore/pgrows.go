package sqlstore

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// rowsMost is the most rows that one statement inserts. For each number of rows
// there is a statement to prepare.
const rowsMost = 16

// rows are writes that one statement can do.
type rows struct {
	form  *form // nil when there can be but one
	first *queued
	args  []any
	n     int
}

func (r *rows) takes(w *queued) bool {
	return r.form != nil && r.first.query == w.query && r.first.asked == w.asked
}

func (r *rows) add(w *queued) {
	if r.n == 1 {
		r.args = slices.Clone(r.args) // the first write keeps its own
	}
	r.args = append(r.args, w.args...)
	r.n++
}

// writes returns as few statements as do it.
func (r *rows) writes() []*queued {
	if r.n == 1 {
		return []*queued{r.first}
	}
	var list []*queued
	for args := range slices.Chunk(r.args, rowsMost*r.form.params) {
		n := len(args) / r.form.params
		list = append(list, &queued{query: r.form.query(n), args: args, asked: r.first.asked, more: n - 1})
	}
	return list
}

// form is an INSERT of one row that can be one of several.
type form struct {
	head, row, tail string
	params          int

	mu   sync.Mutex
	made map[int]string // by the number of rows
}

var parameter = regexp.MustCompile(`\$\d+`)

// newForm returns nil for statements that are no INSERT of values, or that have
// parameters elsewhere.
func newForm(query string, params int) *form {
	const values = "VALUES ("
	i := strings.Index(query, values)
	if verbOf(query) != "INSERT" || i < 0 {
		return nil
	}
	i += len(values) - 1
	n := closing(query[i:])
	f := &form{head: query[:i], row: query[i : i+n], tail: query[i+n:], params: params, made: map[int]string{1: query}}
	if params == 0 || parameter.MatchString(f.head) || parameter.MatchString(f.tail) {
		return nil
	}
	return f
}

// closing returns the length of the text in parentheses that s begins with. No
// query has parentheses in its literals.
func closing(s string) int {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(s)
}

// query returns the statement for n rows.
func (f *form) query(n int) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if text, ok := f.made[n]; ok {
		return text
	}
	list := make([]string, n)
	for i := range list {
		list[i] = parameter.ReplaceAllStringFunc(f.row, func(p string) string {
			k, _ := strconv.Atoi(p[1:]) // digits
			return "$" + strconv.Itoa(k+i*f.params)
		})
	}
	f.made[n] = f.head + strings.Join(list, ", ") + f.tail
	return f.made[n]
}

// forms are those of the program's queries, of which there is a bounded number.
type forms struct{ known sync.Map }

// of returns the form of a write, nil when it has none.
func (f *forms) of(w *queued) *form {
	if known, ok := f.known.Load(w.query); ok {
		return known.(*form)
	}
	known, _ := f.known.LoadOrStore(w.query, newForm(w.query, len(w.args)))
	return known.(*form)
}
