package pyrun

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"lectern/internal/problem/script"
)

// TestGlobals checks which of a script's names come back, and how.
func TestGlobals(t *testing.T) {
	r := run(t, &script.Job{Seed: 1, Context: map[string]any{"anonymous_student_id": "abc"}, Script: `
import math, re
from math import pi
a, b, c, d = 1, 2.5, True, None
small, large, whole = 1e-05, 1e22, 2.0
text = "a'b" + anonymous_student_id
items = (1, [2, (3,)], {'k': (4,), 5: 6})
nan, inf = float('nan'), [-float('inf')]
__hidden = 1
_shown = 2
def f(): pass
class C: pass
obj, raw, num, odd = C(), b'x', 1j, {(1, 2): 3}
inside = [f]
huge = 10 ** 5000
anonymous_student_id = 'changed'
`})
	if r.Failure != nil {
		t.Fatal(r.Failure)
	}
	want := map[string][2]string{ // text and JSON
		"pi": {"3.141592653589793", "3.141592653589793"},
		"a":  {"1", "1"}, "b": {"2.5", "2.5"}, "c": {"True", "true"}, "d": {"None", "null"},
		"small": {"1e-05", "1e-05"}, "large": {"1e+22", "1e+22"}, "whole": {"2.0", "2.0"},
		"text":   {"a'babc", `"a'babc"`},
		"items":  {"[1, [2, [3]], {'k': [4], '5': 6}]", `[1, [2, [3]], {"k": [4], "5": 6}]`},
		"nan":    {"nan", `"NaN"`},
		"inf":    {"[-inf]", `["-Infinity"]`},
		"_shown": {"2", "2"},
	}
	for name, w := range want {
		if got := r.Globals[name]; got.Text != w[0] || string(got.JSON) != w[1] {
			t.Errorf("%s: %q and %s, want %q and %s", name, got.Text, got.JSON, w[0], w[1])
		}
		delete(r.Globals, name)
	}
	if len(r.Globals) > 0 {
		t.Errorf("more: %v", slices.Sorted(maps.Keys(r.Globals)))
	}
}

func TestCalls(t *testing.T) {
	const src = `
x = random.randint(0, 10**9)
class ns: pass
ns.f = lambda expect, given: [expect, given]
def all(expect, given, options, debug=1, missing=0): return [options, debug, missing, x]
def drawn(expect, given): return random.randint(0, 10**9) == x
def hint(ids, answers, new, old):
    for i in ids:
        new.set_hint_and_mode(i, 'was %s' % old.get_correctness(i), 'always')
        if answers[i] == 'no': new.set_property(i, 'correctness', 'incorrect')
def stop(expect, given):
    raise ValueError('no')
`
	for _, tt := range []struct {
		name string
		call script.Call
		want string
	}{
		{"check", script.Call{Check: &script.Check{Function: "ns.f", Expect: "e", Answers: []any{"a", "b"}}}, `["e", ["a", "b"]]`},
		{"check a map", script.Call{Check: &script.Check{Function: "ns.f", Answers: map[string]any{"k": "v"}}}, `[null, {"k": "v"}]`},
		{
			"extra names", script.Call{Check: &script.Check{
				Function: "all", Expect: "", Answers: "", Extra: []string{"options", "debug", "missing"},
				Globals: map[string]any{"options": "o", "debug": false},
			}}, `["o", false, null, 542598487]`,
		},
		{"seed again", script.Call{Check: &script.Check{Function: "drawn", Answers: ""}}, "true"},
		{
			"code", script.Call{Code: &script.Code{
				Code:    "from __future__ import division\ncorrect[0] = 'correct'\nprint 'x'\nmessages[0] = '%d' % random.randint(0, 10**9)",
				Globals: map[string]any{"correct": []any{"unknown"}, "messages": []any{""}}, Want: []string{"correct", "messages", "other"},
			}}, `{"correct": ["correct"], "messages": ["542598487"], "other": null}`,
		},
		{
			"hint", script.Call{Hint: &script.Hint{
				Function: "hint", AnswerIDs: []string{"p_2_1"}, Answers: map[string]any{"p_2_1": "no"},
				New: json.RawMessage(`{"p_2_1":{"correctness":"correct","npoints":1}}`),
				Old: json.RawMessage(`{"p_2_1":{"correctness":"partially-correct"}}`),
			}},
			`{"p_2_1": {"correctness": "incorrect", "npoints": 1, "msg": "", "hint": "was partially-correct", "hintmode": "always", "queuestate": null, "answervariable": null}}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := run(t, &script.Job{Script: src, Seed: 723, Call: &tt.call})
			if r.Failure != nil {
				t.Fatalf("line %d: %v", r.Failure.Line, r.Failure)
			}
			if string(r.Result) != tt.want {
				t.Errorf("result %s\nwant   %s", r.Result, tt.want)
			}
			if r.Globals["x"].Text != "542598487" {
				t.Errorf("globals %v", r.Globals)
			}
		})
	}
}

func TestFailures(t *testing.T) {
	check := func(function string) *script.Call {
		return &script.Call{Check: &script.Check{Function: function, Answers: ""}}
	}
	for _, tt := range []struct {
		name, src string
		call      *script.Call
		want      script.Failure
	}{
		{"syntax", "x = 1\ny = = 2\n", nil, script.Failure{Kind: script.Syntax, Type: "SyntaxError", Message: "invalid syntax", Line: 2}},
		{"raised", "x = 1\ndef f():\n  return 1/0\nf()", nil, script.Failure{Kind: script.Raised, Type: "ZeroDivisionError", Message: "division by zero", Line: 3}},
		{"in a module", "\nimport json\njson.loads('x')", nil, script.Failure{Kind: script.Raised, Type: "JSONDecodeError", Message: "Expecting value: line 1 column 1 (char 0)", Line: 3}},
		{"import", "x = 1\nimport demjson", nil, script.Failure{Kind: script.Import, Type: "ModuleNotFoundError", Message: "No module named 'demjson'", Line: 2, Module: "demjson"}},
		{"lazy import", "x = numpy.array([1])", nil, script.Failure{
			Kind: script.Import, Type: "ModuleNotFoundError", Line: 1, Module: "numpy",
			Message: "numpy is not part of this site's Python; the question needs the external grader",
		}},
		{"name of a module", "from math import nothing", nil, script.Failure{Kind: script.Import, Type: "ImportError", Message: "cannot import name 'nothing' from 'math' (unknown location)", Line: 1, Module: "math"}},
		{"in the call", "def f(e, a):\n  raise KeyError('k')", check("f"), script.Failure{Kind: script.Raised, Type: "KeyError", Message: "'k'", Line: 2, InCall: true}},
		{"no such function", "x = 1", check("g"), script.Failure{Kind: script.Raised, Type: "NameError", Message: "name 'g' is not defined", InCall: true}},
		{"code's syntax", "x = 1", &script.Call{Code: &script.Code{Code: "\n\ny = ="}}, script.Failure{Kind: script.Syntax, Type: "SyntaxError", Message: "invalid syntax", InCall: true}},
		{"imported while called", "def f(e, a):\n  import sympy", check("f"), script.Failure{
			Kind: script.Import, Type: "ModuleNotFoundError", Line: 2, Module: "sympy", InCall: true,
			Message: "sympy is not part of this site's Python; the question needs the external grader",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := run(t, &script.Job{Script: tt.src, Seed: 1, Call: tt.call})
			if r.Failure == nil || *r.Failure != tt.want {
				t.Errorf("failure %+v\nwant    %+v", r.Failure, tt.want)
			}
			if tt.want.InCall && tt.src == "x = 1" && r.Globals["x"].Text != "1" {
				t.Errorf("globals %v", r.Globals)
			}
		})
	}
}

// packed makes a zip of names and contents.
func packed(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestLibrary(t *testing.T) {
	lib := library(packed(t,
		"helper.py", "import os\ndef data(): return open(os.path.join(os.path.dirname(__file__), 'd', 'numbers.txt')).read()",
		"d/numbers.txt", "1 2 3",
		"old.py", "print 'hello'\ndef f(x): return x.has_key('a')",
		"package/__init__.py", "from package.part import value",
		"package/part.py", "value = 7",
		"eia.py", "E6 = 'own'", // before the sandbox's
		"numpy.py", "array = list", // in place of what is missing
		"json.py", "broken", // after the standard library
		"imports.py", "name = 'imports'",
		"__MACOSX/._helper.py", "\x00", "._helper.py", "\x00",
		"../escape.py", "x = 1", "/absolute.py", "x = 1",
	))
	r := run(t, &script.Job{Seed: 1, Library: lib, Script: `
import helper, old, package, imports, json, os, zipfile
x = [helper.data(), old.f({'a': 1}), package.value, eia.E6, numpy.array((1, 2)), imports.name, json.dumps(1)]
top = sorted(os.listdir('.'))
again = open('d/numbers.txt').read()
zipped = zipfile.ZipFile('python_lib.zip').read('d/numbers.txt').decode()
`})
	if r.Failure != nil {
		t.Fatalf("line %d: %v", r.Failure.Line, r.Failure)
	}
	for name, want := range map[string]string{
		"x":      "['1 2 3', True, 7, 'own', [1, 2], 'imports', '1']",
		"top":    "['d', 'eia.py', 'helper.py', 'imports.py', 'json.py', 'numpy.py', 'old.py', 'package', 'python_lib.zip']",
		"again":  "1 2 3",
		"zipped": "1 2 3",
	} {
		if got := r.Globals[name].Text; got != want {
			t.Errorf("%s: %s\nwant %s", name, got, want)
		}
	}
	if notes := strings.Join(r.Notes, " "); !strings.Contains(notes, "print") || !strings.Contains(notes, "has_key") {
		t.Errorf("notes %q", r.Notes)
	}
	if r := run(t, &script.Job{Script: "import helper"}); r.Failure == nil {
		t.Error("the library is there for another job")
	}
}

func TestLibraryRefused(t *testing.T) {
	needPython(t)
	broken := errors.New("storage is down")
	var many []string
	for range maxLibraryFiles + 1 {
		many = append(many, "a.py", "")
	}
	wrong := library(packed(t, "a.py", ""))
	wrong.SHA256 = strings.Repeat("0", 64)
	for _, tt := range []struct {
		name string
		lib  *script.Library
		want error
	}{
		{"cannot be read", &script.Library{SHA256: "x", Open: func(context.Context) ([]byte, error) { return nil, broken }}, broken},
		{"another file", wrong, script.ErrUnavailable},
		{"too many files", library(packed(t, many...)), script.ErrLimit},
		{"too large", library(packed(t, "a", strings.Repeat("a", maxLibrarySize/2), "b", strings.Repeat("b", maxLibrarySize/2), "c", "c")), script.ErrLimit},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := shared().Run(t.Context(), &script.Job{Library: tt.lib}); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
	for name, b := range map[string][]byte{"no zip": []byte("text"), "empty": nil} {
		if r := run(t, &script.Job{Library: library(b), Script: "x = 1"}); r.Failure != nil {
			t.Errorf("%s: %v", name, r.Failure)
		}
	}
}

// TestSame checks that equal jobs are answered alike: sets are in the same order,
// and what is drawn without a seed is the same.
func TestSame(t *testing.T) {
	job := &script.Job{Seed: 3, Script: `
import os, uuid
x = list({'a', 'b', 'c', 'd', 'e', 'f'})
y = os.urandom(4).hex()
z = random.random()
h = hash('text')
`}
	first, second := run(t, job), run(t, job)
	if first.Failure != nil {
		t.Fatal(first.Failure)
	}
	a, _ := json.Marshal(first)
	b, _ := json.Marshal(second)
	if !bytes.Equal(a, b) {
		t.Errorf("%s\n%s", a, b)
	}
}

func TestBusy(t *testing.T) {
	needPython(t)
	var ran []string
	inUse, most := 0, 0
	p := New(Options{
		Size: 1, Wait: 200 * time.Millisecond, Time: 3 * time.Second, CacheDir: cacheDir(),
		Metrics: Metrics{
			Ran:   func(result string, _ time.Duration) { ran = append(ran, result) },
			InUse: func(n int) { inUse, most = n, max(most, n) },
		},
	})
	defer p.Close(context.Background())
	p.Warm()
	<-p.opened
	if _, err := p.Run(t.Context(), &script.Job{}); err != nil && !errors.Is(err, script.ErrBusy) {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	g := <-p.ready // the only one
	if _, err := p.Run(ctx, &script.Job{}); !errors.Is(err, script.ErrBusy) {
		t.Errorf("error %v, want busy", err)
	}
	g.cancel()
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := p.Run(gone, &script.Job{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want canceled", err)
	}
	if n := len(ran); n != 3 || ran[1] != "busy" || ran[2] != "gone" || inUse != 0 || most > 1 {
		t.Errorf("ran %v, in use %d, at most %d", ran, inUse, most)
	}
}

// TestClose checks that closing ends a script that runs, and everything else.
func TestClose(t *testing.T) {
	needPython(t)
	p := New(Options{Wait: time.Minute, Time: time.Minute, CacheDir: cacheDir()})
	running := make(chan error)
	go func() {
		_, err := p.Run(context.Background(), &script.Job{Script: "while True: pass"})
		running <- err
	}()
	for p.inUse.Load() == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := p.Close(ctx); err != nil {
		t.Error(err)
	}
	if err := <-running; !errors.Is(err, script.ErrUnavailable) {
		t.Errorf("the script that ran: %v", err)
	}
	if _, err := p.Run(t.Context(), &script.Job{}); !errors.Is(err, script.ErrUnavailable) {
		t.Errorf("a job after the end: %v", err)
	}
	if err := p.Close(ctx); err != nil {
		t.Errorf("closing again: %v", err)
	}
}
