package problem

import (
	"fmt"
	"math"
	"math/cmplx"
	"strings"

	"lectern/internal/problem/calc"
)

// defaultTolerance is what numbers are compared with when the course says
// nothing; alone of all percentages it is relative to the larger number.
const defaultTolerance = "0.001%"

// tolerance is how far an answer may lie from the right one.
type tolerance struct {
	size     float64 // absolute, or a share
	share    bool    // size is a share of the right answer
	relative bool    // size is a share of the larger of both numbers
}

// parseTolerance reads "0.1", "5%" or a formula of either form.
func parseTolerance(s string) (tolerance, error) {
	text, percent := strings.CutSuffix(s, "%")
	v, err := calc.Evaluate(nil, nil, text, false)
	if err != nil {
		return tolerance{}, err
	}
	c, err := v.Complex128()
	if err != nil {
		return tolerance{}, err
	}
	size := real(c)
	if imag(c) != 0 || math.IsNaN(size) {
		return tolerance{}, fmt.Errorf("tolerance %q is not a real number", s)
	}
	if percent {
		size *= 0.01
	}
	return tolerance{size: size, share: percent, relative: s == defaultTolerance}, nil
}

// times returns the tolerance widened by a factor.
func (t tolerance) times(factor float64) tolerance {
	return tolerance{size: t.size * factor, share: t.share}
}

// accepts reports whether a learner's number is near enough to the right one.
// Real numbers are compared as decimals, so that 0.1+0.2 is as far from 0.3 as
// it looks.
func (t tolerance) accepts(given, right complex128) bool {
	size := t.size
	switch {
	case t.relative:
		size *= math.Max(cmplx.Abs(given), cmplx.Abs(right))
	case t.share:
		size *= cmplx.Abs(right)
	}
	if isInf(given) || isInf(right) {
		return given == right
	}
	if imag(given) != 0 || imag(right) != 0 {
		return cmplx.Abs(given-right) <= size
	}
	a, b := real(given), real(right)
	if math.IsNaN(a) || math.IsNaN(b) || math.IsNaN(size) || math.IsInf(size, -1) {
		return false
	}
	if math.IsInf(size, 1) {
		return true
	}
	return decimalOf(a).sub(decimalOf(b)).abs().cmp(decimalOf(size)) <= 0
}

func isInf(c complex128) bool { return math.IsInf(real(c), 0) || math.IsInf(imag(c), 0) }
