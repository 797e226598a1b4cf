package problem

import (
	"fmt"
	"html"
	"strings"

	"lectern/internal/locale"
	"lectern/internal/xmltree"
)

// choiceText draws buttons or boxes with fields for numbers in them:
//
//	<input type="radio" name="input_ID_choiceinput" value="choiceinput_0">
//	<input type="checkbox" name="input_ID_choiceinput_0bc" value="choiceinput_0">
//	<input type="text" name="input_ID_choiceinput_0_numtolerance_input_0">
//
// [ParseForm] makes one JSON object of them.
func (f *fieldView) choiceText() string {
	g, ok := f.in.response.grader.(*choiceTextGrader)
	if !ok {
		return ""
	}
	given := textValues(f.answer)
	var b strings.Builder
	fmt.Fprintf(&b, `<div class="choicegroup choicetextgroup capa_inputtype" id="inputtype_%s"><fieldset%s%s>%s%s`,
		f.id, f.describedBy(), f.disabled(), f.legend(locale.Text("Choices of question %d")), f.notes())
	for i := range g.choices {
		f.textChoice(&b, g.choices[i], i, given)
	}
	fmt.Fprintf(&b, `</fieldset><div class="indicator-container">%s</div><div class="answer" id="answer_%s"></div>`,
		f.statusHTML(), f.id) // the correct choices are marked themselves
	return b.String() + f.message() + `</div>`
}

func (f *fieldView) textChoice(b *strings.Builder, c textChoice, i int, given map[string]string) {
	kind, name := "radio", "choiceinput"
	if f.in.node.Name == "checkboxtextgroup" {
		kind, name = "checkbox", fmt.Sprintf("choiceinput_%dbc", i)
	}
	checked, class := "", "response-label field-label label-inline"
	if _, chosen := given[c.name]; chosen {
		checked = " checked"
		if f.status.class != "unanswered" {
			class += " choicegroup_" + f.status.class
		}
	}
	class, mark := f.reveal(class, c.correct)
	id := fmt.Sprintf("%s_choiceinput_%d", f.id, i)
	fmt.Fprintf(b, `<div class="field"><input type="%s" name="input_%s_%s" id="input_%sbc" class="field-input input-%s" value="choiceinput_%d"%s>`,
		kind, f.id, name, id, kind, i, checked)
	fmt.Fprintf(b, `<label for="input_%sbc" class="%s"><span class="choice-text">%s</span>%s</label></div>`,
		id, class, fragment((&drawer{}).drawAll(f.withNumbers(c, i, c.node.Children, given))), mark)
}

// withNumbers returns a choice's content with fields in place of the elements
// that stand for them.
func (f *fieldView) withNumbers(c textChoice, i int, nodes []*xmltree.Node, given map[string]string) []*xmltree.Node {
	var out []*xmltree.Node
	for _, n := range nodes {
		switch {
		case n.IsText():
			out = append(out, n)
		case n.Name == "numtolerance_input" || n.Name == "decoy_input":
			if k := c.field(n); k >= 0 {
				out = append(out, xmltree.RawNode(f.numberField(c, i, k, given)))
			}
		default:
			out = append(out, &xmltree.Node{Name: n.Name, Attrs: n.Attrs, Children: f.withNumbers(c, i, n.Children, given)})
		}
	}
	return out
}

// numberField draws the k-th number field of the i-th choice, and after it the
// number that is right where answers are shown.
func (f *fieldView) numberField(c textChoice, i, k int, given map[string]string) string {
	name := html.EscapeString(c.fields[k].name)
	out := fmt.Sprintf(`<input type="text" name="input_%s" id="input_%s" value="%s" size="10" autocomplete="off" spellcheck="false" aria-label="%s">`,
		name, name, esc(given[c.fields[k].name]), html.EscapeString(f.d.v.T("Number %d of choice %d", k+1, i+1)))
	if f.d.v.ShowAnswers && c.correct {
		out += ` <span class="answer-number">(` + html.EscapeString(c.fields[k].answer) + `)</span>`
	}
	return out
}
