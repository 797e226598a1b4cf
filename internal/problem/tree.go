package problem

import (
	"slices"
	"strconv"
	"strings"

	"lectern/internal/xmltree"
)

// linkParents records every node's parent.
func (p *Problem) linkParents() {
	p.parents = map[*xmltree.Node]*xmltree.Node{}
	p.root.Walk(func(n *xmltree.Node) bool {
		for _, c := range n.Children {
			p.parents[c] = n
		}
		return true
	})
}

// remove takes a node out of the tree.
func (p *Problem) remove(n *xmltree.Node) {
	parent := p.parents[n]
	if parent == nil {
		return
	}
	parent.Children = slices.DeleteFunc(slices.Clone(parent.Children), func(c *xmltree.Node) bool { return c == n })
	delete(p.parents, n)
}

// siblings returns the child elements of n's parent and n's place in them.
func (p *Problem) siblings(n *xmltree.Node) ([]*xmltree.Node, int) {
	parent := p.parents[n]
	if parent == nil {
		return nil, -1
	}
	all := parent.Elements()
	return all, slices.Index(all, n)
}

// previous returns the element before n, or nil.
func (p *Problem) previous(n *xmltree.Node) *xmltree.Node {
	if all, i := p.siblings(n); i > 0 {
		return all[i-1]
	}
	return nil
}

// following returns the first later sibling element with the name, or nil.
func (p *Problem) following(n *xmltree.Node, name string) *xmltree.Node {
	all, i := p.siblings(n)
	for _, s := range all[i+1:] {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// tail returns the text between n and the next element.
func tail(parent, n *xmltree.Node) string {
	if parent == nil {
		return ""
	}
	i := slices.Index(parent.Children, n)
	var b strings.Builder
	for _, c := range parent.Children[i+1:] {
		if !c.IsText() {
			break
		}
		b.WriteString(c.Data)
	}
	return b.String()
}

// hintHTML returns the inside of a hint as Open edX stores it: XML in ASCII,
// followed by whatever text comes after the hint's end, blanks trimmed.
func hintHTML(parent, n *xmltree.Node) string {
	inner := n.InnerXML()
	if len(n.Children) == 0 {
		inner = "<" + n.Name + "/>" // an empty hint is not recognised as a pair of tags
	}
	return strings.TrimSpace(ascii(inner + xmltree.TextNode(tail(parent, n)).XML()))
}

// ascii writes characters outside of ASCII as decimal references.
func ascii(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < 0x80 {
			b.WriteRune(r)
			continue
		}
		b.WriteString("&#" + strconv.Itoa(int(r)) + ";")
	}
	return b.String()
}
