package oauth1

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"lectern/internal/errs"
)

// Pair is one decoded name and value of a form or query. Order and repeats
// count, so a form is a slice of pairs and never a map.
type Pair struct{ Name, Value string }

// Limits bounds what [ParseForm] takes. A zero field means no limit.
type Limits struct {
	Bytes int // of the raw form
	Pairs int // number of pairs
	Name  int // bytes of a decoded name
	Value int // bytes of a decoded value
}

// LaunchLimits returns the limits for a launch: 1 MiB, 500 pairs, names up to
// 255 bytes, values up to 64 KiB.
func LaunchLimits() Limits { return Limits{Bytes: 1 << 20, Pairs: 500, Name: 255, Value: 64 << 10} }

const sayForm = "The form that was sent to this site cannot be read. " +
	"Please open the link again from your course, or tell your teacher or course administrator."

// What [ParseForm] refuses.
var (
	// ErrFormBytes means the raw form is too long.
	ErrFormBytes = errs.New(errs.TooLarge, "form_too_large", "", sayForm,
		"The request body is over the limit. An LMS launch is a few kilobytes.")
	// ErrFormPairs means there are too many pairs.
	ErrFormPairs = errs.New(errs.TooLarge, "form_too_many_fields", "", sayForm,
		"The request has more parameters than any LMS sends.")
	// ErrFormName means a name is too long.
	ErrFormName = errs.New(errs.TooLarge, "form_name_too_long", "", sayForm,
		"A parameter name in the request is over the limit.")
	// ErrFormValue means a value is too long.
	ErrFormValue = errs.New(errs.TooLarge, "form_value_too_long", "", sayForm,
		"A parameter value in the request is over the limit.")
	// ErrFormRaw means the raw form is not UTF-8.
	ErrFormRaw = errs.New(errs.Invalid, "form_not_utf8", "OAuth1 §3.4.1.3.1", sayForm,
		"The request body holds bytes that are neither ASCII nor UTF-8.")
	// ErrFormEscape means an escape such as %ff decodes to bytes that are not
	// UTF-8.
	ErrFormEscape = errs.New(errs.Invalid, "form_escape_not_utf8", "OAuth1 §3.4.1.3.1", sayForm,
		"An escape in the request body does not decode to UTF-8.")
)

// ParseForm decodes an application/x-www-form-urlencoded body or a query
// string [OAuth1 §3.4.1.3.1]. It splits at "&" only, skips empty pieces,
// splits each at the first "=", turns "+" into a space and keeps invalid
// escapes as they are. On [ErrFormEscape] the pairs are returned too, so that
// a caller can look for worse faults first; no other error comes with pairs.
func ParseForm(raw []byte, lim Limits) ([]Pair, error) {
	if lim.Bytes > 0 && len(raw) > lim.Bytes {
		return nil, ErrFormBytes.With("%d bytes", len(raw))
	}
	if !utf8.Valid(raw) {
		return nil, ErrFormRaw
	}
	var pairs []Pair
	if n := bytes.Count(raw, []byte{'&'}); n > 0 {
		pairs = make([]Pair, 0, min(n+1, 256))
	}
	var escape error
	for len(raw) > 0 {
		var piece []byte
		piece, raw, _ = bytes.Cut(raw, []byte{'&'})
		if len(piece) == 0 {
			continue
		}
		if lim.Pairs > 0 && len(pairs) == lim.Pairs {
			return nil, ErrFormPairs.With("more than %d", lim.Pairs)
		}
		name, value, _ := bytes.Cut(piece, []byte{'='})
		p := Pair{Name: unescape(name), Value: unescape(value)}
		if err := lim.check(p); err != nil {
			return nil, err
		}
		if !utf8.ValidString(p.Name) || !utf8.ValidString(p.Value) {
			escape = ErrFormEscape
		}
		pairs = append(pairs, p)
	}
	return pairs, escape
}

func (lim Limits) check(p Pair) error {
	if lim.Name > 0 && len(p.Name) > lim.Name {
		return ErrFormName.With("%d bytes", len(p.Name))
	}
	if lim.Value > 0 && len(p.Value) > lim.Value {
		return ErrFormValue.With("%d bytes in %s", len(p.Value), Encode(p.Name))
	}
	return nil
}

// unescape decodes "+" and percent escapes; an invalid escape stays literal.
func unescape(s []byte) string {
	if bytes.IndexByte(s, '%') < 0 && bytes.IndexByte(s, '+') < 0 {
		return string(s)
	}
	return decode(string(s), true)
}

func decode(s string, form bool) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+' && form:
			b.WriteByte(' ')
		case c == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0:
			b.WriteByte(byte(unhex(s[i+1])<<4 | unhex(s[i+2])))
			i += 2
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// Encode percent-encodes s as OAuth does [OAuth1 §3.6]: letters, digits and
// "-._~" stay, every other byte becomes %XX in upper case.
func Encode(s string) string { return encode(s, "") }

// EncodeForm renders pairs as an application/x-www-form-urlencoded body.
func EncodeForm(pairs []Pair) string {
	var b strings.Builder
	for i, p := range pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(Encode(p.Name))
		b.WriteByte('=')
		b.WriteString(Encode(p.Value))
	}
	return b.String()
}

// encode keeps unreserved bytes and those in safe.
func encode(s, safe string) string {
	n := 0
	for i := range len(s) {
		if !kept(s[i], safe) {
			n++
		}
	}
	if n == 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 2*n)
	appendEncoded(&b, s, safe)
	return b.String()
}

// appendEncoded writes s encoded, run by run.
func appendEncoded(b *strings.Builder, s, safe string) {
	const hexDigits = "0123456789ABCDEF"
	begin := 0
	for i := range len(s) {
		c := s[i]
		if kept(c, safe) {
			continue
		}
		b.WriteString(s[begin:i])
		b.WriteByte('%')
		b.WriteByte(hexDigits[c>>4])
		b.WriteByte(hexDigits[c&15])
		begin = i + 1
	}
	b.WriteString(s[begin:])
}

// unreserved has a bit for each byte that is never encoded: a word for each 64.
const (
	unreserved0 = 1<<'-' | 1<<'.' | 0x3ff<<'0'
	unreserved1 = 0x3ffffff<<('A'-64) | 1<<('_'-64) | 0x3ffffff<<('a'-64) | 1<<('~'-64)
)

func kept(c byte, safe string) bool {
	switch {
	case c < 64 && unreserved0>>c&1 == 1, c >= 64 && c < 128 && unreserved1>>(c-64)&1 == 1:
		return true
	}
	return safe != "" && strings.IndexByte(safe, c) >= 0
}
