package calc

import (
	"slices"
	"strings"
)

// greek are the names written as letters, in lower case and capitalised.
var greek = strings.Fields("alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu " +
	"xi pi rho sigma tau upsilon phi varphi chi psi omega")

// latex is typeset mathematics.
type latex struct {
	text string
	bare string // without the outermost parentheses
	tall bool   // higher than a line, so that parentheses around it must grow
}

// Preview returns the LaTeX of an expression as typed, "" for an empty one.
// Names need not be defined. The error is an [*Error].
func Preview(expr string) (string, error) {
	if strings.TrimSpace(expr) == "" {
		return "", nil
	}
	tree, err := parse(expr)
	if err != nil {
		return "", err
	}
	return render(tree).text, nil
}

func plain(s string, tall bool) latex { return latex{s, s, tall} }

func render(n *node) latex {
	switch n.kind {
	case kindNumber:
		return renderNumber(n.text)
	case kindVariable:
		return plain(renderName(n.text), false)
	case kindFunction:
		return renderFunction(n.text, render(n.kids[0]))
	case kindParens:
		inner := render(n.kids[0])
		if inner.tall {
			return latex{`\left(` + inner.text + `\right)`, inner.text, true}
		}
		return latex{"(" + inner.text + ")", inner.text, false}
	}
	kids := make([]latex, len(n.kids))
	tall := false
	for i, kid := range n.kids {
		kids[i] = render(kid)
		tall = tall || kids[i].tall
	}
	switch n.kind {
	case kindPower:
		return renderPower(kids)
	case kindParallel:
		return plain(joinTexts(kids, `\|`), tall)
	case kindProduct:
		return renderProduct(kids, n.ops, tall)
	}
	return renderSum(n, kids, tall)
}

func renderNumber(text string) latex {
	literal, percent := strings.CutSuffix(text, "%")
	suffix := ""
	if percent {
		suffix = `\text{%}`
	}
	if mantissa, exponent, ok := strings.Cut(literal, "E"); ok {
		return plain(mantissa+`\!\times\!10^{`+exponent+`}`+suffix, true)
	}
	return plain(literal+suffix, false)
}

func renderName(name string) string {
	first, second, ok := strings.Cut(name, "_")
	if ok && second != "" {
		return renderLetter(first) + "_{" + renderLetter(second) + "}"
	}
	return renderLetter(name)
}

func renderLetter(name string) string {
	lower := strings.ToLower(name[:min(1, len(name))]) + name[min(1, len(name)):]
	if slices.Contains(greek, lower) || name == "hbar" || name == "infty" {
		return `\` + name
	}
	return strings.ReplaceAll(name, "_", `\_`)
}

func renderFunction(name string, arg latex) latex {
	inner := "(" + arg.text + ")"
	if arg.tall {
		inner = `\left(` + arg.text + `\right)`
	}
	switch name {
	case "sqrt":
		return plain(`\sqrt{`+arg.text+"}", arg.tall)
	case "log10":
		return plain(`\log_{10}`+inner, arg.tall)
	case "log2":
		return plain(`\log_2`+inner, arg.tall)
	}
	return plain(`\text{`+name+"}"+inner, arg.tall)
}

func renderPower(kids []latex) latex {
	result := kids[len(kids)-1].bare
	for i := len(kids) - 2; i >= 0; i-- {
		result = kids[i].text + "^{" + result + "}"
	}
	return plain(result, true)
}

// renderProduct writes each run of divisors as one fraction.
func renderProduct(kids []latex, ops []byte, tall bool) latex {
	var out strings.Builder
	var over, under []latex
	for i, kid := range kids {
		switch {
		case ops[i] == '/':
			under = append(under, kid)
		case under != nil:
			out.WriteString(fraction(over, under) + `\cdot `)
			over, under = []latex{kid}, nil
			tall = true
		default:
			over = append(over, kid)
		}
	}
	if under != nil {
		out.WriteString(fraction(over, under))
		tall = true
	} else {
		out.WriteString(joinTexts(over, `\cdot `))
	}
	return plain(out.String(), tall)
}

func fraction(over, under []latex) string {
	part := func(s []latex) string {
		if len(s) == 1 {
			return s[0].bare
		}
		return joinTexts(s, `\cdot `)
	}
	return `\frac{` + part(over) + "}{" + part(under) + "}"
}

func renderSum(n *node, kids []latex, tall bool) latex {
	var out strings.Builder
	for i, kid := range kids {
		if i > 0 || n.signed {
			out.WriteByte(n.ops[i])
		}
		out.WriteString(kid.text)
	}
	return plain(out.String(), tall)
}

func joinTexts(parts []latex, separator string) string {
	texts := make([]string, len(parts))
	for i, p := range parts {
		texts[i] = p.text
	}
	return strings.Join(texts, separator)
}
