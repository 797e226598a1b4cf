# Reading Python 2 and worse. Each row: source, names it must set, words of the
# notes it must get.
from _lectern import lenient

def run(source):
    notes, seen = [], {}
    seen["out"] = []
    seen["print"] = lambda *a, **k: seen["out"].append((" ".join(map(str, a)), k.get("end")))
    exec(lenient.compile_source(source, "<script>", notes), seen)
    return seen, notes

for source, want, said in (
    ("x = 1/2", {"x": 0.5}, []),
    ("from __future__ import division\nx = 1", {"x": 1}, []),
    ("x = 1\nfrom __future__ import division, print_function\ny = 1/2", {"y": 0.5}, ["__future__"]),
    ("x = 1\nif x:\n  from __future__ import (division,\n    print_function)\ny = 2", {"y": 2}, ["__future__"]),
    ("if 1:\n        x = 1\n\ty = 2", {"x": 1, "y": 2}, ["Tabs"]),
    ("def f():\n    if 1:\n\treturn 5\nx = f()", {"x": 5}, ["Tabs"]),
    ("def f():\n\tif 1:\n\t    y = 1\n            return 5\nx = f()", {"x": 5}, ["Tabs"]),
    ("if 1:\n        x = 1\n\tprint x", {"out": [("1", None)]}, ["Tabs", "print"]),
    ("print 'a'", {"out": [("a", None)]}, ["print"]),
    ("print 'a', 1 + 1", {"out": [("a 2", None)]}, ["print"]),
    ("print 'a',", {"out": [("a", " ")]}, ["print"]),
    ("print", {"out": []}, []),
    ("if 1: print 'a'; print 'b'", {"out": [("a", None), ("b", None)]}, ["print"]),
    ("print 5\nprint ('a') + 'b'; print", {"out": [("5", None), ("ab", None), ("", None)]}, ["print"]),
    ("print ('%d' % 3), 4; print 5", {"out": [("3 4", None), ("5", None)]}, ["print"]),
    ("import sys\nprint >>sys.stderr, 'a'", {"out": [("a", None)]}, ["print"]),
    ("print 'a'  # why\nx = 1", {"x": 1, "out": [("a", None)]}, ["print"]),
    ("print ('''a\nb'''), 1\nprint 2", {"out": [("a\nb 1", None), ("2", None)]}, ["print"]),
    ("print \\\n  'a'", {"out": [("a", None)]}, ["print"]),
    ("for i in [1]: print i\nelse: print 'done'", {"out": [("1", None), ("done", None)]}, ["print"]),
    ("f = lambda: 7\nprint f()", {"out": [("7", None)]}, ["print"]),
    ("d = {'a': 1}\nprint d['a':][0:1] if 0 else 9", {"out": [("9", None)]}, ["print"]),
    ("try:\n  1/0\nexcept ZeroDivisionError, e:\n  x = str(e)", {"x": "division by zero"}, ["except"]),
    ("try:\n  1/0\nexcept (KeyError, ZeroDivisionError), e:\n  x = 1", {"x": 1}, ["except"]),
    ("try:\n  raise ValueError, 'why'\nexcept ValueError, e: x = str(e)", {"x": "why"}, ["raise", "except"]),
    ("x = `1+1`", {"x": "2"}, ["Backticks"]),
    ("x = 1 <> 2", {"x": True}, ["<>"]),
    ("exec 'x = 3'", {"x": 3}, ["exec"]),
    ("d = {}\nexec 'x = 3' in d\ny = d['x']", {"y": 3}, ["exec"]),
    ("x = 0777", {"x": 511}, ["octal"]),
    ("x = 10L + 0xFFL", {"x": 265}, ["L at the end"]),
    (r"x = ur'\d'", {"x": "\\d"}, ['ur""']),
    ("x = {'a': 1}.has_key('a')", {"x": True}, ["has_key"]),
    ("x = sorted({'a': 1}.iteritems())", {"x": [("a", 1)]}, ["iteritems"]),
    ("x = sum({'a': 1}.itervalues())", {"x": 1}, ["itervalues"]),
    ("class D:\n  def has_key(self, k): return 7\nx = D().has_key(1)", {"x": 7}, []),
    ("x = list(xrange(3))", {"x": [0, 1, 2]}, ["xrange"]),
    ("x = unicode('a')\ny = isinstance(x, basestring)", {"x": "a", "y": True}, ["unicode", "basestring"]),
    ("x = reduce(lambda a, b: a + b, [1, 2])", {"x": 3}, ["reduce"]),
    ("def f(): return [unichr(97), cmp(2, 1), long(3)]\nx = f()", {"x": ["a", 1, 3]}, ["unichr", "cmp", "long"]),
    ("import string\nx = string.letters[:2] + string.join(['a', 'b'], '-') + string.upper('c')",
     {"x": "aba-bC"}, []),
    ("from fractions import gcd\nx = gcd(12, 18)", {"x": 6}, []),
    ("from itertools import izip, imap\nx = list(izip([1], [2]))", {"x": [(1, 2)]}, []),
    ("import sys\nx = sys.maxint", {"x": 2**63 - 1}, []),
    ("import urllib\nx = urllib.quote('a b') + urllib.unquote('%41')", {"x": "a%20bA"}, []),
    ("from types import StringType\nx = type('') is StringType", {"x": True}, []),
    ("from StringIO import StringIO\nx = StringIO('a').read()", {"x": "a"}, []),
    ("import collections\nx = isinstance({}, collections.Mapping)", {"x": True}, []),
    ("x = 'print y'\r\ny = 2\r\n", {"x": "print y", "y": 2}, []),
    ("print = 5\nx = print", {"x": 5}, []),
    ("x = u'a' + b'b'.decode()", {"x": "ab"}, []),
    ("# -*- coding: latin-1 -*-\nx = 1", {"x": 1}, []),
    ("", {}, []),
):
    try:
        seen, notes = run(source)
    except Exception as e:
        expect(source, "%s: %s" % (type(e).__name__, e), want)
        continue
    for name, value in want.items():
        expect(source, seen.get(name), value)
    expect(source, len(notes), len(said))
    for word in said:
        expect(source, [n for n in notes if word in n] != [], True)
    expect(source, [n for n in notes if not n.endswith(".")], [])

for source, line in (("x = 1\ny = = 2", 2), ("def f(:\n  pass", 1), ("x = 'a\ny = 1", 1), ("print 'a'\nx = (", 2), ("\0", 0)):
    try:
        run(source)
        expect(source, "compiled", "SyntaxError")
    except SyntaxError as e:
        expect(source, e.lineno or 0, line)
