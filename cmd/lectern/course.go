package main

import (
	"fmt"
	"strconv"
	"time"

	"lectern/internal/importer"
	"lectern/internal/keys"
	"lectern/internal/store"
)

// courseCmd groups the commands about courses.
type courseCmd struct {
	Import courseImportCmd `cmd:"" help:"Import a course export (OLX): a tar.gz or a folder."`
	List   courseListCmd   `cmd:"" help:"List courses."`
	Show   courseShowCmd   `cmd:"" help:"Show a course's import report."`
	Check  courseCheckCmd  `cmd:"" help:"Try out every problem of a course: what it takes to grade it, and whether this site can."`
	Links  courseLinksCmd  `cmd:"" help:"List the LTI links of a course."`
}

// courseImportCmd imports a course.
type courseImportCmd struct {
	Path      string `arg:"" help:"The export: a .tar.gz file or a folder."`
	CourseKey string `help:"Key that links name the course by, e.g. course-v1:Org+Course+Run. Default: what the export says." placeholder:"KEY"`
	DryRun    bool   `help:"Publish nothing: say what would change, and which links and learners' work it would break."`
	JSON      bool   `name:"json" help:"Print the report as JSON."`
}

// Run imports the course and prints the report.
func (c *courseImportCmd) Run(app *App) error {
	var opts importer.Options
	if c.CourseKey != "" {
		key, err := keys.ParseCourse(c.CourseKey)
		if err != nil {
			return err
		}
		opts.CourseKey = &key
	}
	if err := app.Open(); err != nil {
		return err
	}
	if c.DryRun {
		return c.preview(app, opts)
	}
	opts.By = commandLine
	report, err := app.Importer.Import(app.Context, c.Path, opts)
	if err != nil {
		return err
	}
	if c.JSON {
		return app.printJSON(report)
	}
	return printReport(app, report)
}

// courseListCmd lists courses.
type courseListCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// courseJSON is a course as --json prints it.
type courseJSON struct {
	CourseKey  string    `json:"course_key"`
	Name       string    `json:"name"`
	Version    int64     `json:"version"`
	Blocks     int64     `json:"blocks"`
	ImportedAt time.Time `json:"imported_at"`
}

// Run prints the courses.
func (c *courseListCmd) Run(app *App) error {
	if err := app.Open(); err != nil {
		return err
	}
	var list []store.CourseInfo
	err := app.Store.View(app.Context, func(tx store.Tx) (err error) {
		list, err = tx.Courses().List(app.Context)
		return err
	})
	if err != nil {
		return err
	}
	out := make([]courseJSON, len(list))
	rows := make([][]string, len(list))
	for i, x := range list {
		out[i] = courseJSON{x.Key, x.Name, x.Version, x.Blocks, x.ImportedAt}
		rows[i] = []string{x.Key, x.Name, strconv.FormatInt(x.Version, 10), strconv.FormatInt(x.Blocks, 10), x.ImportedAt.Format(time.RFC3339)}
	}
	if c.JSON {
		return app.printJSON(out)
	}
	return app.printTable([]string{"COURSE", "NAME", "VERSION", "BLOCKS", "IMPORTED"}, rows)
}

// courseShowCmd shows the report of the published version.
type courseShowCmd struct {
	Course string `arg:"" help:"Course key."`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// Run prints the report.
func (c *courseShowCmd) Run(app *App) error {
	if err := app.Open(); err != nil {
		return err
	}
	report, err := app.Importer.Report(app.Context, c.Course)
	if err != nil {
		return err
	}
	if c.JSON {
		return app.printJSON(report)
	}
	return printReport(app, report)
}

// courseLinksCmd lists a course's LTI links.
type courseLinksCmd struct {
	Course string `arg:"" help:"Course key."`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// Run prints the links.
func (c *courseLinksCmd) Run(app *App) error {
	public, err := app.Config.Public(app.Config.Listen)
	if err != nil {
		return err
	}
	if err := app.Open(); err != nil {
		return err
	}
	course, err := app.Catalog.Course(app.Context, c.Course)
	if err != nil {
		return err
	}
	links := importer.Links(course, public.String())
	if c.JSON {
		return app.printJSON(links)
	}
	rows := make([][]string, len(links))
	for i, l := range links {
		rows[i] = []string{l.Level, l.Type, l.Name, l.URL}
	}
	return app.printTable([]string{"LEVEL", "TYPE", "NAME", "LTI LINK"}, rows)
}

// printReport prints what an import made of a course.
func printReport(app *App, r *importer.Report) error {
	fmt.Fprintf(app.Out, "%s, version %d\n\n", r.CourseKey, r.Version)
	var rows [][]string
	for _, t := range r.BlockTypes() {
		rows = append(rows, []string{t, strconv.Itoa(r.Blocks[t])})
	}
	if err := app.printTable([]string{"BLOCK", "COUNT"}, rows); err != nil {
		return err
	}
	printProblems(app, r)
	for _, d := range r.DeadLinks {
		fmt.Fprintf(app.Out, "Dead link in %s: %s\n", d.Block, d.Target)
	}
	for _, e := range r.Errors {
		fmt.Fprintf(app.Out, "Error in %s: %s\n", e.Where, e.Message)
	}
	return nil
}
