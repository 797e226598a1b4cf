package pyrun

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"lectern/internal/problem/script"
)

// limit stands for ErrLimit in the tables below.
const limit = "limit"

// hostileScripts are scripts that want too much or try to get out, and what must
// come of them: "limit", or the failure's type, or "" for a reply.
func hostileScripts() []struct{ name, src, want string } {
	return []struct{ name, src, want string }{
		{"loop", "while True: pass", limit},
		{"loop that catches all", "while True:\n  try:\n    while True: pass\n  except BaseException: pass", limit},
		{"regexp", "import re\nre.match('(a+)+$', 'a' * 40 + 'b')", limit},
		{"tower", "x = 9**9**9**9", limit},
		{"long division", "x = 7**(10**7) // 3**(10**6)", limit},
		{"sleep", "import time\nt = time.time()\nwhile time.time() - t < 100: time.sleep(0.1)", limit},
		{"big list", "x = [0] * 10**8", limit},
		{"bigger list", "x = [0] * 10**10", "OverflowError"}, // more than 32 bits can count
		{"growing text", "x = 'a'\nwhile True: x += x", limit},
		{"growing list that catches all", "x = []\nwhile True:\n  try: x.append('a' * 10**6)\n  except MemoryError: x.append(1)", limit},
		{"recursion", "def f(): return f()\nf()", "RecursionError"},
		{"recursion without limit", "import sys\nsys.setrecursionlimit(10**9)\ndef f(): return f()\nf()", limit},
		{"deep brackets", "x = eval('(' * 10**5 + ')' * 10**5)", limit},
		{"deep list", "x = []\nfor i in range(10**4): x = [x]", ""},
		{"deep repr", "x = []\nfor i in range(10**5): x = [x]\nrepr(x)", "RecursionError"},
		{"flood", "while True: print('a' * 1000)", limit},
		{"flood on stderr", "import sys\nwhile True: sys.stderr.write('a' * 1000)", limit},
		{"flood of bytes", "import os\nwhile True: os.write(1, b'\\n' * 4096)", limit},
		{"million entries", "x = list(range(10**6))", limit},
		{"exit", "import sys\nsys.exit(0)", "SystemExit"},
		{"hard exit", "import os\nos._exit(0)", "SystemExit"},
		{"hard exit with code", "import os\nos._exit(3)", "SystemExit"},
		{"abort", "import os\nos.abort()", limit},
		{"close stdout", "import os\nos.close(1)", "SystemExit"},
		{"close all", "import os\nfor i in range(20):\n  try: os.close(i)\n  except OSError: pass", "SystemExit"},
		{"read stdin", "import sys\nx = sys.stdin.read() + sys.stdin.read()", ""},
		{"input", "x = input()", "EOFError"},
		{"fake reply", `print('\nABCDEFGHIJKLMNOPQRSTUVWXYZ 2\n{}')`, ""},
		{"json gone", "import json, builtins\njson.dumps = json.loads = None\njson.encoder.c_make_encoder = None\nx = 1", ""},
		{"builtins gone", "import builtins\nset = setattr\nfor n in list(vars(builtins)):\n  if n.islower(): set(builtins, n, None)\nx = 1", ""},
		{"os gone", "import os, sys\nos.write = os._exit = None\nsys.stdout = sys.modules = None", ""},
		{"own globals gone", "globals().clear()", ""},
		{"odd names", "globals()[5] = 1\nglobals()[('a',)] = 2", ""},
		{"loop in data", "x = []\nx.append(x)\ny = {}\ny['y'] = y", ""},
		{"odd text", "class S(str):\n  def __str__(self): raise ValueError\n  __repr__ = __len__ = __iter__ = __str__\nx = S('a')\ny = {S('k'): S('v')}", ""},
		{"odd error", "class E(Exception):\n  def __str__(self): raise ValueError\nraise E()", "E"},
		{"looping error", "class E(Exception):\n  def __str__(self):\n    while True: pass\nraise E()", limit},
		{"odd type of error", "class M(type):\n  __name__ = property(lambda s: 1/0)\nclass E(Exception, metaclass=M): pass\nraise E()", "E"},
		{"long error", "raise ValueError('a' * 10**6)", "ValueError"},
		{"odd import error", "raise ImportError('no', name=5)", "ImportError"},
		{"odd syntax error", "raise SyntaxError(5)", "SyntaxError"},
		{"surrogates", "x = '\\ud800'", ""},
		{"passwd", "x = open('/etc/passwd').read()", "FileNotFoundError"},
		{"up", "x = open('/lectern/../../../../etc/passwd').read()", "FileNotFoundError or PermissionError"},
		{"write", "open('/lectern/modules/eia.pyc', 'w').write('a')\nopen('/lectern/modules/a', 'w')", "OSError or FileNotFoundError"},
		{"write elsewhere", "open('/tmp/x', 'w')", "FileNotFoundError"},
		{"ways out", waysOut, ""},
		{"collector", "import gc, sys\nfor o in gc.get_objects():\n  if isinstance(o, dict) and o is not globals() and 'reply' in o: o.clear()", "any"},
	}
}

// waysOut tries what a sandbox must not have.
const waysOut = `
import os, signal, socket, subprocess, threading
def fails(f, *args):
    try:
        f(*args)
    except (OSError, AttributeError, ImportError, RuntimeError):
        return
    raise AssertionError(f)
fails(lambda: os.fork())
fails(lambda: os.execv('/bin/ls', ['ls']))
fails(lambda: os.system('ls'))
fails(lambda: os.kill(1, 9))
fails(lambda: os.listdir('/etc'))
fails(lambda: os.mkdir('/lectern/x'))
fails(lambda: os.symlink('/etc', '/course/x'))
fails(lambda: os.unlink('/lectern/modules/eia.pyc'))
fails(subprocess.run, ['ls'])
fails(socket.socket)
fails(socket.create_connection, ('127.0.0.1', 80))
fails(threading.Thread(target=print).start)
fails(__import__, 'ctypes')
fails(__import__, 'mmap')
assert not os.environ
`

// TestHostile runs hostile scripts, and after each of them, while the others go
// on, a script that must be answered as always.
func TestHostile(t *testing.T) {
	needPython(t)
	p := New(Options{Time: 1500 * time.Millisecond, Wait: 3 * time.Minute, Size: 3, CacheDir: cacheDir()})
	defer p.Close(context.Background())
	cases := hostileScripts()
	next := make(chan int, len(cases))
	for i := range cases {
		next <- i
	}
	close(next)
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for i := range next {
				tt := cases[i]
				r, err := p.Run(t.Context(), &script.Job{Script: tt.src, Seed: 1})
				if got := ending(r, err); tt.want != "any" && !oneOf(got, tt.want) {
					t.Errorf("%s: %s (%v), want %q", tt.name, got, err, tt.want)
				}
				checkReply(t, tt.name, r)
			}
		})
	}
	answered := make(chan struct{})
	go func() {
		workers.Wait()
		close(answered)
	}()
	trivial := 0
	for {
		select {
		case <-answered:
			t.Logf("%d hostile scripts, %d others between them", len(cases), trivial)
			if trivial == 0 {
				t.Error("no other script ran")
			}
			return
		default:
		}
		r, err := p.Run(t.Context(), &script.Job{Script: "x = 6 * 7", Seed: 1})
		if err != nil || r.Failure != nil || r.Globals["x"].Text != "42" {
			t.Errorf("a script beside hostile ones: %+v, %v", r, err)
		}
		trivial++
		time.Sleep(300 * time.Millisecond)
	}
}

// ending is "limit", a failure's type, or "" for a reply without failure.
func ending(r *script.Reply, err error) string {
	switch {
	case errors.Is(err, script.ErrLimit):
		return limit
	case err != nil:
		return err.Error()
	case r.Failure != nil:
		return r.Failure.Type
	}
	return ""
}

func oneOf(got, want string) bool {
	for w := range strings.SplitSeq(want, " or ") {
		if got == w {
			return true
		}
	}
	return false
}

// checkReply checks that a reply can be kept and sent on.
func checkReply(t *testing.T, name string, r *script.Reply) {
	t.Helper()
	if r == nil {
		return
	}
	if _, err := json.Marshal(r); err != nil {
		t.Errorf("%s: reply is no JSON: %v", name, err)
	}
	if f := r.Failure; f != nil && (len(f.Message) > 8000 || f.Type == "") {
		t.Errorf("%s: failure of type %q with %d bytes", name, f.Type, len(f.Message))
	}
}

// TestHostileCalls are calls that return what is hard to pass on.
func TestHostileCalls(t *testing.T) {
	for _, tt := range []struct{ name, returned, want string }{
		{"nothing", "None", "null"},
		{"tuple", "(1, (2, 3))", "[1, [2, 3]]"},
		{"numbers as keys", "{1: 2, None: 3, True: 4}", ""},
		{"not a number", "{'g': float('nan'), 'i': [float('inf'), -float('inf')]}", `{"g": "NaN", "i": ["Infinity", "-Infinity"]}`},
		{"complex", "1j", `"1j"`},
		{"bytes", "b'a'", `"b'a'"`},
		{"bytes inside", "{'ok': True, 'msg': b'a'}", `{"ok": true, "msg": "b'a'"}`},
		{"object inside", "{'input_list': [{'ok': True, 'msg': ValueError('why')}]}", `{"input_list": [{"ok": true, "msg": "why"}]}`},
		{"loop", "loop", ""},
		{"set", "{1}", `"{1}"`},
		{"function", "len", `"<built-in function len>"`},
		{"surrogate", `'\ud800'`, `"\ud800"`},
		{"big number", "10**400", "1" + strings.Repeat("0", 400)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := run(t, &script.Job{
				Script: "loop = []\nloop.append(loop)\ndef f(e, a): return " + tt.returned, Seed: 1,
				Call: &script.Call{Check: &script.Check{Function: "f", Expect: nil, Answers: ""}},
			})
			if r.Failure != nil {
				t.Fatal(r.Failure)
			}
			if !json.Valid(r.Result) || tt.want != "" && string(r.Result) != tt.want {
				t.Errorf("result %s, want %s", r.Result, tt.want)
			}
		})
	}
}
