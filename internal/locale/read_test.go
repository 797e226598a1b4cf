package locale

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestRead(t *testing.T) {
	english := `{"name":"English","texts":{}}`
	for _, c := range []struct {
		name, en, other, want string
	}{
		{"both are fine", english, `{"name":"X","texts":{"a":"b","%d c":{"one":"%d d","other":"%d e"}}}`, ""},
		{"not JSON", english, `{"name":`, "fr.json"},
		{"no English", "", english, "en.json is missing"},
		{"a plural category that is none", english, `{"name":"X","texts":{"%d c":{"several":"d","other":"e"}}}`, "%d c"},
	} {
		files := fstest.MapFS{"locale/fr.json": {Data: []byte(c.other)}}
		if c.en != "" {
			files["locale/en.json"] = &fstest.MapFile{Data: []byte(c.en)}
		}
		list, err := read(files)
		if c.want == "" && (err != nil || list[0].Tag != Source) {
			t.Errorf("%s: %v, %v", c.name, list, err)
		}
		if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: error %v, want %q in it", c.name, err, c.want)
		}
	}
	if _, err := all(); err != nil {
		t.Errorf("the program's own languages: %v", err)
	}
}
