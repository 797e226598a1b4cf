package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"lectern/internal/course/trial"
	"lectern/internal/errs"
	"lectern/internal/importer"
	"lectern/internal/keys"
)

// errBroken is why course check does not end with status 0.
var errBroken = errs.New(errs.Invalid, "course_problems_broken", "",
	"The course has problems that are broken.",
	"The list says where. Correct the course and import it again.")

// courseCheckCmd tries out the problems of a course.
type courseCheckCmd struct {
	Course  string `arg:"" help:"Key of a course that was imported, or an export: a .tar.gz file or a folder."`
	Publish bool   `help:"Put into effect what is found about an imported course, e.g. after an external grader was set up: publishes a version of the same content."`
	All     bool   `help:"List the problems too that need no attention."`
	JSON    bool   `name:"json" help:"Print the list as JSON, with all problems."`
}

// Help says how scripts read the outcome.
func (courseCheckCmd) Help() string {
	return "Ends with status 0 when no problem is broken, else with 1. Nothing is stored unless --publish is given."
}

// Run checks the course and prints what it found.
func (c *courseCheckCmd) Run(app *App) error {
	if err := app.Open(); err != nil {
		return err
	}
	r, err := c.check(app)
	if err != nil {
		return err
	}
	if c.JSON {
		err = app.printJSON(r.Checks)
	} else {
		err = c.print(app, r)
	}
	if err == nil && r.Problems.Broken > 0 {
		err = errBroken.With("%d of %d", r.Problems.Broken, len(r.Checks))
	}
	return err
}

// check takes a key for a key unless there is a file of that name.
func (c *courseCheckCmd) check(app *App) (*importer.Report, error) {
	_, err := os.Stat(c.Course)
	if err == nil {
		if c.Publish {
			return nil, errors.New("--publish is for courses that were imported; import this one instead")
		}
		return app.Importer.Check(app.Context, c.Course, importer.Options{})
	}
	if _, keyErr := keys.ParseCourse(c.Course); keyErr != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, importer.ErrCourse.With("there is no file %q, and it is no course key: %w", c.Course, keyErr)
		}
		return nil, err
	}
	if !c.Publish {
		return app.Importer.CheckAgain(app.Context, c.Course)
	}
	r, changed, err := app.Importer.TryAgain(app.Context, commandLine, c.Course)
	if err == nil && changed && !c.JSON {
		fmt.Fprintf(app.Out, "Published as version %d.\n", r.Version)
	}
	return r, err
}

func (c *courseCheckCmd) print(app *App, r *importer.Report) error {
	var rows [][]string
	for i := range r.Checks {
		if e := &r.Checks[i]; c.All || e.Attention() {
			rows = append(rows, checkRow(e))
		}
	}
	fmt.Fprintln(app.Out, r.CourseKey)
	printProblems(app, r)
	if len(rows) == 0 {
		return nil
	}
	fmt.Fprintln(app.Out)
	return app.printTable([]string{"STATUS", "PROBLEM", "NAME", "LINE", "WHY"}, rows)
}

// checkRow is a problem as a table shows it.
func checkRow(e *trial.Entry) []string {
	status := string(e.Status)
	if e.Answerable {
		status += ", works"
	}
	id := e.Usage[strings.LastIndexAny(e.Usage, "@/")+1:]
	line := ""
	if e.Line > 0 {
		line = strconv.Itoa(e.Line)
		if e.File != "" {
			line = e.File + ":" + line
		}
	}
	var why []string
	if !e.Answerable && e.Reason != "" {
		why = append(why, e.Reason)
	}
	if e.NotRun != "" {
		why = append(why, "Not run: "+e.NotRun)
	}
	words := strings.Join(append(why, e.Notes...), " ")
	return []string{status, id, e.Name, line, strings.Join(strings.Fields(words), " ")}
}

// printProblems prints how many problems work here and what it takes.
func printProblems(app *App, r *importer.Report) {
	p := r.Problems
	fmt.Fprintf(app.Out, "\nProblems: %d of %d work here. %d native, %d python, %d need an external grader, %d unsupported, %d broken.\n",
		p.Answerable, p.Native+p.Python+p.External+p.Unsupported+p.Broken,
		p.Native, p.Python, p.External, p.Unsupported, p.Broken)
}
