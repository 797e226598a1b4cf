package calc

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

type kind int

const (
	kindNumber kind = iota
	kindVariable
	kindFunction
	kindParens
	kindPower
	kindParallel
	kindProduct
	kindSum
)

// node is a part of a parsed expression. Chains of one element are replaced by
// the element; products and sums carry an operator before each part, the first
// being '*' or, for sums, the leading sign or '+'.
type node struct {
	kind   kind
	text   string // of a number without blanks, or a name
	kids   []*node
	ops    []byte
	signed bool // the sum's first operator was typed
}

func (n *node) walk(visit func(*node)) {
	visit(n)
	for _, kid := range n.kids {
		kid.walk(visit)
	}
}

// startExpected is what Open edX's parser says it wants where an expression
// should begin.
const startExpected = "Expected {Group:({['+' | '-'] Combine:({{W:(0-9) ['.' [W:(0-9)]]} | {'.' W:(0-9)}}) " +
	"['E' ['+' | '-'] W:(0-9)] ['%']}) | a function | a variable | '('}"

// parser tries alternatives and goes back when one fails, as the grammar Open
// edX uses does; that decides where an error is reported.
type parser struct {
	s     string
	pos   int
	depth int
	deep  bool
}

// parse returns the tree of a whole expression.
func parse(expr string) (*node, error) {
	if len(expr) > maxLength {
		return nil, fail(ValueError, "The expression is longer than %d characters", maxLength)
	}
	p := &parser{s: expandTabs(expr)}
	n := p.sum()
	if p.deep {
		return nil, fail(RecursionError, "maximum recursion depth exceeded")
	}
	p.blanks()
	if n == nil {
		return nil, p.syntax(startExpected)
	}
	if p.pos < len(p.s) {
		return nil, p.syntax("Expected string_end")
	}
	return n, nil
}

// expandTabs replaces tabs by blanks up to the next multiple of eight.
func expandTabs(s string) string {
	if !strings.Contains(s, "\t") {
		return s
	}
	var b strings.Builder
	column := 0
	for _, r := range s {
		switch r {
		case '\t':
			n := 8 - column%8
			b.WriteString(strings.Repeat(" ", n))
			column += n
		case '\n', '\r':
			b.WriteRune(r)
			column = 0
		default:
			b.WriteRune(r)
			column++
		}
	}
	return b.String()
}

// syntax is a ParseException at the current position, counted in characters.
func (p *parser) syntax(expected string) error {
	found := ", found end of text"
	if p.pos < len(p.s) {
		end := p.pos
		for end < len(p.s) && end < p.pos+16 && isAlnum(p.s[end]) {
			end++
		}
		if end == p.pos {
			_, size := utf8.DecodeRuneInString(p.s[p.pos:])
			end += size
		}
		found = ", found " + quote(p.s[p.pos:end])
	}
	before := p.s[:p.pos]
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	return fail(ParseException, "%s%s  (at char %d), (line:%d, col:%d)",
		expected, found, utf8.RuneCountInString(before), line, column)
}

// quote writes a string as Python would show it.
func quote(s string) string {
	if strings.Contains(s, "'") {
		return `"` + s + `"`
	}
	if s == "\n" || s == "\r" {
		return "'" + strings.Trim(strconv.Quote(s), `"`) + "'"
	}
	return fmt.Sprintf("'%s'", s)
}

// sum: an optional sign, then products with + or - between them.
func (p *parser) sum() *node {
	start := p.pos
	op := p.oneOf("+-")
	first := p.product()
	if first == nil {
		p.pos = start
		return nil
	}
	n := &node{kind: kindSum, kids: []*node{first}, ops: []byte{'+'}, signed: op != 0}
	if op != 0 {
		n.ops[0] = op
	}
	p.more(n, "+-", p.product)
	if len(n.kids) == 1 && !n.signed {
		return first
	}
	return n
}

func (p *parser) product() *node {
	first := p.parallel()
	if first == nil {
		return nil
	}
	n := &node{kind: kindProduct, kids: []*node{first}, ops: []byte{'*'}}
	p.more(n, "*/", p.parallel)
	return n.collapse()
}

// more adds operands with their operators as long as both come.
func (p *parser) more(n *node, ops string, operand func() *node) {
	for {
		start := p.pos
		op := p.oneOf(ops)
		if op == 0 {
			return
		}
		kid := operand()
		if kid == nil {
			p.pos = start
			return
		}
		n.kids, n.ops = append(n.kids, kid), append(n.ops, op)
	}
}

func (p *parser) parallel() *node { return p.repeat(kindParallel, "||", p.power) }

func (p *parser) power() *node { return p.repeat(kindPower, "^", p.atom) }

// repeat: operands with one separator between them.
func (p *parser) repeat(k kind, separator string, operand func() *node) *node {
	first := operand()
	if first == nil {
		return nil
	}
	n := &node{kind: k, kids: []*node{first}}
	for {
		start := p.pos
		if !p.take(separator) {
			break
		}
		kid := operand()
		if kid == nil {
			p.pos = start
			break
		}
		n.kids = append(n.kids, kid)
	}
	return n.collapse()
}

// collapse returns the only part of a chain, or the chain.
func (n *node) collapse() *node {
	if len(n.kids) == 1 {
		return n.kids[0]
	}
	return n
}

// atom: a number, a function, a variable, or an expression in parentheses.
func (p *parser) atom() *node {
	start := p.pos
	if p.depth >= maxDepth {
		p.deep = true
		return nil
	}
	p.depth++
	defer func() { p.depth-- }()
	for _, alternative := range []func() *node{p.number, p.function, p.variable, p.parens} {
		if n := alternative(); n != nil || p.deep {
			return n
		}
		p.pos = start
	}
	return nil
}

// number: sign, digits with a point, exponent, percent; blanks may lie between
// these four.
func (p *parser) number() *node {
	var b strings.Builder
	if op := p.oneOf("+-"); op != 0 {
		b.WriteByte(op)
	}
	p.blanks()
	start := p.pos
	whole := p.digits()
	if p.pos < len(p.s) && p.s[p.pos] == '.' {
		p.pos++
		if p.digits() == 0 && whole == 0 {
			return nil
		}
	} else if whole == 0 {
		return nil
	}
	b.WriteString(p.s[start:p.pos])
	p.exponent(&b)
	if p.take("%") {
		b.WriteByte('%')
	}
	return &node{kind: kindNumber, text: b.String()}
}

func (p *parser) exponent(b *strings.Builder) {
	start := p.pos
	if p.oneOf("Ee") == 0 {
		return
	}
	op := p.oneOf("+-")
	p.blanks()
	digits := p.pos
	if p.digits() == 0 {
		p.pos = start
		return
	}
	b.WriteByte('E')
	if op != 0 {
		b.WriteByte(op)
	}
	b.WriteString(p.s[digits:p.pos])
}

func (p *parser) digits() int {
	start := p.pos
	for p.pos < len(p.s) && '0' <= p.s[p.pos] && p.s[p.pos] <= '9' {
		p.pos++
	}
	return p.pos - start
}

// function: a name and one argument in parentheses.
func (p *parser) function() *node {
	name := p.name(true)
	if name == "" || !p.take("(") {
		return nil
	}
	arg := p.sum()
	if arg == nil || !p.take(")") {
		return nil
	}
	return &node{kind: kindFunction, text: name, kids: []*node{arg}}
}

func (p *parser) parens() *node {
	if !p.take("(") {
		return nil
	}
	inner := p.sum()
	if inner == nil || !p.take(")") {
		return nil
	}
	return &node{kind: kindParens, kids: []*node{inner}}
}
