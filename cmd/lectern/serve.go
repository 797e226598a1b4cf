package main

import (
	"fmt"
	"net"
	"runtime/debug"
)

// serveCmd runs the site.
type serveCmd struct{}

// Run serves until the process is told to stop.
func (serveCmd) Run(app *App) error {
	collectLess()
	if err := app.Open(); err != nil {
		return err
	}
	if err := app.checkAssets(); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(app.Context, "tcp", app.Config.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	s, err := newSite(app, listener)
	if err != nil {
		return err
	}
	link, err := s.signIn.FirstRun(app.Context)
	if err != nil {
		return err
	}
	fmt.Fprintf(app.Out, "Lectern serves %s\nConsole: %s/admin\n", s.public, s.public)
	if link != "" {
		fmt.Fprintf(app.Out, "\nFirst start: set the administrator's password within a day at\n%s\n\n",
			setupURL(s.public.String(), link))
	}
	return s.run(app.Context, listener)
}

// gcPercent is how much may be allocated, in percent of what is in use, before
// memory is collected. What is in use is little, so that twice of it costs a few
// MiB and saves a twentieth of a launch's time.
const gcPercent = 200

// collectLess sets gcPercent, unless GOGC says otherwise.
func collectLess() {
	const unset = 100
	if before := debug.SetGCPercent(gcPercent); before != unset {
		debug.SetGCPercent(before)
	}
}
