"""Grading of planes in crystals by their Miller indices."""

import functools
import json
import math
import re
from fractions import Fraction


def _minus(a, b):
    return [x - y for x, y in zip(a, b)]


def _dot(a, b):
    return sum(x * y for x, y in zip(a, b))


def _cross(a, b):
    return [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]


def lcm(a, b):
    """Return the least common multiple of two whole numbers."""
    return a * b // math.gcd(a, b)


def segment_to_fraction(distance):
    """Return one over a distance, as a fraction of small numbers.

    A plane that never cuts the axis has the distance NaN, and 0.
    """
    if math.isnan(distance):
        return Fraction(0, 1)
    near = Fraction(distance).limit_denominator(10)
    return Fraction(near.denominator, near.numerator)


def sub_miller(segments):
    """Return the indices of a plane that cuts the axes there, as "(1,-2,0)"."""
    fractions = [segment_to_fraction(s) for s in segments]
    common = functools.reduce(lcm, (f.denominator for f in fractions))
    return "(%s)" % ",".join(str(f.numerator * common // f.denominator) for f in fractions)


def _cuts(point, normal, axes):
    """Return where a plane cuts axes; NaN where it does not."""
    reach = _dot(point, normal)
    steps = (_dot(axis, normal) for axis in axes)
    return [reach / step if step != 0 else math.nan for step in steps]


def miller(points):
    """Return the indices of the plane through three points, as "(1,-2,0)"."""
    normal = _cross(_minus(points[1], points[0]), _minus(points[2], points[0]))
    axes = [[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]]
    segments = _cuts(points[0], normal, axes)
    if not any(s == 0 for s in segments):
        return sub_miller(segments)
    # The plane goes through the origin: another corner of the cube becomes it,
    # with axes that point back into the cube.
    corners = [
        [1.0, 1.0, 1.0], [0.0, 0.0, 1.0], [1.0, 0.0, 1.0], [0.0, 1.0, 1.0],
        [1.0, 0.0, 0.0], [0.0, 1.0, 0.0],
    ]
    corner = next((c for c in corners if _dot(c, normal) != 0), None)
    if corner is None:
        return ""  # the points lie on one line
    signs = [1 - 2 * c for c in corner]
    axes = [[s if i == k else 0 for k in range(3)] for i, s in enumerate(signs)]
    segments = _cuts(_minus(points[0], corner), normal, axes)
    return sub_miller([sign * s for sign, s in zip(signs, segments)])


def _to_half_tick(x):
    """Round to the nearest 0.05, as the page does."""
    tenths = math.floor(x * 10)
    quarter = math.floor((x * 10 - tenths) / 0.25)
    return tenths / 10 + (0, 0.05, 0.05, 0.1)[min(quarter, 3)]


def _negative(indices):
    """Return the indices of the other side of the plane."""
    def turn(m):
        n = m.group()
        return n[1:] if n[0] == "-" else "-" + n if n.strip("0") else n

    return re.sub(r"-?\d+", turn, indices)


def grade(user_input, correct_answer):
    """Whether lattice and plane are the right ones.

    user_input is JSON: {"lattice": "sc", "points": [["0.5", "0", "1"], …]}.
    correct_answer is {"lattice": "sc", "miller": "(1,-2,0)"}. The indices may
    have all signs turned, which depends on the origin alone.
    """
    answer = json.loads(user_input)
    if answer["lattice"] != correct_answer["lattice"]:
        return False
    points = [[_to_half_tick(float(x)) for x in p] for p in answer["points"]]
    if len(points) < 3:
        return False
    right = correct_answer["miller"].replace(" ", "")
    return miller(points) in (right, _negative(right))
