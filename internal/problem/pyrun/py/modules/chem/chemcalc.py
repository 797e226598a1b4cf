"""Chemical expressions such as "2H2O(s) + CO2" and equations of them.

An expression is molecules with "+" between them. A molecule has a count, such
as 3 or 7/2, a formula of elements, brackets, subscripts and charges such as
^2-, and a phase: (s), (l), (g) or (aq).
"""

import html
import re
from fractions import Fraction

ARROWS = ("<->", "->")
PRETTY = {"<->": "\u2194", "->": "\u2192"}
PHASES = ("(s)", "(l)", "(g)", "(aq)")

ELEMENTS = frozenset(
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn "
    "Ga Ge As Se Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La "
    "Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po "
    "At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg "
    "Cn Nh Fl Mc Lv Ts Og Uut Uup Uus Uuo".split()
)

TOKEN = re.compile(r"\s*(\((?:s|l|g|aq)\)|[A-Z][a-z]{0,2}|\d+|[\[\]()^+/-])")
MAX_LENGTH = 2000
MAX_DEPTH = 50


class ParseException(Exception):
    """An expression cannot be read."""


def _tokens(text):
    """Cut an expression into elements, numbers, phases and signs."""
    if len(text) > MAX_LENGTH:
        raise ParseException("longer than %d characters" % MAX_LENGTH)
    found, at, text = [], 0, text.rstrip()
    while at < len(text):
        m = TOKEN.match(text, at)
        if not m:
            raise ParseException("%r at %d" % (text[at], at))
        token, at = m.group(1), m.end()
        if token[0].isalpha():
            whole = token
            while token and token not in ELEMENTS:
                token = token[:-1]
            if not token:
                raise ParseException("%r is no element" % whole)
            at -= len(whole) - len(token)
        found.append(token)
    return found


class Molecule:
    """One term of an expression."""

    def __init__(self, count, formula, phase):
        self.count = count  # a number, or a pair for a fraction; None for one
        self.formula = formula  # nested tuples that compare and sort
        self.phase = phase

    def factor(self):
        if self.count is None:
            return Fraction(1)
        try:
            return Fraction(*map(int, self.count))
        except ZeroDivisionError:
            raise ParseException("a fraction of zero") from None


class Parser:
    def __init__(self, text):
        self.tokens, self.at = _tokens(text), 0

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def next(self):
        token = self.peek()
        if not token:
            raise ParseException("the end comes too early")
        self.at += 1
        return token

    def expression(self):
        molecules = [self.molecule()]
        while self.peek() == "+":
            self.at += 1
            molecules.append(self.molecule())
        if self.peek():
            raise ParseException("%r is not expected" % self.peek())
        return molecules

    def molecule(self):
        count = None
        if self.peek().isdigit():
            count = (self.next(),)
            if self.peek() == "/":
                self.at += 1
                below = self.next()
                if not below.isdigit():
                    raise ParseException("%r is no number" % below)
                count += (below,)
        formula = self.group(0)
        phase = self.next() if self.peek() in PHASES else ""
        return Molecule(count, formula, phase)

    def group(self, depth):
        """Read parts: (what, subscript, charge)."""
        if depth > MAX_DEPTH:
            raise ParseException("too many brackets")
        parts = []
        while True:
            token = self.peek()
            if token in ELEMENTS:
                what = self.next()
            elif token in ("(", "["):
                self.at += 1
                inner = self.group(depth + 1)
                if self.next() != (")" if token == "(" else "]"):
                    raise ParseException("a bracket is not closed")
                what = (token, inner)
            else:
                break
            subscript = self.next() if self.peek().isdigit() else ""
            parts.append((what, subscript, self.charge()))
        if not parts:
            raise ParseException("%r is no formula" % self.peek())
        return tuple(parts)

    def charge(self):
        """Read ^2+, ^- or nothing; ^1- is the same as ^-."""
        if self.peek() != "^":
            return ""
        self.at += 1
        size = self.next() if self.peek().isdigit() else ""
        sign = self.next()
        if sign not in ("+", "-"):
            raise ParseException("%r is no charge" % sign)
        return ("" if size == "1" else size) + sign


def _parse(text):
    return Parser(text).expression()


def _formula_html(parts):
    out = []
    for what, subscript, charge in parts:
        if isinstance(what, tuple):
            bracket, inner = what
            out.append(bracket + _formula_html(inner) + (")" if bracket == "(" else "]"))
        else:
            out.append(what)
        if subscript:
            out.append("<sub>%s</sub>" % subscript)
        if charge:
            out.append("<sup>%s</sup>" % charge)
    return "".join(out)


def _molecule_html(m):
    count = ""
    if m.count and len(m.count) == 2:
        count = "<sup>%s</sup>&frasl;<sub>%s</sub>" % m.count
    elif m.count:
        count = m.count[0]
    return count + _formula_html(m.formula) + m.phase


def _expression_html(text):
    try:
        return "+".join(map(_molecule_html, _parse(text)))
    except ParseException:
        escaped = html.escape(text).replace("&quot;", "&#34;").replace("&#x27;", "&#39;")
        return '<span class="inline-error inline">%s</span>' % escaped


def render_to_html(eq):
    """Return an expression or equation as HTML; what cannot be read is marked."""
    left, arrow, right = split_on_arrow(eq)
    out = _expression_html(left)
    if arrow:
        out += PRETTY[arrow] + _expression_html(right)
    return '<span class="math">%s</span>' % out


def split_on_arrow(eq):
    """Return what is left of the arrow, the arrow, and what is right of it."""
    for arrow in ARROWS:
        left, found, right = eq.partition(arrow)
        if found:
            return left, found, right
    return eq, "", ""


def divide_chemical_expression(s1, s2, ignore_state=False):
    """Return by which factor the first expression has more than the second.

    False when they are not the same molecules in the same proportions. Phases
    count unless ignore_state.
    """
    def ordered(text):
        return sorted(
            ((repr(m.formula), m.factor(), m.phase) for m in _parse(text)),
        )

    first, second = ordered(s1), ordered(s2)
    if [m[0] for m in first] != [m[0] for m in second]:
        return False
    if not ignore_state and [m[2] for m in first] != [m[2] for m in second]:
        return False
    if any(not m[1] for m in second):
        return False
    ratios = {a[1] / b[1] for a, b in zip(first, second)}
    return ratios.pop() if len(ratios) == 1 else False


def compare_chemical_expression(s1, s2, ignore_state=False):
    """Whether two expressions are the same, in any order."""
    return divide_chemical_expression(s1, s2, ignore_state) == 1


def chemical_equations_equal(eq1, eq2, exact=False):
    """Whether two equations are the same, up to a factor unless exact.

    Both need the same arrow. What cannot be read is equal to nothing.
    """
    left1, arrow1, right1 = split_on_arrow(eq1)
    left2, arrow2, right2 = split_on_arrow(eq2)
    if not arrow1 or arrow1 != arrow2:
        return False
    try:
        left = divide_chemical_expression(left1, left2)
        right = divide_chemical_expression(right1, right2)
    except ParseException:
        return False
    if not left or not right or left != right:
        return False
    return left == 1 if exact else True
