package calc

import (
	"math"
	"math/big"
	"math/cmplx"
	"strconv"
)

type valueKind int

const (
	intKind valueKind = iota
	floatKind
	complexKind
)

// Value is a number as Python has it: whole, real or complex. The zero value
// is not a number; use the constructors.
type Value struct {
	kind  valueKind
	numpy bool // comes out of a NumPy function: fixed size, never an error
	i     *big.Int
	c     complex128 // real part alone for floats
}

// Int returns a whole number.
func Int(i int64) Value { return Value{kind: intKind, i: big.NewInt(i)} }

// Real returns a float.
func Real(f float64) Value { return Value{kind: floatKind, c: complex(f, 0)} }

// Complex returns a complex number, even where the imaginary part is zero.
func Complex(c complex128) Value { return Value{kind: complexKind, c: c} }

// FromComplex returns a float when the imaginary part is zero, else a complex
// number.
func FromComplex(c complex128) Value {
	if imag(c) == 0 {
		return Real(real(c))
	}
	return Complex(c)
}

// IsComplex reports whether the value has the type of complex numbers, which a
// zero imaginary part does not change.
func (v Value) IsComplex() bool { return v.kind == complexKind }

// Complex128 returns the value as a complex number. Whole numbers beyond the
// range of floats are an OverflowError.
func (v Value) Complex128() (complex128, error) {
	if v.kind != intKind {
		return v.c, nil
	}
	f, err := v.float()
	return complex(f, 0), err
}

// float returns the real part.
func (v Value) float() (float64, error) {
	if v.kind != intKind {
		return real(v.c), nil
	}
	f, _ := new(big.Float).SetInt(v.i).Float64()
	if math.IsInf(f, 0) {
		return 0, fail(OverflowError, "int too large to convert to float")
	}
	return f, nil
}

func (v Value) isZero() bool {
	if v.kind == intKind {
		return v.i.Sign() == 0
	}
	return v.c == 0
}

// wrap is the result of a NumPy operation.
func (v Value) wrap() Value {
	v.numpy = true
	return v
}

// arithmetic applies + - * or / to two numbers.
func arithmetic(op byte, a, b Value) (Value, error) {
	numpy := a.numpy || b.numpy
	if a.kind == intKind && b.kind == intKind {
		return wholeArithmetic(op, a, b, numpy)
	}
	x, err := a.Complex128()
	if err != nil {
		return Value{}, err
	}
	y, err := b.Complex128()
	if err != nil {
		return Value{}, err
	}
	if a.kind == complexKind || b.kind == complexKind {
		if op == '/' && y == 0 && !numpy {
			return Value{}, fail(ZeroDivisionError, "complex division by zero")
		}
		return Value{kind: complexKind, numpy: numpy, c: apply(op, x, y)}, nil
	}
	if op == '/' && y == 0 && !numpy {
		return Value{}, fail(ZeroDivisionError, "float division by zero")
	}
	return Value{kind: floatKind, numpy: numpy, c: complex(applyReal(op, real(x), real(y)), 0)}, nil
}

func apply(op byte, x, y complex128) complex128 {
	switch op {
	case '+':
		return x + y
	case '-':
		return x - y
	case '*':
		return x * y
	}
	return x / y
}

func applyReal(op byte, x, y float64) float64 {
	switch op {
	case '+':
		return x + y
	case '-':
		return x - y
	case '*':
		return x * y
	}
	return x / y
}

// wholeArithmetic keeps sums and products whole; a quotient is a float.
func wholeArithmetic(op byte, a, b Value, numpy bool) (Value, error) {
	if op == '/' {
		return trueDivide(a.i, b.i, numpy)
	}
	r := new(big.Int)
	switch op {
	case '+':
		r.Add(a.i, b.i)
	case '-':
		r.Sub(a.i, b.i)
	default:
		if a.i.BitLen()+b.i.BitLen() > maxBits {
			return Value{}, tooLarge()
		}
		r.Mul(a.i, b.i)
	}
	return whole(r, numpy)
}

// whole makes a whole number; NumPy's have 64 bits and wrap around.
func whole(r *big.Int, numpy bool) (Value, error) {
	if r.BitLen() > maxBits {
		return Value{}, tooLarge()
	}
	if numpy && !r.IsInt64() {
		low := new(big.Int).And(r, new(big.Int).SetUint64(math.MaxUint64))
		r = big.NewInt(int64(low.Uint64())) // the sign bit wraps on purpose
	}
	return Value{kind: intKind, numpy: numpy, i: r}, nil
}

func tooLarge() error {
	return fail(OverflowError, "the number has more than %d bits", maxBits)
}

// trueDivide divides whole numbers exactly and rounds once.
func trueDivide(a, b *big.Int, numpy bool) (Value, error) {
	if b.Sign() == 0 {
		if !numpy {
			return Value{}, fail(ZeroDivisionError, "division by zero")
		}
		f := math.NaN()
		if a.Sign() != 0 {
			f = math.Inf(a.Sign())
		}
		return Real(f).wrap(), nil
	}
	f, _ := new(big.Rat).SetFrac(a, b).Float64()
	if math.IsInf(f, 0) {
		return Value{}, fail(OverflowError, "integer division result too large for a float")
	}
	return Value{kind: floatKind, numpy: numpy, c: complex(f, 0)}, nil
}

// power raises a to b.
func power(a, b Value) (Value, error) {
	numpy := a.numpy || b.numpy
	if a.kind == intKind && b.kind == intKind {
		if b.i.Sign() >= 0 {
			return wholePower(a.i, b.i, numpy)
		}
		if numpy {
			return Value{}, fail(ValueError, "Integers to negative integer powers are not allowed.")
		}
	}
	x, err := a.Complex128()
	if err != nil {
		return Value{}, err
	}
	y, err := b.Complex128()
	if err != nil {
		return Value{}, err
	}
	if a.kind == complexKind || b.kind == complexKind {
		return complexPower(x, y, numpy)
	}
	return realPower(real(x), real(y), numpy)
}

func wholePower(a, b *big.Int, numpy bool) (Value, error) {
	switch {
	case a.BitLen() <= 1: // -1, 0 and 1 stay small whatever the exponent
		if a.Sign() == 0 && b.Sign() > 0 {
			return whole(new(big.Int), numpy)
		}
		if a.Sign() < 0 && b.Bit(0) == 1 {
			return whole(big.NewInt(-1), numpy)
		}
		return whole(big.NewInt(1), numpy)
	case !b.IsInt64() || b.Int64() > maxBits || int64(a.BitLen()-1)*b.Int64() > maxBits:
		return Value{}, tooLarge()
	}
	return whole(new(big.Int).Exp(a, b, nil), numpy)
}

func realPower(x, y float64, numpy bool) (Value, error) {
	if !numpy {
		if x == 0 && y < 0 {
			return Value{}, fail(ZeroDivisionError, "0.0 cannot be raised to a negative power")
		}
		if x < 0 && !math.IsInf(x, 0) && !math.IsInf(y, 0) && y != math.Floor(y) {
			return complexPower(complex(x, 0), complex(y, 0), false)
		}
	}
	f := math.Pow(x, y)
	if math.IsInf(f, 0) && !math.IsInf(x, 0) && !math.IsInf(y, 0) && !numpy {
		return Value{}, fail(OverflowError, "(34, 'Numerical result out of range')")
	}
	return Value{kind: floatKind, numpy: numpy, c: complex(f, 0)}, nil
}

// complexPower multiplies for small whole exponents, as Python does, and goes
// by way of polar coordinates otherwise.
func complexPower(x, y complex128, numpy bool) (Value, error) {
	result := func(c complex128) (Value, error) {
		if !numpy && (cmplx.IsInf(c) || cmplx.IsNaN(c)) && !cmplx.IsInf(x) && !cmplx.IsNaN(x) {
			return Value{}, fail(OverflowError, "complex exponentiation")
		}
		return Value{kind: complexKind, numpy: numpy, c: c}, nil
	}
	if n := real(y); imag(y) == 0 && n == math.Floor(n) && math.Abs(n) <= 100 {
		if x == 0 && n < 0 && !numpy {
			return Value{}, fail(ZeroDivisionError, "0.0 to a negative or complex power")
		}
		p := multiplied(x, int(math.Abs(n)))
		if n < 0 {
			p = 1 / p
		}
		return result(p)
	}
	if x == 0 {
		if !numpy && (imag(y) != 0 || real(y) < 0) {
			return Value{}, fail(ZeroDivisionError, "0.0 to a negative or complex power")
		}
		return result(0)
	}
	size, angle := math.Hypot(real(x), imag(x)), math.Atan2(imag(x), real(x))
	length, phase := math.Pow(size, real(y)), angle*real(y)
	if imag(y) != 0 {
		length /= math.Exp(angle * imag(y))
		phase += imag(y) * math.Log(size)
	}
	return result(complex(length*math.Cos(phase), length*math.Sin(phase)))
}

// multiplied returns x to the n by repeated squaring.
func multiplied(x complex128, n int) complex128 {
	result := complex128(1)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			result *= x
		}
		x *= x
	}
	return result
}

// parseFloat reads a literal of the grammar; beyond the range of floats it is
// infinite or zero, as in Python.
func parseFloat(s string) float64 {
	f, _ := strconv.ParseFloat(s, 64) // the value is right also when out of range
	return f
}
