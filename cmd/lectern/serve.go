package main

import (
	"fmt"
	"net"
)

// serveCmd runs the site.
type serveCmd struct{}

// Run serves until the process is told to stop.
func (serveCmd) Run(app *App) error {
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
