package problem

import (
	"fmt"
	"html"
	"slices"
	"strings"
)

// dragAndDrop draws a picture with its targets and a list of the items. In the
// list every item has fields that say where it is, so that nobody needs a
// pointer or a script; ui/learn/placing.js makes the picture live and keeps the
// fields in step.
func (f *fieldView) dragAndDrop() string {
	in := readDrag(f.in.node, f.d.p.scope.expand)
	heading, attrs := f.groupHeading()
	var b strings.Builder
	fmt.Fprintf(&b, `<div class="capa_inputtype drag_and_drop_input" id="inputtype_%s"%s data-dragdrop`, f.id, attrs)
	for _, flag := range []struct {
		name string
		on   bool
	}{{"single", in.single}, {"outline", in.outline}} {
		if flag.on {
			b.WriteString(" data-" + flag.name)
		}
	}
	if in.labelFill != "" {
		fmt.Fprintf(&b, ` style="--item-fill:%s"`, html.EscapeString(cssValue(in.labelFill)))
	}
	fmt.Fprintf(&b, `>%s<div class="dnd-scene"><div class="dnd-board"><img src="%s" alt="%s">`, heading, html.EscapeString(in.image), html.EscapeString(f.d.v.T("Picture to put the items on")))
	drawTargets(&b, in.targets)
	b.WriteString(`</div></div>`)
	placed := readPlacements(f.answer.Value())
	fmt.Fprintf(&b, `<div class="dnd-items">`)
	for _, item := range in.items {
		f.dragItem(&b, in, item, placed)
	}
	b.WriteString(`</div>`)
	// With a script this is the field that counts; without it, composed by the
	// fields above.
	fmt.Fprintf(&b, `<input type="hidden" id="input_%s" data-value="%s"%s>`, f.id, esc(f.answer.Value()), f.disabled())
	return b.String() + f.foot() + `</div>`
}

// drawTargets marks the places of a picture or an item, with their numbers.
func drawTargets(b *strings.Builder, targets []dragTarget) {
	for i, t := range targets {
		fmt.Fprintf(b, `<span class="dnd-target" data-id="%s" data-x="%s" data-y="%s" data-w="%s" data-h="%s" `+
			`style="left:%spx;top:%spx;width:%spx;height:%spx"><span class="dnd-number">%d</span></span>`,
			html.EscapeString(t.id), coord(t.x), coord(t.y), coord(t.w), coord(t.h), coord(t.x), coord(t.y), coord(t.w), coord(t.h), i+1)
	}
}

// dragItem draws one item and the fields for its place.
func (f *fieldView) dragItem(b *strings.Builder, in dragInput, item dragItem, placed []string) {
	name, id := html.EscapeString(item.name), html.EscapeString(item.id)
	reusable := ""
	if item.reusable {
		reusable = " data-reusable"
	}
	fmt.Fprintf(b, `<div class="dnd-item" role="group" aria-label="%s" data-id="%s"%s><span class="dnd-face">`, name, id, reusable)
	if item.icon != "" {
		fmt.Fprintf(b, `<img src="%s" alt="">`, html.EscapeString(item.icon))
	}
	if item.label != "" {
		fmt.Fprintf(b, `<span class="dnd-label">%s</span>`, html.EscapeString(item.label))
	}
	drawTargets(b, item.targets)
	b.WriteString(`</span><span class="dnd-where">`)
	places := in.places(item)
	switch {
	case len(places) == 0:
		f.pointFields(b, item, placed)
	case item.reusable:
		for _, p := range places {
			checked := ""
			if slices.Contains(placed, p.value) {
				checked = " checked"
			}
			fmt.Fprintf(b, `<label><input type="checkbox" name="%s%s" value="%s"%s%s> %s</label> `,
				placeField, f.id, html.EscapeString(p.value), checked, f.disabled(), html.EscapeString(p.name))
		}
	default:
		fmt.Fprintf(b, `<select name="%s%s" aria-label="%s"%s><option value="">%s</option>`,
			placeField, f.id, f.d.v.T("Where to put %s", name), f.disabled(), html.EscapeString(f.d.v.T("Not placed")))
		for _, p := range places {
			selected := ""
			if slices.Contains(placed, p.value) {
				selected = " selected"
			}
			fmt.Fprintf(b, `<option value="%s"%s>%s</option>`, html.EscapeString(p.value), selected, html.EscapeString(p.name))
		}
		b.WriteString(`</select>`)
	}
	b.WriteString(`</span></div>`)
}

// pointFields ask for a point where a picture has no targets.
func (f *fieldView) pointFields(b *strings.Builder, item dragItem, placed []string) {
	x, y := "", ""
	for _, text := range placed {
		if id, atX, atY, ok := position(text); ok && id == item.id && onPaper([]float64{atX, atY}) {
			x, y = coord(atX), coord(atY)
		}
	}
	fmt.Fprintf(b, `<input type="hidden" name="%s%s" value="%s"%s>`, placedField, f.id, html.EscapeString(item.id), f.disabled())
	for _, axis := range []struct{ field, say, value string }{
		{acrossField, f.d.v.T("Pixels from the left"), x}, {downField, f.d.v.T("Pixels from the top"), y},
	} {
		fmt.Fprintf(b, `<label>%s <input type="number" step="any" name="%s%s" value="%s"%s></label> `,
			axis.say, axis.field, f.id, axis.value, f.disabled())
	}
}

// cssValue keeps a value from ending its declaration.
func cssValue(s string) string {
	if i := strings.IndexAny(s, ";{}"); i >= 0 {
		return s[:i]
	}
	return s
}
