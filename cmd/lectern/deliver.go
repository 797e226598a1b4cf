package main

import (
	"fmt"
	"net/url"
	"os"

	"lectern/internal/importer"
	"lectern/internal/keys"
	"lectern/internal/linktest"
	"lectern/internal/outcome"
	"lectern/internal/safehttp"
	"lectern/internal/web"
)

// outbound says which addresses this site may call.
func (a *App) outbound() (safehttp.Options, error) {
	allow, err := a.Config.Allowed()
	return safehttp.Options{Allow: allow, Also: a.Networks.Allowed, Version: version}, err
}

// linkTests returns what makes test launches of links at public.
func (a *App) linkTests(public *url.URL) *linktest.Service {
	return &linktest.Service{
		Store: a.Store, Registry: a.Registry, PublicURL: public, Clock: a.Clock,
		LaunchURL: func(courseKey, usageKey string) (string, error) {
			course, err := keys.ParseCourse(courseKey)
			if err != nil {
				return "", err
			}
			if _, err := keys.ParseUsage(usageKey); err != nil {
				return "", err
			}
			return importer.LaunchURL(public.String(), course, usageKey), nil
		},
	}
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
	client := safehttp.New(outbound)
	client.Transport = a.linkTests(&url.URL{Scheme: "https", Host: linktest.Host}).Gradebook(client.Transport)
	return &outcome.Deliverer{
		Store: a.Store, Scorer: a.Grading, Consumers: a.Registry, Client: client,
		Name: fmt.Sprintf("%s/%d/%s/%s", host, os.Getpid(), what, web.NewReference()), Clock: a.Clock, Log: a.Log,
	}, nil
}
