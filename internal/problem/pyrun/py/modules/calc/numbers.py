"""Numbers of formulas: Python's, and those that functions return.

What a built-in function returns behaves as in NumPy: dividing by such a zero is
infinite, not an error, and its whole numbers have 64 bits. Such numbers carry a
mark, class Marked, while a formula is evaluated.
"""

import cmath
import math

MAX_BITS = 1 << 16
MAX_DIGITS = 4300
MAX_FACTORIAL = 5000


class Marked:
    """A number that came out of a function."""

    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


def bare(v):
    return v.value if type(v) is Marked else v


def too_large():
    return OverflowError("the number has more than %d bits" % MAX_BITS)


def _whole(n, marked):
    if n.bit_length() > MAX_BITS:
        raise too_large()
    if marked:
        return Marked((n + (1 << 63)) % (1 << 64) - (1 << 63))
    return n


def arithmetic(op, a, b):
    """Return a op b for one of + - * /."""
    marked = type(a) is Marked or type(b) is Marked
    a, b = bare(a), bare(b)
    whole = isinstance(a, int) and isinstance(b, int)
    if op == "/":
        return _divide(a, b, marked)
    if op == "*":
        if whole and a.bit_length() + b.bit_length() > MAX_BITS:
            raise too_large()
        result = a * b
    else:
        result = a + b if op == "+" else a - b
    if whole:
        return _whole(result, marked)
    return Marked(result) if marked else result


def _divide(a, b, marked):
    if not marked:
        if b == 0 and not isinstance(a, complex) and not isinstance(b, complex):
            floats = isinstance(a, float) or isinstance(b, float)
            raise ZeroDivisionError("float division by zero" if floats else "division by zero")
        return a / b
    if b != 0:
        return Marked(a / b)
    if isinstance(a, complex) or isinstance(b, complex):
        part = lambda x: math.nan if x == 0 or x != x else math.copysign(math.inf, x)
        a = complex(a)
        return Marked(complex(part(a.real), part(a.imag)))
    if a == 0 or a != a:
        return Marked(math.nan)
    sign = math.copysign(1, a) * (math.copysign(1, b) if isinstance(b, float) else 1)
    return Marked(math.copysign(math.inf, sign))


def power(a, b):
    marked = type(a) is Marked or type(b) is Marked
    a, b = bare(a), bare(b)
    if isinstance(a, int) and isinstance(b, int):
        if b >= 0:
            if abs(a) > 1 and (a.bit_length() - 1) * b > MAX_BITS:
                raise too_large()
            return _whole(a**b, marked)
        if marked:
            raise ValueError("Integers to negative integer powers are not allowed.")
    if marked:
        return Marked(_numpy_power(a, b))
    return a**b


def _numpy_power(a, b):
    if isinstance(a, complex) or isinstance(b, complex):
        try:
            return a**b
        except (OverflowError, ZeroDivisionError):
            return complex(math.nan, math.nan)
    try:
        return math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and b % 2 == 1 else math.inf
    except ValueError:
        return math.inf if a == 0 else math.nan


def _lift(real, over, outside=None):
    """Make a function of a real and a complex one."""

    def function(v):
        v = bare(v)
        try:
            if isinstance(v, complex):
                return Marked(_complex(over, v))
            v = float(v)
        except OverflowError:
            raise TypeError("the number is too large for a function") from None
        if outside and outside(v):
            return Marked(_complex(over, complex(v, 0)))
        try:
            return Marked(real(v))
        except OverflowError:
            return Marked(math.inf)
        except ValueError:
            if v == 0:
                return Marked(-math.inf)  # a logarithm
            return Marked(math.nan)

    return function


def _complex(over, v):
    try:
        return over(v)
    except (OverflowError, ValueError, ZeroDivisionError):
        return complex(math.nan, math.nan)


def _one_over(f):
    return lambda v: arithmetic("/", 1, f(v))


def _of_inverse(f):
    return lambda v: f(arithmetic("/", 1.0, v))


def _arccot(v):
    v = bare(v)
    if isinstance(v, complex):
        half = -math.pi / 2 if v.real < 0 else math.pi / 2
        return Marked(half - cmath.atan(v))
    return Marked((-math.pi / 2 if v < 0 else math.pi / 2) - math.atan(v))


def _signed_infinity(f):
    """atanh is infinite at one and minus one."""
    return lambda x: math.copysign(math.inf, x) if abs(x) == 1 else f(x)


def _sinh(x):
    try:
        return math.sinh(x)
    except OverflowError:
        return math.copysign(math.inf, x)


def _absolute(v):
    return Marked(abs(bare(v)))


def _factorial(v):
    n = bare(v)
    if not isinstance(n, int):
        kind = type(n).__name__
        if type(v) is Marked:
            kind = "numpy." + {"float": "float64", "complex": "complex128"}[kind]
        raise TypeError("'%s' object cannot be interpreted as an integer" % kind)
    if n < 0:
        raise ValueError("factorial() not defined for negative values")
    if n > MAX_FACTORIAL:
        raise OverflowError("factorial() argument should not exceed %d" % MAX_FACTORIAL)
    return math.factorial(n)


def _functions():
    negative = lambda x: x < 0
    beyond = lambda x: abs(x) > 1
    atanh_real = _signed_infinity(math.atanh)
    sin, cos, tan = _lift(math.sin, cmath.sin), _lift(math.cos, cmath.cos), _lift(math.tan, cmath.tan)
    sinh, cosh, tanh = _lift(_sinh, cmath.sinh), _lift(math.cosh, cmath.cosh), _lift(math.tanh, cmath.tanh)
    acos, asin, atanh = _lift(math.acos, cmath.acos), _lift(math.asin, cmath.asin), _lift(atanh_real, cmath.atanh)
    acosh, asinh = _lift(math.acosh, cmath.acosh), _lift(math.asinh, cmath.asinh)
    return {
        "sin": sin, "cos": cos, "tan": tan,
        "sec": _one_over(cos), "csc": _one_over(sin), "cot": _one_over(tan),
        "sinh": sinh, "cosh": cosh, "tanh": tanh,
        "sech": _one_over(cosh), "csch": _one_over(sinh), "coth": _one_over(tanh),
        "sqrt": _lift(math.sqrt, cmath.sqrt, negative),
        "ln": _lift(math.log, cmath.log, negative),
        "log10": _lift(math.log10, lambda c: cmath.log(c) / math.log(10), negative),
        "log2": _lift(math.log2, lambda c: cmath.log(c) / math.log(2), negative),
        "exp": _lift(math.exp, cmath.exp),
        "arccos": _lift(math.acos, cmath.acos, beyond),
        "arcsin": _lift(math.asin, cmath.asin, beyond),
        "arctan": _lift(math.atan, cmath.atan),
        "arctanh": _lift(atanh_real, cmath.atanh, beyond),
        "arcsec": _of_inverse(acos), "arccsc": _of_inverse(asin), "arccot": _arccot,
        "arcsinh": asinh, "arccosh": acosh,
        "arcsech": _of_inverse(acosh), "arccsch": _of_inverse(asinh), "arccoth": _of_inverse(atanh),
        "abs": _absolute, "fact": _factorial, "factorial": _factorial,
    }


BUILT_IN = _functions()


def _plain(f):
    return lambda x: bare(f(x))


DEFAULT_FUNCTIONS = {name: _plain(f) for name, f in BUILT_IN.items()}
DEFAULT_VARIABLES = {"i": 1j, "j": 1j, "e": math.e, "pi": math.pi}
