package main

import (
	"fmt"
	"strconv"
	"strings"

	"lectern/internal/openedx"
)

// openedxCmd groups what has to do with Open edX sites.
type openedxCmd struct {
	Import openedxImportCmd `cmd:"" help:"Take over LTI consumers, learners, their work and gradebook cells from an Open edX site's dumpdata."`
}

// openedxImportCmd takes over a site.
type openedxImportCmd struct {
	Files    []string `arg:"" name:"file" type:"existingfile" help:"What dumpdata wrote, also compressed by gzip. Files of one site belong into one command."`
	DryRun   bool     `help:"Write nothing; say what would be done."`
	AllUsers bool     `help:"Also take people who never came by LTI."`
	Resend   bool     `help:"Send every score that is taken over to its gradebook."`
	JSON     bool     `name:"json" help:"Print JSON."`
}

// Run imports and prints what was done.
func (c *openedxImportCmd) Run(app *App) error {
	if err := app.Open(); err != nil {
		return err
	}
	outbound, err := app.outbound()
	if err != nil {
		return err
	}
	importer := &openedx.Importer{
		Store: app.Store, Registry: app.Registry, Catalog: app.Catalog, Clock: app.Clock,
		CheckURL: func(raw string) error { _, err := outbound.CheckURL(raw); return err },
		Progress: func(file string, n int64) { fmt.Fprintf(app.Err, "%s: %d objects\n", file, n) },
	}
	report, err := importer.Import(app.Context, c.Files, openedx.Options{
		Who: commandLine, DryRun: c.DryRun, AllUsers: c.AllUsers, Resend: c.Resend,
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return app.printJSON(report)
	}
	return app.printMove(report)
}

// printMove prints a report for people.
func (a *App) printMove(r *openedx.Report) error {
	head := "Taken over from "
	if r.DryRun {
		head = "Dry run, nothing is written. To be taken over from "
	}
	fmt.Fprintln(a.Out, head+strings.Join(r.Files, ", ")+":")
	var rows [][]string
	for _, c := range r.Models {
		row := []string{c.Model}
		for _, n := range []int64{c.Read, c.Added, c.Changed, c.Same, c.Skipped} {
			row = append(row, strconv.FormatInt(n, 10))
		}
		rows = append(rows, row)
	}
	if err := a.printTable([]string{"MODEL", "READ", "NEW", "CHANGED", "HERE ALREADY", "SKIPPED"}, rows); err != nil {
		return err
	}
	for _, part := range []struct {
		title string
		list  []*openedx.Reason
	}{{"Conflicts", r.Conflicts}, {"Skipped", r.Skipped}, {"Taken over, but", r.Notes}} {
		if len(part.list) > 0 {
			fmt.Fprintf(a.Out, "\n%s:\n", part.title)
		}
		for _, reason := range part.list {
			fmt.Fprintf(a.Out, "  %s, %d: %s\n", reason.Model, reason.Count, reason.Why)
			fmt.Fprintf(a.Out, "    e.g. %s\n", strings.Join(reason.Examples, "; "))
		}
	}
	return nil
}
