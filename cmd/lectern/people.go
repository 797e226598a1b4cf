package main

import (
	"lectern/internal/identity"
	"lectern/internal/mail"
	"lectern/internal/people"
	"lectern/internal/session"
	"lectern/internal/web"
	"lectern/internal/web/admin"
	"lectern/internal/web/export"
	"lectern/internal/web/launch"
	"lectern/internal/web/visitor"
)

// people adds what belongs to persons: signing in, accounts, the console.
func (s *site) people(mux *web.Mux) error {
	proxies, err := s.app.Config.Proxies()
	if err != nil {
		return err
	}
	visitors := &web.Visitors{SignIn: s.signIn, HTTPS: web.HTTPS(s.public), Proxies: proxies}
	service := &people.Service{Store: s.app.Store, Clock: s.app.Clock}
	deps := visitor.Deps{
		Visitors: visitors, SignIn: s.signIn, People: service, Keys: s.app.Registry.Keys,
		PublicURL: s.public, Log: s.app.Log, Clock: s.app.Clock,
	}
	if err := s.outside(&deps); err != nil {
		return err
	}
	s.accounts = visitor.New(deps)
	outbound, err := s.app.outbound()
	if err != nil {
		return err
	}
	shown, err := settingsList(s.app)
	if err != nil {
		return err
	}
	console := admin.New(admin.Deps{
		Tool:     export.NewTool(s.public, launch.SelectPath),
		Sessions: &session.Sessions{Store: s.app.Store, Clock: s.app.Clock}, ContentURL: s.contentURL(),
		Store: s.app.Store, Registry: s.app.Registry, Visitors: visitors, People: service, Catalog: s.app.Catalog,
		Importer: s.app.Importer, Grading: s.app.Grading, PublicURL: s.public, Secure: web.Secure(s.public),
		Wake: s.deliverer.Wake, Clock: s.app.Clock, Networks: s.app.Networks, Outbound: outbound,
		LaunchLogDays: s.app.Config.LaunchLogDays, Tests: s.app.linkTests(s.public),
		Settings: shown, Access: s.app.access(), AccessRequests: s.app.Config.AccessRequests, Mail: deps.Mail,
	})
	s.accounts.Mount(mux)
	console.Mount(mux)
	return nil
}

// outside adds mail server and identity provider, where they are configured.
func (s *site) outside(d *visitor.Deps) error {
	c := s.app.Config
	if c.SMTPURL != "" {
		sender, err := mail.New(c.SMTPURL, c.MailFrom, s.app.Clock)
		if err != nil {
			return err
		}
		d.Mail = sender
	}
	if c.OIDCIssuer != "" {
		d.ProviderName = c.OIDCName
		d.Provider = identity.New(identity.Config{
			Issuer: c.OIDCIssuer, ClientID: c.OIDCClientID, ClientSecret: c.OIDCClientSecret,
			Callback: s.public.String() + visitor.CallbackPath,
		}, nil, s.app.Clock)
	}
	return nil
}
