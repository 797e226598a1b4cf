package access

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFormClean(t *testing.T) {
	good := Form{Name: " Ána \n Lopez ", Institution: "School", Email: " a@school.example ", Message: "one\r\ntwo\x00"}
	got, err := good.Clean()
	if want := (Form{"Ána Lopez", "School", "a@school.example", "one\ntwo"}); err != nil || got != want {
		t.Errorf("clean: %+v, %v", got, err)
	}
	for _, tt := range []struct {
		name   string
		change func(*Form)
		want   error
	}{
		{"no name", func(f *Form) { f.Name = " \u200b " }, ErrName},
		{"no institution", func(f *Form) { f.Institution = "\t" }, ErrPlace},
		{"long name", func(f *Form) { f.Name = strings.Repeat("ä", NameMost+1) }, ErrLong},
		{"long message", func(f *Form) { f.Message = strings.Repeat("ä", MessageMost+1) }, ErrLong},
		{"no address", func(f *Form) { f.Email = "" }, ErrMail},
		{"two addresses", func(f *Form) { f.Email = "a@x.example, b@x.example" }, ErrMail},
		{"a name in the address", func(f *Form) { f.Email = "A <a@x.example>" }, ErrMail},
		{"a header in the address", func(f *Form) { f.Email = "a@x.example\r\nBcc: b@x.example" }, ErrMail},
		{"a long address", func(f *Form) { f.Email = strings.Repeat("a", EmailMost) + "@x.example" }, ErrMail},
	} {
		f := good
		tt.change(&f)
		if _, err := f.Clean(); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func FuzzForm(f *testing.F) {
	f.Add("Ana", "School", "a@x.example", "please")
	f.Add("\u202egnp.exe", "\xff", "a@x\r\nBcc: b@y", "a\x1bb")
	f.Fuzz(func(t *testing.T, name, place, email, message string) {
		c, err := Form{name, place, email, message}.Clean()
		if err != nil {
			return
		}
		if strings.ContainsAny(c.Name+c.Institution+c.Email, "\r\n\x00\u202e") || strings.ContainsAny(c.Message, "\r\x00\x1b\u202e") {
			t.Errorf("control characters in %+q", c)
		}
		if !utf8.ValidString(c.Name+c.Institution+c.Email+c.Message) || utf8.RuneCountInString(c.Message) > MessageMost {
			t.Errorf("%+q", c)
		}
		if again, err := c.Clean(); err != nil || again != c {
			t.Errorf("%+q cleaned again is %+q, %v", c, again, err)
		}
	})
}
