package problem

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"lectern/internal/xmltree"
)

// planFeedback finds the feedback sets of questions that ask for targeted
// feedback, and the solutions that are shown inside them.
func (d *drawer) planFeedback() {
	d.feedback = map[*xmltree.Node]*response{}
	d.moved = map[*xmltree.Node]*xmltree.Node{}
	for _, r := range d.p.responses {
		mode, ok := r.node.Lookup("targeted-feedback")
		if !ok || r.kind.tag != multipleChoiceTag {
			continue
		}
		set := d.p.following(r.node, "targetedfeedbackset")
		if set == nil {
			continue
		}
		d.feedback[set] = r
		if mode == "alwaysShowCorrectChoiceExplanation" && d.feedbackVisible() {
			if s := d.p.explanation(set, r.inputs[0]); s != nil {
				d.moved[set] = s
			}
		}
	}
}

// feedbackVisible reports whether the learner has been graded and may see it.
func (d *drawer) feedbackVisible() bool { return d.v.Marks.Len() > 0 && !d.v.CorrectnessHidden }

// explanation returns the solution right after a feedback set: the only one, or
// of a set the one that explains the correct choice.
func (p *Problem) explanation(set *xmltree.Node, in *input) *xmltree.Node {
	all, i := p.siblings(set)
	if i+1 >= len(all) {
		return nil
	}
	next := all[i+1]
	if next.Name == "solution" {
		return next
	}
	if next.Name != "solutionset" {
		return nil
	}
	id := ""
	for _, c := range in.choices {
		if c.correct == "TRUE" {
			id = c.node.Attr("explanation-id")
		}
	}
	for _, s := range next.Elements("solution") {
		if id != "" && s.Attr("explanation-id") == id {
			return s
		}
	}
	return nil
}

// feedbackSet draws the feedback for the chosen choice. A set no question asks
// for is drawn whole.
func (d *drawer) feedbackSet(set *xmltree.Node) *xmltree.Node {
	out := xmltree.Element("div", "class", "targetedfeedbackset")
	r := d.feedback[set]
	if r == nil {
		return out.Append(d.drawAll(set.Children)...)
	}
	if !d.feedbackVisible() {
		return out
	}
	in := r.inputs[0]
	verdict := d.v.T("Incorrect")
	chosen, found := in.find(d.v.Answers[in.id].Value())
	id, hasID := "", false
	if found {
		id, hasID = chosen.node.Lookup("explanation-id")
		if chosen.correct == "TRUE" {
			verdict = d.v.T("Correct")
		}
	}
	for _, n := range set.Elements("targetedfeedback") {
		if other, ok := n.Lookup("explanation-id"); ok && hasID && other == id {
			part := d.targetedFeedback(n, verdict)
			part.SetAttr("aria-describedby", in.id+"-legend")
			out.Append(part)
		}
	}
	if s := d.moved[set]; s != nil {
		out.Append(d.targetedFeedback(s, ""))
	}
	return out
}

// targetedFeedback draws one feedback, for screen readers after the verdict.
func (d *drawer) targetedFeedback(n *xmltree.Node, verdict string) *xmltree.Node {
	section := xmltree.Element("section", "class", "targeted-feedback-span", "role", "group")
	if verdict != "" {
		section.Append(xmltree.Element("span", "class", "sr").Append(xmltree.TextNode(verdict)))
	}
	return section.Append(d.plain().drawAll(n.Children)...)
}

// wellFormed returns stored feedback so that it cannot upset the page around
// it: written as HTML where it is XML, else as a browser would understand it.
func wellFormed(markup string) string {
	if !strings.ContainsAny(markup, "<&") {
		return markup
	}
	root, err := xmltree.ParseBytes([]byte("<div>"+markup+"</div>"), xmltree.Limits{Bytes: maxProblemBytes})
	if err == nil {
		return root.InnerHTML()
	}
	context := &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div}
	nodes, err := html.ParseFragment(strings.NewReader(markup), context)
	if err != nil {
		return html.EscapeString(markup)
	}
	var b strings.Builder
	for _, n := range nodes {
		if err := html.Render(&b, n); err != nil {
			return html.EscapeString(markup)
		}
	}
	return b.String()
}
