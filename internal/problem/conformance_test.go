package problem

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lectern/internal/spectest"
)

// update rewrites docs/conformance.md.
var update = flag.Bool("update", false, "rewrite docs/conformance.md")

// misses are submissions that are graded otherwise than by Open edX, each with
// its reason. An entry that is graded alike fails the test.
func misses() map[string]string { return map[string]string{} }

// tally counts how many of a type are graded alike.
type tally struct{ passed, total int }

type tallies struct {
	byType map[string]*tally
	missed map[string]error // by name
}

func newTallies() *tallies { return &tallies{map[string]*tally{}, map[string]error{}} }

func (c *tallies) add(kind, name string, err error) {
	if c.byType[kind] == nil {
		c.byType[kind] = &tally{}
	}
	c.byType[kind].total++
	if err == nil {
		c.byType[kind].passed++
		return
	}
	c.missed[name] = err
}

// TestConformance grades the reference cases and the submissions to real
// courses, and keeps docs/conformance.md equal to what came of them. Of the
// types graded here all must be graded as by Open edX, of those that Python
// grades 95 of 100.
func TestConformance(t *testing.T) {
	cases, courses := newTallies(), newTallies()
	for _, tt := range readReference(t).Cases {
		cases.add(tt.Response, tt.ID, checkReferenceCase(t, tt))
	}
	unmade := map[string]string{}
	eachCourseProblem(t, func(t *testing.T, course string, p courseProblem, d *Definition) {
		name := course + "/" + p.URLName
		if _, err := d.Trial(t.Context()); err != nil {
			unmade[name] = "Lectern: " + err.Error()
			if p.LoadError == "" {
				t.Errorf("%s cannot be made: %v", name, err)
			}
			return
		}
		for i, tt := range p.Tests {
			courses.add(responseTag(tt.Response), fmt.Sprintf("%s#%d", name, i), checkCourseTest(t, d, tt))
		}
	})
	known := misses()
	for _, c := range []*tallies{cases, courses} {
		for _, name := range slices.Sorted(maps.Keys(c.missed)) {
			if known[name] == "" {
				t.Errorf("%s: %v", name, c.missed[name])
			}
			delete(known, name)
		}
		for kind, n := range c.byType {
			if need := needed(kind); float64(n.passed) < need*float64(n.total) {
				t.Errorf("%s: %d of %d, need %.0f %%", kind, n.passed, n.total, need*100)
			}
		}
	}
	if len(known) > 0 {
		t.Errorf("graded as by Open edX although said to miss: %v", known)
	}
	checkDocument(t, conformanceDocument(cases, courses, slices.Sorted(maps.Keys(unmade))))
}

// needed is the share that must be graded alike.
func needed(kind string) float64 {
	if kind == customTag || kind == schematicTag {
		return 0.95
	}
	return 1
}

// responseTag turns the name of Open edX's class into the element's.
func responseTag(class string) string { return strings.ToLower(class) }

// checkCourseTest grades one submission.
func checkCourseTest(t *testing.T, d *Definition, tt courseTest) error {
	t.Helper()
	p, err := d.Instance(t.Context(), Variant{Seed: 1})
	if err != nil {
		return err
	}
	answers := readSubmission(t, "i4x-p", tt.Sub)
	for suffix, want := range tt.Exp {
		var correctness Correctness
		var points float64
		if json.Unmarshal(want[0], &correctness) != nil || json.Unmarshal(want[1], &points) != nil {
			t.Fatalf("expectation %s", want)
		}
		i := slices.IndexFunc(p.responses, func(r *response) bool { return r.has("i4x-p" + suffix) })
		if i < 0 {
			return fmt.Errorf("no input %s", suffix)
		}
		marks, _, err := p.responses[i].grade(t.Context(), submission{answers, 1})
		if err != nil {
			return fmt.Errorf("%s %s: %w", tt.Kind, tt.Sub, err)
		}
		got, _ := marks.Get("i4x-p" + suffix)
		if got.Correctness != correctness || math.Abs(got.Earned()-points) > 1e-9 {
			return fmt.Errorf("%s %s: %s %v, want %s %v", tt.Kind, tt.Sub, got.Correctness, got.Earned(), correctness, points)
		}
	}
	return nil
}

func (r *response) has(id string) bool {
	return slices.ContainsFunc(r.inputs, func(in *input) bool { return in.id == id })
}

func conformanceDocument(cases, courses *tallies, unmade []string) string {
	var b strings.Builder
	b.WriteString("# Conformance\n\nHow problems are graded here, compared with Open edX's own engine. Made by " +
		"`go test ./internal/problem -run Conformance -update`\nfrom reference cases and from submissions to the problems of " +
		"real courses; `make test` fails when it is not true any more.\n")
	cases.write(&b, "Reference cases", "cases")
	courses.write(&b, "Problems of real courses", "submissions")
	if len(unmade) > 0 {
		fmt.Fprintf(&b, "\nNot made by either, because their scripts need what is not there:\n\n")
		for _, name := range unmade {
			fmt.Fprintf(&b, "- `%s`\n", name)
		}
	}
	b.WriteString("\n## Graded otherwise\n\n")
	known := misses()
	if len(known) == 0 {
		b.WriteString("Nothing.\n")
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		fmt.Fprintf(&b, "- `%s`: %s\n", name, known[name])
	}
	return b.String()
}

func (c *tallies) write(b *strings.Builder, title, what string) {
	fmt.Fprintf(b, "\n## %s\n\n| response type | %s | graded alike |\n|---|---:|---:|\n", title, what)
	sum := tally{}
	for _, kind := range slices.Sorted(maps.Keys(c.byType)) {
		n := c.byType[kind]
		fmt.Fprintf(b, "| `%s` | %d | %d |\n", kind, n.total, n.passed)
		sum.total += n.total
		sum.passed += n.passed
	}
	fmt.Fprintf(b, "| all | %d | %d |\n", sum.total, sum.passed)
}

func checkDocument(t *testing.T, want string) {
	t.Helper()
	path := filepath.Join(spectest.Root(t), "docs", "conformance.md")
	if *update && !t.Failed() {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil { //nolint:gosec // a document
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("docs/conformance.md is out of date (%v): go test ./internal/problem -run Conformance -update\n%s", err, want)
	}
}
