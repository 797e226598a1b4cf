# draganddrop, eia, loncapa, capa, and the names that are there unasked.
import json

for name in ("random", "numpy", "math", "scipy", "calc", "eia", "chemcalc", "chemtools", "miller", "draganddrop"):
    expect(name, name in names, True)
expect("lazy", calc.evaluator({}, {}, "2*3"), 6)
expect("lazy module", chemcalc.compare_chemical_expression("H2", "H2"), True)
expect("math", math.sqrt(4), 2.0)

def drop(user, right):
    return draganddrop.grade(json.dumps({"draggables": user}), right)

t = [{"1": "t1"}, {"2": "t2"}]
for user, right, want in (
    (t, {"1": "t1", "2": "t2"}, True),
    (t, {"1": "t2", "2": "t2"}, False),
    (t, {"3": "t1", "2": "t2"}, False),
    (t, {"1": "t1"}, False),  # one too many
    (t, {"1": "t1", "2": "t2", "3": "t3"}, False),  # one too few
    (t, [], False),
    ([], [], True),
    ([{"1": [10, 10]}], {"1": [10, 10]}, True),
    ([{"1": [10, 10]}], {"1": [14, 14]}, True),  # within ten pixels
    ([{"1": [10, 10]}], {"1": [25, 25]}, False),
    ([{"1": [10, 10]}], {"1": [[40, 10], 30]}, True),
    ([{"1": [10, 10]}], {"1": [[40, 10], 29]}, False),
    ([{"1": [10, 10]}], {"1": [[15, 10], 2]}, True),  # never less than ten
    ([{"1": [10, 10]}], {"1": "t1"}, False),
    ([{"1": [1.5, 2.5]}], {"1": [3, 4]}, True),
):
    expect((user, right), drop(user, right), want)

def group(draggables, targets, rule):
    return {"draggables": draggables.split(), "targets": targets.split(), "rule": rule}

ab = [{"a": "x"}, {"b": "y"}]
aab = [{"a": "x"}, {"a": "y"}, {"b": "z"}]
for user, groups, want in (
    (ab, [group("a b", "x y", "exact")], True),
    (ab, [group("a b", "y x", "exact")], False),
    (ab, [group("a b", "y x", "anyof")], True),
    (ab, [group("a b", "y z", "anyof")], False),
    (ab, [group("a b", "x y z", "anyof")], True),
    (ab, [group("a b", "y x", "unordered_equal")], True),
    (ab, [group("a b", "x y z", "unordered_equal")], False),
    (ab, [group("a", "x", "exact"), group("b", "y", "exact")], True),
    (ab, [group("a", "x", "exact"), group("b", "x", "exact")], False),
    (aab, [group("a", "x y", "unordered_equal"), group("b", "z", "anyof")], True),
    (aab, [group("a a", "x y", "unordered_equal+number"), group("b", "z", "anyof")], True),
    (aab, [group("a", "x y", "unordered_equal+number"), group("b", "z", "anyof")], False),
    (aab, [group("a a a", "x y", "anyof+number"), group("b", "z", "anyof")], False),
    (aab, [group("a a", "x y", "anyof+number"), group("b", "z", "anyof")], True),
    (ab, [group("a b", "x y", "nonsense")], False),
    (ab, [group("a b", "", "anyof")], False),
    ([{"p": "l"}, {"up": {"1": {"p": "l"}}}],
     [group("p", "l r", "anyof"), group("up", "l[p][1]", "anyof")], True),
    ([{"p": "l"}, {"up": {"1": {"p": {"t": {"m": "r"}}}}}],
     [group("p", "l", "anyof"), group("up", "r[m][t][p][1]", "exact")], True),
):
    expect((user, groups), drop(user, groups), want)
expect("a list alone", draganddrop.grade('[{"1": "t1"}]', {"1": "t1"}), True)
from verifiers.draganddrop import PositionsCompare, grade
import verifiers.draganddrop
import draganddrop as module
expect("one module", module is verifiers.draganddrop, True)
expect("text", PositionsCompare("abc") == PositionsCompare("abc"), True)
expect("text and number", PositionsCompare([1, 2]) == PositionsCompare(["1"]), False)
expect("nothing", PositionsCompare([]) == PositionsCompare([]), False)

for name, size in (("E6", 6), ("E12", 12), ("E24", 24), ("E48", 48), ("E96", 96), ("E192", 192)):
    expect(name, len(set(getattr(eia, name))), size)
expect("E24", sorted(eia.E24)[:6], [10, 11, 12, 13, 15, 16])
expect("E48 by columns", eia.E48[:14], [100, 121, 147, 178, 215, 261, 316, 383, 464, 562, 681, 825, 105, 127])
expect("E96", sorted(eia.E96)[-3:], [931, 953, 976])
expect("E192", sorted(eia.E192)[-12:-9], [866, 876, 887])
expect("920", [919 in eia.E192, 920 in eia.E192], [False, True])

from loncapa import *
random.seed(1)
expect("lc_random", [lc_random(1, 3, 0.5) for _ in range(5)], [1.0, 2.5, 2.5, 1.5, 1.5])
expect("lc_choose", [lc_choose(2, "a", "b"), lc_choose("1", "a", "b"), lc_choose(9, "a"), lc_choose("x", "a")],
       ["b", "a", "a", "a"])
expect("angles", [round(deg2rad * 180, 9), round(rad2deg * math.pi, 9)], [round(math.pi, 9), 180])
import loncapa.loncapa_check

from capa.correctmap import CorrectMap
import correctmap
from xmodule.capa.correctmap import CorrectMap as Newer
expect("one class", CorrectMap is correctmap.CorrectMap is Newer, True)
m = CorrectMap("i", "correct", npoints=None, msg="m")
expect("points", [m.get_npoints("i"), m.get_npoints("none"), m.is_correct("i"), m.is_correct("none")], [1, 0, True, None])
m.set_hint_and_mode("i", "<b>", "always")
m.set_property("j", "correctness", "partially-correct")
expect("hint", [m.get_hint("i"), m.get_hintmode("i"), m.get_msg("i"), m.get_msg("j")], ["<b>", "always", "m", ""])
expect("in part", [m.is_correct("j"), m.is_partially_correct("j"), m.is_partially_correct("i")], [True, True, False])
expect("as a map", [sorted(m), sorted(m.keys()), m["i"]["correctness"], len(m), "j" in m], [["i", "j"], ["i", "j"], "correct", 2, True])
n = CorrectMap()
n.set_dict({"i": "correct"})
n.update(m)
n.set_overall_message("all")
expect("update", [sorted(n.get_dict()), n.get_overall_message(), n.is_queued("i")], [["i", "j"], "all", False])
n.set_dict({"k": {"correctness": "incorrect", "npoints": 0.5, "unknown": 1}})
expect("set_dict", [list(n), n.get_npoints("k"), n.get_property("k", "unknown")], [["k"], 0.5, None])

for missing in ("numpy", "scipy.stats", "sympy", "matplotlib.pyplot", "mitxgraders", "symmath"):
    try:
        __import__(missing)
        expect(missing, "there", "missing")
    except ImportError as e:
        expect(missing, e.name, missing.partition(".")[0])
        expect(missing, "external grader" in str(e), True)
try:
    numpy.array
    expect("lazy numpy", "there", "missing")
except ImportError as e:
    expect("lazy numpy", e.name, "numpy")
