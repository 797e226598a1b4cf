package extern_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"lectern/internal/errs"
	"lectern/internal/problem/extern"
	"lectern/internal/problem/script"
)

// TestMain is a grader when it is started as one: a command's environment and
// folder are not the tests', so that its arguments say how it behaves.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "fake-grader" {
		fake(os.Args[2], os.Args[3:])
		return
	}
	os.Exit(m.Run())
}

// good is a reply that echoes the seed.
func good(seed int64) string {
	return fmt.Sprintf(`{"protocol":1,"globals":{"seed":{"text":"%d","json":%[1]d}},"result":{"ok":true}}`, seed)
}

// fake behaves like a grader in some mood.
func fake(mood string, args []string) {
	switch mood {
	case "hang":
		time.Sleep(time.Minute)
	case "flood":
		for {
			if _, err := os.Stdout.WriteString(strings.Repeat("x", 1<<16)); err != nil {
				return
			}
		}
	case "exit":
		fmt.Fprintln(os.Stderr, "no licence for numpy")
		os.Exit(3)
	case "print":
		fmt.Print(args[0])
		return
	case "child": // leaves a process behind that would write a file
		child := exec.Command(os.Args[0], "fake-grader", "later", args[0])
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		if err := child.Start(); err != nil {
			os.Exit(1)
		}
		time.Sleep(100 * time.Millisecond)
	case "later":
		time.Sleep(1500 * time.Millisecond)
		_ = os.WriteFile(args[0], []byte("survived"), 0o600)
		return
	case "suicide":
		p, _ := os.FindProcess(os.Getpid())
		_ = p.Kill()
		time.Sleep(time.Minute)
	case "trickle":
		for range 100 {
			fmt.Print(" ")
			time.Sleep(50 * time.Millisecond)
		}
	}
	var job struct{ Seed int64 }
	if err := json.NewDecoder(bufio.NewReader(os.Stdin)).Decode(&job); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	switch mood {
	case "where":
		dir, _ := os.Getwd()
		entries, _ := os.ReadDir(".")
		b, _ := json.Marshal(fmt.Sprint(dir, len(entries), os.Environ()))
		fmt.Printf(`{"protocol":1,"globals":{},"result":%s}`, b)
	default:
		fmt.Print(good(job.Seed))
	}
}

// command returns a grader in a mood.
func command(t *testing.T, l extern.Limits, mood ...string) *extern.Command {
	t.Helper()
	c, err := extern.NewCommand(append([]string{os.Args[0], "fake-grader"}, mood...), l)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func seeded(n int64) *script.Job { return &script.Job{Protocol: script.Protocol, Seed: n} }

// refused checks that err is want with words in its private detail, which is
// in none of what people see.
func refused(t *testing.T, err error, want *errs.Error, words string) {
	t.Helper()
	if !errors.Is(err, want) || !strings.Contains(err.Error(), words) {
		t.Fatalf("error %v, want %s with %q", err, want.Code, words)
	}
	if e := errs.From(err); words != "" && strings.Contains(e.Public+e.Hint, words) {
		t.Errorf("%q is public: %s %s", words, e.Public, e.Hint)
	}
}

// library returns a library of some content.
func library(content string, err error) *script.Library {
	return &script.Library{SHA256: "abc", Open: func(context.Context) ([]byte, error) { return []byte(content), err }}
}

// readAll reads a request's body as a grader would.
func readAll(t *testing.T, r io.Reader) map[string]any {
	t.Helper()
	var got map[string]any
	if err := json.NewDecoder(r).Decode(&got); err != nil {
		t.Error(err)
	}
	return got
}
