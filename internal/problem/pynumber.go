package problem

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// parseComplex reads what Python's complex() accepts: "3", "2e-5", "1+2j",
// "(1-j)", "inf", "nan".
func parseComplex(s string) (complex128, bool) {
	s = strings.TrimSpace(s)
	if inner, ok := strings.CutPrefix(s, "("); ok {
		if inner, ok = strings.CutSuffix(inner, ")"); !ok {
			return 0, false
		}
		s = strings.TrimSpace(inner)
	}
	first, rest := leadingFloat(s)
	switch {
	case first == "": // "j", "-j"
		sign, ok := unit(s)
		return complex(0, sign), ok
	case rest == "":
		f, ok := parsePyFloat(first)
		return complex(f, 0), ok
	case isJ(rest):
		f, ok := parsePyFloat(first)
		return complex(0, f), ok
	}
	re, ok := parsePyFloat(first)
	if !ok || rest[0] != '+' && rest[0] != '-' {
		return 0, false
	}
	second, end := leadingFloat(rest)
	if second == "" {
		im, ok := unit(rest)
		return complex(re, im), ok
	}
	im, ok := parsePyFloat(second)
	return complex(re, im), ok && isJ(end)
}

func isJ(s string) bool { return s == "j" || s == "J" }

// unit reads "j" with an optional sign.
func unit(s string) (float64, bool) {
	switch {
	case strings.HasPrefix(s, "-"):
		return -1, isJ(s[1:])
	case strings.HasPrefix(s, "+"):
		return 1, isJ(s[1:])
	}
	return 1, isJ(s)
}

// leadingFloat splits a float with its sign from the front of s.
func leadingFloat(s string) (number, rest string) {
	i := 0
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	for _, word := range []string{"infinity", "inf", "nan"} {
		if len(s) >= i+len(word) && strings.EqualFold(s[i:i+len(word)], word) {
			return s[:i+len(word)], s[i+len(word):]
		}
	}
	start := i
	isPart := func(c byte) bool { return '0' <= c && c <= '9' || c == '.' || c == '_' }
	for i < len(s) && isPart(s[i]) {
		i++
	}
	if i == start {
		return "", s
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		k := i + 1
		if k < len(s) && (s[k] == '+' || s[k] == '-') {
			k++
		}
		if k < len(s) && '0' <= s[k] && s[k] <= '9' {
			for k < len(s) && ('0' <= s[k] && s[k] <= '9' || s[k] == '_') {
				k++
			}
			i = k
		}
	}
	return s[:i], s[i:]
}

// parsePyFloat reads a decimal float as Python's float() does. Underscores may
// lie between digits; hexadecimal is not for it.
func parsePyFloat(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	if strings.ContainsAny(s, "xXpP") {
		return 0, false
	}
	if strings.Contains(s, "_") {
		for i := range len(s) {
			if s[i] == '_' && (i == 0 || i == len(s)-1 || !isDigit(s[i-1]) || !isDigit(s[i+1])) {
				return 0, false
			}
		}
		s = strings.ReplaceAll(s, "_", "")
	}
	if strings.EqualFold(strings.TrimLeft(s[:min(1, len(s))], "+-")+s[min(1, len(s)):], "nan") {
		return math.NaN(), true // ParseFloat takes no sign here
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// pyFloat writes a float as Python's str() does.
func pyFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	if abs := math.Abs(f); f != 0 && (abs < 1e-4 || abs >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64) // two exponent digits at least, as in Python
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// pyBytes writes the bytes of a string as Python shows a bytes object.
func pyBytes(s string) string {
	quote := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	b := []byte{'b', quote}
	for i := range len(s) {
		switch c := s[i]; {
		case c == quote || c == '\\':
			b = append(b, '\\', c)
		case c == '\n', c == '\r', c == '\t':
			b = append(b, '\\', "nrt"[strings.IndexByte("\n\r\t", c)])
		case c < ' ' || c > '~':
			b = fmt.Appendf(b, `\x%02x`, c)
		default:
			b = append(b, c)
		}
	}
	return string(append(b, quote))
}

// decimal is coefficient × 10^exponent.
type decimal struct {
	coefficient *big.Int
	exponent    int
}

// decimalOf returns the shortest decimal that stands for f, which is finite.
func decimalOf(f float64) decimal {
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	e, _ := strconv.Atoi(exponent) // FormatFloat always writes one
	if whole, fraction, ok := strings.Cut(mantissa, "."); ok {
		mantissa, e = whole+fraction, e-len(fraction)
	}
	c, _ := new(big.Int).SetString(mantissa, 10) // digits only
	return decimal{c, e}
}

// sub returns d - o, rounded to 28 digits as Python's decimals are.
func (d decimal) sub(o decimal) decimal {
	a, b, e := align(d, o)
	return decimal{new(big.Int).Sub(a, b), e}.round(28)
}

// cmp compares without rounding.
func (d decimal) cmp(o decimal) int {
	a, b, _ := align(d, o)
	return a.Cmp(b)
}

func (d decimal) abs() decimal {
	return decimal{new(big.Int).Abs(d.coefficient), d.exponent}
}

// align returns both coefficients for the smaller exponent.
func align(d, o decimal) (a, b *big.Int, exponent int) {
	exponent = min(d.exponent, o.exponent)
	scale := func(x decimal) *big.Int {
		ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(x.exponent-exponent)), nil)
		return ten.Mul(ten, x.coefficient)
	}
	return scale(d), scale(o), exponent
}

// round keeps n significant digits; halves go to the even neighbour.
func (d decimal) round(n int) decimal {
	over := len(new(big.Int).Abs(d.coefficient).String()) - n
	if over <= 0 {
		return d
	}
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(over)), nil)
	q, r := new(big.Int).QuoRem(d.coefficient, unit, new(big.Int))
	twice := new(big.Int).Abs(r)
	if c := twice.Lsh(twice, 1).Cmp(unit); c > 0 || c == 0 && q.Bit(0) == 1 {
		q.Add(q, big.NewInt(int64(d.coefficient.Sign())))
	}
	return decimal{q, d.exponent + over}
}
