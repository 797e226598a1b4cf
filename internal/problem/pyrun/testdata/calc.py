# Agreement with package calc's reference cases, which the test puts in cases.
from calc import (
    ParseException, UndefinedVariable, UnmatchedParenthesis, compare_with_tolerance, evaluator)
import calc

def same(a, b):
    b = float(b)
    return a == b or a != a and b != b or abs(a - b) <= 1e-14 * max(1, abs(b))

for c in cases:
    try:
        got = complex(evaluator(c["vars"], {}, c["expr"], c["case_sensitive"]))
    except Exception as e:
        expect(c["expr"], type(e).__name__, c.get("error"))
        expect(c["expr"], str(e).startswith(c.get("message", "?")), True)
        continue
    expect(c["expr"], "error" in c, False)
    if "value" in c:
        expect(c["expr"], [same(got.real, c["value"][0]), same(got.imag, c["value"][1])], [True, True])

expect("functions", evaluator({"x": 2}, {"f": lambda x: x * x}, "f(x)+1", cs=True), 5)
expect("keyword", evaluator(variables={}, functions={}, math_expr="1+1", case_sensitive=False), 2)
expect("zero of a function", str(evaluator({}, {}, "1/sin(0)")), "inf")
expect("plain floats", type(evaluator({}, {}, "sin(1)")), float)
expect("qualified", calc.evaluator({}, {}, "2^3"), 8)
for hostile in ("9^9^9^9", "(9^9999)^9999", "(" * 5000 + "1" + ")" * 5000, "2^" * 9000 + "2",
                "-" * 10000 + "1", "fact(fact(9))", "9" * 10000):
    try:
        evaluator({}, {}, hostile)
        got = "value"
    except Exception as e:
        got = "error"
    expect(hostile[:20], got, "error")

for student, instructor, tolerance, want in (
    (1.0, 1.000001, "0.001%", True),
    (1.0, 1.01, "0.001%", False),
    (10, 10.5, "5%", True),
    (10, 10.5, "4%", False),
    (0.30000000000000004, 0.3, 0.0, False),
    (0.35, 0.3, "0.05", True),  # as decimals exactly on the edge
    (1j, 1.1j, 0.2, True),
    (1j, 1, 0.2, False),
    (float("inf"), float("inf"), "1%", True),
    (1.0, float("inf"), "1%", False),
    (float("nan"), float("nan"), "1%", False),
):
    expect((student, instructor, tolerance), compare_with_tolerance(student, instructor, tolerance), want)
from capa.util import compare_with_tolerance as also
from xmodule.capa.util import compare_with_tolerance as new
expect("same function", also is compare_with_tolerance is new, True)
