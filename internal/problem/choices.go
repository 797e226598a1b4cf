package problem

import (
	"slices"
	"strconv"
	"strings"

	"lectern/internal/xmltree"
)

// choice is one choice of a group.
type choice struct {
	node    *xmltree.Node
	name    string // the value a browser sends
	letter  string // what compound hints call it
	correct string // upper case: "TRUE", "FALSE", "PARTIAL" or anything else
}

// readChoices gives the input its choices. Each is named by its place, or with
// named by its name attribute where it has one.
func (in *input) readChoices(named bool) error {
	scope := in.response.p.scope
	count := 0
	for _, n := range in.node.Elements() {
		if n.Name != "choice" && !named {
			continue // compound hints
		}
		name := "choice_" + strconv.Itoa(count)
		if own, ok := n.Lookup("name"); ok && named {
			name = scope.expand("choice_" + own)
		} else {
			count++ // elements that are no choices use up a number too
		}
		if n.Name != "choice" {
			continue
		}
		letter := n.Attr("id")
		if letter == "" {
			letter = string(rune('A' + len(in.choices)%maxChoices))
		}
		in.choices = append(in.choices, choice{
			node: n, name: name, letter: strings.ToUpper(letter),
			correct: strings.ToUpper(scope.expand(n.Attr("correct"))),
		})
	}
	if len(in.choices) > maxChoices {
		return in.response.fail("%d choices, at most %d", len(in.choices), maxChoices)
	}
	return nil
}

// correctNames returns the names of the choices whose correct attribute is
// word, in document order.
func (in *input) correctNames(word string) []string {
	var names []string
	for _, c := range in.choices {
		if c.correct == word {
			names = append(names, c.name)
		}
	}
	return names
}

// find returns the choice with the name.
func (in *input) find(name string) (choice, bool) {
	i := slices.IndexFunc(in.choices, func(c choice) bool { return c.name == name })
	if i < 0 {
		return choice{}, false
	}
	return in.choices[i], true
}

// shownChoices is what "show answer" says about a group: names for the page to
// mark, and the correct choices' own text.
func (in *input) shownChoices(names []string) Shown {
	var texts []string
	for _, name := range names {
		if c, ok := in.find(name); ok {
			texts = append(texts, in.response.p.inner(c.node.Children))
		}
	}
	return Shown{ID: in.id, Values: names, HTML: strings.Join(texts, "; ")}
}
