package main

import (
	"context"
	"net"
	"net/http"
	"time"

	"lectern/internal/mail"
)

// clockMost is how far clocks may be apart before somebody should know.
const clockMost = 30 * time.Second

// publicURL checks the address that LMSs sign.
func (d *doctor) publicURL() {
	const check = "public-url"
	c := d.app.Config
	public, err := c.Public(c.Listen)
	if err != nil {
		d.fail(check, "Correct LECTERN_PUBLIC_URL.", "%v", err)
		return
	}
	d.public = public
	local := isLocal(public.Hostname())
	switch {
	case public.Scheme == "http" && !local:
		d.fail(check, "Serve https: docs/operator/https.md.",
			"%s is plain http: browsers keep no cookies for it in an LMS's frame, and everybody on the way can read along.", public)
	case c.PublicURL == "" && len(c.ACMEDomains) == 0:
		d.warn(check, "Set LECTERN_PUBLIC_URL to the address that the LMSs have.",
			"No public URL is set: signatures are checked against the address that each request names.")
	case local:
		d.warn(check, "Set LECTERN_PUBLIC_URL to the address that the LMSs have.", "%s is this machine only.", public)
	default:
		d.ok(check, "%s", public)
	}
}

func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// contentHost checks that courses' scripts are kept away from accounts.
func (d *doctor) contentHost() {
	const check = "content-host"
	content, err := d.app.Config.Content()
	switch {
	case err != nil:
		d.fail(check, "Correct LECTERN_CONTENT_URL.", "%v", err)
	case content == nil:
		d.warn(check, "Give the server a second host name and set LECTERN_CONTENT_URL: docs/operator/https.md.",
			"Course content has no host of its own: its scripts are on one origin with console and accounts.")
	case d.public != nil && content.Host == d.public.Host:
		d.fail(check, "Set LECTERN_CONTENT_URL to another host name.", "Course content is on the host of the site itself; it would not start.")
	default:
		d.ok(check, "%s", content)
	}
}

// proxies checks whose word is taken for where requests come from.
func (d *doctor) proxies() {
	const check = "proxies"
	c := d.app.Config
	trusted, err := c.Proxies()
	if err != nil {
		d.fail(check, "Correct LECTERN_TRUSTED_PROXIES.", "%v", err)
		return
	}
	for _, p := range trusted {
		if p.Bits() == 0 {
			d.fail(check, "Name the proxy's own address in LECTERN_TRUSTED_PROXIES.", "%s is the whole internet: everybody can claim any address.", p)
			return
		}
	}
	host, _, err := net.SplitHostPort(c.Listen)
	behind := err == nil && isLocal(host) && d.public != nil && !isLocal(d.public.Hostname()) && !c.ServesHTTPS()
	switch {
	case behind && len(trusted) == 0:
		d.warn(check, "Set LECTERN_TRUSTED_PROXIES, for a proxy on this machine to 127.0.0.1, ::1.",
			"A proxy is in front and not trusted: all people seem to come from one address, so one who mistypes passwords slows all down.")
	case len(trusted) == 0:
		d.ok(check, "None are trusted, and none seems to be in front.")
	default:
		d.ok(check, "%d networks are trusted.", len(trusted))
	}
}

// answers asks the site itself, at its public address, and compares clocks.
func (d *doctor) answers(ctx context.Context) {
	const check = "answers"
	if d.public == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.public.JoinPath("readyz").String(), nil)
	if err != nil {
		d.broken(check, err)
		return
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	resp, err := client.Do(r)
	if err != nil {
		d.warn(check, "Start the site; or see whether name, firewall and certificate are right. Some networks do not let a machine call its own public address.",
			"The site does not answer at its public address from here: %v", err)
		return
	}
	_ = resp.Body.Close() // only the head matters
	if resp.StatusCode != http.StatusOK {
		d.fail(check, "See the site's log, and whether the proxy in front hands requests on to "+d.app.Config.Listen+".",
			"%s answers with status %d.", r.URL, resp.StatusCode)
		return
	}
	d.ok(check, "The site is ready at its public address.")
	d.compareClock("clock", "the server at the public address", resp)
}

// compareClock compares our clock with the Date of an answer, which is whole
// seconds.
func (d *doctor) compareClock(check, whose string, resp *http.Response) {
	date, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return
	}
	apart := d.app.Clock().Sub(date).Truncate(time.Second)
	if apart.Abs() > clockMost {
		d.fail(check, "Set this machine's clock by NTP (timedatectl set-ntp true), or have the other's put right. Launches and scores carry the time.",
			"This machine's clock and that of %s are %s apart.", whose, apart)
		return
	}
	d.ok(check, "This machine's clock agrees with that of %s (%s).", whose, apart)
}

// mail checks the settings; it sends nothing.
func (d *doctor) mail() {
	const check = "mail"
	c := d.app.Config
	if c.SMTPURL == "" {
		d.ok(check, "No mail server is set: operators hand out links to people who forgot their password.")
		return
	}
	if _, err := mail.New(c.SMTPURL, c.MailFrom, d.app.Clock); err != nil {
		d.broken(check, err)
		return
	}
	d.ok(check, "The settings are complete; letters come from %s.", c.MailFrom)
}
