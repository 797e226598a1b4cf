package oauth1

import (
	"net"
	"slices"
	"strings"
)

// Diagnosis says what would have matched. It explains a refusal and never
// lifts one.
type Diagnosis struct {
	Scheme   string   // the other scheme, when the sender signed for it
	Host     string   // the host with another port, when the sender signed for it
	Fallback Fallback // a fallback that is switched off
	Port     bool     // F6: the default port was kept in the signed address
}

// Found reports whether anything would have matched.
func (d Diagnosis) Found() bool { return d != Diagnosis{} }

// String returns the diagnosis as words for the operator, or "".
func (d Diagnosis) String() string {
	var s []string
	if d.Scheme != "" {
		s = append(s, "the LMS signed for "+d.Scheme+"://")
	}
	if d.Host != "" {
		s = append(s, "the LMS signed for host "+encode(d.Host, ":[]"))
	}
	if d.Port {
		s = append(s, "the LMS signed with the default port written out")
	}
	if d.Fallback != "" {
		s = append(s, "fallback "+string(d.Fallback)+" would match but is switched off")
	}
	return strings.Join(s, ", ")
}

// Diagnose finds out whether m was signed with one of secrets for another
// scheme or port, or in a form that is not allowed. Call it after
// [Message.Verify] failed.
func (m *Message) Diagnose(secrets []string) Diagnosis {
	method, want, err := m.signature()
	if err != nil {
		return Diagnosis{}
	}
	all := append(DefaultFallbacks(), LF)
	for _, c := range m.candidates(all) {
		if c.fallback != Strict && c.match(method, secrets, want) >= 0 {
			return Diagnosis{Fallback: c.fallback}
		}
	}
	signed := params(m.Form, m.Query)
	for _, v := range m.variants() {
		if m.candidate(Strict, v.uri, signed).match(method, secrets, want) >= 0 {
			return v.means
		}
	}
	return Diagnosis{}
}

type variant struct {
	uri   string
	means Diagnosis
}

// variants lists the other schemes and ports that proxies make of an address.
func (m *Message) variants() []variant {
	host := strings.ToLower(m.Address.Host)
	bare, port := host, ""
	if h, p, err := net.SplitHostPort(host); err == nil {
		bare, port = h, p
		if strings.Contains(h, ":") {
			bare = "[" + h + "]"
		}
	}
	path := rawPath(m.Address.Path)
	var list []variant
	for _, scheme := range []string{"https", "http"} {
		means := Diagnosis{}
		if scheme != strings.ToLower(m.Address.Scheme) {
			means.Scheme = scheme
		}
		for _, h := range slices.Compact([]string{host, bare}) {
			v := variant{uri: Address{Scheme: scheme, Host: h}.base(path), means: means}
			if h != host && port != "443" && port != "80" {
				v.means.Host = h
			}
			if v.means.Found() {
				list = append(list, v)
			}
		}
		explicit := bare + ":443"
		if scheme == "http" {
			explicit = bare + ":80"
		}
		kept := means
		kept.Port = true
		list = append(list, variant{uri: scheme + "://" + explicit + path, means: kept})
	}
	return list
}
