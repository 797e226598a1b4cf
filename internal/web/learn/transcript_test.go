package learn

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestParseTranscript(t *testing.T) {
	const s = time.Second
	for _, tt := range []struct {
		name, in string
		want     []cue
	}{
		{"srt", "1\n00:00:01,500 --> 00:00:02,000\nHello\nworld\n\n2\n00:01:00,000 --> 00:01:01,000\nBye\n",
			[]cue{{1500 * time.Millisecond, 2 * s, "Hello world"}, {60 * s, 61 * s, "Bye"}}},
		{"byte order mark and CRLF", "\ufeff1\r\n00:00:01,000 --> 00:00:02,000\r\nA\r\n", []cue{{s, 2 * s, "A"}}},
		{"no blank line between captions", "1\n00:00:01,000 --> 00:00:02,000\nA\n2\n00:00:03,000 --> 00:00:04,000\nB",
			[]cue{{s, 2 * s, "A"}, {3 * s, 4 * s, "B"}}},
		{"a number is text when no time follows", "1\n00:00:01,000 --> 00:00:02,000\n42\n", []cue{{s, 2 * s, "42"}}},
		{"markup and entities", "00:00:01,000 --> 00:00:02,000\n<i>a</i> &lt; b {\\an8}&amp; 1<2\n", []cue{{s, 2 * s, "a < b & 1<2"}}},
		{"webvtt", "WEBVTT\n\nNOTE x\n\nid\n00:01.000 --> 00:02.000 align:start\nA\n", []cue{{s, 2 * s, "A"}}},
		{"latin-1", "00:00:01,000 --> 00:00:02,000\ncaf\xe9\n", []cue{{s, 2 * s, "café"}}},
		{"end before start", "00:00:05,000 --> 00:00:02,000\nA\n", []cue{{5 * s, 5 * s, "A"}}},
		{"empty captions left out", "00:00:01,000 --> 00:00:02,000\n\n00:00:02,000 --> 00:00:03,000\nB\n", []cue{{2 * s, 3 * s, "B"}}},
		{"sjson", `{"start":[0,1500],"end":[1000,2000.0],"text":["a&#39;s","b\nc"]}`,
			[]cue{{0, s, "a's"}, {1500 * time.Millisecond, 2 * s, "b c"}}},
		{"sjson, nulls and short lists", `{"start":[0,null,3000],"end":[1000,2000],"text":["a","b","c"]}`, []cue{{0, s, "a"}}},
		{"sjson, absurd numbers", `{"start":[-5],"end":[1e300],"text":["a"]}`, []cue{{0, maxMoment, "a"}}},
		{"nothing", "", nil},
		{"not a transcript", "<html>no</html>", nil},
		{"broken sjson", `{"start":[`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseTranscript([]byte(tt.in))
			if (err != nil) != (tt.want == nil) {
				t.Fatalf("error %v, want captions %v", err, tt.want)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWriteVTT(t *testing.T) {
	var b bytes.Buffer
	err := writeVTT(&b, []cue{{90 * time.Minute, 90*time.Minute + 1500*time.Millisecond, "a < b --> c & d"}})
	want := "WEBVTT\n\n01:30:00.000 --> 01:30:01.500\na &lt; b --&gt; c &amp; d\n"
	if err != nil || b.String() != want {
		t.Errorf("got %q, %v; want %q", b.String(), err, want)
	}
}

// FuzzTranscript checks that whatever is read is written as WebVTT that reads
// back as the same captions.
func FuzzTranscript(f *testing.F) {
	f.Add([]byte("1\n00:00:01,500 --> 00:00:02,000\nHello\n"))
	f.Add([]byte(`{"start":[0],"end":[1],"text":["x"]}`))
	f.Add([]byte("WEBVTT\n\n00:01.000 --> 00:02.000\n<c>A --> B\n"))
	if list, err := filepath.Glob("testdata/*.srt"); err == nil {
		for _, name := range list {
			if b, err := os.ReadFile(name); err == nil {
				f.Add(b)
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		cues, err := parseTranscript(b)
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := writeVTT(&out, cues); err != nil {
			t.Fatal(err)
		}
		if !utf8.Valid(out.Bytes()) {
			t.Fatalf("%q is not UTF-8", out.String())
		}
		if n := strings.Count(out.String(), "-->"); n != len(cues) {
			t.Fatalf("%d arrows for %d captions in %q", n, len(cues), out.String())
		}
	})
}
