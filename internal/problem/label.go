package problem

import (
	"fmt"
	"strings"

	"lectern/internal/xmltree"
)

// label finds the question's text and descriptions and gives them to the
// inputs, so that they are announced with the field [capa 2.1]. What is drawn
// with the input is taken out of the tree.
func (r *response) label() {
	switch len(r.inputs) {
	case 0:
	case 1:
		r.labelOne(r.inputs[0])
	default:
		r.labelGroup()
	}
}

// labelOne takes the <label> inside the response; else the paragraph before it
// that repeats the input's label attribute; else the <label> before it.
func (r *response) labelOne(in *input) {
	attr, hasAttr := in.node.Lookup("label")
	before := r.p.previous(r.node)
	var text *xmltree.Node
	switch {
	case r.node.Child("label") != nil:
		text = r.node.Child("label")
	case hasAttr:
		if before != nil && before.Name == "p" && before.Lead() == attr {
			text = before
		} else {
			in.name = strings.TrimSpace(attr)
		}
	case before != nil && before.Name == "label":
		text = before
	}
	if text != nil {
		in.label = text.Children
		r.p.remove(text)
	}
	for i, n := range r.node.Elements("description") {
		in.notes = append(in.notes, note{fmt.Sprintf("description_%s_%d", r.id(), i+1), n.Children})
		r.p.remove(n)
	}
}

// labelGroup names the group of several inputs; each keeps its own label
// attribute.
func (r *response) labelGroup() {
	if n := r.node.Child("label"); n != nil {
		r.groupLabel = "multiinput-group-label-" + r.id()
		n.Name = "p"
		n.SetAttr("id", r.groupLabel)
		n.SetAttr("class", "multi-inputs-group-label")
	}
	for i, n := range r.node.Elements("description") {
		id := fmt.Sprintf("multiinput-group-description-%s-%d", r.id(), i)
		r.groupNotes = append(r.groupNotes, id)
		n.Name = "p"
		n.SetAttr("id", id)
		n.SetAttr("class", "multi-inputs-group-description question-description")
	}
	for _, in := range r.inputs {
		in.name = strings.TrimSpace(in.node.Attr("label"))
	}
}
