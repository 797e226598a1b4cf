"""Compiling scripts leniently: what Open edX once took and Python 3 does not.

A script that compiles as it is stays as it is. Otherwise these are tried, one
after the other, and each that was needed is noted: imports from __future__ that
do not stand first, tabs among blanks, Python 2.
"""

import builtins

__builtins__ = dict(vars(builtins))

import re

from _lectern import shims

FUTURE = "Imports from __future__ that do not stand first were left out."
TABS = "Tabs were read as up to eight blanks, because they were mixed with blanks."


METHODS = ("has_key", "iteritems", "itervalues", "iterkeys")

# Compiles as Python 3, where it is a comparison that fails.
PRINT_TO = re.compile(r"^[ \t]*print[ \t]*>>", re.MULTILINE)


def compile_source(source, filename, notes):
    """Return a script's code; raise the SyntaxError of the script itself."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    if any(name in source for name in METHODS):
        from _lectern import py2

        source = py2.methods(source, notes)
    code, error = _try(source, filename)
    if error or PRINT_TO.search(source):
        code = _again(source, filename, notes, error)
    for name in shims.used(code):
        note = "Python 2's %s was provided." % name
        if note not in notes:
            notes.append(note)
    return code


def _again(source, filename, notes, error):
    """Compile a script with as few changes as it takes."""
    from _lectern import py2

    said, failures = [], [error]
    if "__future__" in source:
        source = py2.without_future(source)
        said = [FUTURE]
    found = []
    converted = py2.convert(source, found)
    for text, changes in (
        (source, []),
        (source.expandtabs(8), [TABS]),
        (converted, found),
        (converted.expandtabs(8), found + [TABS]),
    ):
        code, failed = _try(text, filename)
        if code and not PRINT_TO.search(text):
            notes.extend(n for n in said + changes if n not in notes)
            return code
        failures.append(failed)
    # What reads farthest knows best what is wrong.
    raise max((e for e in failures if e), key=lambda e: e.lineno or 0) from None


def _try(source, filename):
    """Return a script's code, or None and the error."""
    try:
        return compile(source, filename, "exec", 0, True), None
    except SyntaxError as e:
        return None, e
