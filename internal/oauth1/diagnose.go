package oauth1

import (
	"crypto/hmac"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

// Part names what of a signature the sender made otherwise than we do.
type Part string

// The parts, as they are stored and shown.
const (
	PartScheme    Part = "scheme"    // http instead of https, or the reverse
	PartHost      Part = "host"      // another host name
	PartPort      Part = "port"      // another port, or the default one written out
	PartPath      Part = "path"      // another path, e.g. without a proxy's prefix
	PartQuery     Part = "query"     // the query of the address was left out, or put into the wrong place
	PartParameter Part = "parameter" // a parameter came along that was not signed
	PartSpelling  Part = "spelling"  // values were escaped or written otherwise
	PartSecret    Part = "secret"    // the right secret, used in the wrong way, or something else in its place
	PartMethod    Part = "method"    // another signature method than the message says, or another verb
	PartFallback  Part = "fallback"  // a fallback that is switched off
)

// Diagnosis says what would have matched. It explains a refusal and never
// lifts one. It holds no value of the message and no secret.
type Diagnosis struct {
	Part     Part     // "" when nothing that was tried would have matched
	Signed   string   // the address that was signed, without query, where it is another
	Served   string   // the address as we know it, without query
	Name     string   // the parameter, for PartParameter
	How      string   // in words, where the parts above do not say it
	Fallback Fallback // for PartFallback
	Secret   int      // index of the secret that would have matched
}

// Found reports whether anything would have matched.
func (d Diagnosis) Found() bool { return d.Part != "" }

// String returns the diagnosis as words for the operator, or "".
func (d Diagnosis) String() string {
	switch {
	case d.Part == "":
		return ""
	case d.Part == PartFallback:
		return "fallback " + string(d.Fallback) + " would match but is switched off"
	case d.Part == PartParameter:
		return "the parameter " + Encode(d.Name) + " came along unsigned"
	case d.How != "":
		return d.How
	}
	return fmt.Sprintf("the LMS signed for %s, this site was asked for %s", d.Signed, d.Served)
}

// Bounds of a diagnosis, so that strangers cannot make it costly: what is
// longer is only tried with the fallbacks.
const (
	diagnoseBytes = 64 << 10 // of normalized parameters
	diagnosePairs = 80
	diagnoseHosts = 6
)

// trial is one way in which the message may have been signed.
type trial struct {
	means  Diagnosis
	head   string
	params string
	key    func(secret string) string // nil: as prescribed
	method Method                     // "": as the message says
}

// Diagnose finds out whether m was signed with one of secrets for another
// address, with other parameters or in another way. others are addresses under
// which the sender may know this site. Call it after [Message.Verify] failed.
func (m *Message) Diagnose(secrets []string, others ...Address) Diagnosis {
	method, want, err := m.signature()
	if err != nil {
		return m.diagnoseMethod(secrets)
	}
	served := m.Address.BaseStringURI()
	for _, c := range m.candidates(append(DefaultFallbacks(), LF)) {
		if i := c.match(method, secrets, want); c.fallback != Strict && i >= 0 {
			return Diagnosis{Part: PartFallback, Fallback: c.fallback, Served: served, Secret: i}
		}
	}
	all := normalize(m.Form, m.Query)
	if len(all) > diagnoseBytes || len(m.Form)+len(m.Query) > diagnosePairs {
		return Diagnosis{}
	}
	all = Encode(all)
	for _, list := range []func(string) []trial{
		func(all string) []trial { return m.addresses(all, others) }, m.forms, m.keys,
	} {
		for _, t := range list(all) {
			if i := t.match(method, secrets, want); i >= 0 {
				t.means.Served, t.means.Secret = served, i
				return t.means
			}
		}
	}
	return Diagnosis{}
}

func (t trial) match(method Method, secrets []string, want []byte) int {
	if t.method != "" {
		method = t.method
	}
	for i, secret := range secrets {
		key := Encode(secret) + "&"
		if t.key != nil {
			key = t.key(secret)
		}
		if hmac.Equal(method.mac(key, t.head, t.params), want) {
			return i
		}
	}
	return -1
}

// diagnoseMethod explains a signature whose length belongs to another method
// than the message names.
func (m *Message) diagnoseMethod(secrets []string) Diagnosis {
	says := Method(first(m.Form, "oauth_signature_method"))
	want, err := base64.StdEncoding.DecodeString(first(m.Form, signatureName))
	if err != nil || !says.Valid() {
		return Diagnosis{}
	}
	for _, method := range []Method{HMACSHA1, HMACSHA256, HMACSHA512} {
		if method == says || len(want) != method.hash()().Size() || len(m.Form) > diagnosePairs {
			continue
		}
		t := trial{head: m.join(m.Address.BaseStringURI(), ""), params: Encode(normalize(m.Form, m.Query)), method: method}
		if i := t.match(method, secrets, want); i >= 0 {
			return Diagnosis{
				Part: PartMethod, Secret: i, Served: m.Address.BaseStringURI(),
				How: fmt.Sprintf("the message says %s and is signed with %s", says, method),
			}
		}
	}
	return Diagnosis{}
}

// addresses lists the other schemes, hosts, ports and paths that proxies make
// of an address, and the other verb.
func (m *Message) addresses(all string, others []Address) []trial {
	served := m.Address.BaseStringURI()
	seen := map[string]bool{served: true}
	var list []trial
	add := func(part Part, uri string) {
		if !seen[uri] {
			seen[uri] = true
			list = append(list, trial{means: Diagnosis{Part: part, Signed: uri}, head: m.join(uri, ""), params: all})
		}
	}
	host, path := strings.ToLower(m.Address.Host), rawPath(m.Address.Path)
	hosts := spellings(host)
	for _, o := range others[:min(len(others), diagnoseHosts)] {
		for _, h := range spellings(strings.ToLower(o.Host)) {
			if !slices.Contains(hosts, h) {
				hosts = append(hosts, h)
			}
		}
	}
	paths := []string{path}
	for _, o := range others {
		if p := rawPath(o.Path); o.Path != "" && !slices.Contains(paths, p) && len(paths) < 3 {
			paths = append(paths, p)
		}
	}
	for _, p := range paths {
		for _, h := range hosts {
			for _, scheme := range []string{"https", "http"} {
				a := Address{Scheme: scheme, Host: h}
				add(m.part(scheme, h, p), a.base(p))
				if p == path && bare(h) == h {
					add(PartPort, scheme+"://"+h+map[string]string{"https": ":443", "http": ":80"}[scheme]+p)
				}
			}
		}
	}
	verb := Message{Method: "GET"}
	return append(list, trial{
		means: Diagnosis{Part: PartMethod, How: "the LMS signed for GET"}, head: verb.join(served, ""), params: all,
	})
}

// part says in what an address differs first, for whoever has to change it.
func (m *Message) part(scheme, host, path string) Part {
	mine := strings.ToLower(m.Address.Host)
	switch {
	case path != rawPath(m.Address.Path):
		return PartPath
	case bare(host) != bare(mine):
		return PartHost
	case scheme != strings.ToLower(m.Address.Scheme):
		return PartScheme
	}
	return PartPort
}

// spellings returns a host as it is and without its port.
func spellings(host string) []string {
	if b := bare(host); b != host {
		return []string{host, b}
	}
	return []string{host}
}

// bare returns a host without its port.
func bare(host string) string {
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		return host[:i]
	}
	return host
}
