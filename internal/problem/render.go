package problem

import (
	"html"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"lectern/internal/locale"
	"lectern/internal/xmltree"
)

// View says what of a learner's state is drawn.
type View struct {
	Answers           Answers
	Marks             Marks
	OverallMessage    string // HTML about the whole problem, by the course team
	Saved             bool   // answers changed since they were graded: no verdicts
	CorrectnessHidden bool   // say "submitted" instead of right or wrong; no feedback
	ShowAnswers       bool   // mark correct answers and fill in solutions
	ReadOnly          bool   // no field can be changed
	Staff             bool   // explain why a problem cannot be answered
	// PartPoints is what a raw point of a part is worth; 0 says nothing about
	// the points of parts.
	PartPoints float64
	// Words translates what the drawing itself says; nil leaves it English.
	Words func(text string, args ...any) string
}

// T returns a text in the language of v, filled in with args.
func (v *View) T(text string, args ...any) string { return phrase(v.Words, text, args...) }

func phrase(words func(string, ...any) string, text string, args ...any) string {
	if words == nil {
		words = locale.Find().T
	}
	return words(text, args...)
}

// View returns the view of the state, with nothing hidden and nothing revealed.
func (st *State) View() View {
	return View{Answers: st.Answers, Marks: st.Marks, OverallMessage: st.OverallMessage, Saved: st.Saved}
}

// Render draws the body of the problem: question and fields, but not the form
// around them nor its buttons. The course's markup is trusted and kept;
// whatever the learner typed is escaped. Addresses in it are as the course
// wrote them.
func (p *Problem) Render(v View) (template.HTML, error) {
	if _, reason := p.Class(); !p.def.Answerable() {
		return unsupported(&v, reason), nil
	}
	d := &drawer{p: p, v: v}
	d.planFeedback()
	body := xmltree.Element("div", "class", "problem-body").Append(d.drawAll(p.root.Children)...)
	if v.OverallMessage != "" && !v.CorrectnessHidden && !v.Saved {
		body.Append(xmltree.RawNode(`<div class="response_message" tabindex="-1">` + wellFormed(v.OverallMessage) + `</div>`))
	}
	out := p.scope.expand(body.HTML())
	if id := p.variant.AnonymousID; id != "" {
		out = strings.ReplaceAll(out, "$anonymous_student_id", html.EscapeString(id))
	}
	return template.HTML(out), nil //nolint:gosec // course markup is trusted; learner input went through esc
}

// unsupported is what stands in place of a problem that cannot be answered.
func unsupported(v *View, reason string) template.HTML {
	out := `<p class="problem-unsupported">` + html.EscapeString(v.T(ErrUnsupported.Public)) + `</p>`
	if v.Staff {
		out += `<p class="problem-unsupported-reason">` + html.EscapeString(v.T(reason)) + `</p>`
	}
	return template.HTML(out) //nolint:gosec // escaped above
}

// drawer turns course markup into HTML. Without a problem it draws plain
// markup: no fields, no solutions.
type drawer struct {
	p        *Problem
	v        View
	feedback map[*xmltree.Node]*response     // by targetedfeedbackset
	moved    map[*xmltree.Node]*xmltree.Node // solutions shown in a feedback set, by set
}

// xmlToHTML draws markup that holds no fields, such as a choice's text.
func xmlToHTML(nodes []*xmltree.Node) string {
	return strings.TrimSpace(fragment((&drawer{}).drawAll(nodes)))
}

// fragment writes nodes one after the other.
func fragment(nodes []*xmltree.Node) string {
	return xmltree.Element("div").Append(nodes...).InnerHTML()
}

// removedTags never reach a page: grading data and hints.
var removedTags = []string{
	"additional_answer", "codeparam", "responseparam", "answer", "hintgroup", "openendedparam", "openendedrubric",
	"demandhint", "choicehint", "optionhint", "stringhint", "numerichint", "correcthint", "regexphint",
	"stringequalhint", "compoundhint", "numtolerance_input", "decoy_input",
}

// plain returns a drawer of markup without fields, in the same language.
func (d *drawer) plain() *drawer { return &drawer{v: View{Words: d.v.Words}} }

func (d *drawer) drawAll(nodes []*xmltree.Node) []*xmltree.Node {
	var out []*xmltree.Node
	for _, n := range nodes {
		if drawn := d.draw(n); drawn != nil {
			out = append(out, drawn)
		}
	}
	return out
}

// draw returns the HTML of one node, or nil. It never changes the node.
func (d *drawer) draw(n *xmltree.Node) *xmltree.Node {
	switch {
	case n.IsText():
		return n
	case n.Name == "script":
		if strings.Contains(n.Attr("type"), "javascript") {
			return n
		}
		return nil
	case slices.Contains(removedTags, n.Name):
		return nil
	}
	if d.p != nil {
		if drawn, ok := d.drawPart(n); ok {
			return drawn
		}
	}
	switch n.Name {
	case "math":
		return drawMath(n)
	case "clarification":
		return d.clarification(n)
	case "text":
		return xmltree.Element("span").Append(d.drawAll(n.Children)...)
	case "solution":
		return nil
	case "solutionset", "targetedfeedbackset":
		return xmltree.Element("div", "class", n.Name).Append(d.drawAll(n.Children)...)
	}
	out := &xmltree.Node{Name: n.Name, Attrs: n.Attrs, Children: d.drawAll(n.Children)}
	if n.Name == "p" && d.holdsBlocks(n) {
		out.Name = "div" // a paragraph cannot hold a question
	}
	return out
}

// drawPart draws what belongs to the problem: questions, fields, solutions and
// feedback.
func (d *drawer) drawPart(n *xmltree.Node) (*xmltree.Node, bool) {
	if in := d.p.inputs[n]; in != nil {
		return xmltree.RawNode(d.field(in)), true
	}
	switch r := d.p.questions[n]; {
	case r != nil:
		return d.response(r), true
	case slices.Contains(inputTags, n.Name):
		return nil, true // outside of any question: nothing would grade it
	case n.Name == "solution":
		return d.solution(n), true
	case n.Name == "targetedfeedbackset":
		return d.feedbackSet(n), true
	case n.Name == "targetedfeedback":
		return d.targetedFeedback(n, ""), true
	}
	return nil, false
}

// holdsBlocks reports whether a question, field or solution lies under n.
func (d *drawer) holdsBlocks(n *xmltree.Node) bool {
	found := false
	n.Walk(func(c *xmltree.Node) bool {
		if !c.IsText() && c != n && !found {
			found = slices.Contains(inputTags, c.Name) || c.Name == "solution" || c.Name == "targetedfeedbackset" ||
				slices.ContainsFunc(responseTypes, func(t responseType) bool { return t.tag == c.Name })
		}
		return !found
	})
	return found
}

// response draws a question. Text directly inside the response element, before
// its first child, is not shown, as in Open edX.
func (d *drawer) response(r *response) *xmltree.Node {
	class := "wrapper-problem-response"
	if r.node.Attr("inline") != "" {
		class = "wrapper-problem-response inline"
	}
	wrapper := xmltree.Element("div", "class", class, "tabindex", "-1",
		"aria-label", d.v.T("Question %d", r.index), "role", "group")
	content := wrapper
	if len(r.inputs) > 1 {
		content = xmltree.Element("div", "class", "multi-inputs-group", "role", "group")
		if r.groupLabel != "" {
			content.SetAttr("aria-labelledby", r.groupLabel)
		}
		if len(r.groupNotes) > 0 {
			content.SetAttr("aria-describedby", strings.Join(r.groupNotes, " "))
		}
		wrapper.Append(content)
	}
	children := r.node.Children
	for len(children) > 0 && children[0].IsText() {
		children = children[1:]
	}
	content.Append(d.drawAll(children)...)
	if text := d.partPoints(r); text != "" {
		wrapper.Append(xmltree.Element("p", "class", "part-points").Append(xmltree.TextNode(text)))
	}
	return wrapper
}

// partPoints says what one of several questions earned, "" where that is not to
// be told.
func (d *drawer) partPoints(r *response) string {
	most := r.maxScore() * d.v.PartPoints
	if len(d.p.responses) < 2 || most <= 0 || d.v.CorrectnessHidden || d.v.Saved {
		return ""
	}
	earned, marked := 0.0, false
	for _, in := range r.inputs {
		if mark, ok := d.v.Marks.Get(in.id); ok {
			earned, marked = earned+mark.Earned()*d.v.PartPoints, true
		}
	}
	if !marked {
		return ""
	}
	if pointsText(most) == "1" {
		return d.v.T("This part: %s/%s point", pointsText(earned), pointsText(most))
	}
	return d.v.T("This part: %s/%s points", pointsText(earned), pointsText(most))
}

// pointsText writes a number of points with at most two decimals.
func pointsText(x float64) string { return strconv.FormatFloat(roundAway(x, 2), 'f', -1, 64) }

// solution draws the place of a solution, filled when answers are shown.
func (d *drawer) solution(n *xmltree.Node) *xmltree.Node {
	for _, moved := range d.moved {
		if moved == n {
			return nil
		}
	}
	inner := xmltree.Element("div", "id", n.Attr("id"))
	if d.v.ShowAnswers {
		inner.Append(d.plain().drawAll(n.Children)...)
	}
	return xmltree.Element("section", "class", "solution-span").Append(inner)
}

// clarification draws a remark that explains a word. Without script or pointer
// it is text in parentheses.
func (d *drawer) clarification(n *xmltree.Node) *xmltree.Node {
	text := xmltree.Element("span", "class", "clarification-text")
	text.Append(xmltree.TextNode("(")).Append(d.drawAll(n.Children)...).Append(xmltree.TextNode(")"))
	return xmltree.Element("span", "class", "clarification", "tabindex", "0", "role", "note",
		"aria-label", d.v.T("Clarification")).Append(text)
}

// drawMath turns the old notation <math>$x$</math> into the delimiters that are
// typeset. MathML is left as it is.
func drawMath(n *xmltree.Node) *xmltree.Node {
	if len(n.Elements()) > 0 {
		return n
	}
	text := n.Lead()
	open, end := strings.Index(text, "$"), strings.LastIndex(text, "$")
	tag := "mathjaxinline"
	if strings.Contains(text, `\displaystyle`) {
		tag = "mathjax"
	}
	if open < end {
		text = text[:open] + "[" + tag + "]" + text[open+1:end] + "[/" + tag + "]" + text[end+1:]
	}
	if tag == "mathjax" {
		text = strings.ReplaceAll(text, `\displaystyle`, "")
	}
	return xmltree.Element("span").Append(xmltree.TextNode(text))
}
