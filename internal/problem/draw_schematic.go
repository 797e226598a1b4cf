package problem

import (
	"fmt"
	"strings"
)

// schematic shows a circuit as it stands. There is no editor for circuits here:
// the value is sent back as it came.
func (f *fieldView) schematic() string {
	heading, attrs := f.groupHeading()
	value := f.answer.Value()
	if value == "" {
		value = f.attr("initial_value")
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<div class="capa_inputtype schematic-input" id="inputtype_%s"%s>%s`, f.id, attrs, heading)
	b.WriteString(`<p class="input-note">` + f.d.v.T("This circuit can be looked at here but not changed: its editor belongs to Open edX. "+
		"Submit sends it as it is.") + `</p>`)
	if c, ok := readCircuit(value); ok {
		b.WriteString(c.svg())
		fmt.Fprintf(&b, `<details class="circuit-parts"><summary>%s</summary><ul>`,
			f.d.v.T("The circuit in words (parts: %d, wires: %d)", len(c.parts), len(c.wires)))
		for _, p := range c.parts {
			fmt.Fprintf(&b, `<li>%s</li>`, esc(p.words()))
		}
		b.WriteString(`</ul></details>`)
	} else {
		b.WriteString(`<p class="input-note">` + f.d.v.T("The circuit is still empty.") + `</p>`)
	}
	return b.String() + f.hiddenField(value) + f.foot() + `</div>`
}
