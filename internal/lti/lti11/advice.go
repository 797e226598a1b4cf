package lti11

import (
	"strings"

	"lectern/internal/oauth1"
)

// others returns the addresses under which an LMS may know the address of req,
// besides the one that counts.
func (v *Verifier) others(req *Request) []oauth1.Address {
	path, _, _ := strings.Cut(originForm(req.Target), "?")
	list := []oauth1.Address{{Scheme: scheme(req.Facts.TLS), Host: req.Facts.Host, Path: path}}
	if req.Facts.ForwardedHost != "" || req.Facts.ForwardedPrefix != "" {
		a := oauth1.Address{Path: path}
		a.Scheme, a.Host = req.Facts.forwarded()
		if prefix := firstElement(req.Facts.ForwardedPrefix); strings.HasPrefix(prefix, "/") {
			a.Path = strings.TrimSuffix(prefix, "/") + path
		}
		list = append(list, a)
	}
	good := list[:0]
	for _, a := range list {
		if plainHost(a.Host) && len(a.Path) < 4096 {
			good = append(good, a)
		}
	}
	return good
}

// advise says what to change so that launches like m are taken.
func (v *Verifier) advise(req *Request, m *oauth1.Message, d oauth1.Diagnosis) string {
	switch d.Part {
	case oauth1.PartScheme, oauth1.PartHost, oauth1.PartPort, oauth1.PartPath:
		return v.adviseAddress(req, m, d)
	case oauth1.PartQuery:
		return "Take everything from the ? on out of the launch URL in the LMS, or have the LMS sign it."
	case oauth1.PartParameter:
		return "Something adds this parameter after the LMS signed: a submit button with a name, a plug-in, a proxy. " +
			"Switch that off. If nothing does, somebody altered the launch."
	case oauth1.PartSpelling:
		return "The LMS signs other text than it sends. Keep unusual characters out of the link's title, description and " +
			"custom parameters, and tell the LMS's makers."
	case oauth1.PartSecret:
		return "Enter the consumer secret in the LMS again, exactly as the consumer's page shows it. " +
			"If it holds more than letters and digits, make a new one there first."
	case oauth1.PartMethod:
		return "Set the link's signature method in the LMS to HMAC-SHA1, and let nothing between LMS and this site change the request."
	case oauth1.PartFallback:
		return "Keep line ends out of the link's description in the LMS."
	}
	return "No other address, spelling or known mistake explains it, so the secret in the LMS is another one: " +
		"enter it again as the consumer's page shows it. Or the LMS has another address for this site than " +
		m.Address.Scheme + "://" + m.Address.Host + "."
}

func (v *Verifier) adviseAddress(req *Request, m *oauth1.Message, d oauth1.Diagnosis) string {
	signed, err := oauth1.ParseAddress(d.Signed)
	if err != nil {
		return ""
	}
	origin := signed.Scheme + "://" + signed.Host
	if v.PublicURL != nil {
		here := strings.TrimSuffix(v.PublicURL.String(), "/")
		return "The links in the LMS must begin with " + here + ". If " + origin + " is this site's address, set LECTERN_PUBLIC_URL to it instead."
	}
	f := req.Facts
	forwarded := f.ForwardedHost != "" || f.ForwardedProto != ""
	switch {
	case d.Part == oauth1.PartScheme && signed.Scheme == "http" && m.Address.Scheme == "https":
		return "The launch URL in the LMS begins with http://. Change it to https://."
	case forwarded && !f.Trusted:
		return "A proxy passes the address on (X-Forwarded-Host, X-Forwarded-Proto), but this site does not trust it: " +
			"set LECTERN_PUBLIC_URL to " + origin + ", or name the proxy in LECTERN_TRUSTED_PROXIES."
	case forwarded:
		return "The proxy in front passes another address on than browsers use: correct its X-Forwarded-Host and " +
			"X-Forwarded-Proto, or set LECTERN_PUBLIC_URL to " + origin + "."
	}
	return "Set LECTERN_PUBLIC_URL to " + origin + " if that is this site's address; else correct the launch URL in the LMS. " +
		"A proxy in front must pass on the Host header."
}
