package problem

import (
	"fmt"
	"html"
	"slices"
	"strings"

	"lectern/internal/locale"
)

// image draws a picture to point at:
//
//	<div class="imageinput capa_inputtype" id="inputtype_ID">
//	  <fieldset> <legend>…</legend>
//	    <div class="image-input" id="imageinput_ID" data-inputid="ID" data-width="W" data-height="H">
//	      <img src="…" alt="…" width="W" height="H">
//	      <svg class="image-marks" viewBox="0 0 W H">
//	        <g class="image-regions">…</g>              only where answers are shown
//	        <g class="image-marker" id="marker_ID" transform="translate(x y)">…</g>
//	      </svg>
//	    </div>
//	    <div class="image-fields"> <input type="number" name="input_ID_x"> <input type="number" name="input_ID_y"> </div>
//	  </fieldset> … status, answer, message
//	</div>
//
// The two numbers are the answer, and there is no other field: whoever has no
// pointer or no script types them, and [ParseForm] makes "[x,y]" of them. A
// script that takes clicks writes whole numbers of the W by H pixels into the
// fields and moves the marker, whose attribute "hidden" it takes away. The
// picture is scaled to the room there is; the drawing over it scales along.
func (f *fieldView) image() string {
	g, ok := f.in.response.grader.(*imageGrader)
	if !ok {
		return ""
	}
	p := g.images[slices.Index(f.in.response.inputs, f.in)]
	attr := func(name string) string { return f.d.p.scope.expand(f.in.node.Attr(name)) }
	alt := strings.TrimSpace(attr("alt"))
	if alt == "" {
		alt = f.d.v.T("Picture of question %d", f.in.response.index)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<div class="imageinput capa_inputtype" id="inputtype_%s"><fieldset%s%s>%s%s`,
		f.id, f.describedBy(), f.disabled(), f.legend(locale.Text("Point in the picture of question %d")), f.notes())
	fmt.Fprintf(&b, `<div class="image-input" id="imageinput_%s" data-inputid="%s" data-width="%d" data-height="%d" style="max-width:%dpx">`,
		f.id, f.id, p.width, p.height, p.width)
	fmt.Fprintf(&b, `<img src="%s" alt="%s" width="%d" height="%d">`, html.EscapeString(attr("src")), html.EscapeString(alt), p.width, p.height)
	fmt.Fprintf(&b, `<svg class="image-marks" viewBox="0 0 %d %d" preserveAspectRatio="none" aria-hidden="true">`, p.width, p.height)
	if f.d.v.ShowAnswers {
		b.WriteString(p.outlines())
	}
	b.WriteString(f.marker(p) + `</svg></div>`)
	x, y := pointParts(f.answer.Value())
	b.WriteString(`<div class="image-fields">`)
	f.coordinate(&b, "x", f.d.v.T("(0 to %d, from the left)", p.width), x, p.width)
	f.coordinate(&b, "y", f.d.v.T("(0 to %d, from the top)", p.height), y, p.height)
	fmt.Fprintf(&b, `</div></fieldset><div class="indicator-container">%s</div>%s%s</div>`,
		f.statusHTML(), f.answerHTML(), f.message())
	return b.String()
}

// legend names a fieldset: by the question's text, else for screen readers
// alone by fallback, which has a place for the question's number.
func (f *fieldView) legend(fallback string) string {
	if label := f.labelHTML(); label != "" {
		return fmt.Sprintf(`<legend id="%s-legend" class="response-fieldset-legend field-group-hd">%s</legend>`, f.id, label)
	}
	name := f.in.name
	if name == "" {
		name = f.d.v.T(fallback, f.in.response.index)
	}
	return fmt.Sprintf(`<legend id="%s-legend" class="sr">%s</legend>`, f.id, html.EscapeString(name))
}

// coordinate draws the field of one number.
func (f *fieldView) coordinate(b *strings.Builder, axis, hint, value string, most int) {
	fmt.Fprintf(b, `<label for="input_%s_%s">%s <span class="image-hint">%s</span></label>`,
		f.id, axis, strings.ToUpper(axis), html.EscapeString(hint))
	fmt.Fprintf(b, `<input type="number" name="input_%s_%s" id="input_%s_%s" value="%s" min="0" max="%d" step="1" inputmode="numeric" autocomplete="off">`,
		f.id, axis, f.id, axis, esc(value), most)
}

// marker draws a cross where the learner pointed. Without a point it is there,
// but hidden.
func (f *fieldView) marker(p *picture) string {
	at, ok := parsePoint(f.answer.Value())
	hidden := ""
	if ok = ok && at.x <= float64(p.width) && at.y <= float64(p.height); !ok {
		at, hidden = point{}, " hidden"
	}
	arm := max(10, max(p.width, p.height)/45)
	return fmt.Sprintf(`<g class="image-marker" id="marker_%s" transform="translate(%s %s)"%s>`+
		`<circle r="%d" class="image-marker-back"></circle><path class="image-marker-halo" d="M-%[5]d 0H%[5]dM0 -%[5]dV%[5]d"></path>`+
		`<path class="image-marker-cross" d="M-%[5]d 0H%[5]dM0 -%[5]dV%[5]d"></path></g>`,
		f.id, short(at.x), short(at.y), hidden, arm)
}

// outlines draws the areas in which a point is right.
func (p *picture) outlines() string {
	var b strings.Builder
	b.WriteString(`<g class="image-regions">`)
	for _, r := range p.rectangles {
		fmt.Fprintf(&b, `<rect x="%s" y="%s" width="%s" height="%s"></rect>`,
			short(r.left), short(r.top), short(max(0, r.right-r.left)), short(max(0, r.bottom-r.top)))
	}
	for _, r := range p.regions {
		b.WriteString(`<polygon points="`)
		for i, c := range r {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(short(c.x) + "," + short(c.y))
		}
		b.WriteString(`"></polygon>`)
	}
	return b.String() + `</g>`
}

// pointParts returns the two parts of "[x,y]" as they were typed.
func pointParts(s string) (x, y string) {
	x, y, _ = strings.Cut(strings.Trim(strings.TrimSpace(s), "[]"), ",")
	return strings.TrimSpace(x), strings.TrimSpace(y)
}
