package oauth1

import (
	"encoding/base64"
	"strings"
	"testing"
)

// What was signed otherwise is named: address, parameters, spelling, secret,
// method.
func TestDiagnose(t *testing.T) {
	const tool = "https://tool.example/l"
	value := func(v string) []Pair { return []Pair{{"t", v}} }
	to := func(v string) func(*Message) {
		return func(m *Message) {
			for i := range m.Form {
				if m.Form[i].Name == "t" {
					m.Form[i].Value = v
				}
			}
		}
	}
	inner := Address{Scheme: "http", Host: "10.0.0.7:8000", Path: "/l"}
	public := Address{Scheme: "https", Host: "Courses.example:8443", Path: "/prefix/l"}
	for _, tt := range []struct {
		name, received string
		form           []Pair
		edit           func(*Message)
		part           Part
		says           string
	}{
		{"host behind the proxy", tool, nil, func(m *Message) { m.Address = inner }, PartHost, "http://10.0.0.7:8000/l"},
		{"public host", tool, nil, func(m *Message) { m.Address.Host = "courses.example" }, PartHost, "https://courses.example/l"},
		{"public host by http", tool, nil, func(m *Message) { m.Address.Scheme, m.Address.Host = "http", "courses.example:8443" },
			PartHost, "http://courses.example:8443/l"},
		{"prefix cut by a proxy", tool, nil, path("/prefix/l"), PartPath, "https://tool.example/prefix/l"},
		{"query left out", tool + "?unit=7", nil, func(m *Message) { m.Query = nil }, PartQuery, "did not sign the query"},
		{"query in the address", tool + "?unit=7", nil, func(m *Message) {
			m.Address.Path, m.Query = "/l?unit=7", nil
		}, PartQuery, "part of the address"},
		{"button", tool, []Pair{{"a", "1"}, {"ext_submit", "Open"}}, func(m *Message) { m.Form = append(m.Form[:1:1], m.Form[2:]...) },
			PartParameter, "ext_submit"},
		{"plus", tool, value("a b"), to("a+b"), PartSpelling, "a + in a value"},
		{"blanks", tool, value(" a "), to("a"), PartSpelling, "without the blanks"},
		{"HTML after", tool, value("a &amp; b"), to("a & b"), PartSpelling, "once too often after"},
		{"HTML before", tool, value("a & b"), to("a &amp; b"), PartSpelling, "HTML before"},
		{"escaped twice", tool, value("a%20b"), to("a b"), PartSpelling, "twice after"},
		{"Latin-1", tool, value("é"), to("\xe9"), PartSpelling, "Latin-1"},
		{"line ends", tool, value("a\nb"), to("a\r\nb"), PartSpelling, "as CRLF"},
		{"empty left out", tool, []Pair{{"a", "1"}, {"b", ""}, {"c", ""}}, func(m *Message) { m.Form = append(m.Form[:1:1], m.Form[3:]...) },
			PartSpelling, "without a value"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := signed(t, tt.received, tt.form, tt.edit)
			d := m.Diagnose([]string{"another", secret}, inner, public)
			if d.Part != tt.part || !strings.Contains(d.String(), tt.says) || d.Secret != 1 {
				t.Errorf("got %+v: %s", d, d)
			}
			if strings.Contains(d.String(), secret) {
				t.Error("the diagnosis shows the secret")
			}
			if d := m.Diagnose([]string{"another"}, inner, public); d.Found() {
				t.Errorf("found with another secret: %+v", d)
			}
		})
	}
}

func TestDiagnoseSecret(t *testing.T) {
	const odd = " Séc&ret "
	for _, tt := range []struct{ key, says string }{
		{odd + "&", "without escaping"},
		{Encode(odd), "without the &"},
		{Encode(odd+" ") + "&", "blank at its end"},
		{Encode("Séc&ret") + "&", "lacks the blanks"},
		{Encode(strings.ToLower(odd)) + "&", "small letters"},
		{Encode(" Séc&amp;ret ") + "&", "for HTML"},
		{"the-key&", "has the consumer key"},
		{"&", "has no secret"},
	} {
		m := signed(t, "https://h/l", []Pair{{"oauth_consumer_key", "the-key"}}, func(*Message) {})
		sign := func(key string) {
			m.Form[len(m.Form)-1].Value = base64.StdEncoding.EncodeToString(HMACSHA1.mac(key, m.BaseString()))
		}
		sign(tt.key)
		if d := m.Diagnose([]string{odd}); d.Part != PartSecret || !strings.Contains(d.String(), tt.says) {
			t.Errorf("%q: %+v", tt.key, d)
		}
		if _, err := m.Verify([]string{odd}, Options{Allow: append(DefaultFallbacks(), LF)}); err == nil {
			t.Errorf("%q: accepted", tt.key)
		}
	}
}

// The signature's length gives the method away.
func TestDiagnoseMethod(t *testing.T) {
	m := signed(t, "https://h/l", nil, func(*Message) {})
	m.Form[len(m.Form)-1].Value = HMACSHA256.Sign(secret, m.BaseString())
	if d := m.Diagnose([]string{secret}); d.Part != PartMethod || d.How != "the message says HMAC-SHA1 and is signed with HMAC-SHA256" {
		t.Errorf("got %+v", d)
	}
}

// A diagnosis of what strangers send stays cheap.
func TestDiagnoseIsBounded(t *testing.T) {
	long := signed(t, "https://h/l", []Pair{{"x", strings.Repeat("y", diagnoseBytes)}}, func(m *Message) { m.Address.Scheme = "http" })
	var many []Pair
	for range diagnosePairs {
		many = append(many, Pair{"x", "y"})
	}
	for _, m := range []*Message{long, signed(t, "https://h/l", many, func(m *Message) { m.Address.Scheme = "http" })} {
		if d := m.Diagnose([]string{secret}); d.Found() {
			t.Errorf("looked at all of it: %+v", d)
		}
	}
}

// BenchmarkDiagnose measures the worst case: nothing matches.
func BenchmarkDiagnose(b *testing.B) {
	a, _ := ParseAddress("https://tool.example/lti_provider/courses/course-v1:a+b+c/block-v1:a+b+c+type@problem+block@d")
	m := &Message{Method: "POST", Address: a, Form: []Pair{{"oauth_signature_method", "HMAC-SHA1"}, {signatureName, HMACSHA1.Sign("?", "")}}}
	for i := range 40 {
		m.Form = append(m.Form, Pair{"custom_parameter_" + strings.Repeat("x", i), "Some value of a parameter, with blanks"})
	}
	for b.Loop() {
		m.Diagnose([]string{"one secret", "another"}, Address{Scheme: "http", Host: "127.0.0.1:8000", Path: "/"})
	}
}
