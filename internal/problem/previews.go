package problem

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"lectern/internal/locale"
	"lectern/internal/problem/chem"
	"lectern/internal/xmltree"
)

// maxPreview bounds what is typeset while it is typed, in bytes. Longer answers
// are graded all the same.
const maxPreview = 2000

// Preview is how an answer is read while it is typed.
type Preview struct {
	LaTeX   string // without delimiters
	HTML    string // instead of LaTeX
	Message string // why there is neither, in plain words
}

// Preview typesets what is being typed into an input that has a preview. It runs
// no script and makes no instance, so that it costs next to nothing. An input
// without preview, and one that there is not, gets a message.
func (d *Definition) Preview(inputID, typed string) Preview {
	if len(typed) > maxPreview {
		return Preview{Message: locale.Text("This is too long to be shown while you type.")}
	}
	switch n := d.inputNode(inputID); {
	case n == nil:
	case n.Name == "formulaequationinput":
		in := &input{id: inputID, node: n}
		p := &Problem{def: d, inputs: map[*xmltree.Node]*input{n: in}}
		latex, message := p.FormulaPreview(inputID, typed)
		return Preview{LaTeX: latex, Message: message}
	case n.Name == "chemicalequationinput":
		html, err := chem.HTML(typed)
		var e *chem.Error
		if errors.As(err, &e) {
			return Preview{HTML: html, Message: e.Text}
		}
		return Preview{HTML: html}
	}
	return Preview{Message: previewFailed}
}

// inputNode returns the element of an input, by the numbers that
// [Definition.Instance] gives, or nil.
func (d *Definition) inputNode(id string) *xmltree.Node {
	rest, ok := strings.CutPrefix(id, d.id+"_")
	first, second, both := strings.Cut(rest, "_")
	r, err := strconv.Atoi(first)
	k, err2 := strconv.Atoi(second)
	if !ok || !both || err != nil || err2 != nil {
		return nil
	}
	var found *xmltree.Node
	count := 1
	d.root.Walk(func(n *xmltree.Node) bool {
		if slices.ContainsFunc(responseTypes, func(t responseType) bool { return t.tag == n.Name }) {
			count++
			if inputs := n.FindAll(inputTags...); count == r && k >= 1 && k <= len(inputs) {
				found = inputs[k-1]
			}
		}
		return found == nil
	})
	return found
}
