package problem

import (
	"html"
	"regexp"
	"strings"
)

// optionType is a choice from drop-down lists, a point for each.
var optionType = responseType{
	tag: "optionresponse", inputs: []string{"optioninput"},
	build: func(r *response) (grader, error) {
		for _, in := range r.inputs {
			if n := len(parseOptions(in.node.Attr("options"))); n > maxChoices {
				return nil, r.fail("%d options, at most %d", n, maxChoices)
			}
		}
		return &optionGrader{r}, nil
	},
}

type optionGrader struct{ r *response }

func (g *optionGrader) grade(a Answers) (Marks, error) {
	var marks Marks
	for _, in := range g.r.inputs {
		mark := Mark{Correctness: Incorrect}
		if answer, given := a[in.id]; given {
			correct, has := g.correct(in)
			if has && !answer.List && answer.Value() == correct {
				mark.Correctness = Correct
			}
			mark.AnswerVariable = g.r.p.scope.variable(answer.Value())
		}
		marks.Set(in.id, mark)
	}
	return marks, nil
}

// correct returns the input's correct option and whether it has one.
func (g *optionGrader) correct(in *input) (string, bool) {
	correct, ok := in.node.Lookup("correct")
	return g.r.p.scope.expand(correct), ok
}

// feedback adds the hint of the chosen option of the first input.
func (g *optionGrader) feedback(a Answers, m *Marks) error {
	if len(g.r.inputs) == 0 {
		return nil
	}
	in := g.r.inputs[0]
	answer, given := a[in.id]
	if !given {
		return nil
	}
	for _, option := range in.node.Elements("option") {
		if strings.TrimSpace(option.Lead()) == answer.Value() {
			addHint(m, in.id, extendedHint{
				parent: option, node: option.Child("optionhint"), correct: isTrue(option.Attr("correct")),
			})
			return nil
		}
	}
	return nil
}

func (g *optionGrader) solution(*View) []Shown {
	var shown []Shown
	for _, in := range g.r.inputs {
		correct, _ := g.correct(in)
		shown = append(shown, Shown{ID: in.id, Values: []string{correct}, HTML: html.EscapeString(correct)})
	}
	return shown
}

var (
	innerApostrophe   = regexp.MustCompile(`([a-zA-Z])('|\\')([a-zA-Z])`)
	escapedApostrophe = strings.NewReplacer(`\'`, "&#39;")
)

// parseOptions reads an options attribute such as "('red','dark blue')". Open
// edX reads it with Python's shlex: quoted strings, separated by commas or
// blanks; first and last character of the attribute and of each token are cut,
// quotes or not; "#" outside of quotes starts a comment. Apostrophes inside
// words are no quotes.
func parseOptions(attr string) []string {
	attr = innerApostrophe.ReplaceAllString(attr, "${1}&#39;${3}")
	runes := []rune(escapedApostrophe.Replace(attr))
	if len(runes) < 2 {
		return nil
	}
	var options []string
	for rest := runes[1 : len(runes)-1]; ; {
		token, next, ok := shlexToken(rest)
		if !ok {
			return options
		}
		rest = next
		inner := ""
		if len(token) > 2 {
			inner = string(token[1 : len(token)-1])
		}
		options = append(options, strings.ReplaceAll(inner, "&#39;", "'"))
	}
}

// shlexToken returns the first token and what follows it. An unclosed quote
// takes the rest.
func shlexToken(s []rune) (token, rest []rune, ok bool) {
	i := 0
	for i < len(s) && (s[i] == ' ' || s[i] == ',' || s[i] == '#') {
		if s[i] == '#' {
			i = skipLine(s, i)
			continue
		}
		i++
	}
	if i >= len(s) {
		return nil, nil, false
	}
	start := i
	switch {
	case s[i] == '\'':
		for i++; i < len(s) && s[i] != '\''; i++ {
		}
		i = min(i+1, len(s))
		return s[start:i], s[i:], true
	case !isWord(s[i]):
		return s[i : i+1], s[i+1:], true
	}
	for i < len(s) && (isWord(s[i]) || s[i] == '\'') {
		i++
	}
	return s[start:i], s[i:], true
}

func skipLine(s []rune, i int) int {
	for i < len(s) && s[i] != '\n' {
		i++
	}
	return i
}

// isWord reports whether shlex takes a character for part of a bare word.
func isWord(r rune) bool {
	return r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}
