// Package trial tries out every problem of a course: it is parsed, its script
// runs once with seed 1, and what comes of that says what it takes to grade it
// and whether learners of this site can answer it.
//
// A course team reads the entries; learners meet what [Run] writes into the
// blocks. A site that cannot run a script knows less, never nothing: the
// problem then has the status its text suggests, and the entry says that it
// was not run.
package trial

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/problem"
	"lectern/internal/problem/script"
)

// Options are what a site has to run scripts with.
type Options struct {
	Scripts  script.Runner   // see [problem.Options]; nil: scripts are only read
	External script.Runner   // nil: there is none
	Library  *script.Library // the course's python_lib.zip; nil for none
	// Sources say where problems are written. Nil: lines are counted in the
	// problem alone.
	Sources  map[course.Ref]Source
	Budget   time.Duration // for all together; 60 s when zero
	Parallel int           // problems at once; 2 when zero
}

// Entry is what is known about one problem.
type Entry struct {
	Usage  string        `json:"usage"`
	Name   string        `json:"name"`
	Status problem.Class `json:"status"` // what it takes to grade it
	// Answerable: learners of this site can answer it.
	Answerable bool     `json:"answerable"`
	Reason     string   `json:"reason,omitempty"`  // for the status, a sentence; of a broken one what Python or the parser says
	Module     string   `json:"module,omitempty"`  // of Python, that is not there
	File       string   `json:"file,omitempty"`    // that Line is in; "" for the problem itself
	Line       int      `json:"line,omitempty"`    // of the mistake or the import; 0 when not known
	Notes      []string `json:"notes,omitempty"`   // what was read leniently in its script
	NotRun     string   `json:"not_run,omitempty"` // why its script was not run, a sentence
}

// Attention reports whether a course team should look at the problem.
func (e *Entry) Attention() bool { return !e.Answerable || len(e.Notes) > 0 || e.NotRun != "" }

// Run tries the problems of c, in document order, and settles their blocks:
// class, fate and points. One that nobody can answer here is worth no points:
// learners lose none by what a site cannot do.
func Run(ctx context.Context, c *course.Course, o Options) []Entry {
	if o.Budget <= 0 {
		o.Budget = time.Minute
	}
	if o.Parallel <= 0 {
		o.Parallel = 2 // learners use the same interpreters
	}
	ctx, cancel := context.WithTimeout(ctx, o.Budget)
	defer cancel()
	var all []*attempt
	c.Blocks(func(b *course.Block) {
		if b.Type == "problem" {
			all = append(all, &attempt{o: &o, c: c, b: b})
		}
	})
	var group errgroup.Group
	group.SetLimit(o.Parallel)
	for _, a := range all {
		group.Go(func() error { a.run(ctx); return nil })
	}
	_ = group.Wait() // no error is ever returned
	entries := make([]Entry, len(all))
	for i, a := range all {
		if a.again { // perhaps only because the others took all there was
			a.run(ctx)
		}
		a.settle()
		entries[i] = a.e
	}
	return entries
}

// attempt is one problem being tried.
type attempt struct {
	o     *Options
	c     *course.Course
	b     *course.Block
	e     Entry
	max   float64
	again bool // another try may end otherwise
}

func (a *attempt) run(ctx context.Context) {
	usage := a.c.Usage(a.b)
	a.again = false
	a.e = Entry{Usage: usage.String(), Name: a.b.Name, Status: problem.Broken}
	if a.b.Fate == course.Broken && a.b.Data == "" { // its file could not be read
		a.say(a.b.Reason)
		return
	}
	opts := problem.Options{ID: usage.HTMLID(), Scripts: a.o.Scripts, External: a.o.External, Library: a.o.Library}
	d, err := problem.Parse(a.b.Data, opts)
	if err != nil {
		a.broken(err)
		return
	}
	a.e.Status, a.e.Reason = d.Class()
	a.e.Answerable, a.max = d.Answerable(), d.MaxScore()
	switch a.e.Status {
	case problem.Python:
		a.trial(ctx, d)
	case problem.External:
		if d.Answerable() {
			a.trial(ctx, d)
		} else {
			a.explore(ctx, opts)
		}
	}
}

// nothing is a runner for want of one.
type nothing struct{}

func (nothing) Run(context.Context, *script.Job) (*script.Reply, error) {
	return nil, script.ErrUnavailable
}

// explore finds out what a problem that needs an external grader misses, by
// running it in the sandbox. One that a queue or a service of the course team's
// grades would not profit from an external grader either.
func (a *attempt) explore(ctx context.Context, opts problem.Options) {
	opts.External = opts.Scripts
	if opts.Scripts == nil {
		opts.External = nothing{}
	}
	d, err := problem.Parse(a.b.Data, opts)
	switch {
	case err != nil:
		a.broken(err)
	case !d.Answerable():
		a.e.Status = problem.Unsupported
	case opts.Scripts == nil:
		a.e.NotRun = noPython
	default:
		a.trial(ctx, d)
		a.e.Answerable = false
	}
}

// Why a script was not run.
const (
	noPython  = "Nothing on this site runs Python."
	outOfTime = "The time for trying the course's problems was over."
)

// trial runs the problem's script.
func (a *attempt) trial(ctx context.Context, d *problem.Definition) {
	if !d.Answerable() {
		a.e.NotRun = noPython
		return
	}
	if ctx.Err() != nil {
		a.e.NotRun = outOfTime
		return
	}
	notes, err := d.Trial(ctx)
	a.e.Notes = notes
	switch {
	case err == nil:
	case ctx.Err() != nil:
		a.e.NotRun = outOfTime
	case errors.Is(err, problem.ErrModule):
		a.missing(err)
	case errors.Is(err, script.ErrLimit):
		a.again = true
		a.broken(err)
		a.e.Reason = "Its script did not end within the limits of time and memory."
	case errors.Is(err, script.ErrBusy):
		a.again = true
		a.e.NotRun = "Whatever runs Python was busy."
	case errors.Is(err, script.ErrUnavailable):
		a.e.NotRun = "Nothing on this site could run its Python when it was tried."
	default:
		a.broken(err)
	}
}

// missing notes that a module is not there.
func (a *attempt) missing(err error) {
	a.e.Status, a.e.Answerable = problem.External, false
	var f *script.Failure
	if !errors.As(err, &f) {
		return
	}
	a.e.Module = f.Module
	a.at(f.Line)
	name := f.Module
	if name == "" {
		name = f.Error()
	}
	a.e.Reason = fmt.Sprintf("It needs the Python module %s, which only an external grader can have.", name)
	if a.o.External != nil {
		a.e.Reason = fmt.Sprintf("It needs the Python module %s, which the external grader does not have.", name)
	}
}

// lineWords is how errors of a problem's XML begin.
var lineWords = regexp.MustCompile(`^line (\d+): `)

// broken notes a mistake of the course.
func (a *attempt) broken(err error) {
	a.e.Status, a.e.Answerable = problem.Broken, false
	var f *script.Failure
	if errors.As(err, &f) {
		a.e.Reason = f.Error()
		a.at(f.Line)
		return
	}
	reason := err
	if e := errs.From(err); e.Unwrap() != nil {
		reason = e.Unwrap() // its private part is for the course team
	}
	a.say(reason.Error())
}

// say notes a mistake in the words of the parser, which may begin with the line.
func (a *attempt) say(reason string) {
	a.e.Reason = reason
	if m := lineWords.FindStringSubmatch(reason); m != nil {
		a.e.Reason = reason[len(m[0]):]
		line, _ := strconv.Atoi(m[1])
		src := a.o.Sources[a.b.Ref]
		a.e.File, a.e.Line = src.File, line+max(src.Line-1, 0)
	}
}

// at notes where a line of the script is.
func (a *attempt) at(line int) {
	src, ok := a.o.Sources[a.b.Ref]
	if !ok {
		src = SourceOf(a.b.Data)
	}
	a.e.File, a.e.Line = src.script(line)
}

// settle writes what came out into the block.
func (a *attempt) settle() {
	b := a.b
	b.Class, b.Reason, b.MaxScore, b.Scored = string(a.e.Status), a.e.Reason, 0, false
	switch {
	case a.e.Status == problem.Broken:
		b.Fate = course.Broken
	case !a.e.Answerable:
		b.Fate = course.Unsupported
	default:
		b.Fate, b.Reason = course.Shown, ""
		if w := b.Settings.Weight; a.max > 0 && (w == nil || *w > 0) {
			b.MaxScore, b.Scored = a.max, true
		}
	}
}
