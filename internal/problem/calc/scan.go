package calc

import "strings"

// variable: T_{ab}^{cd}, T_{ab}, or a plain name; each with primes after it.
func (p *parser) variable() *node {
	start := p.pos
	if name := p.tensor(); name != "" {
		return &node{kind: kindVariable, text: name}
	}
	p.pos = start
	if name := p.name(true); name != "" {
		return &node{kind: kindVariable, text: name}
	}
	return nil
}

// tensor reads a name with indices, "" when there are none.
func (p *parser) tensor() string {
	p.blanks()
	start := p.pos
	if p.name(false) == "" {
		return ""
	}
	lower := p.index("_{")
	upper := p.index("^{")
	if !lower && !upper {
		return ""
	}
	p.primes()
	return p.s[start:p.pos]
}

// index consumes an index such as "_{ab}".
func (p *parser) index(open string) bool {
	start := p.pos
	if strings.HasPrefix(p.s[p.pos:], open) {
		p.pos += len(open)
		inner := p.pos
		for p.pos < len(p.s) && isAlnum(p.s[p.pos]) {
			p.pos++
		}
		if p.pos > inner && p.pos < len(p.s) && p.s[p.pos] == '}' {
			p.pos++
			return true
		}
	}
	p.pos = start
	return false
}

// name reads a letter and what follows it: letters, digits and, when plain,
// underscores and primes.
func (p *parser) name(plain bool) string {
	p.blanks()
	start := p.pos
	if p.pos >= len(p.s) || !isAlpha(p.s[p.pos]) {
		return ""
	}
	for p.pos < len(p.s) && (isAlnum(p.s[p.pos]) || plain && p.s[p.pos] == '_') {
		p.pos++
	}
	if plain {
		p.primes()
	}
	return p.s[start:p.pos]
}

func (p *parser) primes() {
	for p.pos < len(p.s) && p.s[p.pos] == '\'' {
		p.pos++
	}
}

func isAlpha(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

func isAlnum(c byte) bool { return isAlpha(c) || '0' <= c && c <= '9' }

func (p *parser) blanks() {
	for p.pos < len(p.s) && strings.IndexByte(" \n\t\r", p.s[p.pos]) >= 0 {
		p.pos++
	}
}

// take skips blanks and consumes the literal if it comes next.
func (p *parser) take(literal string) bool {
	start := p.pos
	p.blanks()
	if strings.HasPrefix(p.s[p.pos:], literal) {
		p.pos += len(literal)
		return true
	}
	p.pos = start
	return false
}

// oneOf consumes one of the operators, or returns 0.
func (p *parser) oneOf(ops string) byte {
	for i := range len(ops) {
		if p.take(ops[i : i+1]) {
			return ops[i]
		}
	}
	return 0
}
