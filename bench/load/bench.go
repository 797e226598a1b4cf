package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// Cores: what is measured runs on the first, everything else on the last.
const serverCore = 0

func generatorCore() int { return runtime.NumCPU() - 1 }

// bench is one run: the folder it works in, the programs it built, and the
// processes it started.
type bench struct {
	options
	out      io.Writer
	dir      string // scratch, removed at the end
	root     string // of the repository
	lectern  string // program
	floor    string // program
	cores    int    // before this process was pinned
	pinned   bool
	missed   int // bars
	postgres *postgres
	servers  []*server
	sites    int // made so far
}

// newBench builds the programs and pins this process to the generator's core.
func newBench(ctx context.Context, out io.Writer, o options) (b *bench, err error) {
	b = &bench{options: o, out: out, cores: runtime.NumCPU()}
	if o.quick {
		b.rounds = 1
	}
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return nil, fmt.Errorf("find the repository: %w", err)
	}
	b.root = filepath.Dir(strings.TrimSpace(string(mod)))
	if b.dir, err = os.MkdirTemp("", "lectern-load-"); err != nil {
		return nil, err
	}
	b.lectern, b.floor = filepath.Join(b.dir, "lectern"), filepath.Join(b.dir, "floor")
	for program, pkg := range map[string]string{b.lectern: "./cmd/lectern", b.floor: "./bench/floor"} {
		build := exec.CommandContext(ctx, "go", "build", "-o", program, pkg)
		build.Dir = b.root
		build.Env = append(build.Environ(), "CGO_ENABLED=0")
		if text, err := build.CombinedOutput(); err != nil {
			return nil, errors.Join(fmt.Errorf("build %s: %w\n%s", pkg, err, text), b.close())
		}
	}
	b.machine(ctx)
	return b, nil
}

// machine says where the numbers come from, and pins.
func (b *bench) machine(ctx context.Context) {
	last := generatorCore()
	err := exec.CommandContext(ctx, "taskset", "-acp", fmt.Sprint(last), fmt.Sprint(os.Getpid())).Run()
	b.pinned = err == nil && !b.quick
	fmt.Fprintf(b.out, "%s, %d cores, %s/%s, %s, %s\n", cpuModel(), b.cores, runtime.GOOS, runtime.GOARCH,
		runtime.Version(), time.Now().UTC().Format("2 January 2006"))
	if err == nil {
		fmt.Fprintf(b.out, "measured servers on core %d (taskset); generator and PostgreSQL on core %d\n\n", serverCore, last)
		return
	}
	fmt.Fprintf(b.out, "not pinned (taskset: %v): all processes share all cores\n\n", err)
}

func cpuModel() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if name, value, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// stopServers stops what was measured.
func (b *bench) stopServers() {
	for _, s := range b.servers {
		s.stop()
	}
	b.servers = nil
}

// close stops what was started and removes the scratch folder.
func (b *bench) close() error {
	b.stopServers()
	if b.postgres != nil {
		b.postgres.stop()
	}
	return os.RemoveAll(b.dir)
}

// scale returns n, or little of it in a quick run.
func (b *bench) scale(n, quick int) int {
	if b.quick {
		return quick
	}
	return n
}

// wanted reports whether a contestant is one of those that were asked for.
func (b *bench) wanted(name string) bool { return strings.Contains(name, b.only) }

// bar prints a ratio beside what it has to be: at least, or at most. In a quick
// run times mean nothing, so only counts are judged.
func (b *bench) bar(what string, ratio float64, atLeast bool, want float64, unit string) {
	met, sign := ratio >= want, "≥"
	if !atLeast {
		met, sign = ratio <= want, "≤"
	}
	verdict := "met"
	switch {
	case b.quick:
		verdict = "not judged in a quick run"
	case !met:
		verdict = "NOT met"
		b.missed++
	}
	fmt.Fprintf(b.out, "%-66s %.2f%s, bar %s %.2f%s: %s\n", what, ratio, unit, sign, want, unit, verdict)
}

// count prints a number that has to be right in every run.
func (b *bench) count(what string, got, want int) {
	verdict := "right"
	if got != want {
		verdict = "WRONG"
		b.missed++
	}
	fmt.Fprintf(b.out, "%-66s %d, must be %d: %s\n", what, got, want, verdict)
}

// table returns a writer of columns; flush it at the end.
func (b *bench) table(header string) *tabwriter.Writer {
	w := tabwriter.NewWriter(b.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, header)
	return w
}
