package main

import (
	"fmt"
	"os"

	"lectern/internal/outcome"
	"lectern/internal/safehttp"
	"lectern/internal/web"
)

// outbound says which addresses this site may call.
func (a *App) outbound() (safehttp.Options, error) {
	allow, err := a.Config.Allowed()
	return safehttp.Options{Allow: allow, Also: a.Networks.Allowed, Version: version}, err
}

// newDeliverer returns a deliverer of scores; what names its work among the
// processes that share the database.
func (a *App) newDeliverer(what string) (*outcome.Deliverer, error) {
	outbound, err := a.outbound()
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	a.Grading.Courses = a.Catalog
	return &outcome.Deliverer{
		Store: a.Store, Scorer: a.Grading, Consumers: a.Registry, Client: safehttp.New(outbound),
		Name: fmt.Sprintf("%s/%d/%s/%s", host, os.Getpid(), what, web.NewReference()), Clock: a.Clock, Log: a.Log,
	}, nil
}
