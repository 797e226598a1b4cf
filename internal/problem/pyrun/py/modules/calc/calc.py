"""evaluator: the value of a formula."""

import math

from calc.numbers import (
    BUILT_IN, DEFAULT_VARIABLES, MAX_DIGITS, arithmetic, bare, power,
)
from calc.parse import ParseException, parse


class UndefinedVariable(Exception):
    """A formula uses a name that is not there."""


class UnmatchedParenthesis(Exception):
    """A parenthesis has no partner."""


def evaluator(variables, functions, math_expr, case_sensitive=False, cs=None):
    """Return the value of a formula; an empty one is NaN.

    Variables and functions are dicts and win over the built-in ones. cs is an
    older name of case_sensitive.
    """
    if cs is not None:
        case_sensitive = cs
    if math_expr.strip() == "":
        return float("nan")
    check_parens(math_expr)
    tree = parse(math_expr)
    fold = (lambda s: s) if case_sensitive else str.lower
    names = {fold(k): v for k, v in DEFAULT_VARIABLES.items()}
    names.update((fold(k), v) for k, v in dict(variables).items())
    calls = {fold(k): f for k, f in BUILT_IN.items()}
    calls.update((fold(k), _given(f)) for k, f in dict(functions).items())
    check_names(tree, names, calls, fold, case_sensitive)
    return bare(evaluate(tree, names, calls, fold))


def _given(f):
    return lambda v: f(bare(v))


def check_parens(text):
    """Report the first parenthesis without partner."""
    depth = 0
    for i, c in enumerate(text):
        if c == "(":
            depth += 1
        elif c == ")":
            depth -= 1
            if depth < 0:
                raise UnmatchedParenthesis(
                    "Invalid Input: A closing parenthesis was found after segment %s, but "
                    "there is no matching opening parenthesis before it." % text[:i])
    if depth > 0:
        raise UnmatchedParenthesis(
            "Invalid Input: Parentheses are unmatched. %d parentheses were opened but "
            "never closed." % depth)


def walk(tree):
    """Yield a tree and all its parts."""
    todo = [tree]
    while todo:
        t = todo.pop()
        yield t
        if t[0] in ("function", "parens"):
            todo.append(t[-1])
        elif t[0] not in ("number", "variable"):
            todo.extend(t[-1])


def check_names(tree, names, calls, fold, case_sensitive):
    """Report names that are not defined."""
    bad_names, bad_calls = set(), set()
    for t in walk(tree):
        if t[0] == "variable" and fold(t[1]) not in names:
            bad_names.add(t[1])
        elif t[0] == "function" and fold(t[1]) not in calls:
            bad_calls.add(t[1])
    if bad_names:
        raise UndefinedVariable(
            "Invalid Input: %s not permitted in answer as a variable%s" % (
                ", ".join(sorted(bad_names)), _suggest(bad_names, names, case_sensitive)))
    if bad_calls:
        hint = _suggest(bad_calls, calls, case_sensitive)
        if any(fold(name) in names for name in bad_calls):
            hint = " (did you forget to use * for multiplication?)"
        raise UndefinedVariable(
            "Invalid Input: %s not permitted in answer as a function%s" % (
                ", ".join(sorted(bad_calls)), hint))


def _suggest(bad, known, case_sensitive):
    if not case_sensitive:
        return ""
    lower = {name.lower() for name in bad}
    better = sorted(name for name in known if name.lower() in lower)
    return " (did you mean %s?)" % ", ".join(better) if better else ""


def evaluate(tree, names, calls, fold):
    kind = tree[0]
    if kind == "number":
        return number(tree[1])
    if kind == "variable":
        return names[fold(tree[1])]
    if kind == "parens":
        return evaluate(tree[1], names, calls, fold)
    if kind == "function":
        return calls[fold(tree[1])](evaluate(tree[2], names, calls, fold))
    values = [evaluate(part, names, calls, fold) for part in tree[-1]]
    if kind == "power":
        result = values.pop()
        while values:
            result = power(values.pop(), result)
        return result
    if kind == "parallel":
        if any(bare(v) == 0 for v in values):
            return float("nan")
        total = 0
        for v in values:
            total = arithmetic("+", total, arithmetic("/", 1.0, v))
        return arithmetic("/", 1.0, total)
    result = 1 if kind == "product" else 0
    for op, v in zip(tree[1], values):
        result = arithmetic(op, result, v)
    return result


def number(text):
    """Return a literal's value: whole, or a float with point, E or %."""
    if text.endswith("%"):
        return float(text[:-1]) * 0.01
    if "." in text or "E" in text:
        return float(text)
    if len(text) > MAX_DIGITS:
        raise ValueError(
            "Exceeds the limit (%d digits) for integer string conversion" % MAX_DIGITS)
    return int(text)
