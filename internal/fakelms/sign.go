package fakelms

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // OAuth 1.0a prescribes HMAC-SHA1 [OAuth1 §3.4.2]
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"hash"
	"net/url"
	"slices"
	"strings"
)

// Pair is one form parameter. Order and repetition matter, so forms are slices
// of pairs and never maps.
type Pair struct{ Name, Value string }

// The signature methods an LMS of today signs with.
const (
	hmacSHA1   = "HMAC-SHA1"
	hmacSHA256 = "HMAC-SHA256"
)

// signature returns the oauth_signature of a request without token [OAuth1
// §3.4]. The pairs are all of body, header and query, less oauth_signature and
// realm.
func signature(method, httpMethod string, target address, pairs []Pair, secret string) string {
	mac := hmac.New(hashOf(method), []byte(escape(secret)+"&"))
	mac.Write([]byte(baseString(httpMethod, target, pairs)))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func hashOf(method string) func() hash.Hash {
	if method == hmacSHA256 {
		return sha256.New
	}
	return sha1.New
}

// baseString returns the signature base string [OAuth1 §3.4.1.1].
func baseString(httpMethod string, target address, pairs []Pair) string {
	return strings.ToUpper(httpMethod) + "&" + escape(target.base()) + "&" + escape(normalized(pairs))
}

// normalized returns the parameters escaped, sorted by name and then value, and
// joined [OAuth1 §3.4.1.3.2]. Escaping comes before sorting: "c@" sorts as
// "c%40", before "c2".
func normalized(pairs []Pair) string {
	escaped := make([]Pair, len(pairs))
	for i, p := range pairs {
		escaped[i] = Pair{escape(p.Name), escape(p.Value)}
	}
	slices.SortFunc(escaped, func(a, b Pair) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return strings.Compare(a.Value, b.Value)
	})
	var out strings.Builder
	for i, p := range escaped {
		if i > 0 {
			out.WriteByte('&')
		}
		out.WriteString(p.Name + "=" + p.Value)
	}
	return out.String()
}

// escape percent-encodes everything but the unreserved characters [OAuth1
// §3.6].
func escape(s string) string {
	const digits = "0123456789ABCDEF"
	var out strings.Builder
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~", c) >= 0:
			out.WriteByte(c)
		default:
			out.WriteByte('%')
			out.WriteByte(digits[c>>4])
			out.WriteByte(digits[c&15])
		}
	}
	return out.String()
}

// address is an absolute http address in the pieces a signature needs. The path
// stays as it was written: encoding it again would change the signature.
type address struct {
	scheme, host string // lower case; the host without a default port
	path         string // "/" when empty
	query        string // raw, without "?"
}

var errAddress = errors.New("not an absolute http or https address")

// splitURL takes an absolute address apart [OAuth1 §3.4.1.2].
func splitURL(raw string) (address, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return address{}, err
	}
	scheme, rest, ok := strings.Cut(raw, "://")
	if scheme = strings.ToLower(scheme); !ok || u.Host == "" || (scheme != "http" && scheme != "https") {
		return address{}, errAddress
	}
	rest, _, _ = strings.Cut(rest, "#")
	rest, query, _ := strings.Cut(rest, "?")
	path := "/"
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		path = rest[i:]
	}
	host := strings.ToLower(u.Host)
	if scheme == "http" {
		host = strings.TrimSuffix(host, ":80")
	} else {
		host = strings.TrimSuffix(host, ":443")
	}
	return address{scheme: scheme, host: host, path: path, query: query}, nil
}

func (a address) base() string { return a.scheme + "://" + a.host + a.path }

// parsePairs decodes application/x-www-form-urlencoded text in order of
// appearance. A broken escape stays as it is.
func parsePairs(raw string) []Pair {
	var pairs []Pair
	for piece := range strings.SplitSeq(raw, "&") {
		if piece == "" {
			continue
		}
		name, value, _ := strings.Cut(piece, "=")
		pairs = append(pairs, Pair{unescape(name), unescape(value)})
	}
	return pairs
}

func unescape(s string) string {
	s = strings.ReplaceAll(s, "+", " ")
	if d, err := url.PathUnescape(s); err == nil {
		return d
	}
	return s
}
