package oauth1

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestParseForm(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     []Pair
	}{
		{"empty", "", nil},
		{"empty pieces", "&&a=1&&", []Pair{{"a", "1"}}},
		{"first = splits", "a=b=c", []Pair{{"a", "b=c"}}},
		{"no =", "flag", []Pair{{"flag", ""}}},
		{"no name", "=x", []Pair{{"", "x"}}},
		{"plus", "a+b=c+d%2B", []Pair{{"a b", "c d+"}}},
		{"escapes", "%41=%c3%A9", []Pair{{"A", "é"}}},
		{"invalid escapes stay", "a=%zz%4&b=100%", []Pair{{"a", "%zz%4"}, {"b", "100%"}}},
		{"semicolon is data", "a=1;b=2", []Pair{{"a", "1;b=2"}}},
		{"repeats and order stay", "b=2&a=1&b=1", []Pair{{"b", "2"}, {"a", "1"}, {"b", "1"}}},
		{"raw quotes and UTF-8", `x=a"b|é`, []Pair{{"x", `a"b|é`}}},
		{"no double decoding", "a=%252B", []Pair{{"a", "%2B"}}},
		{"NUL", "a=%00", []Pair{{"a", "\x00"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseForm([]byte(tt.in), LaunchLimits())
			if d := cmp.Diff(tt.want, got); err != nil || d != "" {
				t.Errorf("%v\n%s", err, d)
			}
		})
	}
}

func TestParseFormRefuses(t *testing.T) {
	pairs := strings.Repeat("a=1&", 500)
	for _, tt := range []struct {
		name, in string
		want     error
	}{
		{"500 pairs", pairs, nil},
		{"501 pairs", pairs + "a=1", ErrFormPairs},
		{"10,000 pairs", strings.Repeat("a=1&", 10_000), ErrFormPairs},
		{"1 MiB", strings.Repeat("&", 1<<20), nil},
		{"over 1 MiB", strings.Repeat("&", 1<<20+1), ErrFormBytes},
		{"name of 255 bytes", strings.Repeat("n", 255) + "=1", nil},
		{"name of 256 bytes", strings.Repeat("n", 256) + "=1", ErrFormName},
		{"escapes count decoded", strings.Repeat("%41", 255) + "=1", nil},
		{"value of 64 KiB", "a=" + strings.Repeat("v", 64<<10), nil},
		{"value over 64 KiB", "a=" + strings.Repeat("v", 64<<10+1), ErrFormValue},
		{"raw 0xFF", "a=\xff", ErrFormRaw},
		{"raw 0xFF in a name", "\xff=a", ErrFormRaw},
		{"escaped 0xFF", "a=%ff", ErrFormEscape},
		{"escaped surrogate", "a=%ed%a0%80", ErrFormEscape},
		{"half a character", "a=%c3", ErrFormEscape},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseForm([]byte(tt.in), LaunchLimits())
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("err = %v, want %v", err, tt.want)
			}
			if err != nil && (got != nil) != errors.Is(err, ErrFormEscape) {
				t.Errorf("%d pairs beside %v", len(got), err)
			}
		})
	}
}

func TestAddress(t *testing.T) {
	for _, tt := range []struct{ in, base string }{
		{"https://Tool.Example.ORG:443/Path", "https://tool.example.org/Path"},
		{"HTTP://h:80", "http://h/"},
		{"https://h:80/", "https://h:80/"},
		{"http://h:443/", "http://h:443/"},
		{"https://h:8443/x?y", "https://h:8443/x"},
		{"https://h?y=1", "https://h/"},
		{"https://h/a//b/../c#f", "https://h/a//b/../c"},
		{"https://h/course-v1%3AedX+a@b;c", "https://h/course-v1%3AedX+a@b;c"},
		{"https://[::1]:443/", "https://[::1]/"},
		{"ftp://h/", ""},
		{"//h/", ""},
		{"https:///x", ""},
		{"https://user@h/", ""},
	} {
		a, err := ParseAddress(tt.in)
		if (err == nil) != (tt.base != "") || err == nil && a.BaseStringURI() != tt.base {
			t.Errorf("ParseAddress(%q) = %q, %v; want %q", tt.in, a.BaseStringURI(), err, tt.base)
		}
	}
}

const secret = "secret"

// signed returns a message whose signature was made for another address or
// form, as edit leaves them.
func signed(t *testing.T, received string, form []Pair, edit func(*Message)) *Message {
	t.Helper()
	a, err := ParseAddress(received)
	if err != nil {
		t.Fatal(err)
	}
	query, err := ParseForm([]byte(a.RawQuery), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	m := &Message{Method: "POST", Address: a, Query: query,
		Form: append(form, Pair{"oauth_signature_method", "HMAC-SHA1"})}
	other := *m
	other.Form = append([]Pair{}, m.Form...)
	edit(&other)
	uri := other.Address.Scheme + "://" + other.Address.Host + other.Address.Path
	sig := HMACSHA1.Sign(secret, other.join(uri, normalize(other.Form, other.Query)))
	m.Form = append(m.Form, Pair{signatureName, sig})
	return m
}

func path(p string) func(*Message) { return func(m *Message) { m.Address.Path = p } }

func TestFallbacks(t *testing.T) {
	const host = "https://tool.example"
	crlf := []Pair{{"text", "one\r\ntwo"}}
	for _, tt := range []struct {
		name, received string
		form           []Pair
		edit           func(*Message)
		want           Fallback
	}{
		{"query signed once", host + "/l?unit=7", []Pair{{"unit", "7"}}, func(m *Message) { m.Query = nil }, BodyOnly},
		{"no slash", host + "/", nil, path(""), NoSlash},
		{"slash added", host + "/launch/", nil, path("/launch"), TrailingSlash},
		{"slash cut", host + "/launch", nil, path("/launch/"), TrailingSlash},
		{"line ends", host + "/l", crlf, func(m *Message) { m.Form = toLF(m.Form) }, LF},
		{"Open edX's path", host + "/c-v1%3AedX%2BD/i4x:;_;_x", nil, path("/c-v1:edX+D/i4x:%3B_%3B_x"), DjangoPath},
		{"escaped on its way", host + "/i4x:%3B_%3B_x", nil, path("/i4x:;_;_x"), EncodedPath},
		{"unescaped on its way", host + "/c-v1:edX+D/b@x", nil, path("/c-v1%3AedX%2BD/b%40x"), EncodedPath},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := signed(t, tt.received, tt.form, tt.edit)
			all := append(DefaultFallbacks(), LF)
			if got, err := m.Verify([]string{secret}, Options{Allow: all}); err != nil || got.Fallback != tt.want {
				t.Errorf("Verify = %+v, %v; want %s", got, err, tt.want)
			}
			if _, err := m.Verify([]string{secret}, Options{}); !errors.Is(err, ErrMismatch) {
				t.Errorf("accepted without fallbacks: %v", err)
			}
			if d := m.Diagnose([]string{secret}); d.Fallback != tt.want {
				t.Errorf("Diagnose = %+v", d)
			}
			if _, err := m.Verify([]string{"wrong"}, Options{Allow: all}); !errors.Is(err, ErrMismatch) {
				t.Errorf("accepted with another secret: %v", err)
			}
		})
	}
}

func TestNeverAFallback(t *testing.T) {
	all := append(DefaultFallbacks(), LF)
	for _, tt := range []struct {
		name, received string
		edit           func(*Message)
		diagnosis      string
	}{
		{"other scheme", "https://h/l", func(m *Message) { m.Address.Scheme = "http" }, "signed for http://h/l, this site was asked for https://h/l"},
		{"port lost by a proxy", "https://h:8443/l", func(m *Message) { m.Address.Host = "h" }, "signed for https://h/l"},
		{"default port kept", "https://h/l", func(m *Message) { m.Address.Host = "h:443" }, "signed for https://h:443/l"},
		{"other host", "https://h/l", func(m *Message) { m.Address.Host = "g" }, ""},
		{"other method", "https://h/l", func(m *Message) { m.Method = "GET" }, "signed for GET"},
		{"other path", "https://h/l", path("/m"), ""},
		{"other case", "https://h/l", path("/L"), ""},
		{"parameter left out", "https://h/l", func(m *Message) { m.Form = m.Form[1:] }, "roles came along unsigned"},
		{"query not in the body", "https://h/l?unit=7", func(m *Message) { m.Query = nil }, "did not sign the query"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := signed(t, tt.received, []Pair{{"roles", "Learner"}}, tt.edit)
			if _, err := m.Verify([]string{secret}, Options{Allow: all}); !errors.Is(err, ErrMismatch) {
				t.Errorf("err = %v, want a mismatch", err)
			}
			d := m.Diagnose([]string{secret})
			if !strings.Contains(d.String(), tt.diagnosis) || d.Found() != (tt.diagnosis != "") {
				t.Errorf("diagnosis %q, want %q", d.String(), tt.diagnosis)
			}
		})
	}
}

func TestVerifyRefusesSyntax(t *testing.T) {
	for _, tt := range []struct {
		method, signature string
		want              error
	}{
		{"PLAINTEXT", "secret&", ErrMethod},
		{"RSA-SHA1", "AAAA", ErrMethod},
		{"HMAC-MD5", "AAAA", ErrMethod},
		{"hmac-sha1", "AAAA", ErrMethod},
		{"", "", ErrMethod},
		{"HMAC-SHA1", "", ErrSignatureForm},
		{"HMAC-SHA1", "***", ErrSignatureForm},
		{"HMAC-SHA1", "AAAA", ErrSignatureForm},
		{"HMAC-SHA256", "GfGJc6g2RjpU2TliFlgq5Sx3SGY=", ErrSignatureForm},
		{"HMAC-SHA1", "GfGJc6g2RjpU2TliFlgq5Sx3SGY=", ErrMismatch},
	} {
		m := Message{Method: "POST", Address: Address{Scheme: "https", Host: "h"},
			Form: []Pair{{"oauth_signature_method", tt.method}, {signatureName, tt.signature}}}
		if _, err := m.Verify([]string{secret, ""}, Options{}); !errors.Is(err, tt.want) {
			t.Errorf("%s %s: %v, want %v", tt.method, tt.signature, err, tt.want)
		}
		if d := m.Diagnose([]string{secret}); d.Found() {
			t.Errorf("%s: diagnosis %v", tt.method, d)
		}
	}
	if _, err := signed(t, "https://h/", nil, func(*Message) {}).Verify(nil, Options{}); !errors.Is(err, ErrMismatch) {
		t.Errorf("verified without a secret: %v", err)
	}
}

func TestBaseShapeHidesValues(t *testing.T) {
	m := signed(t, "https://h/p%41th?q=private", []Pair{{"user_id", "private"}, {"näme", "private"}}, func(*Message) {})
	got := m.BaseShape()
	if strings.Contains(got, "private") || strings.Contains(got, "HMAC") {
		t.Errorf("shape shows a value: %s", got)
	}
	if want := "POST&https://h/p%41th&n%C3%A4me=&oauth_signature_method=&q=&user_id="; got != want {
		t.Errorf("shape %s, want %s", got, want)
	}
}

func FuzzParseForm(f *testing.F) {
	f.Add([]byte("a=1&b=%zz&c=+%2B;&=&&x"))
	f.Add([]byte("a=%ff&\xff"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		pairs, err := ParseForm(raw, LaunchLimits())
		if err != nil {
			return
		}
		if n := bytes.Count(raw, []byte("&")) + 1; len(pairs) > n {
			t.Errorf("%d pairs of %d pieces", len(pairs), n)
		}
		for _, p := range pairs {
			if !utf8.ValidString(p.Name) || !utf8.ValidString(p.Value) {
				t.Errorf("pair %q is not UTF-8", p)
			}
		}
		again, err := ParseForm([]byte(EncodeForm(pairs)), Limits{})
		if err != nil || cmp.Diff(withoutEmpty(pairs), withoutEmpty(again)) != "" {
			t.Errorf("encoding changes %q into %q, %v", pairs, again, err)
		}
	})
}

func withoutEmpty(pairs []Pair) []Pair {
	out := []Pair{}
	for _, p := range pairs {
		if p != (Pair{}) {
			out = append(out, p)
		}
	}
	return out
}

func FuzzVerify(f *testing.F) {
	f.Add("/a%2Fb", "x=1", "HMAC-SHA1", "GfGJc6g2RjpU2TliFlgq5Sx3SGY=")
	f.Fuzz(func(t *testing.T, path, query, method, signature string) {
		q, _ := ParseForm([]byte(query), Limits{})
		m := Message{Method: "POST", Address: Address{"https", "h", path, query}, Query: q,
			Form: append(q, Pair{"oauth_signature_method", method}, Pair{signatureName, signature})}
		if _, err := m.Verify([]string{"a secret nobody can guess: 3bd1"}, Options{Allow: DefaultFallbacks()}); err == nil {
			t.Error("a signature was guessed")
		}
		_ = m.Diagnose([]string{secret}).String()
		_ = m.BaseShape()
	})
}
