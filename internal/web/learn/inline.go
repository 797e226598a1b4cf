package learn

import (
	"html/template"
	"strings"

	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"lectern/internal/course"
)

// inline returns HTML of the course team that stands inside a label or a button:
// emphasis, sub- and superscripts, pictures and formulas stay; what would break
// the line or the button gives way to its content.
func (v *view) inline(text string) template.HTML {
	text = course.RewriteLinks(text, v.rewrite)
	v.needs.note(text)
	var b strings.Builder
	for _, n := range fragment(text) {
		writeInline(&b, n)
	}
	return template.HTML(b.String()) //nolint:gosec // made of the few elements below
}

// fragment parses HTML as it stands in a page; nil when it cannot be.
func fragment(text string) []*xhtml.Node {
	body := &xhtml.Node{Type: xhtml.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := xhtml.ParseFragment(strings.NewReader(text), body)
	if err != nil {
		return nil
	}
	return nodes
}

func writeInline(b *strings.Builder, n *xhtml.Node) {
	switch n.Type {
	case xhtml.TextNode:
		b.WriteString(xhtml.EscapeString(n.Data))
		return
	case xhtml.ElementNode:
	default:
		return
	}
	open, end := "", ""
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Iframe, atom.Object, atom.Embed, atom.Template, atom.Noscript:
		return
	case atom.Br:
		b.WriteString("<br>")
		return
	case atom.Img:
		b.WriteString(`<img src="` + xhtml.EscapeString(string(safeImage(attr(n, "src")))) + `" alt="` + xhtml.EscapeString(attr(n, "alt")) + `">`)
		return
	case atom.B, atom.Strong, atom.I, atom.Em, atom.Sub, atom.Sup, atom.Code, atom.Small, atom.U, atom.S, atom.Mark, atom.Kbd, atom.Var:
		open, end = "<"+n.Data+">", "</"+n.Data+">"
	case atom.P, atom.Div, atom.Li, atom.Tr, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		open, end = "<span>", "</span> "
	}
	b.WriteString(open)
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		writeInline(b, child)
	}
	b.WriteString(end)
}

func attr(n *xhtml.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// plain returns the words of HTML on one line, and those that stand for its
// pictures.
func plain(text string) string {
	var words []string
	var walk func(n *xhtml.Node)
	walk = func(n *xhtml.Node) {
		switch {
		case n.Type == xhtml.TextNode:
			words = append(words, n.Data)
		case n.DataAtom == atom.Script || n.DataAtom == atom.Style:
			return
		case n.DataAtom == atom.Img:
			words = append(words, " "+attr(n, "alt")+" ")
		case n.DataAtom == atom.Br || n.DataAtom == atom.P || n.DataAtom == atom.Div || n.DataAtom == atom.Li:
			words = append(words, " ")
		}
		for child := n.FirstChild; child != nil; child = child.NextSibling {
			walk(child)
		}
	}
	for _, n := range fragment(text) {
		walk(n)
	}
	return strings.Join(strings.Fields(strings.Join(words, "")), " ")
}

// image is the address of a picture that a field of the course names.
func (v *view) image(address string) template.URL {
	if !strings.HasPrefix(address, "data:") {
		address = strings.Trim(course.RewriteLinks(`"`+address+`"`, v.rewrite), `"`)
	}
	return safeImage(address)
}

// safeImage returns the address of a picture if it is one, else "".
func safeImage(address string) template.URL {
	for _, prefix := range []string{"/", "https://", "http://", "data:image/"} {
		if strings.HasPrefix(address, prefix) {
			return template.URL(address) //nolint:gosec // a picture runs nothing
		}
	}
	return ""
}
