package problem

import (
	"fmt"
	"html"
	"strconv"
	"strings"

	"lectern/internal/locale"
)

// line is a field of one line and what is special about it.
type line struct {
	outer, class string // of the element around it
	attrs        string // of the field
	note         string // HTML between label and field; id note_{input}
	after        string // HTML behind the verdict
}

// line draws a field of one line.
func (f *fieldView) line(l line) string {
	n := f.in.node
	label, attrs := f.heading()
	var described []string
	if l.note != "" {
		described = append(described, "note_"+f.in.id)
		label += fmt.Sprintf(`<p class="input-note" id="note_%s">%s</p>`, f.id, l.note)
	}
	trailing := n.Attr("trailing_text")
	if trailing != "" {
		described = append(described, "trailing_text_"+f.in.id)
	}
	attrs = f.describedBy(described...) + attrs + f.disabled() + l.attrs
	if size, err := strconv.Atoi(strings.TrimSpace(n.Attr("size"))); err == nil && size > 0 && size <= 500 {
		attrs += fmt.Sprintf(` size="%d"`, size)
	}
	hidden := ""
	if name := n.Attr("hidden"); name != "" && n.Name == "textline" {
		attrs += " hidden"
		hidden = fmt.Sprintf(`<div hidden data-name="%s" data-inputid="input_%s"></div>`, html.EscapeString(name), f.id)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<div id="%s%s" class="%s%s"><div class="%s">%s`, l.outer, f.id, l.class, f.inline(), f.status.class, hidden)
	fmt.Fprintf(&b, `%s<input type="text" name="input_%s" id="input_%s" value="%s" autocomplete="off"%s>`,
		label, f.id, f.id, esc(f.answer.Value()), attrs)
	fmt.Fprintf(&b, `<span class="trailing_text" id="trailing_text_%s">%s</span>%s%s%s</div>%s</div>`,
		f.id, html.EscapeString(trailing), f.statusHTML(), f.answerHTML(), l.after, f.message())
	return b.String()
}

// textLine draws a line of text. With math it is shown as a formula while it is
// typed.
func (f *fieldView) textLine() string {
	n := f.in.node
	if n.Attr("math") == "" && n.Attr("dojs") == "" {
		return f.line(line{outer: "inputtype_", class: "text-input capa_inputtype textline"})
	}
	return f.line(line{
		outer: "inputtype_", class: "text-input-dynamath capa_inputtype textline",
		attrs: ` data-math="1"`,
		after: fmt.Sprintf(`<div id="display_%s" class="equation"></div><textarea hidden id="input_%s_dynamath" `+
			`name="input_%s_dynamath" aria-hidden="true"></textarea>`, f.id, f.id, f.id),
	})
}

// asTyped keeps phones from correcting what is no prose.
const asTyped = ` spellcheck="false" autocapitalize="off" autocorrect="off"`

// preview is where a page shows how the answer will be read.
func (f *fieldView) preview() string {
	return fmt.Sprintf(`<div id="input_%s_preview" class="equation" role="status"></div>`, f.id)
}

// formula draws a field for a number or formula.
func (f *fieldView) formula() string {
	return f.line(line{
		outer: "formulaequationinput_", class: "inputtype formulaequationinput",
		attrs: ` data-formula="1" data-preview="formula"` + asTyped, after: f.preview(),
	})
}

// chemistry draws a field for a chemical equation.
func (f *fieldView) chemistry() string {
	return f.line(line{
		outer: "chemicalequationinput_", class: "capa_inputtype chemicalequationinput",
		attrs: ` data-preview="chemistry"` + asTyped, after: f.preview(),
	})
}

// applets say what the drawing tools of old took, now that browsers run none of
// them any more.
var applets = map[string]string{
	"crystallography":      locale.Text("the lattice and the points of the plane, as JSON"),
	"vsepr_input":          locale.Text("the geometry and the atoms, as JSON"),
	"designprotein2dinput": locale.Text("the protein's shape"),
	"editageneinput":       locale.Text("the sequence of the gene"),
	"editamoleculeinput":   locale.Text("the molecule, as JSON"),
}

// applet draws a field of text in place of a drawing tool that is gone.
func (f *fieldView) applet() string {
	n := f.in.node
	note := f.d.v.T("The drawing tool that this question was made for no longer runs in browsers. Type its result instead: %s.", f.d.v.T(applets[n.Name]))
	for _, given := range []struct{ attr, say string }{
		{"target_shape", locale.Text("Wanted shape")}, {"dna_sequence", locale.Text("Given sequence")}, {"molecules", locale.Text("Molecules")}, {"geometries", locale.Text("Geometries")},
	} {
		if v := f.attr(given.attr); v != "" {
			note += " " + f.d.v.T(given.say) + `: <code>` + html.EscapeString(v) + `</code>.`
		}
	}
	return f.line(line{outer: "inputtype_", class: "capa_inputtype applet-input " + n.Name, attrs: asTyped, note: note})
}
