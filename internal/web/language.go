package web

import (
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"lectern/internal/errs"
	"lectern/internal/locale"
	"lectern/ui"
)

// languageCookie keeps the language that a person chose.
const languageCookie = "lectern_language"

// languageKept is how long a browser keeps it.
const languageKept = 365 * 24 * time.Hour

// Language returns the language of r's answer: what the person chose here, else
// what the LMS asks for, else what the browser does.
func Language(r *http.Request) *locale.Language {
	chosen := ""
	if c, err := r.Cookie(languageCookie); err == nil {
		chosen = c.Value
	}
	return locale.Find(chosen, PageOf(r).Locale, r.Header.Get("Accept-Language"))
}

// Templates are one set of templates in every language, by tag. Each is parsed
// when it is first used: most sites serve learners in one language, and parsed
// templates are large.
type Templates map[string]func() (*template.Template, error)

// NewTemplates is a set called name of files of package ui. Beside funcs,
// templates have the language's words: t translates a text, lang is the tag,
// when is a moment; th and what goes into it are in [markup].
func NewTemplates(name string, funcs template.FuncMap, files ...string) Templates {
	set := Templates{}
	for _, l := range locale.Languages() {
		set[l.Tag] = sync.OnceValues(func() (*template.Template, error) {
			words := template.FuncMap{"t": l.T, "when": l.When, "lang": func() string { return l.Tag }, "words": scriptWords(l)}
			t, err := template.New(name).Funcs(words).Funcs(markup(l)).Funcs(funcs).ParseFS(ui.FS, files...)
			if err != nil {
				return nil, fmt.Errorf("templates %s: %w", name, err)
			}
			return t, nil
		})
	}
	return set
}

// scriptText is how a script says a text.
var scriptText = regexp.MustCompile(`\bT\(("(?:[^"\\]|\\.)*")`)

// scriptWords returns a template function that translates what the scripts of a
// folder say, for a page to hand to them; nothing in English.
func scriptWords(l *locale.Language) func(folder string) (map[string]string, error) {
	var known sync.Map // by folder
	return func(folder string) (map[string]string, error) {
		if l.Tag == locale.Source {
			return nil, nil //nolint:nilnil // scripts are English themselves
		}
		if words, ok := known.Load(folder); ok {
			return words.(map[string]string), nil //nolint:forcetypeassert // only these are stored
		}
		words := map[string]string{}
		names, err := fs.Glob(ui.FS, folder+"/*.js")
		for _, name := range names {
			source, readErr := fs.ReadFile(ui.FS, name)
			err = errors.Join(err, readErr)
			for _, m := range scriptText.FindAllSubmatch(source, -1) {
				if text, quoteErr := strconv.Unquote(string(m[1])); quoteErr == nil && l.Has(text) {
					words[text] = l.T(text)
				}
			}
		}
		if err == nil {
			known.Store(folder, words)
		}
		return words, err
	}
}

// In returns the templates in a language. It fails when a file is broken.
func (t Templates) In(l *locale.Language) (*template.Template, error) {
	if one := t[l.Tag]; one != nil {
		return one()
	}
	return t[locale.Source]()
}

// Execute writes the template called name with data in a language.
func (t Templates) Execute(w io.Writer, l *locale.Language, name string, data any) error {
	set, err := t.In(l)
	if err != nil {
		return err
	}
	return set.ExecuteTemplate(w, name, data)
}

// ChooseLanguage handles the form with which a person chooses a language. It
// leads back to the page they were on.
func ChooseLanguage(secure func(*http.Request) bool) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
		chosen := r.PostFormValue("language")
		http.SetCookie(w, &http.Cookie{
			Name: languageCookie, Value: locale.Find(chosen).Tag, Path: "/", MaxAge: int(languageKept.Seconds()),
			Secure: secure(r), HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
		http.Redirect(w, r, backPath(r.PostFormValue("back"), "/"), http.StatusSeeOther)
		return nil
	}
}

// backPath returns an address that the form of languages may lead back to, or
// instead.
func backPath(back, instead string) string {
	if back == "/login" || strings.HasPrefix(back, "/login/") || strings.HasPrefix(back, "/login?") {
		return back // which checks where it leads itself
	}
	return LocalPath(back, instead)
}

// here returns the address of the page that answers r, to come back to by a
// link. A form that was not taken is answered at the form's own address, where
// perhaps nothing is to be had without it: then it is the page the form was on,
// or the nearest one above it.
func here(r *http.Request) string {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return r.URL.RequestURI()
	}
	mux := PageOf(r).mux
	good := func(address string) bool {
		return mux != nil && backPath(address, "") != "" && mux.opens(address)
	}
	if u, err := url.Parse(r.Referer()); err == nil && strings.EqualFold(u.Host, r.Host) && good(u.RequestURI()) {
		return u.RequestURI()
	}
	for at := r.URL.EscapedPath(); len(at) > 1; at = at[:strings.LastIndexByte(at, '/')] {
		if good(at) {
			return at
		}
	}
	return "/"
}

// Number is a number as texts take it: whole where it is, so that a language
// finds the right words for it.
func Number(n float64) any {
	if n == math.Trunc(n) && math.Abs(n) < 1<<31 {
		return int(n)
	}
	return n
}

// Public returns err's public sentence in the language of r's answer, "" for nil.
func Public(r *http.Request, err error) string {
	if err == nil {
		return ""
	}
	text, args := errs.From(err).Words()
	return Language(r).T(text, args...)
}

// Said returns what is wrong with the fields of a form in the language of r's
// answer.
func Said(r *http.Request, fields map[string]string) map[string]string {
	said, lang := make(map[string]string, len(fields)), Language(r)
	for field, text := range fields {
		said[field] = lang.T(text)
	}
	return said
}
