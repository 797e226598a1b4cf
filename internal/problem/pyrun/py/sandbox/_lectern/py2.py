"""Python 2 as Python 3, for scripts from the years when Open edX spoke it.

The script is cut into tokens and statements by rules of this module alone:
Python 3's own tokenizer refuses what is to be read here. Lines stay where they
are, so that the numbers of lines in errors are right.
"""

import re

TOKEN = re.compile(
    r"""(?P<space>[ \t\f]+|\\\r?\n)
    |(?P<newline>\r?\n)
    |(?P<comment>\#[^\n]*)
    |(?P<string>(?:[uU]?[rR]?|[bB][rR]?|[fF][rR]?|[rR][bBfF])
        (?:\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}
        |"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    |(?P<number>(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+
        |(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?[jJ]?)[lL]?)
    |(?P<name>[^\W\d]\w*)
    |(?P<op><>|\*\*=|//=|<<=|>>=|[-+*/%&|^<>=!]=|->|<<|>>|\*\*|//|.)""",
    re.VERBOSE | re.DOTALL,
)

COMPOUND = {
    "if", "elif", "else", "for", "while", "try", "except",
    "finally", "with", "def", "class",
}

BLANK = ("space", "comment")


class Converter:
    """Converts one script; notes says what was found."""

    def __init__(self, source):
        self.tokens = [[m.lastgroup, m.group()] for m in TOKEN.finditer(source)]
        self.notes = []

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)

    def convert(self):
        """Return the script as Python 3."""
        for token in self.tokens:
            self.literal(token)
        self.backticks()
        for start, end in self.statements():
            self.statement(start, end)
        return "".join(text for _, text in self.tokens)

    # Single tokens.

    def literal(self, token):
        kind, text = token
        if kind == "number":
            if text[-1] in "lL":
                self.note("Whole numbers with an L at the end were read without it.")
                text = text[:-1]
            if len(text) > 1 and text.isdigit() and text[0] == "0" and text.strip("0"):
                self.note("Numbers that begin with 0 were read as octal.")
                text = "0o" + text
            token[1] = text
        elif kind == "string" and text[:2].lower() == "ur":
            self.note('Strings of the form ur"" were read as r"".')
            token[1] = text[1:]
        elif text == "<>" and kind == "op":
            self.note("The operator <> was read as !=.")
            token[1] = "!="

    def backticks(self):
        opened = False
        for token in self.tokens:
            if token == ["op", "`"]:
                self.note("Backticks were read as repr().")
                token[1] = ")" if opened else "repr("
                opened = not opened

    # Statements.

    def statements(self):
        """Return where each simple statement or header starts and ends."""
        found, start, depth, lambdas = [], 0, 0, 0
        compound = False
        for i, (kind, text) in enumerate(self.tokens):
            if kind == "op" and text in "([{":
                depth += 1
            elif kind == "op" and text in ")]}":
                depth = max(0, depth - 1)
            if depth:
                continue
            if kind == "name":
                if text == "lambda":
                    lambdas += 1
                if self.first(start, i) == i:
                    compound = text in COMPOUND
            colon = kind == "op" and text == ":"
            if colon and lambdas:
                lambdas -= 1
            elif kind == "newline" or kind == "op" and text == ";" or colon and compound:
                found.append((start, i))
                start, lambdas, compound = i + 1, 0, False
        found.append((start, len(self.tokens)))
        return found

    def first(self, start, end):
        """Return the index of a statement's first token, or end."""
        while start < end and self.tokens[start][0] in BLANK:
            start += 1
        return start

    def last(self, start, end):
        """Return the index after a statement's last token."""
        while end > start and self.tokens[end - 1][0] in BLANK:
            end -= 1
        return end

    def commas(self, start, end, wanted=","):
        """Return where a token stands outside of brackets."""
        depth, found = 0, []
        for i in range(start, end):
            kind, text = self.tokens[i]
            if kind == "op" and text in "([{":
                depth += 1
            elif kind == "op" and text in ")]}":
                depth -= 1
            elif not depth and text == wanted and kind in ("op", "name"):
                found.append(i)
        return found

    def statement(self, start, end):
        head = self.first(start, end)
        if head == end or self.tokens[head][0] != "name":
            return
        rest = self.first(head + 1, end)
        end = self.last(head + 1, end)
        convert = {
            "print": self.print, "exec": self.exec,
            "raise": self.raises, "except": self.excepts,
        }.get(self.tokens[head][1])
        if convert:
            convert(head, min(rest, end), end)

    def bracketed(self, start, end):
        """Whether all of it is one pair of parentheses."""
        if start == end or self.tokens[start] != ["op", "("]:
            return False
        depth = 0
        for i in range(start, end):
            kind, text = self.tokens[i]
            if kind == "op":
                depth += (text in "([{") - (text in ")]}")
                if not depth:
                    return i == end - 1
        return False

    def wrap(self, head, rest, end, before="(", after=")"):
        """Put parentheses around what follows a statement's first word."""
        for token in self.tokens[head + 1:rest]:
            if "\n" not in token[1]:
                token[1] = ""
        self.tokens[head][1] += before
        self.tokens[end - 1][1] += after

    def print(self, head, rest, end):
        if self.bracketed(rest, end):
            return
        if rest < end and self.tokens[rest] in (["op", "="], ["op", "."], ["op", ","]):
            return  # a variable of that name
        self.note("Python 2 print statements were read as calls of print.")
        if rest == end:
            self.tokens[head][1] = "print()"
            return
        after = ")"
        if self.tokens[rest] == ["op", ">>"]:
            commas = self.commas(rest, end)
            stop = commas[0] if commas else end
            target = "".join(text for _, text in self.tokens[rest + 1:stop])
            for token in self.tokens[rest:min(stop + 1, end)]:
                token[1] = ""
            after = ", file=%s)" % target.strip() if commas else "file=%s)" % target.strip()
        elif self.tokens[end - 1] == ["op", ","]:
            self.tokens[end - 1][1] = ""
            after = ", end=' ')"
        self.wrap(head, rest, end, "(", after)

    def exec(self, head, rest, end):
        if rest == end or self.bracketed(rest, end):
            return
        if self.tokens[rest] in (["op", "="], ["op", "."], ["op", ","]):
            return
        self.note("Python 2 exec statements were read as calls of exec.")
        for i in self.commas(rest, end, "in"):
            self.tokens[i][1] = ","
            break
        self.wrap(head, rest, end)

    def raises(self, head, rest, end):
        commas = self.commas(rest, end)
        if not commas:
            return
        self.note("Python 2 raise statements were read as raising a call.")
        self.tokens[commas[0]][1] = "("
        if len(commas) > 1:
            for token in self.tokens[commas[1]:end]:
                token[1] = "".join(c for c in token[1] if c == "\n")
        self.tokens[end - 1][1] += ")"

    def excepts(self, head, rest, end):
        commas = self.commas(rest, end)
        if len(commas) == 1:
            self.note('Python 2 "except X, e" was read as "except X as e".')
            self.tokens[commas[0]][1] = " as "


METHODS = {
    "has_key": "__contains__", "iteritems": "items",
    "itervalues": "values", "iterkeys": "keys",
}

CALLED = re.compile(r"\.\s*(?:%s)\s*\(" % "|".join(METHODS))


def methods(source, notes):
    """Rename methods of dicts that Python 3 has no more."""
    if not CALLED.search(source):
        return source
    c = Converter(source)
    defined = {
        c.tokens[i + 2][1]
        for i in range(len(c.tokens) - 2)
        if c.tokens[i] == ["name", "def"]
    }
    for i in range(1, len(c.tokens)):
        kind, text = c.tokens[i]
        if (kind == "name" and text in METHODS and text not in defined
                and c.tokens[i - 1] == ["op", "."]):
            c.tokens[i][1] = METHODS[text]
            c.note("Python 2's dict.%s was replaced." % text)
    notes.extend(n for n in c.notes if n not in notes)
    return "".join(text for _, text in c.tokens)


def without_future(source):
    """Return a script with "pass" for each import from __future__."""
    c = Converter(source)
    for start, end in c.statements():
        head = c.first(start, end)
        words = [text for kind, text in c.tokens[head:end] if kind not in BLANK]
        if words[:3] == ["from", "__future__", "import"]:
            for token in c.tokens[head:c.last(head, end)]:
                token[1] = "\\\n" * token[1].count("\n")
            c.tokens[head][1] = "pass"
    return "".join(text for _, text in c.tokens)


def convert(source, notes):
    """Return a script as Python 3 and note what was changed."""
    c = Converter(source)
    text = c.convert()
    notes.extend(n for n in c.notes if n not in notes)
    return text
