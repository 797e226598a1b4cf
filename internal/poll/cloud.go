package poll

import (
	"strconv"
	"strings"
	"unicode"

	"lectern/internal/errs"
)

// Refusals of word clouds.
var (
	ErrSubmitted = errs.New(errs.Conflict, "cloud_submitted", "", "You have already sent your words.", "")
	ErrNoWords   = errs.New(errs.Invalid, "cloud_no_words", "", "Please type at least one word.", "")
)

// Bounds of a word cloud.
const (
	MaxWord   = 100  // characters of a word
	MaxWords  = 5000 // different words that are counted for a block; later ones are not
	maxInputs = 100
	maxTop    = 500
)

// Cloud is a word cloud.
type Cloud struct {
	Instructions string // HTML
	Inputs       int    // words a learner has
	Top          int    // words that are shown
	Percents     bool   // show how often each word came
}

// ParseCloud reads the fields of a word cloud. There is nothing in them that
// cannot be used: what is no number has its default.
func ParseCloud(fields map[string]string) *Cloud {
	number := func(name string, unset, most int) int {
		n, err := strconv.Atoi(strings.TrimSpace(fields[name]))
		if err != nil || n < 1 {
			return unset
		}
		return min(n, most)
	}
	percents, given := fields["display_student_percents"]
	return &Cloud{
		Instructions: fields["instructions"],
		Inputs:       number("num_inputs", 5, maxInputs),
		Top:          number("num_top_words", 250, maxTop),
		Percents:     !given || truth(percents) || strings.EqualFold(percents, "t"),
	}
}

// Add counts a learner's words. Case and outer blanks do not count; a word given
// twice counts twice. The same words a second time change nothing: a double
// click. Errors are [ErrNoWords] and [ErrSubmitted].
func (c *Cloud) Add(st *State, typed []string) ([]Change, error) {
	var words []string
	var changes []Change
	for _, t := range typed {
		if w := word(t); w != "" && len(words) < c.Inputs {
			words = append(words, w)
			changes = append(changes, Change{"", w, 1})
		}
	}
	switch {
	case st.Submitted && strings.Join(words, "\n") == strings.Join(st.Words, "\n"):
		return nil, nil
	case st.Submitted:
		return nil, ErrSubmitted
	case len(words) == 0:
		return nil, ErrNoWords
	}
	st.Submitted, st.Voted, st.Words = true, true, words
	return changes, nil
}

// word returns typed text as a word of the cloud: one line, lower case, no
// characters that are not seen.
func word(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	s = strings.ToLower(strings.Join(strings.Fields(s), " "))
	if runes := []rune(s); len(runes) > MaxWord {
		s = strings.TrimSpace(string(runes[:MaxWord]))
	}
	return s
}
