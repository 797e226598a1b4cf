package calc

import (
	"math"
	"math/big"
	"math/cmplx"
)

// maxFactorial bounds the argument of fact; its value has about maxBits bits.
const maxFactorial = 5000

// builtins returns the functions every expression may use.
func builtins() map[string]Func {
	inverse := func(f Func) Func { // of the reciprocal
		return func(v Value) (Value, error) {
			r, err := arithmetic('/', Real(1), v)
			if err != nil {
				return Value{}, err
			}
			return f(r)
		}
	}
	under := func(f Func) Func { // one over
		return func(v Value) (Value, error) {
			r, err := f(v)
			if err != nil {
				return Value{}, err
			}
			return arithmetic('/', Int(1), r)
		}
	}
	sin, cos, tan := lift(math.Sin, cmplx.Sin), lift(math.Cos, cmplx.Cos), lift(math.Tan, cmplx.Tan)
	sinh, cosh, tanh := lift(math.Sinh, cmplx.Sinh), lift(math.Cosh, cmplx.Cosh), lift(math.Tanh, cmplx.Tanh)
	// The plain inverses are NaN outside of their domain; those called by name
	// become complex there.
	acos, asin, atanh := lift(math.Acos, cmplx.Acos), lift(math.Asin, cmplx.Asin), lift(math.Atanh, cmplx.Atanh)
	acosh, asinh := lift(math.Acosh, cmplx.Acosh), lift(math.Asinh, cmplx.Asinh)
	return map[string]Func{
		"sin": sin, "cos": cos, "tan": tan, "sec": under(cos), "csc": under(sin), "cot": under(tan),
		"sinh": sinh, "cosh": cosh, "tanh": tanh, "sech": under(cosh), "csch": under(sinh), "coth": under(tanh),
		"sqrt":   extend(math.Sqrt, cmplx.Sqrt, isNegative),
		"ln":     extend(math.Log, cmplx.Log, isNegative),
		"log10":  extend(math.Log10, func(c complex128) complex128 { return cmplx.Log(c) / complex(math.Ln10, 0) }, isNegative),
		"log2":   extend(math.Log2, func(c complex128) complex128 { return cmplx.Log(c) / complex(math.Ln2, 0) }, isNegative),
		"exp":    lift(math.Exp, cmplx.Exp),
		"arccos": extend(math.Acos, cmplx.Acos, beyondOne), "arcsin": extend(math.Asin, cmplx.Asin, beyondOne),
		"arctanh": extend(math.Atanh, cmplx.Atanh, beyondOne), "arctan": lift(math.Atan, cmplx.Atan),
		"arcsec": inverse(acos), "arccsc": inverse(asin), "arccot": arccot,
		"arcsinh": asinh, "arccosh": acosh,
		"arcsech": inverse(acosh), "arccsch": inverse(asinh), "arccoth": inverse(atanh),
		"abs": absolute, "fact": factorial, "factorial": factorial,
	}
}

func isNegative(x float64) bool { return x < 0 }
func beyondOne(x float64) bool  { return math.Abs(x) > 1 }

// lift makes a NumPy function of a real and a complex one.
func lift(real func(float64) float64, complex func(complex128) complex128) Func {
	return extend(real, complex, func(float64) bool { return false })
}

// extend is lift for functions that are complex for some real arguments.
func extend(onReal func(float64) float64, onComplex func(complex128) complex128, outside func(float64) bool) Func {
	return func(v Value) (Value, error) {
		c, err := v.Complex128()
		if err != nil {
			return Value{}, fail(TypeError, "the number is too large for a function")
		}
		if v.kind == complexKind || outside(real(c)) {
			return Complex(onComplex(c)).wrap(), nil
		}
		return Real(onReal(real(c))).wrap(), nil
	}
}

// arccot keeps the sign of its argument.
func arccot(v Value) (Value, error) {
	c, err := v.Complex128()
	if err != nil {
		return Value{}, fail(TypeError, "the number is too large for a function")
	}
	half := math.Pi / 2
	if real(c) < 0 {
		half = -half
	}
	if v.kind == complexKind {
		return Complex(complex(half, 0) - cmplx.Atan(c)).wrap(), nil
	}
	return Real(half - math.Atan(real(c))).wrap(), nil
}

// absolute keeps whole numbers whole.
func absolute(v Value) (Value, error) {
	switch v.kind {
	case intKind:
		return Value{kind: intKind, numpy: v.i.IsInt64(), i: new(big.Int).Abs(v.i)}, nil
	case complexKind:
		return Real(cmplx.Abs(v.c)).wrap(), nil
	}
	return Real(math.Abs(real(v.c))).wrap(), nil
}

// factorial takes whole numbers from zero.
func factorial(v Value) (Value, error) {
	if v.kind != intKind {
		return Value{}, fail(TypeError, "'%s' object cannot be interpreted as an integer", v.typeName())
	}
	if v.i.Sign() < 0 {
		return Value{}, fail(ValueError, "factorial() not defined for negative values")
	}
	if !v.i.IsInt64() || v.i.Int64() > maxFactorial {
		return Value{}, fail(OverflowError, "factorial() argument should not exceed %d", maxFactorial)
	}
	return Value{kind: intKind, i: new(big.Int).MulRange(1, v.i.Int64())}, nil
}

// typeName is what Python calls the value's type.
func (v Value) typeName() string {
	name := map[valueKind]string{intKind: "int", floatKind: "float", complexKind: "complex"}[v.kind]
	if v.numpy {
		bits := map[valueKind]string{intKind: "64", floatKind: "64", complexKind: "128"}[v.kind]
		return "numpy." + name + bits
	}
	return name
}
