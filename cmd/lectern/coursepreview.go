package main

import (
	"fmt"

	"lectern/internal/importer"
)

// previewJSON is what --dry-run prints with --json.
type previewJSON struct {
	Report  *importer.Report  `json:"report"`
	Changes *importer.Changes `json:"changes"`
}

// preview says what an import would change.
func (c *courseImportCmd) preview(app *App, opts importer.Options) error {
	report, changes, err := app.Importer.Preview(app.Context, c.Path, opts)
	if err != nil {
		return err
	}
	if c.JSON {
		return app.printJSON(previewJSON{report, changes})
	}
	if err := printReport(app, report); err != nil {
		return err
	}
	switch {
	case changes.New:
		fmt.Fprintln(app.Out, "\nThis course is not here yet.")
		return nil
	case changes.Same:
		fmt.Fprintln(app.Out, "\nThis is what is published already.")
	}
	fmt.Fprintf(app.Out, "\nCompared with what is published: %d new, %d removed, %d moved, %d changed blocks.\n",
		len(changes.Added), len(changes.Removed), len(changes.Moved), len(changes.Changed))
	for _, x := range changes.Removed {
		if x.Links+x.Learners > 0 {
			fmt.Fprintf(app.Out, "Removed: %s (%s): %d live links point there, %d learners have worked on it.\n", x.Usage, x.Name, x.Links, x.Learners)
		}
	}
	for _, x := range changes.Stopped {
		fmt.Fprintf(app.Out, "Would not work any more: %s (%s): %s\n", x.Usage, x.Name, x.Detail)
	}
	for _, x := range changes.Keys {
		fmt.Fprintf(app.Out, "Other right answers: %s (%s): %d learners have worked on it.\n", x.Usage, x.Name, x.Learners)
	}
	if !changes.Breaks() {
		fmt.Fprintln(app.Out, "No link breaks, and no learner's work is lost.")
	}
	return nil
}
