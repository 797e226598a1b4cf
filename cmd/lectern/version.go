package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is the release. A build from a checkout adds its revision.
const version = "0.1.0"

// versionCmd prints the version.
type versionCmd struct{}

// Run prints release, revision and Go version.
func (versionCmd) Run(app *App) error {
	_, err := fmt.Fprintf(app.Out, "lectern %s%s %s %s/%s\n", version, revision(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return " (" + s.Value[:12] + ")"
		}
	}
	return ""
}
