package registry

import (
	"net"
	"net/url"
	"slices"
	"strings"

	"lectern/internal/errs"
)

// maxList is how many domains or origins a consumer may have: origins end up in
// a header of every page.
const maxList = 32

// What can be wrong with the lists of a consumer's form.
var (
	ErrDomain = errs.New(errs.Invalid, "consumer_domain_malformed", "",
		"Enter e-mail domains as they stand behind the @, such as school.example, at most 32 of them.", "")
	ErrOrigin = errs.New(errs.Invalid, "consumer_origin_malformed", "",
		"Enter sites as https:// and a host, such as https://portal.school.example, without a path, at most 32 of them.", "")
)

// cleanList cleans each entry and drops empty and repeated ones.
func cleanList(list []string, clean func(string) (string, bool), wrong *errs.Error) ([]string, error) {
	var out []string
	for _, raw := range list {
		raw = strings.TrimSpace(raw)
		if raw == "" {
			continue
		}
		entry, ok := clean(raw)
		if !ok || len(out) == maxList {
			return list, wrong
		}
		if !slices.Contains(out, entry) {
			out = append(out, entry)
		}
	}
	return out, nil
}

// cleanDomain returns an e-mail domain in lower case. An "@" before it is
// forgiven.
func cleanDomain(raw string) (domain string, ok bool) {
	domain = strings.ToLower(strings.TrimPrefix(raw, "@"))
	return domain, hostName(domain) && strings.Contains(domain, ".")
}

// cleanOrigin returns a site that may frame our pages, as browsers write
// origins. Wildcards are refused: one LMS hosts many schools.
func cleanOrigin(raw string) (origin string, ok bool) {
	u, err := url.Parse(strings.ToLower(raw))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		u.Path != "" && u.Path != "/" || strings.Contains(raw, "?") || strings.Contains(raw, "#") {
		return "", false
	}
	host, port := u.Hostname(), u.Port()
	if !hostName(host) && net.ParseIP(host) == nil || port == "" && strings.HasSuffix(u.Host, ":") {
		return "", false
	}
	if port == "443" && u.Scheme == "https" || port == "80" && u.Scheme == "http" {
		u.Host = strings.TrimSuffix(u.Host, ":"+port)
	}
	return u.Scheme + "://" + u.Host, true
}

// hostName reports whether s is a host name of letters, digits and hyphens.
func hostName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range label {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
				return false
			}
		}
	}
	return true
}
