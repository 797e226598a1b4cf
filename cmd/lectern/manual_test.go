package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// updateManual rewrites docs/reference: go test ./cmd/lectern -run Manual -update
var updateManual = flag.Bool("update", false, "rewrite docs/reference") //nolint:gochecknoglobals // a test flag

func manual(t *testing.T, format string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(context.Background(), []string{"manual", "--format", format}, &out, &errs); code != exitDone {
		t.Fatalf("manual --format %s: exit %d: %s", format, code, errs.String())
	}
	return out.String()
}

func TestManualIsInDocs(t *testing.T) {
	for _, name := range []string{"settings", "commands"} {
		path := filepath.Join("..", "..", "docs", "reference", name+".md")
		want := manual(t, name)
		if *updateManual {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil { //nolint:gosec // a document
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s is out of date (%v): go test ./cmd/lectern -run Manual -update", path, err)
		}
	}
}

func TestManualNamesEverything(t *testing.T) {
	page, text := manual(t, "man"), manual(t, "text")
	for _, want := range []string{"lectern course import <path>", "--public-url=URL", "LECTERN_DATABASE", "--[no-]lti-provider"} {
		if !strings.Contains(text, want) {
			t.Errorf("the manual lacks %q", want)
		}
		if !strings.Contains(page, roff(want)) {
			t.Errorf("the manual page lacks %q", want)
		}
	}
	if strings.Contains(text, "--help") && strings.Contains(text, "Show context-sensitive help") {
		t.Error("the manual lists --help among the settings")
	}
	checkRoff(t, page)
}

// checkRoff lets man's own formatter read the page, where there is one.
func checkRoff(t *testing.T, page string) {
	t.Helper()
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Log("groff is not here; the manual page was not formatted")
		return
	}
	cmd := exec.CommandContext(t.Context(), groff, "-man", "-Tutf8", "-wall", "-z")
	cmd.Stdin = strings.NewReader(page)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("groff: %v\n%.2000s", err, out)
	}
}
