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
