// Package xmltree reads XML into a small tree and writes it as XML or HTML.
//
// Courses are documents, not records: text and elements mix, prefixes matter,
// a newline typed in an attribute is a space while "&#10;" is a newline
// [XML §3.3.3]. encoding/xml keeps none of this in its struct mapping, so the
// tree is built from its raw tokens.
//
// What comes in may be hostile. Document type declarations are refused, so no
// entity can be declared; size, depth and node count are bounded. Comments and
// processing instructions are dropped. HTML's named entities are known, since
// course teams write "&nbsp;".
package xmltree

import (
	"slices"
	"strings"
)

// Node is an element or a run of text. The zero value is an empty text.
type Node struct {
	Name     string // element name with its prefix, "" for text
	Attrs    []Attr // in document order
	Children []*Node
	Data     string // the text of a text node
	Raw      bool   // Data is markup already; parsing never sets it
	Line     int    // where it starts, from 1; 0 when made by code
}

// Attr is one attribute, its value normalised as XML says.
type Attr struct{ Name, Value string }

// Element returns a new element with attributes given as name, value pairs.
func Element(name string, pairs ...string) *Node {
	n := &Node{Name: name}
	for i := 0; i+1 < len(pairs); i += 2 {
		n.Attrs = append(n.Attrs, Attr{pairs[i], pairs[i+1]})
	}
	return n
}

// TextNode returns a new run of text.
func TextNode(s string) *Node { return &Node{Data: s} }

// RawNode returns markup that is written as it is.
func RawNode(markup string) *Node { return &Node{Data: markup, Raw: true} }

// IsText reports whether n is a run of text.
func (n *Node) IsText() bool { return n.Name == "" }

// Attr returns the value of an attribute, "" when absent.
func (n *Node) Attr(name string) string {
	v, _ := n.Lookup(name)
	return v
}

// Lookup returns the value of an attribute and whether it is there.
func (n *Node) Lookup(name string) (string, bool) {
	for _, a := range n.Attrs {
		if a.Name == name {
			return a.Value, true
		}
	}
	return "", false
}

// SetAttr replaces or appends an attribute.
func (n *Node) SetAttr(name, value string) {
	for i := range n.Attrs {
		if n.Attrs[i].Name == name {
			n.Attrs[i].Value = value
			return
		}
	}
	n.Attrs = append(n.Attrs, Attr{name, value})
}

// DelAttr removes an attribute if it is there.
func (n *Node) DelAttr(name string) {
	n.Attrs = slices.DeleteFunc(n.Attrs, func(a Attr) bool { return a.Name == name })
}

// Append adds children and returns n.
func (n *Node) Append(children ...*Node) *Node {
	n.Children = append(n.Children, children...)
	return n
}

// Elements returns the child elements, or only those with one of the names.
func (n *Node) Elements(names ...string) []*Node {
	var out []*Node
	for _, c := range n.Children {
		if !c.IsText() && (len(names) == 0 || slices.Contains(names, c.Name)) {
			out = append(out, c)
		}
	}
	return out
}

// Child returns the first child element with the name, or nil.
func (n *Node) Child(name string) *Node {
	for _, c := range n.Children {
		if c.Name == name && !c.IsText() {
			return c
		}
	}
	return nil
}

// Find returns the first descendant element with the name in document order,
// or nil. It does not consider n itself.
func (n *Node) Find(name string) *Node {
	for _, c := range n.Children {
		if c.IsText() {
			continue
		}
		if c.Name == name {
			return c
		}
		if found := c.Find(name); found != nil {
			return found
		}
	}
	return nil
}

// FindAll returns all descendant elements with one of the names in document
// order, without n itself.
func (n *Node) FindAll(names ...string) []*Node {
	var out []*Node
	for _, c := range n.Children {
		c.Walk(func(d *Node) bool {
			if !d.IsText() && slices.Contains(names, d.Name) {
				out = append(out, d)
			}
			return true
		})
	}
	return out
}

// Walk calls visit for n and everything under it in document order. Children
// of a node for which visit returns false are left out.
func (n *Node) Walk(visit func(*Node) bool) {
	if !visit(n) {
		return
	}
	for _, c := range n.Children {
		c.Walk(visit)
	}
}

// Text returns all text in and under n.
func (n *Node) Text() string {
	if n.IsText() {
		return n.Data
	}
	var b strings.Builder
	n.Walk(func(d *Node) bool {
		b.WriteString(d.Data)
		return true
	})
	return b.String()
}

// Lead returns the text before the first child element.
func (n *Node) Lead() string {
	var b strings.Builder
	for _, c := range n.Children {
		if !c.IsText() {
			break
		}
		b.WriteString(c.Data)
	}
	return b.String()
}

// Blank reports whether an element has neither child elements nor text other
// than white space.
func (n *Node) Blank() bool {
	for _, c := range n.Children {
		if !c.IsText() || strings.TrimSpace(c.Data) != "" {
			return false
		}
	}
	return true
}

// Clone returns a deep copy.
func (n *Node) Clone() *Node {
	c := *n
	c.Attrs = slices.Clone(n.Attrs)
	if n.Children != nil {
		c.Children = make([]*Node, len(n.Children))
		for i, child := range n.Children {
			c.Children[i] = child.Clone()
		}
	}
	return &c
}
