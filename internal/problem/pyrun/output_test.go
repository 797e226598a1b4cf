package pyrun

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"lectern/internal/problem/script"
)

// write feeds text to an output in pieces of n bytes and reports whether it
// stopped the interpreter.
func write(o *output, text string, n int) (stopped int) {
	o.stop = func() { stopped++ }
	o.expect("WORD")
	for len(text) > 0 {
		piece := text[:min(n, len(text))]
		text = text[len(piece):]
		if _, err := o.Write([]byte(piece)); err != nil {
			break
		}
	}
	return stopped
}

func TestOutput(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"reply alone", "\nWORD 2\n{}", "{}"},
		{"after text", "hello\nWORD\nWORD x\nWORD 2\n{}", "flood"}, // "WORD x" is no length, and only the prologue knows the word
		{"after text without the word", "hello\nWOR\n WORD 1\nx\nWORD 2\n{}", "{}"},
		{"more after it", "\nWORD 2\n{}{}\nWORD 2\n[]", "{}"},
		{"empty", "\nWORD 0\n", ""},
		{"not complete", "\nWORD 5\n{}", "none"},
		{"no length yet", "\nWORD 5", "none"},
		{"nothing", "", "none"},
		{"negative", "\nWORD -1\n{}", "flood"},
		{"long length", "\nWORD " + strings.Repeat("1", 30), "flood"},
		{"too long", fmt.Sprintf("\nWORD %d\n", maxReply+1), "flood"},
		{"printed too much", strings.Repeat("x", maxOutput+maxReply+1), "flood"},
	} {
		for _, n := range []int{1, 3, 7, 4096, 1 << 30} {
			if n == 1 && len(tt.text) > 1000 {
				continue
			}
			o := &output{}
			stopped := write(o, tt.text, n)
			got, err := o.result()
			switch {
			case errors.Is(err, errFlood):
				got = []byte("flood")
			case got == nil:
				got = []byte("none")
			}
			if string(got) != tt.want || stopped != min(1, strings.Compare(tt.want, "none")*strings.Compare(tt.want, "none")) {
				t.Errorf("%s in pieces of %d: %q, stopped %d times; want %q", tt.name, n, got, stopped, tt.want)
			}
		}
	}
}

func TestParseReply(t *testing.T) {
	for _, tt := range []struct {
		text string
		ok   bool
	}{
		{`{}`, true},
		{`{"globals":{"x":{"text":"1","json":1}},"result":null,"notes":["a"]}`, true},
		{`{"failure":{"kind":"raised","type":"E","line":-4}}`, true},
		{``, false},
		{`[]`, false},
		{`{"globals":{"x":{"text":"1"}}}`, false},
		{`{"globals":{"x":1}}`, false},
		{`{"failure":{"kind":"other"}}`, false},
		{`{"failure":{"kind":"raised","line":1.5}}`, false},
		{`{"globals":{"x":{"text":"1","json":NaN}}}`, false},
	} {
		r, err := parseReply([]byte(tt.text))
		if (err == nil) != tt.ok {
			t.Errorf("%s: %+v, %v", tt.text, r, err)
		}
		if err == nil && r.Failure != nil && r.Failure.Line < 0 {
			t.Errorf("%s: line %d", tt.text, r.Failure.Line)
		}
	}
}

func TestParseBaked(t *testing.T) {
	files, err := parseBaked([]byte("a/b.pyc 3\nxyzc 0\n"))
	if err != nil || string(files["a/b.pyc"]) != "xyz" || len(files) != 2 {
		t.Errorf("%v, %v", files, err)
	}
	for _, text := range []string{"a", "a b\n", "a 5\nx", "../a 1\nx", "a -1\n", "a 99999999999\n", "std.zip 1\nx"} {
		if files, err := parseBaked([]byte(text)); err == nil {
			t.Errorf("%q: %v", text, files)
		}
	}
}

func FuzzReply(f *testing.F) {
	for _, s := range []string{
		"\nWORD 2\n{}", "x\nWORD 99\n{", "\nWORD 17\n{\"failure\":null}x", "\nWORD 46\n" + `{"globals":{"x":{"text":"1","json":[1,"NaN"]}}}`,
		"\nWORD 53\n" + `{"failure":{"kind":"syntax","type":"E","message":"m"}}`,
	} {
		f.Add([]byte(s), 3)
	}
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		o := &output{}
		if stopped := write(o, string(b), max(1, n)); stopped > 1 {
			t.Fatalf("stopped %d times", stopped)
		}
		got, err := o.result()
		if err != nil || got == nil {
			return
		}
		if !bytes.Contains(b, []byte("\nWORD ")) || !bytes.Contains(b, got) {
			t.Fatalf("reply %q out of %q", got, b)
		}
		r, err := parseReply(got)
		if err != nil {
			return
		}
		if _, err := json.Marshal(r); err != nil {
			t.Fatalf("reply %+v: %v", r, err)
		}
		if r.Failure != nil && r.Failure.Kind != script.Syntax && r.Failure.Kind != script.Import && r.Failure.Kind != script.Raised {
			t.Fatalf("failure %+v", r.Failure)
		}
	})
}

// FuzzLibrary unpacks zips: whatever they are, the paths stay inside.
func FuzzLibrary(f *testing.F) {
	f.Add(packed(f, "a.py", "x", "b/c.py", "y", "__MACOSX/._a", "z"))
	f.Add(packed(f, "a", "1", "a/b", "2", "../c", "3"))
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, b []byte) {
		tree, err := unpack(b)
		if err != nil {
			return
		}
		if tree.size > maxLibrarySize+len(b) {
			t.Fatalf("%d bytes", tree.size)
		}
		for name := range tree.files {
			if _, err := tree.Open(name); err != nil {
				t.Fatalf("%q: %v", name, err)
			}
		}
	})
}
