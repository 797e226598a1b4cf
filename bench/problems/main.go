// Command problems measures what grading costs, in one run on one machine:
// everything is a ratio to drawing a page's question, which has to be done
// anyway. It prints a table.
//
//	go run ./bench/problems [-course export.tar.gz] [-seconds 1]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"lectern/internal/problem"
	"lectern/internal/problem/pyrun"
	"lectern/internal/problem/script"
)

func main() {
	course := flag.String("course", "", "an OLX archive whose import is measured too")
	seconds := flag.Float64("seconds", 1, "how long each line is measured")
	flag.Parse()
	if err := run(*course, time.Duration(*seconds*float64(time.Second))); err != nil {
		fmt.Fprintln(os.Stderr, "problems:", err)
		os.Exit(1)
	}
}

// bench is one run.
type bench struct {
	each time.Duration // how long each line is measured
	base time.Duration // what drawing a question takes
	out  *tabwriter.Writer
}

func run(course string, each time.Duration) error {
	b := &bench{each: each, out: tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)}
	fmt.Printf("%s, %d CPUs, Go %s\n\n", runtime.GOARCH, runtime.NumCPU(), strings.TrimPrefix(runtime.Version(), "go"))
	fmt.Fprintln(b.out, "what\teach\tper second\tto drawing")
	if err := b.native(); err != nil {
		return err
	}
	if err := b.python(); err != nil {
		return err
	}
	if course != "" {
		if err := b.imports(course); err != nil {
			return err
		}
	}
	return b.out.Flush()
}

// line prints one measurement.
func (b *bench) line(what string, each time.Duration) {
	fmt.Fprintf(b.out, "%s\t%s\t%s\t%.2f\n", what, each.Round(time.Microsecond/10),
		strconv.FormatFloat(float64(time.Second)/float64(each), 'f', 1, 64), float64(each)/float64(b.base))
}

// measure returns what f takes, on average over the time of a line.
func (b *bench) measure(f func() error) (time.Duration, error) {
	if err := f(); err != nil { // once unmeasured, to warm up
		return 0, err
	}
	begin, n := time.Now(), 0
	for time.Since(begin) < b.each {
		if err := f(); err != nil {
			return 0, err
		}
		n++
	}
	return time.Since(begin) / time.Duration(n), nil
}

// native measures the types that Go grades, each with its own kind of answer.
func (b *bench) native() error {
	kinds := nativeKinds()
	d, err := problem.Parse(kinds[0].xml, problem.Options{ID: "p"})
	if err != nil {
		return err
	}
	b.base, err = b.measure(func() error { return draw(d) })
	if err != nil {
		return err
	}
	b.line("draw a multiple choice question", b.base)
	for _, k := range kinds {
		d, err := problem.Parse(k.xml, problem.Options{ID: "p"})
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		each, err := b.measure(func() error { return grade(d, k.answer, 1) })
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		b.line("grade "+k.name, each)
	}
	return nil
}

func draw(d *problem.Definition) error {
	p, err := d.Instance(context.Background(), problem.Variant{Seed: 1})
	if err != nil {
		return err
	}
	_, err = p.Render(problem.View{})
	return err
}

func grade(d *problem.Definition, a problem.Answer, seed int64) error {
	p, err := d.Instance(context.Background(), problem.Variant{Seed: seed})
	if err != nil {
		return err
	}
	result, err := p.Grade(context.Background(), problem.Answers{"p_2_1": a}, 1)
	if err == nil && result.Earned != result.Possible {
		err = fmt.Errorf("%v of %v points for a correct answer", result.Earned, result.Possible)
	}
	return err
}

const pythonProblem = `<problem><script type="loncapa/python">
import math
x = random.randint(1, 1000)
def check(expect, answer):
    return abs(float(answer) - math.sqrt(16)) &lt; 0.01
</script><p>$x</p><customresponse cfn="check" expect="4"><textline/></customresponse></problem>`

// python measures a problem with a script: when nothing is there yet, with an
// interpreter ready, and when the same has been graded before.
func (b *bench) python() error {
	before := memory()
	pool := pyrun.New(pyrun.Options{})
	defer func() { _ = pool.Close(context.Background()) }() // the program ends with it
	d, err := problem.Parse(pythonProblem, problem.Options{ID: "p", Scripts: pool})
	if err != nil {
		return err
	}
	begin := time.Now()
	if err := grade(d, problem.One("4"), 1); err != nil {
		return err
	}
	b.line("grade Python, first of all (2 runs)", time.Since(begin))
	seed := int64(1)
	each, err := b.measure(func() error { seed++; return grade(d, problem.One("4"), seed) })
	if err != nil {
		return err
	}
	b.line("grade Python, never seen before (2 runs)", each)
	idle := memory()
	cached, err := problem.Parse(pythonProblem, problem.Options{ID: "p", Scripts: script.NewCache(pool, 1000, 1<<20)})
	if err != nil {
		return err
	}
	if each, err = b.measure(func() error { return grade(cached, problem.One("4"), 1) }); err != nil {
		return err
	}
	b.line("grade Python, the same again", each)
	fmt.Fprintf(b.out, "memory of the pool\t%d MB\t\t\n", (idle-before)>>20)
	return nil
}
