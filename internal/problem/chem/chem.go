// Package chem typesets chemical equations as people type them: "2H2 + O2 ->
// 2H2O", "Fe^3+(aq)". It reads the notation that Open edX's grader for
// chemistry reads, so that what the preview shows is what will be graded. It is
// pure and takes time in proportion to the text.
package chem

import (
	"fmt"
	"html"
	"strings"
)

// maxBytes is far above the longest equation in a textbook.
const maxBytes = 2000

// maxDepth bounds brackets in brackets.
const maxDepth = 20

// Error says what of an equation cannot be read, in words for learners.
type Error struct{ Text string }

// Error returns the words.
func (e *Error) Error() string { return e.Text }

func fail(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

// HTML returns an equation, one side of it, or a single molecule with
// subscripts, charges and arrows. A side that cannot be read is shown as it was
// typed, marked as wrong; the error, an [*Error], then says why. Nothing typed
// is nothing shown.
func HTML(equation string) (string, error) {
	equation = strings.TrimSpace(equation)
	if equation == "" {
		return "", nil
	}
	if len(equation) > maxBytes {
		return "", fail("This is too long for an equation.")
	}
	left, arrow, right := split(equation)
	if arrow == "" {
		out, err := side(left)
		return `<span class="math">` + out + `</span>`, err
	}
	a, err := side(left)
	b, second := side(right)
	if err == nil {
		err = second
	}
	return `<span class="math">` + a + " " + arrow + " " + b + `</span>`, err
}

// split cuts an equation at its first arrow. Arrows are returned as they are
// shown.
func split(s string) (left, arrow, right string) {
	for _, a := range []struct{ typed, shown string }{{"<->", "↔"}, {"->", "→"}} {
		if l, r, ok := strings.Cut(s, a.typed); ok {
			return l, a.shown, r
		}
	}
	return s, "", ""
}

// side typesets molecules with plus signs between them.
func side(s string) (string, error) {
	r := &reader{s: strings.Join(strings.Fields(s), "")}
	err := r.molecules()
	if err != nil {
		return `<span class="inline-error inline">` + html.EscapeString(strings.TrimSpace(s)) + `</span>`, err
	}
	return r.out.String(), nil
}

// reader reads one side of an equation, blanks taken out.
type reader struct {
	s   string
	i   int
	out strings.Builder
}

func (r *reader) peek() byte {
	if r.i < len(r.s) {
		return r.s[r.i]
	}
	return 0
}

func (r *reader) molecules() error {
	if r.s == "" {
		return fail("One side of the arrow is empty.")
	}
	for {
		if err := r.molecule(); err != nil {
			return err
		}
		if r.i == len(r.s) {
			return nil
		}
		if r.peek() != '+' {
			return r.unexpected()
		}
		r.i++
		r.out.WriteString(" + ")
	}
}

// molecule is an amount, formula units and a phase.
func (r *reader) molecule() error {
	r.amount()
	if err := r.units(0); err != nil {
		return err
	}
	for _, phase := range []string{"(s)", "(l)", "(g)", "(aq)"} {
		if strings.HasPrefix(r.s[r.i:], phase) {
			r.i += len(phase)
			r.out.WriteString(`<span class="phase">` + phase + `</span>`)
			break
		}
	}
	return nil
}

// amount writes a whole number or a fraction.
func (r *reader) amount() {
	n := r.digits()
	if n == "" {
		return
	}
	if r.peek() == '/' {
		r.i++
		if d := r.digits(); d != "" {
			r.out.WriteString("<sup>" + n + "</sup>&frasl;<sub>" + d + "</sub>")
			return
		}
		r.i--
	}
	r.out.WriteString(n)
}

func (r *reader) digits() string {
	start := r.i
	for r.i < len(r.s) && r.s[r.i] >= '0' && r.s[r.i] <= '9' {
		r.i++
	}
	return r.s[start:r.i]
}

// units reads elements and groups in brackets, each with a count and a charge,
// until something else comes. There must be at least one.
func (r *reader) units(depth int) error {
	if depth > maxDepth {
		return fail("There are too many brackets in brackets.")
	}
	for first := true; ; first = false {
		switch c := r.peek(); {
		case c == '(' && r.atPhase():
			return r.needed(first)
		case c == '(' || c == '[':
			if err := r.group(depth); err != nil {
				return err
			}
		case c >= 'A' && c <= 'Z':
			if err := r.element(); err != nil {
				return err
			}
		default:
			return r.needed(first)
		}
		if n := r.digits(); n != "" {
			r.out.WriteString("<sub>" + n + "</sub>")
		}
		if err := r.charge(); err != nil {
			return err
		}
	}
}

// needed is an error when nothing was read where an element must stand.
func (r *reader) needed(missing bool) error {
	if missing {
		return r.unexpected()
	}
	return nil
}

func (r *reader) atPhase() bool {
	rest := r.s[r.i:]
	return strings.HasPrefix(rest, "(s)") || strings.HasPrefix(rest, "(l)") ||
		strings.HasPrefix(rest, "(g)") || strings.HasPrefix(rest, "(aq)")
}

func (r *reader) group(depth int) error {
	open, end := r.s[r.i], byte(')')
	if open == '[' {
		end = ']'
	}
	r.i++
	r.out.WriteByte(open)
	if err := r.units(depth + 1); err != nil {
		return err
	}
	if r.peek() != end {
		return fail("A bracket %q is not closed.", string(open))
	}
	r.i++
	r.out.WriteByte(end)
	return nil
}

// element reads the longest symbol that is one: "Co" is cobalt, "CO" is carbon
// and oxygen.
func (r *reader) element() error {
	for n := 2; n >= 1; n-- {
		if r.i+n > len(r.s) {
			continue
		}
		symbol := r.s[r.i : r.i+n]
		if strings.Contains(elements, " "+symbol+" ") && !strings.Contains(symbol, " ") {
			r.i += n
			r.out.WriteString(symbol)
			return nil
		}
	}
	name := r.s[r.i : r.i+1]
	if r.i+1 < len(r.s) && r.s[r.i+1] >= 'a' && r.s[r.i+1] <= 'z' {
		name = r.s[r.i : r.i+2]
	}
	return fail("“%s” is no chemical element.", name)
}

// charge reads "^2+", "^-" and so on.
func (r *reader) charge() error {
	if r.peek() != '^' {
		return nil
	}
	r.i++
	n := r.digits()
	sign := r.peek()
	if sign != '+' && sign != '-' {
		return fail("A charge is written like ^+ or ^2-.")
	}
	r.i++
	shown := "+"
	if sign == '-' {
		shown = "−"
	}
	r.out.WriteString("<sup>" + n + shown + "</sup>")
	return nil
}

// unexpected says what stands where it cannot.
func (r *reader) unexpected() error {
	if r.i >= len(r.s) {
		return fail("The equation ends too early.")
	}
	c := []rune(r.s[r.i:])[0]
	return fail("“%s” cannot stand here.", string(c))
}

// elements are the symbols of all elements with blanks around them.
const elements = " H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr " +
	"Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re " +
	"Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl " +
	"Mc Lv Ts Og "
