"""Comparing numbers with a tolerance, as numerical problems do."""

import math

DEFAULT = "0.001%"


def compare_with_tolerance(
    student_complex, instructor_complex, tolerance=DEFAULT, relative_tolerance=False
):
    """Whether two numbers are near enough.

    The tolerance is a number, a formula, or either with "%", which makes it a
    share of the instructor's number; a relative one is a share of the larger.
    Real numbers are compared as decimals, so that 0.1+0.2 is as far from 0.3 as
    it looks.
    """
    from calc.calc import evaluator

    if isinstance(tolerance, str):
        if tolerance == DEFAULT:
            relative_tolerance = True
        if tolerance.endswith("%"):
            tolerance = evaluator({}, {}, tolerance[:-1]) * 0.01
            if not relative_tolerance:
                tolerance *= abs(instructor_complex)
        else:
            tolerance = evaluator({}, {}, tolerance)
    if relative_tolerance:
        tolerance *= max(abs(student_complex), abs(instructor_complex))
    if _infinite(student_complex) or _infinite(instructor_complex):
        return student_complex == instructor_complex
    student, instructor = complex(student_complex), complex(instructor_complex)
    if student.imag or instructor.imag:
        return abs(student - instructor) <= tolerance
    if any(math.isnan(x) for x in (student.real, instructor.real, tolerance)):
        return False
    from decimal import Decimal

    apart = Decimal(str(student.real)) - Decimal(str(instructor.real))
    return abs(apart) <= Decimal(str(tolerance))


def _infinite(x):
    x = complex(x)
    return math.isinf(x.real) or math.isinf(x.imag)
