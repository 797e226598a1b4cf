"""Python values as JSON.

JSON has no form for NaN and the infinities; they become the strings "NaN",
"Infinity" and "-Infinity". Tuples become lists, keys of dicts become strings as
in Python's json module.
"""

import builtins

__builtins__ = dict(vars(builtins))

import json
import math
import re
from json.encoder import c_make_encoder, encode_basestring_ascii

MAX_DEPTH = 100
MAX_MESSAGE = 2000  # characters of a failure's message

# The types whose values may be globals of a problem.
TYPES = (type(None), int, float, str, list, tuple, dict)


class NotJSON(Exception):
    """A value has no form in JSON."""


decode = json.JSONDecoder().decode


def _refuse(value):
    raise NotJSON(type(value).__name__)


def _float(value):
    if value != value or value in (math.inf, -math.inf):
        raise ValueError("not finite")
    return float.__repr__(value)


def encode(value):
    """Return finite plain values as JSON in ASCII."""
    encoder = c_make_encoder(
        {}, _refuse, encode_basestring_ascii, None, ": ", ", ", False, False, False
    )
    return "".join(encoder(value, 0))


def _loose(value):
    """Return any value that Python's json module takes as its JSON."""
    encoder = c_make_encoder(
        {}, _refuse, encode_basestring_ascii, None, ": ", ", ", False, False, True
    )
    return "".join(encoder(value, 0))


def _finite(value):
    """Replace what is not finite in a value that came out of JSON."""
    if type(value) is float:
        if value != value:
            return "NaN"
        if value in (math.inf, -math.inf):
            return "Infinity" if value > 0 else "-Infinity"
    elif type(value) is list:
        return [_finite(v) for v in value]
    elif type(value) is dict:
        return {k: _finite(v) for k, v in value.items()}
    return value


def plain(value):
    """Return a value as JSON keeps it, or raise NotJSON."""
    try:
        return decode(_loose(value))
    except NotJSON:
        raise
    except (MemoryError, KeyboardInterrupt):
        raise
    except BaseException as e:
        raise NotJSON(type(e).__name__) from None


def value(v):
    """Return one of a script's globals as its text and JSON."""
    if not isinstance(v, TYPES):
        raise NotJSON(type(v).__name__)
    kept = plain(v)
    try:
        return {"text": str(kept), "json": _finite(kept)}
    except ValueError as e:  # a whole number with too many digits
        raise NotJSON(str(e)) from None


def result(v):
    """Return what a function returned; what JSON cannot hold becomes text."""
    for form in (lambda: v, lambda: _soft(v, MAX_DEPTH)):
        try:
            return _finite(plain(form()))
        except NotJSON:
            pass
    return _text(v)


def _soft(v, depth):
    """Copy a value and replace what JSON cannot hold by text."""
    if v is None or isinstance(v, (bool, int, float, str)):
        return v
    if depth == 0:
        raise NotJSON("too deep, or a loop")
    if isinstance(v, dict):
        return {
            k if isinstance(k, (bool, int, float, str)) else _text(k): _soft(x, depth - 1)
            for k, x in v.items()
        }
    if isinstance(v, (list, tuple)):
        return [_soft(x, depth - 1) for x in v]
    return _text(v)


def _text(v):
    try:
        return str.__str__(str(v))
    except MemoryError:
        raise
    except BaseException:
        return "<%s>" % type(v).__name__


def failure(e, in_call, script, code):
    """Return the reply's failure for an exception."""
    kind = "raised"
    module = ""
    if isinstance(e, SyntaxError) and getattr(e, "filename", None) in (script, code):
        kind = "syntax"
    elif isinstance(e, ImportError):
        kind = "import"
        module = e.name if type(e.name) is str else ""
    text = _text(e)[:MAX_MESSAGE]
    if kind == "syntax" and type(e.msg) is str:
        text = e.msg[:MAX_MESSAGE]
    return {
        "kind": kind,
        "type": type.__dict__["__name__"].__get__(type(e)),
        "message": text,
        "line": _line(e, kind, script),
        "module": module,
        "in_call": in_call,
    }


def _line(e, kind, script):
    if kind == "syntax":
        return e.lineno if e.filename == script and type(e.lineno) is int else 0
    line = 0
    frame = e.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == script:
            line = frame.tb_lineno or 0
        frame = frame.tb_next
    return line
