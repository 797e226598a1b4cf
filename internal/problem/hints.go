package problem

import (
	"context"
	"fmt"
	"html"
	"slices"
	"strings"

	"lectern/internal/locale"
	"lectern/internal/xmltree"
)

// extendedHint is feedback on an answer: the hint of one element, or texts
// collected from several.
type extendedHint struct {
	parent  *xmltree.Node // of node; text after the hint belongs to it
	node    *xmltree.Node // nil with texts, or when there is no hint
	texts   []string      // HTML
	label   *string       // nil: "Correct:" or "Incorrect:"; "": none
	correct bool
	list    bool // texts of several choices
}

// addHint appends a hint to an input's message in the markup of Open edX.
func addHint(m *Marks, id string, h extendedHint) {
	if h.texts == nil {
		if h.node == nil || len(h.node.Children) == 0 {
			return
		}
		text := hintHTML(h.parent, h.node)
		if text == "" {
			return
		}
		h.texts = []string{text}
		if label, ok := h.node.Lookup("label"); ok {
			h.label = &label
		}
	}
	mark, _ := m.Get(id)
	mark.Msg += h.html()
	m.Set(id, mark)
}

func (h extendedHint) html() string {
	style, label := "feedback-hint-incorrect", locale.Text("Incorrect:")
	if h.correct {
		style, label = "feedback-hint-correct", locale.Text("Correct:")
	}
	if h.label != nil {
		label = *h.label
	}
	var b strings.Builder
	b.WriteString(`<div class="` + style + `">` + answerTitle + `</div>`)
	if label != "" {
		b.WriteString(`<span class="hint-label">` + html.EscapeString(label) + ` </span>`)
	}
	if h.list {
		b.WriteString(`<div class="feedback-hint-multi">`)
	}
	for _, text := range h.texts {
		b.WriteString(`<div class="hint-text">` + text + `</div>`)
	}
	if h.list {
		b.WriteString(`</div>`)
	}
	b.WriteString(`</div>`)
	return b.String()
}

// answerTitle begins the hint on an answer. Marks are kept, so it is kept in
// English and translated when it is drawn.
const answerTitle = `<div class="explanation-title">Answer`

// hints returns a message with what package problem itself said in v's language.
func (v *View) hints(msg string) string {
	if v.Words == nil || !strings.Contains(msg, answerTitle) {
		return msg
	}
	label := func(text string) string { return `<span class="hint-label">` + html.EscapeString(text) + ` </span>` }
	return strings.NewReplacer(
		answerTitle+`<`, `<div class="explanation-title">`+html.EscapeString(v.T("Answer"))+`<`,
		label("Correct:"), label(v.T("Correct:")), label("Incorrect:"), label(v.T("Incorrect:")),
	).Replace(msg)
}

// addHints gives a graded response its hints: what the hint function of its
// hintgroup chooses, the parts of the hintgroup whose condition the answer
// meets, or the extended hints.
func (r *response) addHints(ctx context.Context, a Answers, m *Marks) error {
	group := r.node.Child("hintgroup")
	if group != nil {
		if name, ok := group.Lookup("hintfn"); ok {
			return r.hintFunction(ctx, name, a, m)
		}
	}
	c, ok := r.grader.(conditionalHints)
	if group == nil || !ok || group.Child(c.hintTag()) == nil {
		return r.grader.feedback(a, m)
	}
	names, err := c.satisfied(group.Elements(c.hintTag()), a)
	if err != nil {
		return err
	}
	mode := "always"
	if s, ok := group.Lookup("mode"); ok {
		mode = s
	}
	id := r.inputs[len(r.inputs)-1].id
	for _, part := range group.Elements("hintpart") {
		text := part.Child("text")
		if text == nil || !slices.Contains(names, part.Attr("on")) {
			continue
		}
		mark, _ := m.Get(id)
		mark.Hint, mark.HintMode = text.Lead(), mode
		m.Set(id, mark)
	}
	return nil
}

// demandHints returns the hints behind the Hint button.
func demandHints(root *xmltree.Node) []string {
	var hints []string
	for _, group := range root.Elements("demandhint") {
		for _, n := range group.Elements("hint") {
			hints = append(hints, xmlToHTML(n.Children))
		}
	}
	return hints
}

// Hint returns the first index+1 demand hints as HTML, and whether there are
// more, said in the language of words, nil for English. An index past the last
// starts again.
func (p *Problem) Hint(index int, words func(string, ...any) string) (markup string, more bool) {
	hints := p.def.hints
	if len(hints) == 0 {
		return "", false
	}
	index = (index%len(hints) + len(hints)) % len(hints)
	var b strings.Builder
	b.WriteString(`<ol class="problem-hints">`)
	for i, hint := range hints[:index+1] {
		fmt.Fprintf(&b, `<li class="hint-item"><strong>%s </strong>%s</li>`, html.EscapeString(phrase(words, "Hint (%d of %d):", i+1, len(hints))), hint)
	}
	b.WriteString(`</ol>`)
	return p.scope.expand(b.String()), index+1 < len(hints)
}
