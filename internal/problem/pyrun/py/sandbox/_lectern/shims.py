"""Names that Python 2 had, for scripts that still use them."""

import builtins
import functools
import sys


def _cmp(a, b):
    return (a > b) - (a < b)


# Built-in functions and types.
BUILTINS = {
    "basestring": str,
    "cmp": _cmp,
    "long": int,
    "reduce": functools.reduce,
    "unichr": chr,
    "unicode": str,
    "xrange": range,
}


def used(code):
    """Return the names of BUILTINS that a piece of code uses."""
    found, todo = set(), [code]
    while todo:
        c = todo.pop()
        found.update(n for n in c.co_names if n in BUILTINS)
        todo.extend(k for k in c.co_consts if type(k) is type(code))
    return sorted(found)


def install():
    for name, value in BUILTINS.items():
        setattr(builtins, name, value)
    sys.maxint = sys.maxsize if sys.maxsize > 2**32 else 2**63 - 1


def _string(m):
    m.letters, m.lowercase, m.uppercase = m.ascii_letters, m.ascii_lowercase, m.ascii_uppercase
    m.atoi, m.atol, m.atof = int, int, float
    m.maketrans = str.maketrans
    m.join = lambda words, sep=" ": sep.join(words)
    m.joinfields = m.join
    for name in (
        "capitalize center count expandtabs find index ljust lower lstrip replace "
        "rfind rindex rjust rstrip split strip swapcase translate upper zfill"
    ).split():
        setattr(m, name, getattr(str, name))
    m.splitfields = str.split


def _fractions(m):
    import math

    m.gcd = math.gcd


def _itertools(m):
    m.izip, m.imap, m.ifilter = zip, map, filter
    m.izip_longest, m.ifilterfalse = m.zip_longest, m.filterfalse


def _urllib(m):
    from urllib import parse

    m.quote, m.quote_plus = parse.quote, parse.quote_plus
    m.unquote, m.unquote_plus = parse.unquote, parse.unquote_plus
    m.urlencode = parse.urlencode


def _types(m):
    m.StringType = m.UnicodeType = str
    m.StringTypes = (str,)
    m.IntType = m.LongType = int
    m.FloatType, m.ComplexType, m.BooleanType = float, complex, bool
    m.ListType, m.TupleType, m.DictType = list, tuple, dict
    m.NoneType = type(None)


def _collections(m):
    import collections.abc

    for name in collections.abc.__all__:
        if not hasattr(m, name):
            setattr(m, name, getattr(collections.abc, name))


# What is added to modules when they are imported.
MODULES = {
    "string": _string,
    "fractions": _fractions,
    "itertools": _itertools,
    "urllib": _urllib,
    "types": _types,
    "collections": _collections,
}

# Modules that have other names now.
RENAMED = {
    "StringIO": "io",
    "cStringIO": "io",
    "cPickle": "pickle",
    "Queue": "queue",
    "HTMLParser": "html.parser",
    "urlparse": "urllib.parse",
    "__builtin__": "builtins",
}
