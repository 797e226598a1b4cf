"""The grammar of formulas, as trees.

A tree is a tuple: ("number", text), ("variable", name), ("function", name, arg),
("parens", inner), ("power", parts), ("parallel", parts), ("product", ops, parts)
or ("sum", ops, parts), where ops has an operator for each part.
"""

MAX_LENGTH = 20_000
MAX_DEPTH = 60

LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
DIGITS = frozenset("0123456789")
ALNUM = LETTERS | DIGITS

START = (
    "Expected {Group:({['+' | '-'] Combine:({{W:(0-9) ['.' [W:(0-9)]]} | {'.' W:(0-9)}}) "
    "['E' ['+' | '-'] W:(0-9)] ['%']}) | a function | a variable | '('}"
)


class ParseException(Exception):
    """A formula does not follow the grammar."""


def parse(text):
    """Return the tree of a formula."""
    if len(text) > MAX_LENGTH:
        raise ValueError("The expression is longer than %d characters" % MAX_LENGTH)
    p = Parser(text.expandtabs(8))
    tree = p.sum()
    p.blanks()
    if tree is None:
        raise p.error(START)
    if p.pos < len(p.s):
        raise p.error("Expected string_end")
    return tree


class Parser:
    def __init__(self, s):
        self.s, self.pos, self.depth = s, 0, 0

    def error(self, expected):
        found = ", found end of text"
        if self.pos < len(self.s):
            end = self.pos
            while end < min(len(self.s), self.pos + 16) and self.s[end] in ALNUM:
                end += 1
            found = ", found %r" % self.s[self.pos:max(end, self.pos + 1)]
        before = self.s[:self.pos]
        line = before.count("\n") + 1
        column = len(before) - before.rfind("\n")
        return ParseException("%s%s  (at char %d), (line:%d, col:%d)" % (
            expected, found, self.pos, line, column))

    # Characters.

    def blanks(self):
        while self.pos < len(self.s) and self.s[self.pos] in " \n\t\r":
            self.pos += 1

    def take(self, literal):
        """Skip blanks and consume the literal if it comes next."""
        start = self.pos
        self.blanks()
        if self.s.startswith(literal, self.pos):
            self.pos += len(literal)
            return True
        self.pos = start
        return False

    def one_of(self, ops):
        for op in ops:
            if self.take(op):
                return op
        return ""

    def run(self, of):
        """Consume characters of a set and return them."""
        start = self.pos
        while self.pos < len(self.s) and self.s[self.pos] in of:
            self.pos += 1
        return self.s[start:self.pos]

    # The grammar, from loose to tight.

    def sum(self):
        start = self.pos
        sign = self.one_of("+-")
        first = self.product()
        if first is None:
            self.pos = start
            return None
        ops, parts = self.more([sign or "+"], [first], "+-", self.product)
        if len(parts) == 1 and not sign:
            return first
        return ("sum", ops, parts)

    def product(self):
        first = self.parallel()
        if first is None:
            return None
        ops, parts = self.more(["*"], [first], "*/", self.parallel)
        return first if len(parts) == 1 else ("product", ops, parts)

    def parallel(self):
        return self.chain("parallel", "||", self.power)

    def power(self):
        return self.chain("power", "^", self.atom)

    def more(self, ops, parts, signs, operand):
        while True:
            start = self.pos
            op = self.one_of(signs)
            part = operand() if op else None
            if part is None:
                self.pos = start
                return ops, parts
            ops.append(op)
            parts.append(part)

    def chain(self, kind, separator, operand):
        first = operand()
        if first is None:
            return None
        parts = [first]
        while True:
            start = self.pos
            part = operand() if self.take(separator) else None
            if part is None:
                self.pos = start
                return first if len(parts) == 1 else (kind, parts)
            parts.append(part)

    def atom(self):
        if self.depth >= MAX_DEPTH:
            raise RecursionError("maximum recursion depth exceeded")
        self.depth += 1
        try:
            start = self.pos
            for alternative in (self.number, self.function, self.variable, self.parens):
                tree = alternative()
                if tree is not None:
                    return tree
                self.pos = start
            return None
        finally:
            self.depth -= 1

    def number(self):
        """Read sign, digits with a point, exponent and percent sign."""
        text = self.one_of("+-")
        self.blanks()
        whole = self.run(DIGITS)
        text += whole
        if self.s.startswith(".", self.pos):
            self.pos += 1
            part = self.run(DIGITS)
            if not whole and not part:
                return None
            text += "." + part
        elif not whole:
            return None
        text += self.exponent()
        if self.take("%"):
            text += "%"
        return ("number", text)

    def exponent(self):
        start = self.pos
        if self.one_of("Ee"):
            sign = self.one_of("+-")
            self.blanks()
            digits = self.run(DIGITS)
            if digits:
                return "E" + sign + digits
        self.pos = start
        return ""

    def function(self):
        name = self.name()
        if not name or not self.take("("):
            return None
        argument = self.sum()
        if argument is None or not self.take(")"):
            return None
        return ("function", name, argument)

    def parens(self):
        if not self.take("("):
            return None
        inner = self.sum()
        if inner is None or not self.take(")"):
            return None
        return ("parens", inner)

    def variable(self):
        """Read T_{ab}^{cd}, T_{ab} or a plain name, with primes."""
        start = self.pos
        name = self.tensor()
        if not name:
            self.pos = start
            name = self.name()
        return ("variable", name) if name else None

    def tensor(self):
        self.blanks()
        start = self.pos
        if not self.s[self.pos:self.pos + 1] or self.s[self.pos] not in LETTERS:
            return ""
        self.run(ALNUM)
        lower, upper = self.index("_{"), self.index("^{")
        if not lower and not upper:
            return ""
        self.run("'")
        return self.s[start:self.pos]

    def index(self, opening):
        start = self.pos
        if self.s.startswith(opening, self.pos):
            self.pos += len(opening)
            if self.run(ALNUM) and self.s.startswith("}", self.pos):
                self.pos += 1
                return True
        self.pos = start
        return False

    def name(self):
        self.blanks()
        start = self.pos
        if not self.s[self.pos:self.pos + 1] or self.s[self.pos] not in LETTERS:
            return ""
        self.run(ALNUM | {"_"})
        self.run("'")
        return self.s[start:self.pos]
