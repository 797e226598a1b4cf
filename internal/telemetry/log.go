package telemetry

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Format is how log lines look.
type Format string

// The formats.
const (
	JSON Format = "json"
	Text Format = "text"
)

// maxValue is how many bytes of one value a line keeps.
const maxValue = 4096

// NewLogger returns a logger that writes lines to w and drops personal data.
// An unknown format is [Text].
func NewLogger(w io.Writer, format Format, level slog.Leveler) *slog.Logger {
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: scrub}
	if format == JSON {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// scrub is called by slog for every field that is no group, with the groups
// around it. An empty Attr drops the field.
func scrub(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && builtin(a.Key) {
		if a.Value.Kind() == slog.KindString {
			a.Value = slog.StringValue(text(a.Value.String()))
		}
		return a
	}
	if Private(a.Key) || slices.ContainsFunc(groups, Private) {
		return slog.Attr{}
	}
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(text(a.Value.String()))
	case slog.KindAny:
		a.Value = visible(a.Value.Any())
	}
	return a
}

func builtin(key string) bool {
	return key == slog.TimeKey || key == slog.LevelKey || key == slog.MessageKey || key == slog.SourceKey
}

// visible prints only values whose text their author chose. The fields of
// anything else could hold what no key announces.
func visible(v any) slog.Value {
	switch v := v.(type) {
	case nil:
		return slog.AnyValue(nil)
	case error:
		return slog.StringValue(text(v.Error()))
	case fmt.Stringer:
		return slog.StringValue(text(v.String()))
	case []string:
		return slog.StringValue(text(strings.Join(v, ", ")))
	case []int:
		return slog.StringValue(fmt.Sprint(v))
	}
	return slog.StringValue(fmt.Sprintf("(%T)", v))
}

func text(s string) string {
	s = Address(s)
	if len(s) <= maxValue {
		return s
	}
	cut := s[:maxValue]
	for !utf8.ValidString(cut) && len(cut) > maxValue-utf8.UTFMax {
		cut = cut[:len(cut)-1]
	}
	return cut + "…"
}

// Address cuts session tokens ("/~token") and one-time handles ("?h=…") out of
// an address or of text that holds one.
func Address(s string) string {
	for _, mark := range []string{"/~", "?h=", "&h="} {
		s = cutAfter(s, mark)
	}
	return s
}

func cutAfter(s, mark string) string {
	if !strings.Contains(s, mark) {
		return s
	}
	parts := strings.Split(s, mark)
	for i, p := range parts[1:] {
		end := strings.IndexAny(p, "/?&#\"' \t\n")
		if end < 0 {
			end = len(p)
		}
		if end > 0 {
			parts[i+1] = "-" + p[end:]
		}
	}
	return strings.Join(parts, mark)
}

// Private reports whether a field with this key may hold personal data or a
// secret. It looks at the words of the key, however they are joined:
// "fullName", "full_name" and "Full-Name" are one key.
func Private(key string) bool {
	w := words(key)
	for i, word := range w {
		if i == 0 && len(w) > 1 && (word == "oauth" || word == "lis" || word == "ext" || word == "custom") {
			return true
		}
		if privateWord(word) {
			return true
		}
	}
	joined := strings.Join(w, "")
	return slices.Contains([]string{
		"userid", "ltiuserid", "lmsuserid", "consumersecret", "apikey", "privatekey", "sealingkey", "ip", "remoteip",
		"clientip", "remoteaddr",
	}, joined)
}

func privateWord(word string) bool {
	switch strings.TrimSuffix(word, "s") {
	case "name", "fullname", "firstname", "lastname", "givenname", "familyname", "username", "surname", "nickname",
		"mail", "email", "phone", "person", "personal", "pii",
		"secret", "password", "passwd", "passphrase", "pas", "pwd", "credential",
		"token", "handle", "session", "signature", "sig", "nonce", "otp", "csrf",
		"sourcedid", "sourceid", "authorization", "auth", "cookie", "setcookie", "bearer",
		"body", "form", "param", "parameter", "header", "answer":
		return true
	}
	return false
}

// words splits a key at everything that is no letter or digit and before
// capitals that follow a small letter.
func words(key string) []string {
	var b strings.Builder
	small := false
	for _, r := range key {
		if small && unicode.IsUpper(r) {
			b.WriteByte(' ')
		}
		small = unicode.IsLower(r) || unicode.IsDigit(r)
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(unicode.ToLower(r))
		} else {
			b.WriteByte(' ')
		}
	}
	return strings.Fields(b.String())
}
