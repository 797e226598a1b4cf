package main

import (
	"lectern/internal/problem/extern"
	"lectern/internal/problem/script"
)

// external returns the external grader of the settings, or nil.
func (a *App) external() (script.Runner, error) {
	g := &a.Config.Grader
	if err := g.Check(); err != nil {
		return nil, err
	}
	limits := extern.Limits{Timeout: g.GraderTimeout, Concurrent: g.GraderJobs}
	switch {
	case g.GraderCommand != "":
		return extern.NewCommand(g.Command(), limits)
	case g.GraderURL != "":
		roots, err := g.Roots()
		if err != nil {
			return nil, err
		}
		return extern.NewHTTP(g.GraderURL, g.GraderToken, roots, limits)
	}
	return nil, nil //nolint:nilnil // none is a setting, not a failure
}

// runPython says what runs the Python of problems, in learners' answers and in
// checks of courses: sandbox, nil where there is none, and the external grader of
// the settings.
func (a *App) runPython(sandbox script.Runner) error {
	external, err := a.external()
	if err != nil {
		return err
	}
	scripts := sandbox
	if a.Config.GraderFor == "all" {
		scripts = external
	}
	a.Grading.Scripts, a.Grading.External, a.Grading.Library = scripts, external, a.Importer.Library
	a.Importer.Scripts, a.Importer.External = scripts, external
	return nil
}
