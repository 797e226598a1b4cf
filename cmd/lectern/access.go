package main

import (
	"net/netip"

	"lectern/internal/access"
	"lectern/internal/web"
	"lectern/internal/web/asking"
)

// access returns the service that keeps requests for access.
func (a *App) access() *access.Service {
	return &access.Service{Store: a.Store, Registry: a.Registry, Keys: a.Registry.Keys, Clock: a.Clock}
}

// asking adds the form to ask for access, where the site takes such requests, and
// returns where the form for a refused launch is; nil where it takes none.
func (s *site) asking(mux *web.Mux, proxies []netip.Prefix) func(access.Launch) string {
	if !s.app.Config.AccessRequests {
		return nil
	}
	h := asking.New(asking.Deps{Access: s.app.access(), Visitors: &web.Visitors{Proxies: proxies}})
	h.Mount(mux)
	return h.Address
}
