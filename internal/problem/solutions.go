package problem

import (
	"slices"
	"strings"

	"lectern/internal/xmltree"
)

// Shown is one part of what "show answer" reveals.
type Shown struct {
	ID       string   // an input's id, or a solution's ("<id>_solution_1")
	Values   []string // of an input: the correct values as a browser sends them
	HTML     string   // to be shown as it is
	Solution bool     // an explanation by the course team, not an input's answer
}

// ShowAnswers returns the correct answer of every input that has one, then the
// solutions, each in document order. Whether they may be shown is for
// [Settings.AnswerAvailable].
func (p *Problem) ShowAnswers() []Shown {
	var shown []Shown
	for _, r := range p.responses {
		for _, s := range r.grader.solution(&View{}) {
			if !slices.Equal(s.Values, []string{""}) {
				shown = append(shown, s)
			}
		}
	}
	for _, n := range p.solutions {
		shown = append(shown, Shown{ID: n.Attr("id"), HTML: p.inner(n.Children), Solution: true})
	}
	return shown
}

// Solutions returns [Problem.ShowAnswers] as HTML by id.
func (p *Problem) Solutions() map[string]string {
	m := map[string]string{}
	for _, s := range p.ShowAnswers() {
		m[s.ID] = s.HTML
	}
	return m
}

// inner returns nodes of the course as HTML, with variables put in.
func (p *Problem) inner(nodes []*xmltree.Node) string {
	return strings.TrimSpace(p.scope.expand(xmlToHTML(nodes)))
}
