package oauth1

import (
	"html"
	"strings"
	"unicode/utf8"
)

// forms lists the other parameters that senders sign: without the query, with
// one parameter less, with values written otherwise.
func (m *Message) forms(string) []trial {
	uri := m.Address.BaseStringURI()
	head := m.join(uri, "")
	var list []trial
	add := func(d Diagnosis, head, normalized string) {
		list = append(list, trial{means: d, head: head, params: Encode(normalized)})
	}
	if len(m.Query) > 0 {
		form := normalize(m.Form)
		add(Diagnosis{Part: PartQuery, How: "the LMS did not sign the query of the address"}, head, form)
		whole := m.join(uri+"?"+m.Address.RawQuery, "")
		const inside = "the LMS signed the query as a part of the address instead of as parameters"
		add(Diagnosis{Part: PartQuery, How: inside}, whole, form)
		add(Diagnosis{Part: PartQuery, How: inside}, whole, normalize(m.Form, m.Query))
	}
	for _, w := range writings() {
		if changed, any := rewrite(m.Form, w.change); any {
			add(Diagnosis{Part: PartSpelling, How: w.says}, head, normalize(changed, m.Query))
		}
	}
	if filled, any := nonEmpty(m.Form); any {
		add(Diagnosis{Part: PartSpelling, How: "the LMS left parameters without a value out of the signature"},
			head, normalize(filled, m.Query))
	}
	for i, p := range m.Form {
		if !strings.HasPrefix(p.Name, "oauth_") {
			rest := append(append([]Pair{}, m.Form[:i]...), m.Form[i+1:]...)
			add(Diagnosis{Part: PartParameter, Name: p.Name}, head, normalize(rest, m.Query))
		}
	}
	return list
}

type writing struct {
	says   string
	change func(value string) string
}

// writings are the ways in which a value is changed between signing and
// sending.
func writings() []writing {
	return []writing{
		{"a + in a value was sent as it is, which means a blank", func(v string) string {
			return strings.ReplaceAll(v, " ", "+")
		}},
		{"values were signed without the blanks around them", strings.TrimSpace},
		{"values were escaped for HTML once too often after signing", html.UnescapeString},
		{"values were escaped for HTML before signing", html.EscapeString},
		{"values were escaped for the address twice after signing", func(v string) string { return decode(v, false) }},
		{"values were signed escaped once more", Encode},
		{"values were signed in Latin-1 instead of UTF-8", latin1},
		{"line ends were signed as CRLF", func(v string) string {
			return strings.ReplaceAll(strings.ReplaceAll(v, "\r\n", "\n"), "\n", "\r\n")
		}},
	}
}

// latin1 returns the bytes of v in Latin-1, or v when it has none there.
func latin1(v string) string {
	out := make([]byte, 0, len(v))
	for _, r := range v {
		if r > 0xff || r == utf8.RuneError {
			return v
		}
		out = append(out, byte(r))
	}
	return string(out)
}

func rewrite(pairs []Pair, change func(string) string) (out []Pair, changed bool) {
	out = make([]Pair, len(pairs))
	for i, p := range pairs {
		out[i] = p
		if p.Name != signatureName && !strings.HasPrefix(p.Name, "oauth_") {
			out[i].Value = change(p.Value)
			changed = changed || out[i].Value != p.Value
		}
	}
	return out, changed
}

func nonEmpty(pairs []Pair) (out []Pair, changed bool) {
	for _, p := range pairs {
		if p.Value != "" {
			out = append(out, p)
		}
	}
	return out, len(out) != len(pairs)
}

// keys lists the other ways in which senders use a secret, and what people
// paste in its place.
func (m *Message) keys(all string) []trial {
	head := m.join(m.Address.BaseStringURI(), "")
	consumerKey := first(m.Form, "oauth_consumer_key")
	var list []trial
	for _, k := range []struct {
		says string
		key  func(secret string) string
	}{
		{"the LMS uses the secret without escaping it", func(s string) string { return s + "&" }},
		{"the LMS uses the secret without the & after it", Encode},
		{"the secret in the LMS has a blank at its end", func(s string) string { return Encode(s+" ") + "&" }},
		{"the secret in the LMS has a blank before it", func(s string) string { return Encode(" "+s) + "&" }},
		{"the secret in the LMS has a line end after it", func(s string) string { return Encode(s+"\n") + "&" }},
		{"the secret in the LMS lacks the blanks around it", func(s string) string { return Encode(strings.TrimSpace(s)) + "&" }},
		{"the secret in the LMS is in small letters", func(s string) string { return Encode(strings.ToLower(s)) + "&" }},
		{"the secret in the LMS is in capital letters", func(s string) string { return Encode(strings.ToUpper(s)) + "&" }},
		{"the secret in the LMS is escaped for HTML", func(s string) string { return Encode(html.EscapeString(s)) + "&" }},
		{"the LMS has the consumer key where the secret belongs", func(string) string { return Encode(consumerKey) + "&" }},
		{"the LMS has no secret", func(string) string { return "&" }},
	} {
		list = append(list, trial{means: Diagnosis{Part: PartSecret, How: k.says}, head: head, params: all, key: k.key})
	}
	return list
}
