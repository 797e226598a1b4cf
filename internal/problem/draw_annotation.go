package problem

import (
	"fmt"
	"html"
	"strings"
)

// annotation draws the passage, the field for the remark and the tags. A custom
// response may ask for one too.
func (f *fieldView) annotation() string {
	options := f.in.annotationOptions()
	given := readAnnotation(f.answer.Value())
	title := f.annotationPart("title", "Annotation Exercise")
	var b strings.Builder
	fmt.Fprintf(&b, `<div class="annotation-input capa_inputtype" id="inputtype_%s"><fieldset%s%s>`, f.id, f.describedBy(), f.disabled())
	if label := f.labelHTML(); label != "" {
		fmt.Fprintf(&b, `<legend id="%s-legend">%s</legend><p class="annotation-title">%s</p>`, f.id, label, title)
	} else {
		fmt.Fprintf(&b, `<legend id="%s-legend">%s</legend>`, f.id, title)
	}
	b.WriteString(f.notes())
	if text := f.annotationPart("text", ""); text != "" {
		fmt.Fprintf(&b, `<blockquote class="annotation-text">%s</blockquote>`, text)
	}
	if comment := f.annotationPart("comment", ""); comment != "" {
		fmt.Fprintf(&b, `<div class="annotation-comment">%s</div>`, comment)
	}
	fmt.Fprintf(&b, `<label for="input_%s_comment">%s</label><textarea name="input_%s_comment" id="input_%s_comment" rows="4">%s</textarea>`,
		f.id, f.annotationPart("comment_prompt", f.d.v.T("Type a commentary below:")), f.id, f.id, lineBreak+esc(given.comment))
	fmt.Fprintf(&b, `<div class="annotation-tags choicegroup" role="radiogroup" aria-labelledby="%s-tags"><p id="%s-tags" class="annotation-prompt">%s</p>`,
		f.id, f.id, f.annotationPart("tag_prompt", f.d.v.T("Select one tag:")))
	chosen := options.chosen(given)
	for i := range options {
		f.tag(&b, i, &options[i], chosen == &options[i])
	}
	fmt.Fprintf(&b, `</div></fieldset><div class="indicator-container">%s</div><div class="answer" id="answer_%s"></div>`,
		f.statusHTML(), f.id) // the correct tags are marked themselves
	return b.String() + f.message() + `</div>`
}

// lineBreak goes before the text of a text area: browsers drop the first one.
const lineBreak = "\n"

// annotationPart returns what the course wrote in a part of the input as HTML.
func (f *fieldView) annotationPart(name, otherwise string) string {
	n := f.in.node.Child(name)
	if n == nil || n.Blank() {
		return html.EscapeString(otherwise)
	}
	return xmlToHTML(n.Children)
}

// tag draws one option.
func (f *fieldView) tag(b *strings.Builder, i int, o *annotationOption, chosen bool) {
	checked, class := "", "response-label field-label label-inline"
	if chosen {
		checked = " checked"
		if f.status.class != "unanswered" {
			class += " choicegroup_" + f.status.class
		}
	}
	class, mark := f.reveal(class, o.choice == string(Correct))
	fmt.Fprintf(b, `<div class="field"><input type="radio" name="input_%s_option" id="input_%s_option_%d" class="field-input input-radio" value="%d"%s>`,
		f.id, f.id, i, i, checked)
	fmt.Fprintf(b, `<label for="input_%s_option_%d" class="%s"><span class="choice-text">%s</span>%s</label></div>`,
		f.id, i, class, xmlToHTML(o.node.Children), mark)
}
