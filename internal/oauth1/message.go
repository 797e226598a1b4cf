package oauth1

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Address is a URL in the parts that a signature is made of. Path and RawQuery
// are kept exactly as in the request line.
type Address struct {
	Scheme   string // http or https
	Host     string // with port, if one was written
	Path     string // raw, never decoded or cleaned; may be empty
	RawQuery string // without "?"
}

// errAddress means a URL is not absolute http or https.
var errAddress = errors.New("oauth1: not an absolute http or https address")

// ParseAddress splits an absolute URL without decoding any part of it. A
// fragment is dropped.
func ParseAddress(raw string) (Address, error) {
	scheme, rest, ok := strings.Cut(raw, "://")
	scheme = strings.ToLower(scheme)
	if !ok || (scheme != "http" && scheme != "https") {
		return Address{}, errAddress
	}
	rest, _, _ = strings.Cut(rest, "#")
	host, path := rest, ""
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	path, query, _ := strings.Cut(path, "?")
	if host == "" || strings.Contains(host, "@") {
		return Address{}, errAddress
	}
	return Address{Scheme: scheme, Host: host, Path: path, RawQuery: query}, nil
}

// String returns the address as one URL.
func (a Address) String() string {
	s := a.Scheme + "://" + a.Host + a.Path
	if a.RawQuery != "" {
		s += "?" + a.RawQuery
	}
	return s
}

// BaseStringURI returns the address as signatures use it [OAuth1 §3.4.1.2]:
// scheme and host in lower case, no default port, raw path, no query.
func (a Address) BaseStringURI() string { return a.base(rawPath(a.Path)) }

func (a Address) base(path string) string {
	scheme := strings.ToLower(a.Scheme)
	host := strings.ToLower(a.Host)
	switch scheme {
	case "http":
		host = strings.TrimSuffix(host, ":80")
	case "https":
		host = strings.TrimSuffix(host, ":443")
	}
	return scheme + "://" + host + path
}

func rawPath(path string) string {
	if path == "" {
		return "/"
	}
	return path
}

// Message is a request to sign or verify.
type Message struct {
	Method  string // GET, POST, …
	Address Address
	Query   []Pair // of the address, decoded
	Form    []Pair // of the body, decoded, with the oauth_ parameters
}

// BaseString returns the signature base string [OAuth1 §3.4.1.1].
func (m *Message) BaseString() string {
	return m.join(m.Address.BaseStringURI(), normalize(m.Form, m.Query))
}

// BaseShape returns the base string unescaped once and with every value
// removed: what an operator may compare with the LMS's own, and a log may
// hold. It is cut at 4000 bytes.
func (m *Message) BaseShape() string {
	var names []string
	for _, p := range slices.Concat(m.Form, m.Query) {
		if p.Name != signatureName {
			names = append(names, Encode(p.Name)+"=")
		}
	}
	slices.Sort(names)
	s := fmt.Sprintf("%s&%s&%s", Encode(strings.ToUpper(m.Method)),
		encode(m.Address.BaseStringURI(), ":/?#[]@!$&'()*+,;=%"), strings.Join(names, "&"))
	return s[:min(len(s), 4000)]
}

func (m *Message) join(uri, params string) string {
	return strings.ToUpper(m.Method) + "&" + Encode(uri) + "&" + Encode(params)
}

const signatureName = "oauth_signature"

// normalize encodes, sorts and joins pairs [OAuth1 §3.4.1.3.2], leaving out
// the signature itself.
func normalize(lists ...[]Pair) string {
	count := 0
	for _, list := range lists {
		count += len(list)
	}
	enc := make([]Pair, 0, count)
	size := 0
	for _, list := range lists {
		for _, p := range list {
			if p.Name == signatureName {
				continue
			}
			e := Pair{Encode(p.Name), Encode(p.Value)}
			size += len(e.Name) + len(e.Value) + 2
			enc = append(enc, e)
		}
	}
	slices.SortFunc(enc, func(a, b Pair) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return strings.Compare(a.Value, b.Value)
	})
	var b strings.Builder
	b.Grow(size)
	for i, p := range enc {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.Name)
		b.WriteByte('=')
		b.WriteString(p.Value)
	}
	return b.String()
}
