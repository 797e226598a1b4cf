package locale

import (
	"strings"
	"testing"
	"testing/fstest"
)

// teller returns a language with sentences.
func teller(t *testing.T) *Language {
	t.Helper()
	list, err := read(fstest.MapFS{
		"locale/en.json": {Data: []byte(`{"name":"English","texts":{}}`)},
		"locale/de.json": {Data: []byte(`{"name":"Deutsch","texts":{"Please open it again.":"Bitte öffnen Sie es noch einmal."},"sentences":{
			"its file %s is missing":"die Datei %s fehlt",
			"include %q: %w":"Einbindung „%s“: %s",
			"line %d: %s":"Zeile %s: %s",
			"%s: %s":"%s: %s",
			"the LMS signed for %s, this site was asked for %s":"angefragt wurde %[2]s, unterschrieben %[1]s",
			"the LMS signed for GET":"das LMS hat für GET unterschrieben",
			"%d characters":{"one":"%d Zeichen","other":"%d Zeichen"}}}`)},
	})
	if err != nil || len(list) != 2 {
		t.Fatalf("read: %d languages, %v", len(list), err)
	}
	return list[1]
}

func TestRetell(t *testing.T) {
	l := teller(t)
	for _, c := range []struct {
		english, want string
		known         bool
	}{
		{"Please open it again.", "Bitte öffnen Sie es noch einmal.", true},
		{"its file html/a.xml is missing", "die Datei html/a.xml fehlt", true},
		{"the LMS signed for GET", "das LMS hat für GET unterschrieben", true},
		{"the LMS signed for http://a/, this site was asked for https://b/", "angefragt wurde https://b/, unterschrieben http://a/", true},
		{`include "a \" b.xml": line 3: its file x is missing`, `Einbindung „a " b.xml“: Zeile 3: die Datei x fehlt`, true},
		{"customresponse: its file x is missing", "customresponse: die Datei x fehlt", true},
		{"1000 characters", "1.000 Zeichen", true},
		{"line 3: what a parser says", "Zeile 3: what a parser says", true},
		{"ZeroDivisionError: division by zero", "ZeroDivisionError: division by zero", false},
		{"its file is missing", "its file is missing", false},
		{"problem", "problem", false},
		{"", "", true},
	} {
		if said, known := l.Retell(c.english); said != c.want || known != c.known {
			t.Errorf("%q: %q, %v; want %q, %v", c.english, said, known, c.want, c.known)
		}
	}
	if said, known := Find("en").Retell("any thing"); said != "any thing" || !known {
		t.Errorf("English: %q, %v", said, known)
	}
}

// FuzzRetell: whatever is stored comes out, in some words.
func FuzzRetell(f *testing.F) {
	for _, seed := range []string{"its file %s is missing", "line 1: line 2: a b", strings.Repeat("a: b ", 900), `include "`, "99999999999999999999 characters"} {
		f.Add(seed)
	}
	languages := Languages()
	f.Fuzz(func(t *testing.T, english string) {
		for _, l := range languages {
			if said, known := l.Retell(english); said == "" && english != "" || !known && said != english || strings.Contains(said, "%!") && !strings.Contains(english, "%!") {
				t.Errorf("%s: %q became %q, %v", l.Tag, english, said, known)
			}
		}
	})
}
