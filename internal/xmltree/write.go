package xmltree

import (
	"bufio"
	"io"
	"strings"
)

// WriteXML writes n as XML. Elements without children are self-closed.
func (n *Node) WriteXML(w io.Writer) error {
	return write(w, func(b *bufio.Writer) { writeXML(b, n) })
}

// WriteHTML writes n as HTML5: only void elements lack an end tag, and what is
// inside script and style is not escaped.
func (n *Node) WriteHTML(w io.Writer) error {
	return write(w, func(b *bufio.Writer) { writeHTML(b, n, "", false) })
}

// XML returns what [Node.WriteXML] writes.
func (n *Node) XML() string { return toString(n.WriteXML) }

// HTML returns what [Node.WriteHTML] writes.
func (n *Node) HTML() string { return toString(n.WriteHTML) }

// InnerXML returns the children of n as XML.
func (n *Node) InnerXML() string {
	return toString(func(w io.Writer) error {
		return write(w, func(b *bufio.Writer) {
			for _, c := range n.Children {
				writeXML(b, c)
			}
		})
	})
}

// InnerHTML returns the children of n as HTML5.
func (n *Node) InnerHTML() string {
	return toString(func(w io.Writer) error {
		return write(w, func(b *bufio.Writer) {
			for _, c := range n.Children {
				writeHTML(b, c, n.Name, isForeign(n.Name))
			}
		})
	})
}

func write(w io.Writer, f func(*bufio.Writer)) error {
	b := bufio.NewWriter(w)
	f(b)
	return b.Flush() // bufio keeps the first error
}

func toString(f func(io.Writer) error) string {
	var b strings.Builder
	_ = f(&b) // a strings.Builder never fails
	return b.String()
}

var (
	xmlText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#13;")
	xmlAttr = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;",
		"\n", "&#10;", "\t", "&#9;", "\r", "&#13;")
)

func writeXML(b *bufio.Writer, n *Node) {
	switch {
	case n.Raw:
		b.WriteString(n.Data)
		return
	case n.IsText():
		b.WriteString(xmlText.Replace(n.Data))
		return
	}
	writeOpen(b, n)
	if len(n.Children) == 0 {
		b.WriteString("/>")
		return
	}
	b.WriteByte('>')
	for _, c := range n.Children {
		writeXML(b, c)
	}
	writeClose(b, n.Name)
}

func writeOpen(b *bufio.Writer, n *Node) {
	b.WriteByte('<')
	b.WriteString(n.Name)
	for _, a := range n.Attrs {
		b.WriteByte(' ')
		b.WriteString(a.Name)
		b.WriteString(`="`)
		b.WriteString(xmlAttr.Replace(a.Value))
		b.WriteByte('"')
	}
}

func writeClose(b *bufio.Writer, name string) {
	b.WriteString("</")
	b.WriteString(name)
	b.WriteByte('>')
}

// writeHTML writes n, which lies inside the element named parent. Inside SVG
// and MathML, script and style are ordinary elements [HTML §13.2.6.5].
func writeHTML(b *bufio.Writer, n *Node, parent string, foreign bool) {
	switch {
	case n.Raw:
		b.WriteString(n.Data)
		return
	case n.IsText() && !foreign && isRawText(parent):
		b.WriteString(guardRaw(n.Data, parent))
		return
	case n.IsText():
		b.WriteString(xmlText.Replace(n.Data))
		return
	}
	writeOpen(b, n)
	b.WriteByte('>')
	foreign = isForeign(n.Name) || foreign && !strings.EqualFold(n.Name, "foreignObject")
	for _, c := range n.Children {
		writeHTML(b, c, n.Name, foreign)
	}
	if !isVoid(n.Name) {
		writeClose(b, n.Name)
	}
}

// guardRaw keeps text that would close its raw-text element from doing so. In
// script and style a backslash before the slash changes nothing.
func guardRaw(s, name string) string {
	end := "</" + strings.ToLower(name)
	lower := strings.ToLower(s)
	if len(lower) != len(s) || !strings.Contains(lower, end) {
		return s
	}
	var b strings.Builder
	for {
		i := strings.Index(lower, end)
		if i < 0 {
			return b.String() + s
		}
		b.WriteString(s[:i] + `<\/`)
		s, lower = s[i+2:], lower[i+2:]
	}
}

func isForeign(name string) bool {
	name = strings.ToLower(name)
	return name == "svg" || name == "math"
}

func isRawText(name string) bool {
	switch strings.ToLower(name) {
	case "script", "style", "xmp", "noembed", "noframes":
		return true
	}
	return false
}

func isVoid(name string) bool {
	switch strings.ToLower(name) {
	case "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr":
		return true
	}
	return false
}
