package lti11

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"lectern/internal/errs"
	"lectern/internal/oauth1"
)

// Lengths at the return address.
const (
	maxReturnURL  = 4096 // bytes
	maxReturnText = 255  // characters
)

// ErrReturnURL means an address is not one to send a browser to.
var ErrReturnURL = errs.New(errs.Invalid, "launch_return_url_refused", "LTI11 launch_presentation_return_url",
	"Your course site did not say where to go back to.",
	"launch_presentation_return_url must be an https address with a host.")

// ReturnURL returns the LMS's return address raw with lti_errormsg set to msg
// and lti_errorlog set to log, each when not empty and cut at 255 characters.
// The query in raw stays as it is. Plain http is taken only when the LMS
// itself is on http. The error is [ErrReturnURL].
//
// Use it only for launches whose signature holds; msg and log must hold no
// personal data.
func ReturnURL(raw string, consumerHTTP bool, msg, log string) (string, error) {
	if raw == "" || len(raw) > maxReturnURL || strings.ContainsFunc(raw, func(r rune) bool {
		return r <= ' ' || r == 0x7f || r == '\\' || r == utf8.RuneError
	}) {
		return "", ErrReturnURL
	}
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Opaque != "" {
		return "", ErrReturnURL
	}
	if u.Scheme != "https" && !(u.Scheme == "http" && consumerHTTP) {
		return "", ErrReturnURL
	}
	address, fragment, hasFragment := strings.Cut(raw, "#")
	for _, p := range []oauth1.Pair{{Name: "lti_errormsg", Value: msg}, {Name: "lti_errorlog", Value: log}} {
		if p.Value == "" {
			continue
		}
		p.Value = short(p.Value)
		address += separator(address) + oauth1.EncodeForm([]oauth1.Pair{p})
	}
	if hasFragment {
		address += "#" + fragment
	}
	return address, nil
}

func separator(address string) string {
	switch {
	case !strings.Contains(address, "?"):
		return "?"
	case strings.HasSuffix(address, "?"), strings.HasSuffix(address, "&"):
		return ""
	}
	return "&"
}

// short cuts text at maxReturnText characters and drops control characters.
func short(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if r := []rune(text); len(r) > maxReturnText {
		return string(r[:maxReturnText])
	}
	return text
}
