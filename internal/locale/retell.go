package locale

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

// Bounds of what is told again.
const (
	maxTold  = 4096 // bytes of a text; what is longer stays as it is
	maxInner = 8    // sentences within sentences
	// A pattern with less than that between its verbs, such as "%s: %s", is
	// taken for what it holds.
	tellsItself = 4
)

// sentence is a pattern of English sentences that are kept somewhere, with its
// translation.
type sentence struct {
	key     string
	form    func() *regexp.Regexp // of the whole sentence, with a group for each verb; made when it is needed
	inner   []bool                // which groups may hold a sentence
	counts  bool                  // the translation has plural forms
	fixed   string                // the longest text between verbs; the sentence holds it
	letters int                   // how much of it is no verb
}

// told is the form of each kind of verb in a sentence: whole numbers, quoted
// texts, and the rest.
const (
	toldNumber = `(-?\d{1,15})`
	toldQuoted = `("(?:[^"\\]|\\.)*")` // the translation has the quotation marks of its language
	toldAny    = `(.*?)`
)

// verbs are those that [Language.Retell] knows.
var verbs = regexp.MustCompile(`%[-+# 0]*\d*(?:\.\d+)?([a-zA-Z])`)

// newSentence reads a pattern with verbs as of package fmt.
func newSentence(key string, counts bool) *sentence {
	s := &sentence{key: key, counts: counts}
	form := strings.Builder{}
	form.WriteString(`(?s)^`)
	fixed := func(text string) {
		form.WriteString(regexp.QuoteMeta(text))
		s.letters += len(text)
		if len(text) > len(s.fixed) {
			s.fixed = text
		}
	}
	at := 0
	for _, m := range verbs.FindAllStringSubmatchIndex(key, -1) {
		fixed(key[at:m[0]])
		at = m[1]
		kind := map[string]string{"d": toldNumber, "q": toldQuoted}[key[m[2]:m[3]]]
		form.WriteString(cmp.Or(kind, toldAny))
		s.inner = append(s.inner, kind == "")
	}
	fixed(key[at:])
	form.WriteString(`$`)
	s.form = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(form.String()) }) // of quoted texts and our groups
	return s
}

// sortSentences puts those first that say the most themselves.
func sortSentences(list []*sentence) {
	slices.SortFunc(list, func(a, b *sentence) int {
		return cmp.Or(b.letters-a.letters, strings.Compare(a.key, b.key))
	})
}

// Retell returns an English sentence that was made earlier, such as one of an
// import report, in the language. It is recognised by its words: as a whole, or
// by the pattern that it was made from, and then what was put in is told again
// too. It reports false for what it does not know, which stays as it is: the
// words of other programs, and of releases that said it otherwise.
func (l *Language) Retell(english string) (said string, known bool) {
	if l.Tag == Source || english == "" {
		return english, true
	}
	return l.retell(english, 0)
}

func (l *Language) retell(english string, depth int) (string, bool) {
	if len(english) > maxTold || depth == maxInner || !strings.Contains(english, " ") {
		return english, false
	}
	if said, ok := l.texts[english]; ok {
		return said, true
	}
	for _, s := range l.sentences {
		if !strings.Contains(english, s.fixed) {
			continue
		}
		found := s.form().FindStringSubmatch(english)
		if found == nil {
			continue
		}
		args, known := l.inside(s, found[1:], depth)
		if !known && s.letters < tellsItself {
			continue
		}
		return l.printer.Sprintf(s.key, args...), true
	}
	return english, false
}

// inside returns what was put into a sentence in the language, and whether any
// of it is known.
func (l *Language) inside(s *sentence, found []string, depth int) (args []any, known bool) {
	args = make([]any, len(found))
	for i, text := range found {
		args[i] = text
		switch n, err := strconv.Atoi(text); {
		case s.inner[i]:
			said, ok := l.retell(text, depth+1)
			args[i], known = said, known || ok
		case err == nil && s.counts:
			args[i] = n
		case strings.HasPrefix(text, `"`):
			args[i] = unquoted(text)
		}
	}
	return args, known
}

// unquoted returns what a text in quotes is; one that cannot be read loses no
// more than its quotes.
func unquoted(text string) string {
	if s, err := strconv.Unquote(text); err == nil && !strings.ContainsFunc(s, unicode.IsControl) {
		return s
	}
	return text[1 : len(text)-1]
}
