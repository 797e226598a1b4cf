package access

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"lectern/internal/errs"
)

// Bounds of texts, in characters.
const (
	NameMost    = 100
	PlaceMost   = 200
	EmailMost   = 254
	MessageMost = 2000
	AnswerMost  = 1000
	keyMost     = 255
	saidMost    = 200 // of what a launch says, in bytes
)

// What can be wrong with a form.
var (
	ErrName = errs.New(errs.Invalid, "access_name_missing", "", "Enter your name.", "")
	ErrMail = errs.New(errs.Invalid, "access_email_malformed", "",
		"Enter an e-mail address that you can be answered at.", "")
	ErrPlace = errs.New(errs.Invalid, "access_institution_missing", "", "Enter the school or organisation that you ask for.", "")
	ErrLong  = errs.New(errs.Invalid, "access_text_too_long", "",
		"Names have at most 100 characters, institutions 200, messages 2000.", "")
)

// Form is what a person writes.
type Form struct{ Name, Institution, Email, Message string }

// Clean trims the fields and checks them. Its errors are [ErrName], [ErrPlace],
// [ErrMail] and [ErrLong].
func (f Form) Clean() (Form, error) {
	f.Name, f.Institution, f.Email = line(f.Name, -1), line(f.Institution, -1), strings.TrimSpace(f.Email)
	f.Message = text(f.Message)
	switch {
	case f.Name == "":
		return f, ErrName
	case f.Institution == "":
		return f, ErrPlace
	case long(f.Name, NameMost), long(f.Institution, PlaceMost), long(f.Message, MessageMost):
		return f, ErrLong
	}
	a, err := mail.ParseAddress(f.Email)
	if err != nil || a.Address != f.Email || len(f.Email) > EmailMost || !printable(f.Email) {
		return f, ErrMail
	}
	return f, nil
}

func long(s string, most int) bool { return utf8.RuneCountInString(s) > most }

// printable reports whether s is ASCII that can be seen: an address in a letter.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// line returns s as one line, of at most most bytes when that is not negative.
// What changes how the text around it reads is left out.
func line(s string, most int) string {
	s = strings.Join(strings.Fields(visible(s, "")), " ")
	if most >= 0 && len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	return strings.TrimSpace(s)
}

// text returns s with its lines, without other control characters.
func text(s string) string {
	return strings.TrimSpace(visible(strings.ReplaceAll(s, "\r\n", "\n"), "\n"))
}

// visible leaves out control and format characters, such as those that turn the
// direction of writing; blanks stand for the control characters but those in keep.
func visible(s, keep string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(keep, r):
			return r
		case unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}
