package oauth1

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // HMAC-SHA1 is what LMSs sign with [OAuth1 §3.4.2].
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"hash"
	"io"
	"slices"
	"strings"
	"sync"
)

// Method is a signature method. Only HMAC exists here: PLAINTEXT shows the
// secret and RSA has no key to check with in LTI.
type Method string

// The methods.
const (
	HMACSHA1   Method = "HMAC-SHA1"
	HMACSHA256 Method = "HMAC-SHA256"
	HMACSHA512 Method = "HMAC-SHA512"
)

// Valid reports whether m is a method this package signs and verifies with.
func (m Method) Valid() bool { return m == HMACSHA1 || m == HMACSHA256 || m == HMACSHA512 }

func (m Method) hash() func() hash.Hash {
	switch m {
	case HMACSHA256:
		return sha256.New
	case HMACSHA512:
		return sha512.New
	}
	return sha1.New
}

// Sign returns the base64 signature of base with a consumer secret and no
// token [OAuth1 §3.4.2]. The method must be Valid.
func (m Method) Sign(secret, base string) string {
	return base64.StdEncoding.EncodeToString(m.mac(Encode(secret)+"&", base))
}

// mac takes the base string in parts, because the last one can be long and
// serves several candidates.
func (m Method) mac(key string, base ...string) []byte {
	h := hmac.New(m.hash(), []byte(key))
	for _, part := range base {
		_, _ = io.WriteString(h, part) // a hash never fails
	}
	return h.Sum(nil)
}

// Fallback names a departure from the strict base string that some LMS needs.
type Fallback string

// The fallbacks, in the order they are tried. Each leads to the same resource
// under the same secret.
const (
	Strict        Fallback = ""               // none needed
	BodyOnly      Fallback = "body-only"      // F1: query pairs were copied into the body and signed once
	NoSlash       Fallback = "no-slash"       // F2: the path "/" was signed as nothing
	TrailingSlash Fallback = "trailing-slash" // F3: one "/" at the end more or less
	LF            Fallback = "lf"             // F4: line ends were signed as LF and posted as CRLF
	DjangoPath    Fallback = "django-path"    // F5: the path was signed as Open edX rebuilds it
	EncodedPath   Fallback = "encoded-path"   // F5: the path was escaped differently on its way
)

// Options says which fallbacks [Message.Verify] may use.
type Options struct {
	Allow []Fallback
}

// DefaultFallbacks returns every fallback but [LF].
func DefaultFallbacks() []Fallback {
	return []Fallback{BodyOnly, NoSlash, TrailingSlash, DjangoPath, EncodedPath}
}

// Result says how a signature was matched.
type Result struct {
	Fallback Fallback
	Secret   int // index into the secrets
}

// Why [Message.Verify] refuses a message.
var (
	// ErrMethod means oauth_signature_method is not HMAC-SHA1, -SHA256 or -SHA512.
	ErrMethod = errors.New("oauth1: signature method refused")
	// ErrSignatureForm means oauth_signature is not base64 of the right length.
	ErrSignatureForm = errors.New("oauth1: signature is not base64 of the method's length")
	// ErrMismatch means no secret and no allowed fallback gives the signature.
	ErrMismatch = errors.New("oauth1: signature does not match")
)

// Verify checks the signature in m.Form against each secret, strictly first
// and then by each allowed fallback. Comparison takes constant time.
func (m *Message) Verify(secrets []string, opt Options) (Result, error) {
	method, want, err := m.signature()
	if err != nil {
		return Result{}, err
	}
	for _, c := range m.candidates(opt.Allow) {
		if i := c.match(method, secrets, want); i >= 0 {
			return Result{Fallback: c.fallback, Secret: i}, nil
		}
	}
	return Result{}, ErrMismatch
}

// signature returns the method and the decoded signature that m carries.
func (m *Message) signature() (Method, []byte, error) {
	method := Method(first(m.Form, "oauth_signature_method"))
	if !method.Valid() {
		return "", nil, ErrMethod
	}
	want, err := base64.StdEncoding.DecodeString(first(m.Form, signatureName))
	if err != nil || len(want) != method.hash()().Size() {
		return "", nil, ErrSignatureForm
	}
	return method, want, nil
}

// candidate is one base string that may have been signed.
type candidate struct {
	fallback Fallback
	head     string        // method and address, encoded
	params   func() string // normalized parameters, encoded; made when needed, and once
}

func (m *Message) candidate(f Fallback, uri string, params func() string) candidate {
	return candidate{f, m.join(uri, ""), params}
}

func (c candidate) match(method Method, secrets []string, want []byte) int {
	found := -1
	for i, secret := range secrets {
		if hmac.Equal(method.mac(Encode(secret)+"&", c.head, c.params()), want) && found < 0 {
			found = i
		}
	}
	return found
}

// params returns the encoded normalized parameters of lists, made at first use.
func params(lists ...[]Pair) func() string {
	return sync.OnceValue(func() string { return Encode(normalize(lists...)) })
}

func (m *Message) candidates(allow []Fallback) []candidate {
	all := params(m.Form, m.Query)
	strict := m.Address.BaseStringURI()
	list := []candidate{m.candidate(Strict, strict, all)}
	if slices.Contains(allow, BodyOnly) && len(m.Query) > 0 && contains(m.Form, m.Query) {
		list = append(list, m.candidate(BodyOnly, strict, params(m.Form)))
	}
	for _, p := range pathForms(m.Address.Path) {
		if slices.Contains(allow, p.fallback) {
			list = append(list, m.candidate(p.fallback, m.Address.base(p.path), all))
		}
	}
	if slices.Contains(allow, LF) && hasCRLF(m.Form) {
		list = append(list, m.candidate(LF, strict, params(toLF(m.Form), m.Query)))
	}
	return list
}

type pathForm struct {
	fallback Fallback
	path     string
}

// Bytes that stay raw in a path: as Django's escape_uri_path does it, and as
// RFC 3986 allows it.
const (
	djangoSafe = "/:@&+$,!*'()"
	pcharSafe  = "/:@&+$,!*'();="
)

// pathForms returns the other ways to write path, each once.
func pathForms(path string) []pathForm {
	var list []pathForm
	add := func(f Fallback, p string) {
		if p != rawPath(path) && !slices.ContainsFunc(list, func(x pathForm) bool { return x.path == p }) {
			list = append(list, pathForm{f, p})
		}
	}
	switch {
	case path == "" || path == "/":
		add(NoSlash, "")
		return list
	case strings.HasSuffix(path, "/"):
		add(TrailingSlash, strings.TrimSuffix(path, "/"))
	default:
		add(TrailingSlash, path+"/")
	}
	plain := decode(path, false)
	add(DjangoPath, encode(plain, djangoSafe))
	add(EncodedPath, encode(plain, pcharSafe))
	add(EncodedPath, encode(plain, "/"))
	return list
}

// contains reports whether every pair of sub also occurs in list.
func contains(list, sub []Pair) bool {
	for _, p := range sub {
		if !slices.Contains(list, p) {
			return false
		}
	}
	return true
}

func hasCRLF(pairs []Pair) bool {
	return slices.ContainsFunc(pairs, func(p Pair) bool { return strings.Contains(p.Value, "\r\n") })
}

func toLF(pairs []Pair) []Pair {
	out := slices.Clone(pairs)
	for i := range out {
		out[i].Value = strings.ReplaceAll(out[i].Value, "\r\n", "\n")
	}
	return out
}

func first(pairs []Pair, name string) string {
	for _, p := range pairs {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}
