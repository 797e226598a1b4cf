package extern_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"lectern/internal/errs"
	"lectern/internal/problem/extern"
	"lectern/internal/problem/script"
)

func TestCommand(t *testing.T) {
	reply, err := command(t, extern.Limits{}, "good").Run(t.Context(), seeded(7))
	if err != nil || reply.Globals["seed"].Text != "7" || string(reply.Result) != `{"ok":true}` {
		t.Errorf("%+v, %v", reply, err)
	}
}

func TestCommandAwkward(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no process groups")
	}
	for _, tt := range []struct {
		name string
		mood []string
		want *errs.Error // nil: a reply
		word string
	}{
		{"hangs", []string{"hang"}, script.ErrLimit, "no reply within 1s"},
		{"floods", []string{"flood"}, script.ErrLimit, "bytes of output"},
		{"trickles", []string{"trickle"}, script.ErrLimit, "no reply within 1s"},
		{"exit status", []string{"exit"}, script.ErrUnavailable, "no licence for numpy"},
		{"killed for memory", []string{"suicide"}, script.ErrLimit, "killed"},
		{"says nothing", []string{"print", ""}, script.ErrUnavailable, "EOF"},
		{"garbage", []string{"print", "Traceback"}, script.ErrUnavailable, `"Traceback"`},
		{"half a reply", []string{"print", `{"protocol":1,"globals":{"a":`}, script.ErrUnavailable, "unexpected EOF"},
		{"two replies", []string{"print", good(1) + good(1)}, script.ErrUnavailable, "more than one"},
		{"print before the reply", []string{"print", "debug 17\n" + good(1)}, script.ErrUnavailable, "debug 17"},
		{"other protocol", []string{"print", `{"protocol":2,"globals":{}}`}, script.ErrUnavailable, "protocol 2"},
		{"no protocol", []string{"print", `{"globals":{}}`}, script.ErrUnavailable, "protocol 0"},
		{"empty object", []string{"print", `{"protocol":1}`}, script.ErrUnavailable, "neither"},
		{"an array", []string{"print", `[1]`}, script.ErrUnavailable, "array"},
		{"unknown failure", []string{"print", `{"protocol":1,"failure":{"kind":"odd"}}`}, script.ErrUnavailable, "odd"},
		{"refuses: limit", []string{"print", `{"protocol":1,"refused":"limit","detail":"2 GB"}`}, script.ErrLimit, "2 GB"},
		{"refuses: busy", []string{"print", `{"protocol":1,"refused":"busy","detail":"full"}`}, script.ErrBusy, "full"},
		{"refuses oddly", []string{"print", `{"protocol":1,"refused":"mood"}`}, script.ErrUnavailable, "mood"},
		{"reads nothing", []string{"print", good(1)}, nil, ""},
		{"deep nesting", []string{"print", strings.Repeat("[", 20_000)}, script.ErrUnavailable, "depth"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			limits := extern.Limits{}
			if strings.Contains(tt.word, "within 1s") {
				limits.Timeout = time.Second
			}
			start := time.Now()
			reply, err := command(t, limits, tt.mood...).Run(t.Context(), seeded(1))
			if time.Since(start) > 15*time.Second { // the fake would hang for a minute
				t.Errorf("took %s", time.Since(start))
			}
			if tt.want == nil {
				if err != nil || reply == nil {
					t.Errorf("%v, %v", reply, err)
				}
				return
			}
			refused(t, err, tt.want, tt.word)
		})
	}
}

func TestCommandLeavesNothing(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no process groups")
	}
	file := filepath.Join(t.TempDir(), "later")
	reply, err := command(t, extern.Limits{}, "child", file).Run(t.Context(), seeded(3))
	if err != nil || reply.Globals["seed"].Text != "3" {
		t.Errorf("%+v, %v", reply, err)
	}
	time.Sleep(2 * time.Second)
	if _, err := os.Stat(file); err == nil {
		t.Error("a child of the grader outlived it")
	}
}

func TestCommandSurroundings(t *testing.T) {
	t.Setenv("LECTERN_SEALING_KEY", "secret-of-the-site")
	reply, err := command(t, extern.Limits{}, "where").Run(t.Context(), seeded(1))
	if err != nil {
		t.Fatal(err)
	}
	var got string
	if err := json.Unmarshal(reply.Result, &got); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(got, "secret-of-the-site") || !strings.Contains(got, "lectern-grader-") || !strings.Contains(got, "0 [PATH=") {
		t.Errorf("folder, files, environment: %s", got)
	}
	dir, _, _ := strings.Cut(got, " ")
	if _, err := os.Stat(strings.TrimSuffix(dir, "0")); err == nil {
		t.Errorf("%s was not removed", dir)
	}
}

func TestCommandsAtOnce(t *testing.T) {
	c := command(t, extern.Limits{Timeout: 3 * time.Second, Concurrent: 1, Wait: 200 * time.Millisecond}, "hang")
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := c.Run(ctx, seeded(1))
		if !errors.Is(err, script.ErrUnavailable) {
			t.Errorf("the caller went away: %v", err)
		}
	})
	time.Sleep(300 * time.Millisecond)
	_, err := c.Run(t.Context(), seeded(1))
	refused(t, err, script.ErrBusy, "none ended")
	cancel()
	wg.Wait()
	late, stop := context.WithTimeout(t.Context(), time.Second)
	defer stop()
	_, err = c.Run(late, seeded(1))
	refused(t, err, script.ErrLimit, "deadline")
}

func TestNewCommandRefuses(t *testing.T) {
	for _, args := range [][]string{nil, {"no-such-program-anywhere"}, {t.TempDir()}} {
		if _, err := extern.NewCommand(args, extern.Limits{}); err == nil {
			t.Errorf("%q is a command", args)
		}
	}
}

func TestLibrary(t *testing.T) {
	c := command(t, extern.Limits{}, "good")
	for _, tt := range []struct {
		name string
		lib  *script.Library
		word string // "": it is sent
	}{
		{"small", library("zip", nil), ""},
		{"unreadable", library("", errors.New("bucket gone")), "bucket gone"},
		{"huge", library(strings.Repeat("x", 17<<20), nil), "at most"},
		{"never opened", &script.Library{SHA256: "abc"}, "cannot be opened"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			job := seeded(1)
			job.Library = tt.lib
			_, err := c.Run(t.Context(), job)
			if tt.word == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			refused(t, err, script.ErrUnavailable, tt.word)
		})
	}
}

// A grader that is too generous is trimmed to what problems may rely on.
func TestReplyTidied(t *testing.T) {
	reply, err := command(t, extern.Limits{}, "print", `{"protocol":1,"globals":{
		"":{"text":"1","json":1},"__name__":{"text":"x","json":"x"},"a":{"text":"t"},"b":{"text":"2","json":2}}}`).Run(t.Context(), seeded(1))
	if err != nil {
		t.Fatal(err)
	}
	if len(reply.Globals) != 2 || string(reply.Globals["a"].JSON) != "null" || reply.Globals["b"].Text != "2" {
		t.Errorf("globals %v", reply.Globals)
	}
}

func FuzzReply(f *testing.F) {
	for _, s := range []string{good(1), `{"protocol":1}`, `{"protocol":1,"failure":{"kind":"import"}}`, "[", "\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		reply, err := extern.Decode(text)
		switch {
		case (reply == nil) == (err == nil):
			t.Fatalf("Decode(%q) = %v, %v", text, reply, err)
		case err != nil:
			var e *errs.Error
			if !errors.As(err, &e) {
				t.Fatalf("Decode(%q): %v", text, err)
			}
			return
		}
		for name, v := range reply.Globals {
			if name == "" || !json.Valid(v.JSON) {
				t.Fatalf("Decode(%q): global %q = %q", text, name, v.JSON)
			}
		}
	})
}
