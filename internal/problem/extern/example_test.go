package extern_test

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"lectern/internal/problem/extern"
	"lectern/internal/problem/script"
)

// example is the grader that operators are given to begin with.
const example = "../../../examples/grader/grader.py"

// python returns the real interpreter: what is found by name may be a script
// that needs its user's environment.
func python(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "python3", "-c", "import sys; print(sys.executable)").Output()
	if err != nil {
		t.Skip("no python3 on this machine: ", err)
	}
	return strings.TrimSpace(string(out))
}

// zipped returns a python_lib.zip with one module.
func zipped(t *testing.T, name, source string) *script.Library {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(name)
	if err == nil {
		_, err = w.Write([]byte(source))
	}
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return library(b.String(), nil)
}

// TestExampleGrader runs the example in both of its ways.
func TestExampleGrader(t *testing.T) {
	py := python(t)
	file, err := filepath.Abs(example)
	if err != nil {
		t.Fatal(err)
	}
	asCommand, err := extern.NewCommand([]string{py, file}, extern.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	asService, err := extern.NewHTTP(serveExample(t, py, file), "s3cret", nil, extern.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]script.Runner{"command": asCommand, "service": asService} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exampleJobs(t, r)
		})
	}
	wrong, err := extern.NewHTTP(serveExample(t, py, file), "other", nil, extern.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = wrong.Run(t.Context(), seeded(1))
	refused(t, err, script.ErrUnavailable, "wrong token")
}

// TestExampleGraderWithModules runs the example as the manual says to set it up:
// with the sandbox's modules beside it.
func TestExampleGraderWithModules(t *testing.T) {
	py := python(t)
	dir := t.TempDir()
	text, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	const ours = "../pyrun/py/"
	err = errors.Join(
		os.WriteFile(filepath.Join(dir, "grader.py"), text, 0o600),
		os.CopyFS(dir, os.DirFS(ours+"modules")), os.CopyFS(dir, os.DirFS(ours+"sandbox")),
	)
	if err != nil {
		t.Fatal(err)
	}
	r, err := extern.NewCommand([]string{py, filepath.Join(dir, "grader.py")}, extern.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	reply, err := r.Run(t.Context(), &script.Job{Protocol: script.Protocol, Seed: 1, Script: "from loncapa import *\n" +
		"print 'Python 2'\nx = random.randint(1, 9)\nimport random as r\ny = calc.evaluator({}, {}, '1+1')\nr.seed(1)\nz = r.randint(1, 9)"})
	if err != nil || reply.Failure != nil {
		t.Fatalf("%v, %+v", err, reply)
	}
	g := reply.Globals
	// Python 2.7 draws 1 + int(9 * 0.134…), Python 3 draws 3.
	if g["x"].Text != "2" || g["z"].Text != "2" || !strings.HasPrefix(g["y"].Text, "2") || len(reply.Notes) != 1 {
		t.Errorf("x %s, z %s, y %s, notes %q", g["x"].Text, g["z"].Text, g["y"].Text, reply.Notes)
	}
}

// serveExample starts the example as a service and returns its address.
func serveExample(t *testing.T, py, file string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), py, file, "--serve", "127.0.0.1:0")
	cmd.Env = []string{"GRADER_TOKEN=s3cret", "PATH=/usr/bin:/bin"}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stderr).ReadString('\n')
	port := regexp.MustCompile(`, (\d+)\)`).FindStringSubmatch(line)
	if err != nil || port == nil {
		t.Fatalf("it said %q, %v", line, err)
	}
	go func() { _, _ = io.Copy(io.Discard, stderr) }()
	return "http://127.0.0.1:" + port[1] + "/grade"
}

func exampleJobs(t *testing.T, r script.Runner) {
	t.Helper()
	const check = "def check(expect, ans, options=None):\n    return {'ok': ans == expect, 'msg': str(options)}\n"
	for _, tt := range []struct {
		name   string
		job    script.Job
		text   map[string]string // of globals
		result string
		fail   script.Failure // Kind "" for none; Message not compared
		notes  int
	}{
		{
			name: "globals", job: script.Job{Script: "a = 0.5\nb = (1, 'x')\ndef f(): pass\n__c = 1\nprint('loud')"},
			text: map[string]string{"a": "0.5", "b": "(1, 'x')"},
		},
		{
			name:   "check with keyword",
			job:    script.Job{Script: check, Call: &script.Call{Check: &script.Check{Function: "check", Expect: "4", Answers: "4", Extra: []string{"options"}, Globals: map[string]any{"options": "fast"}}}},
			result: `{"ok":true,"msg":"fast"}`, text: map[string]string{},
		},
		{
			name:   "code",
			job:    script.Job{Script: "n = 2", Call: &script.Call{Code: &script.Code{Code: "correct = ['correct' if submission[0] == n else 'no']", Globals: map[string]any{"submission": []int{2}}, Want: []string{"correct", "none"}}}},
			result: `{"correct":["correct"],"none":null}`, text: map[string]string{"n": "2"},
		},
		{
			name: "hint",
			job: script.Job{Script: "def h(ids, answers, new, old):\n    new.set_hint_and_mode(ids[0], 'look', 'always')", Call: &script.Call{Hint: &script.Hint{
				Function: "h", AnswerIDs: []string{"p_2_1"}, Answers: map[string]any{"p_2_1": "1"},
				New: json.RawMessage(`{"p_2_1":{"correctness":"incorrect"}}`), Old: json.RawMessage(`{}`),
			}}},
			result: `{"p_2_1":{"correctness":"incorrect","hint":"look","hintmode":"always"}}`, text: map[string]string{},
		},
		{name: "context", job: script.Job{Script: "who = anonymous_student_id", Context: map[string]any{"anonymous_student_id": "u1"}}, text: map[string]string{"who": "u1"}},
		{name: "library", job: script.Job{Script: "import ours\nx = ours.x", Library: zipped(t, "ours.py", "x = 42")}, text: map[string]string{"x": "42"}},
		{name: "leniency", job: script.Job{Script: "from __future__ import division\nif True:\n\tx = 1"}, text: map[string]string{"x": "1"}, notes: 2},
		{name: "no module", job: script.Job{Script: "x = 1\nimport not_there.sub"}, fail: script.Failure{Kind: script.Import, Type: "ModuleNotFoundError", Line: 2, Module: "not_there"}},
		{name: "syntax", job: script.Job{Script: "x = 1\ny = = 2"}, fail: script.Failure{Kind: script.Syntax, Type: "SyntaxError", Line: 2}},
		{name: "exception", job: script.Job{Script: "\nx = 1 / 0"}, fail: script.Failure{Kind: script.Raised, Type: "ZeroDivisionError", Line: 2}},
		{
			name: "exception of the check",
			job:  script.Job{Script: "x = 1\ndef check(e, a):\n    raise ValueError(a)", Call: &script.Call{Check: &script.Check{Function: "check", Answers: "no"}}},
			text: map[string]string{"x": "1"}, fail: script.Failure{Kind: script.Raised, Type: "ValueError", Line: 3, InCall: true},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.job.Protocol, tt.job.Seed = script.Protocol, 1
			reply, err := r.Run(t.Context(), &tt.job)
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range tt.text {
				if reply.Globals[name].Text != want {
					t.Errorf("%s = %q, want %q", name, reply.Globals[name].Text, want)
				}
			}
			if tt.text != nil && len(reply.Globals) != len(tt.text) {
				t.Errorf("globals %v", reply.Globals)
			}
			got := script.Failure{}
			if reply.Failure != nil {
				got = *reply.Failure
				got.Message = ""
			}
			if got != tt.fail || len(reply.Notes) != tt.notes {
				t.Errorf("failure %+v, want %+v; notes %q", reply.Failure, tt.fail, reply.Notes)
			}
			sameJSON(t, reply.Result, tt.result)
		})
	}
	t.Run("the same numbers every time", func(t *testing.T) {
		job := script.Job{Protocol: script.Protocol, Seed: 9, Script: "x = random.random()\ny = list({'a', 'b', 'c', 'd'})"}
		one, err := r.Run(t.Context(), &job)
		two, again := r.Run(t.Context(), &job)
		if err != nil || again != nil || one.Globals["x"].Text != two.Globals["x"].Text || one.Globals["y"].Text != two.Globals["y"].Text {
			t.Errorf("%v, %v; %v, %v", one, err, two, again)
		}
	})
	t.Run("too much memory", func(t *testing.T) {
		_, err := r.Run(t.Context(), &script.Job{Protocol: script.Protocol, Script: "x = [0] * 10**10"})
		refused(t, err, script.ErrLimit, "out of memory")
	})
}

// sameJSON compares JSON texts where want has what got must have.
func sameJSON(t *testing.T, got json.RawMessage, want string) {
	t.Helper()
	if want == "" {
		if got != nil {
			t.Errorf("result %s, want none", got)
		}
		return
	}
	var a, b any
	if err := errors.Join(json.Unmarshal(got, &a), json.Unmarshal([]byte(want), &b)); err != nil {
		t.Fatalf("result %s: %v", got, err)
	}
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	if !bytes.Equal(x, y) {
		t.Errorf("result %s, want %s", x, y)
	}
}
