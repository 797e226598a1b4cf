package config

import (
	"path/filepath"
	"strings"
	"time"
)

// HTTPS is how the site serves https itself: from files, or with certificates it
// gets by ACME. Without either it serves plain http, for localhost or for a
// proxy in front.
type HTTPS struct {
	TLSCert string `name:"tls-cert" env:"LECTERN_TLS_CERT" help:"File with the site's certificate and its intermediates, in PEM: serves https. Read again when it changes." placeholder:"FILE"`

	TLSKey string `name:"tls-key" env:"LECTERN_TLS_KEY" help:"File with the certificate's private key, in PEM." placeholder:"FILE"`

	ACMEDomains []string `name:"acme-domains" env:"LECTERN_ACME_DOMAINS" help:"Host names to get certificates for automatically: serves https. Setting it accepts the authority's terms of service." placeholder:"HOST"`

	ACMEEmail string `name:"acme-email" env:"LECTERN_ACME_EMAIL" help:"Where the certificate authority may write to." placeholder:"ADDRESS"`

	ACMEDirectory string `name:"acme-directory" default:"https://acme-v02.api.letsencrypt.org/directory" env:"LECTERN_ACME_DIRECTORY" help:"Directory of the certificate authority." placeholder:"URL"`

	ACMECA string `name:"acme-ca" env:"LECTERN_ACME_CA" help:"File with roots, in PEM, that prove a private certificate authority's own address." placeholder:"FILE"`

	ListenHTTP string `name:"listen-http" env:"LECTERN_LISTEN_HTTP" help:"Second address, for plain http: answers the certificate authority and sends browsers to https. Usually :80." placeholder:"ADDRESS"`

	HSTS time.Duration `name:"hsts" default:"24h" env:"LECTERN_HSTS" help:"How long browsers remember to come by https only, when the site serves it itself; 0 for not at all. Raise it once everything works."`
}

// ServesHTTPS reports whether the site serves https itself.
func (c *Config) ServesHTTPS() bool {
	return c.TLSCert != "" || c.TLSKey != "" || len(c.ACMEDomains) > 0
}

// ACMECache returns the folder of automatic certificates.
func (c *Config) ACMECache() string { return filepath.Join(c.Data, "acme") }

// ownAddress returns the site's address when none is set: where it listens.
func (c *Config) ownAddress(listening string) string {
	if c.ServesHTTPS() {
		return "https://" + strings.TrimSuffix(listening, ":443")
	}
	return "http://" + listening
}
