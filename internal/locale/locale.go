// Package locale says the product's words in the language of the person in
// front of it.
//
// Code and templates are written in English, and the English text is the key of
// its translation: [Language.T] looks it up. A text may hold the verbs of
// package fmt; then numbers come out as the language writes them, and a text
// whose words depend on a number has a form for each plural category. The
// translations are the files ui/locale/*.json.
package locale

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"

	"lectern/ui"
)

// Source is the language that texts are written in.
const Source = "en"

// Language is one language with its texts. It is safe for concurrent use.
type Language struct {
	Tag  string // BCP 47, e.g. "de"; for the lang attribute
	Name string // as its speakers write it

	texts     map[string]string // those without plural forms
	plurals   map[string]bool   // the others
	sentences []*sentence       // those that are told again, the most telling first
	printer   *message.Printer
	date      string // layout of a date
}

// file is one of ui/locale/*.json.
type file struct {
	Name  string          `json:"name"`
	Date  string          `json:"date"`  // layout as of package time
	Draft bool            `json:"draft"` // not whole yet: nobody is offered it
	Texts map[string]text `json:"texts"`
	// Sentences that are kept in English and told again; see [Language.Retell].
	Sentences map[string]text `json:"sentences"`
}

// text is a translation: a string, or an object with a form for each plural
// category of the first argument.
type text struct {
	one   string
	forms map[string]string
}

func (t *text) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		return json.Unmarshal(b, &t.forms)
	}
	return json.Unmarshal(b, &t.one)
}

// all reads the translations. They are part of the program, so an error is a
// mistake that the package's tests find.
var all = sync.OnceValues(func() ([]*Language, error) { return read(ui.FS) })

// read reads the languages below locale/, the source language first.
func read(files fs.FS) ([]*Language, error) {
	names, err := fs.Glob(files, "locale/*.json")
	if err != nil {
		return nil, err
	}
	words := catalog.NewBuilder(catalog.Fallback(language.English))
	var list []*Language
	for _, name := range names {
		l, err := readOne(files, name, words)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if l != nil {
			list = append(list, l)
		}
	}
	for _, l := range list {
		l.printer = message.NewPrinter(language.Make(l.Tag), message.Catalog(words))
	}
	slices.SortFunc(list, func(a, b *Language) int {
		if a.Tag == Source || b.Tag == Source {
			return strings.Compare(first(a), first(b))
		}
		return strings.Compare(a.Tag, b.Tag)
	})
	if len(list) == 0 || list[0].Tag != Source {
		return nil, fmt.Errorf("locale/%s.json is missing", Source)
	}
	return list, nil
}

// first sorts the source language before all others.
func first(l *Language) string {
	if l.Tag == Source {
		return ""
	}
	return l.Tag
}

// readOne reads one language; a draft is nil.
func readOne(files fs.FS, name string, words *catalog.Builder) (*Language, error) {
	b, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	var f file
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, err
	}
	if f.Draft {
		return nil, nil //nolint:nilnil // a language that is not there yet
	}
	l := &Language{
		Tag: strings.TrimSuffix(path.Base(name), ".json"), Name: f.Name, date: f.Date,
		texts: make(map[string]string, len(f.Texts)), plurals: map[string]bool{},
	}
	tag, err := language.Parse(l.Tag)
	if err != nil {
		return nil, err
	}
	for key, t := range f.Texts {
		if err := l.add(words, tag, key, t); err != nil {
			return nil, fmt.Errorf("%q: %w", key, err)
		}
	}
	for key, t := range f.Sentences {
		if s := newSentence(key, t.forms != nil); len(s.inner) > 0 {
			l.sentences = append(l.sentences, s)
		}
		if err := l.add(words, tag, key, t); err != nil {
			return nil, fmt.Errorf("%q: %w", key, err)
		}
	}
	sortSentences(l.sentences)
	return l, nil
}

// add takes a text into the language.
func (l *Language) add(words *catalog.Builder, tag language.Tag, key string, t text) error {
	if t.forms == nil {
		l.texts[key] = t.one
		return words.SetString(tag, key, t.one)
	}
	l.plurals[key] = true
	return words.Set(tag, key, plural.Selectf(1, "", cases(t.forms)...))
}

// cases returns the forms as package plural wants them, "other" last.
func cases(forms map[string]string) []any {
	var list []any
	for category, form := range forms {
		if category != "other" {
			list = append(list, category, form)
		}
	}
	return append(list, "other", forms["other"])
}

// Languages returns every language there is, the source language first.
func Languages() []*Language {
	list, err := all()
	if err != nil {
		return []*Language{{Tag: Source, Name: "English", printer: message.NewPrinter(language.English)}}
	}
	return list
}

// Find returns the language that suits best: each preference is a tag or a list
// as of the header Accept-Language [RFC9110 §12.5.4], and an earlier preference
// comes first. What cannot be read or is not there is passed over; without a
// match it is the source language.
func Find(preferences ...string) *Language { return finding().find(preferences) }

// finding is what [Find] looks in. A matcher is expensive to make.
var finding = sync.OnceValue(func() *finder { return newFinder(Languages()) })

// finder finds languages. It is safe for concurrent use.
type finder struct {
	list    []*Language
	matcher language.Matcher
}

func newFinder(list []*Language) *finder {
	tags := make([]language.Tag, len(list))
	for i, l := range list {
		tags[i] = language.Make(l.Tag)
	}
	return &finder{list, language.NewMatcher(tags)}
}

func (f *finder) find(preferences []string) *Language {
	for _, p := range preferences {
		if p == "" {
			continue
		}
		if i := slices.IndexFunc(f.list, func(l *Language) bool { return l.Tag == p }); i >= 0 {
			return f.list[i]
		}
		wanted, _, err := language.ParseAcceptLanguage(strings.ReplaceAll(cut(p), "_", "-"))
		if err != nil || len(wanted) == 0 {
			continue
		}
		if _, i, sure := f.matcher.Match(wanted...); sure >= language.High {
			return f.list[i]
		}
	}
	return f.list[0]
}

// cut bounds what is parsed.
func cut(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return s[:strings.LastIndexByte(s[:most], ',')+1]
}

// T returns text in the language, filled in with args as fmt.Sprintf does. A
// text that is not translated comes out in English.
func (l *Language) T(text string, args ...any) string {
	if len(args) > 0 {
		return l.printer.Sprintf(text, l.spoken(args)...)
	}
	if said, ok := l.texts[text]; ok {
		return said
	}
	return text
}

// Phrase is an argument of a text that is itself to be said in the language,
// such as a number of hours in a sentence of waiting. Errors of package errs are
// phrases too.
type Phrase interface {
	Words() (text string, args []any)
}

// Moment is an argument that a language writes its own way. In English it is
// the date in full.
type Moment time.Time

func (m Moment) String() string { return time.Time(m).UTC().Format("2 January 2006, 15:04 UTC") }

// spoken returns args with phrases and moments in the language.
func (l *Language) spoken(args []any) []any {
	out := slices.Clone(args)
	for i, arg := range out {
		switch arg := arg.(type) {
		case Phrase:
			text, of := arg.Words()
			out[i] = l.T(text, of...)
		case time.Duration:
			out[i] = Span(arg)
		case Moment:
			if l.Tag != Source {
				out[i] = l.When(time.Time(arg))
			}
		}
	}
	return out
}

// Span returns how long something takes or took, by the symbols of the SI, which
// are the same in all languages: "45 s", "14 min", "1 h 30 min", "2 d 3 h".
func Span(d time.Duration) string {
	d = d.Abs().Round(time.Second)
	unit := func(n time.Duration, unit string, rest time.Duration, smaller string) string {
		text := strconv.FormatInt(int64(n), 10) + " " + unit
		if rest > 0 {
			text += " " + strconv.FormatInt(int64(rest), 10) + " " + smaller
		}
		return text
	}
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return unit(d/time.Second, "s", 0, "")
	case d < time.Hour:
		return unit(d/time.Minute, "min", d%time.Minute/time.Second, "s")
	case d < day:
		return unit(d/time.Hour, "h", d%time.Hour/time.Minute, "min")
	}
	return unit(d/day, "d", d%day/time.Hour, "h")
}

// Text marks a text that is not said where it is written, such as one in a
// table, as to be translated. It returns it unchanged.
func Text(text string) string { return text }

// Has reports whether text is translated. English needs a translation only
// where the words depend on a number.
func (l *Language) Has(text string) bool {
	_, ok := l.texts[text]
	return ok || l.plurals[text] || l.Tag == Source
}

// When returns a moment to the minute, in UTC.
func (l *Language) When(t time.Time) string {
	if t.IsZero() {
		return l.T("never")
	}
	layout := l.date
	if layout == "" {
		layout = "2 Jan 2006"
	}
	return t.UTC().Format(layout + " 15:04 UTC")
}

// Number returns a number as the language writes it.
func (l *Language) Number(x float64) string { return l.printer.Sprint(x) }

// Date returns a day, in UTC.
func (l *Language) Date(t time.Time) string {
	if l.date == "" || l.Tag == Source {
		return t.UTC().Format("2 January 2006")
	}
	return t.UTC().Format(l.date)
}
