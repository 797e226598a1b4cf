// Package config is everything an operator can set. Each field of [Config] is
// a flag, an environment variable and a line in lectern.json; its help text is
// the manual. No other package reads the environment.
package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"time"
)

// Config is the settings of a site. Its defaults run a working server on
// localhost with SQLite, so every field is optional.
type Config struct {
	Listen string `default:"localhost:8000" env:"LECTERN_LISTEN" help:"Address to serve on, host:port." placeholder:"ADDRESS"`

	ListenPrivate string `name:"listen-private" env:"LECTERN_LISTEN_PRIVATE" help:"Second address for monitoring, host:port: /metrics, /healthz, /readyz and /debug/pprof. On this machine or a private network; it answers to no others. Default: none, and /metrics is at the first address, for this machine alone." placeholder:"ADDRESS"`

	PublicURL string `env:"LECTERN_PUBLIC_URL" help:"Address that browsers and LMSs use, e.g. https://lectern.example.edu. OAuth signatures cover it, so it must be exactly what the LMS was given. Default: the first ACME domain, or the listen address." placeholder:"URL"`

	ContentURL string `env:"LECTERN_CONTENT_URL" help:"Address of a second host name of this server for course content, so that scripts in courses are never on one origin with console and accounts. Recommended. Default: none, content is at the public URL." placeholder:"URL"`

	HTTPS `embed:""`

	People `embed:""`

	Python `embed:""`

	Grader `embed:""`

	Data string `default:"data" env:"LECTERN_DATA" help:"Folder for the database, course files and the sealing key." placeholder:"DIR"`

	Database string `env:"LECTERN_DATABASE" help:"File path for SQLite or a postgres:// URL. Default: lectern.db in the data folder." placeholder:"DSN"`

	DatabaseConns int `env:"LECTERN_DATABASE_CONNS" help:"Connections to PostgreSQL of this process at most, besides one to listen on. All replicas together must stay below its max_connections. Default: 16." placeholder:"N"`

	Assets string `env:"LECTERN_ASSETS" help:"Where course files live, as a bucket URL: file:///folder, s3://bucket?region=…&endpoint=…, azblob://container. Credentials are those that S3's and Azure's tools use (AWS_…, AZURE_…). Default: the folder assets in the data folder." placeholder:"URL"`

	SealingKey string `env:"LECTERN_SEALING_KEY" help:"Key that consumer secrets are sealed with: 32 bytes in base64. More keys, separated by blanks, only open what they sealed. Default: sealing.key in the data folder, made at first start. Replicas share it; without it the secrets are lost." placeholder:"KEY"`

	OutboundAllow []string `env:"LECTERN_OUTBOUND_ALLOW" help:"Networks (CIDR) that scores may be sent to besides public addresses, over plain http too: an LMS inside the campus." placeholder:"CIDR"`

	TrustedProxies []string `env:"LECTERN_TRUSTED_PROXIES" help:"Networks (CIDR) whose X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host are believed. With a public URL only the limit on wrong passwords per address needs it." placeholder:"CIDR"`

	AggregateDelay time.Duration `default:"1m" env:"LECTERN_AGGREGATE_DELAY" help:"How long changes of a subsection's or unit's score are gathered into one message, counted from the first change; at most 6h."`

	LaunchWindow time.Duration `default:"5m" env:"LECTERN_LAUNCH_WINDOW" help:"How old or how far in the future a launch's timestamp may be; 1m to 90m."`

	EmailDomain string `default:"lti.example.com" env:"LECTERN_LTI_USER_EMAIL_DOMAIN" help:"Domain of the made-up e-mail addresses of anonymous learners. Nothing is ever sent there."`

	LTIProvider bool `default:"true" negatable:"" env:"LECTERN_LTI_PROVIDER" help:"Answer LTI launches. Off: every launch gets 403."`

	AccessRequests bool `name:"access-requests" env:"LECTERN_ACCESS_REQUESTS" help:"Offer a form to ask for access where a launch comes with a consumer key that this site does not know. Administrators decide in the console. Off: such a launch is only refused."`

	DrainTime time.Duration `default:"0s" env:"LECTERN_DRAIN_TIME" help:"How long to go on serving after being told to stop, while /readyz already says no, so that a load balancer takes this replica out first. Behind one: a little longer than it takes to notice, e.g. 15s."`

	LaunchLogDays int `default:"30" env:"LECTERN_LAUNCH_LOG_DAYS" help:"How many days the launch log is kept."`

	LogFormat string `default:"text" enum:"text,json" env:"LECTERN_LOG_FORMAT" help:"Log lines as text or json."`
}

// DSN returns where the database is.
func (c *Config) DSN() string {
	if c.Database != "" {
		return c.Database
	}
	return filepath.Join(c.Data, "lectern.db")
}

// AssetURL returns the bucket URL of course files.
func (c *Config) AssetURL() (string, error) {
	if c.Assets != "" {
		return c.Assets, nil
	}
	dir, err := filepath.Abs(filepath.Join(c.Data, "assets"))
	if err != nil {
		return "", fmt.Errorf("assets folder: %w", err)
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(dir), RawQuery: "create_dir=true&metadata=skip&no_tmp_dir=true"}
	return u.String(), nil
}

// Public returns the site's address as browsers see it, without a trailing
// slash. listening is where the server really listens, for the default.
func (c *Config) Public(listening string) (*url.URL, error) {
	raw := c.PublicURL
	if raw == "" {
		raw = c.ownAddress(listening)
	}
	return address("public URL", raw)
}

// Content returns the address that course content has of its own, or nil.
func (c *Config) Content() (*url.URL, error) {
	if c.ContentURL == "" {
		return nil, nil //nolint:nilnil // none is a setting, not a failure
	}
	return address("content URL", c.ContentURL)
}

// address parses an address that is scheme and host and nothing else.
func address(what, raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(raw, "/"))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", what, err)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%s %q: must start with https:// or http://", what, raw)
	case u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%s %q: must be just scheme and host, e.g. https://lectern.example.edu", what, raw)
	case u.Path != "":
		return nil, fmt.Errorf("%s %q: must have no path; give Lectern a host name of its own", what, raw)
	}
	return u, nil
}

// Allowed returns the networks scores may reach besides public addresses.
func (c *Config) Allowed() ([]netip.Prefix, error) {
	return prefixes("outbound allow", c.OutboundAllow)
}

// Proxies returns the networks whose forwarding headers are believed.
func (c *Config) Proxies() ([]netip.Prefix, error) {
	return prefixes("trusted proxies", c.TrustedProxies)
}

// Gather returns how long scores are gathered, within its bounds: what is due
// later than any pause between two tries is taken for a clock that was set back.
func (c *Config) Gather() time.Duration {
	return min(max(c.AggregateDelay, 0), 6*time.Hour)
}

// Window returns the launch window within its bounds.
func (c *Config) Window() time.Duration {
	return min(max(c.LaunchWindow, time.Minute), 90*time.Minute)
}

func prefixes(what string, list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range list {
		s = strings.TrimSpace(s)
		if s == "" {
			continue
		}
		if addr, err := netip.ParseAddr(s); err == nil {
			out = append(out, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		out = append(out, p)
	}
	return out, nil
}
