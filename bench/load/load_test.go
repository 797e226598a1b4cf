package main

import (
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestQuick runs the launches for a moment: that it all works, that no
// replay and no broken signature is taken, that no good launch is refused and
// all of them are kept. Times are not judged.
func TestQuick(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("CPU times are read from /proc")
	}
	var out strings.Builder
	err := run(t.Context(), []string{"launches", "-quick"}, &out)
	if err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	text := out.String()
	if strings.Contains(text, "WRONG") {
		t.Error(text)
	}
	for _, want := range []string{
		`Lectern, SQLite: replays accepted +0, must be 0: right`,
		`Lectern, SQLite: broken signatures accepted +0, must be 0: right`,
		`Lectern, SQLite: good launches refused +0, must be 0: right`,
		`Lectern, SQLite: learners kept +(\d+), must be \d+: right`,
		`bare Go, SQLite: replays accepted +0, must be 0: right`,
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("no line like %q in\n%s", want, text)
		}
	}
}

func TestCanvas(t *testing.T) {
	s := newSigner("127.0.0.1:1", "vertical", unitID)
	a, err := s.launch(false)
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.launch(false)
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(a.bytes), "\r\n\r\n")
	if n := strings.Count(body, "&") + 1; n != 41 {
		t.Errorf("%d parameters, want 41", n)
	}
	if len(body) < 1900 || len(body) > 3000 {
		t.Errorf("%d bytes, want some 2 kB", len(body))
	}
	user := regexp.MustCompile(`user_id=\w+`)
	if first, second := user.FindString(string(a.bytes)), user.FindString(string(b.bytes)); first == second {
		t.Errorf("two launches of %s", first)
	}
}

func TestPercentile(t *testing.T) {
	list := &tally{}
	for i := range 1000 {
		list.latency = append(list.latency, time.Duration(i+1)*time.Millisecond)
	}
	for p, want := range map[float64]time.Duration{50: 501 * time.Millisecond, 99: 991 * time.Millisecond, 100: time.Second} {
		if got := list.percentile(p); got != want {
			t.Errorf("p%v is %s, want %s", p, got, want)
		}
	}
}
