package locale

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// both returns English and a little German.
func both(t *testing.T) []*Language {
	t.Helper()
	list, err := read(fstest.MapFS{
		"locale/en.json": {Data: []byte(`{"name":"English","texts":{"%d minutes":{"one":"%d minute","other":"%d minutes"}}}`)},
		"locale/de.json": {Data: []byte(`{"name":"Deutsch","date":"2.1.2006","texts":{"Sign out":"Abmelden","never":"nie",
			"Go back to %s":"Zurück zu %s","%d minutes":{"one":"%d Minute","other":"%d Minuten"}}}`)},
		"locale/xx.json": {Data: []byte(`{"name":"Draft","draft":true,"texts":{}}`)},
	})
	if err != nil || len(list) != 2 {
		t.Fatalf("read: %d languages, %v", len(list), err)
	}
	return list
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		name        string
		preferences []string
		want        string
	}{
		{"nothing said", nil, "en"},
		{"as browsers ask", []string{"de-CH,de;q=0.9,en;q=0.8"}, "de"},
		{"an own choice goes first", []string{"en", "de-DE"}, "en"},
		{"as LMSs write it", []string{"", "de_DE"}, "de"},
		{"unknown, then known", []string{"ja", "de"}, "de"},
		{"garbage", []string{"\xff;;q=,,", "de;q=x"}, "en"},
		{"a very long list", []string{string(make([]byte, 1<<20))}, "en"},
	} {
		if got := newFinder(both(t)).find(c.preferences); got.Tag != c.want {
			t.Errorf("%s: %s, want %s", c.name, got.Tag, c.want)
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add("de-DE,en;q=0.5")
	f.Add("x-")
	f.Fuzz(func(t *testing.T, s string) {
		if Find(s) == nil {
			t.Error("no language")
		}
	})
}

func TestT(t *testing.T) {
	list := both(t)
	english, german := list[0], list[1]
	for _, c := range []struct {
		name string
		got  string
		want string
	}{
		{"translated", german.T("Sign out"), "Abmelden"},
		{"filled in", german.T("Go back to %s", "moodle.example"), "Zurück zu moodle.example"},
		{"English as written", english.T("Sign out"), "Sign out"},
		{"unknown to the language", german.T("Not in any file: 100 % sure"), "Not in any file: 100 % sure"},
		{"one", english.T("%d minutes", 1), "1 minute"},
		{"many", english.T("%d minutes", 2500), "2,500 minutes"},
		{"one, translated", german.T("%d minutes", 1), "1 Minute"},
		{"many, translated", german.T("%d minutes", 2500), "2.500 Minuten"},
		{"a moment", german.When(time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)), "4.3.2026 05:06 UTC"},
		{"no moment", german.When(time.Time{}), "nie"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 45 * time.Second: "45 s", -14 * time.Minute: "14 min", 90*time.Minute + time.Second: "1 h 30 min",
		48 * time.Hour: "2 d", 51 * time.Hour: "2 d 3 h", 59*time.Minute + 59700*time.Millisecond: "1 h",
	} {
		if got := Span(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
	if said := Find("de").T("%v more", 36*time.Hour); !strings.Contains(said, "1 d 12 h") {
		t.Errorf("as an argument: %q", said)
	}
}
