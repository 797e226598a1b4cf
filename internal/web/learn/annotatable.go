package learn

import (
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"lectern/internal/course"
	"lectern/internal/locale"
	"lectern/internal/xmltree"
)

// annotatablePart is what the template "annotatable" gets.
type annotatablePart struct {
	part
	Name         string
	Alone, Paper bool
	Instructions template.HTML
	Text         template.HTML
	Notes        []annotation
}

// annotation is a comment on a piece of the text.
type annotation struct {
	ID, Number string
	Title      string
	Body       template.HTML
	Question   string // address; "" for none
	Anchor     template.CSS
}

// highlights are the colours of annotated text.
var highlights = [...]string{"yellow", "red", "orange", "green", "blue", "purple"}

// renderAnnotatable returns a text in which marks open the comments on it.
func (v *view) renderAnnotatable(b *course.Block) (template.HTML, error) {
	el, err := xmltree.ParseBytes([]byte(b.Data), xmltree.Limits{})
	if err != nil {
		return v.notice(b, locale.Text("This part of the course cannot be shown."), err.Error())
	}
	v.need("learn/blocks.css", "learn/blocks.js")
	p := &annotatablePart{part: v.part(b), Name: b.Name, Alone: b == v.launched}
	if instructions := el.Child("instructions"); instructions != nil {
		p.Instructions = v.courseHTML(instructions.InnerHTML())
		el.Children = slices.DeleteFunc(el.Children, func(n *xmltree.Node) bool { return n == instructions })
	}
	v.annotate(p, b, el)
	text := v.content(el.InnerHTML())
	p.Text = template.HTML(text.html) //nolint:gosec // the course team is trusted
	p.Paper = text.paper
	return v.html("annotatable", p)
}

// annotate puts marks in place of the annotation elements below el, and collects
// the comments.
func (v *view) annotate(p *annotatablePart, b *course.Block, el *xmltree.Node) {
	for i, child := range el.Children {
		if child.Name != "annotation" {
			v.annotate(p, b, child)
			continue
		}
		n := strconv.Itoa(len(p.Notes) + 1)
		a := annotation{
			ID: p.Anchor + "-note-" + n, Number: n, Title: child.Attr("title"),
			Body: v.courseHTML(child.Attr("body")), Question: v.annotationQuestion(b, child.Attr("problem")),
		}
		if a.Title == "" {
			a.Title = v.lang.T("Commentary")
		}
		anchor := "--" + styleName(p.Anchor) + "-" + n
		a.Anchor = template.CSS("position-anchor:" + anchor) //nolint:gosec // letters, digits and hyphens
		p.Notes = append(p.Notes, a)
		colour := child.Attr("highlight")
		if !slices.Contains(highlights[:], colour) {
			colour = "yellow"
		}
		v.annotate(p, b, child) // one may stand in another
		el.Children[i] = xmltree.RawNode(fmt.Sprintf(`<mark class="noted %s">%s</mark>`+
			`<button type="button" class="note-mark" popovertarget="%s" style="anchor-name:%s" aria-label="%s">%s</button>`,
			colour, child.InnerHTML(), template.HTMLEscapeString(a.ID), anchor, template.HTMLEscapeString(v.lang.T("Comment %s: %s", n, a.Title)), n))
	}
}

// styleName returns s as it may stand in a style.
func styleName(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '_'
	}, s)
}

// annotationQuestion is the address of the question that a comment belongs to:
// the n-th on the page that asks about annotations, counted from 0.
func (v *view) annotationQuestion(b *course.Block, n string) string {
	index, err := strconv.Atoi(n)
	step := v.step(b)
	if err != nil || step == nil {
		return ""
	}
	address := ""
	step.Walk(func(q *course.Block) bool {
		if q.Type != "problem" || !strings.Contains(q.Data, "<annotationresponse") {
			return true
		}
		if index == 0 {
			if to, ok := v.address(q); ok && q.Fate == course.Shown {
				address = to
			}
		}
		index--
		return true
	})
	return address
}
