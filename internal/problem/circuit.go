package problem

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// circuit is what the schematic editor stores, as far as it can be shown: parts
// on a grid and the wires between them.
type circuit struct {
	parts []circuitPart
	wires [][4]float64
}

// circuitPart is one part: its kind, place, rotation in quarter turns, and
// properties in the order of their names.
type circuitPart struct {
	kind  string
	x, y  float64
	turn  int
	props [][2]string
	nodes []string // names of what it is connected to
}

// maxCircuit bounds the parts and wires that are drawn.
const maxCircuit = 500

// readCircuit reads the editor's JSON: a list of ["w",[x1,y1,x2,y2]] and
// [kind,[x,y,rotation],{properties},[nodes]]. What is neither, such as the
// results of an analysis, is left out. ok is false for what is no circuit.
func readCircuit(text string) (c circuit, ok bool) {
	var list [][]json.RawMessage
	if len(text) > maxAnswerBytes || json.Unmarshal([]byte(text), &list) != nil {
		return c, false
	}
	for _, item := range list {
		var kind string
		var at []float64
		if len(item) < 2 || json.Unmarshal(item[0], &kind) != nil || json.Unmarshal(item[1], &at) != nil {
			continue
		}
		if len(c.parts)+len(c.wires) >= maxCircuit || !onPaper(at) {
			return c, false
		}
		switch {
		case kind == "w" && len(at) == 4:
			c.wires = append(c.wires, [4]float64(at))
		case kind != "w" && circuitKinds[kind] != "" && len(at) == 3:
			c.parts = append(c.parts, readPart(kind, at, item[2:]))
		}
	}
	return c, len(c.parts)+len(c.wires) > 0
}

// onPaper reports whether coordinates are such as the editor makes.
func onPaper(at []float64) bool {
	return !slices.ContainsFunc(at, func(v float64) bool { return v < -1e5 || v > 1e5 || v != v })
}

func readPart(kind string, at []float64, rest []json.RawMessage) circuitPart {
	p := circuitPart{kind: kind, x: at[0], y: at[1], turn: int(at[2]) & 3}
	var props map[string]any
	if len(rest) > 0 && json.Unmarshal(rest[0], &props) == nil {
		for name, value := range props {
			if text, isText := value.(string); isText && text != "" && name != "_json_" {
				p.props = append(p.props, [2]string{name, text})
			}
		}
		slices.SortFunc(p.props, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	}
	if len(rest) > 1 {
		_ = json.Unmarshal(rest[1], &p.nodes) // a part without names is shown without
	}
	return p
}

// circuitKinds names the parts of the editor's shelf.
var circuitKinds = map[string]string{
	"g": "ground", "L": "label", "s": "probe", "a": "ammeter", "v": "voltage source", "i": "current source",
	"r": "resistor", "c": "capacitor", "l": "inductor", "d": "diode", "o": "op amp",
	"n": "n-channel transistor", "p": "p-channel transistor",
}

// title is the part's name and value in short: "R1 1k".
func (p circuitPart) title() string {
	var words []string
	for _, name := range []string{"name", "label", "value", p.kind} {
		for _, prop := range p.props {
			if prop[0] == name {
				words = append(words, prop[1])
			}
		}
	}
	return strings.Join(words, " ")
}

// words describe the part: "resistor R1 1k, from 1 to output".
func (p circuitPart) words() string {
	text := strings.TrimSpace(circuitKinds[p.kind] + " " + p.title())
	switch nodes := slices.DeleteFunc(slices.Clone(p.nodes), func(s string) bool { return s == "" }); {
	case len(nodes) == 1 && p.kind != "g" && p.kind != "L":
		text += ", at " + nodes[0]
	case len(nodes) > 1:
		text += ", between " + strings.Join(nodes[:len(nodes)-1], ", ") + " and " + nodes[len(nodes)-1]
	}
	return text
}

// ends returns where the part is drawn from and to. Parts with two ends are
// three steps of the grid long and hang down from their place; the others are
// one point.
func (p circuitPart) ends() (x1, y1, x2, y2 float64) {
	length := 48.0
	switch p.kind {
	case "g", "L", "s":
		length = 0
	case "a":
		length = 16
	}
	dx, dy := 0.0, length
	for range p.turn {
		dx, dy = -dy, dx
	}
	return p.x, p.y, p.x + dx, p.y + dy
}

// box is the part of the paper that is in use.
func (c circuit) box() (x, y, w, h float64) {
	xs, ys := []float64{}, []float64{}
	for _, line := range c.wires {
		xs, ys = append(xs, line[0], line[2]), append(ys, line[1], line[3])
	}
	for _, p := range c.parts {
		x1, y1, x2, y2 := p.ends()
		xs, ys = append(xs, x1, x2), append(ys, y1, y2)
	}
	const margin = 40
	x, y = slices.Min(xs)-margin, slices.Min(ys)-margin
	return x, y, slices.Max(xs) - x + 2*margin, slices.Max(ys) - y + margin
}

// svg draws the circuit. The picture is a sketch: a symbol per kind of part
// would say no more than its name.
func (c circuit) svg() string {
	var b strings.Builder
	x, y, w, h := c.box()
	fmt.Fprintf(&b, `<svg class="circuit" viewBox="%s %s %s %s" width="%s" aria-hidden="true">`,
		coord(x), coord(y), coord(w), coord(h), coord(min(1.5*w, 900)))
	for _, l := range c.wires {
		b.WriteString(svgLine(l[0], l[1], l[2], l[3]))
	}
	for _, p := range c.parts {
		p.draw(&b)
	}
	return b.String() + `</svg>`
}

// draw draws one part: ground, label and probe as they are known, every other
// part as a box with its letter.
func (p circuitPart) draw(b *strings.Builder) {
	x1, y1, x2, y2 := p.ends()
	switch p.kind {
	case "g":
		for i, half := range []float64{10, 6, 2} {
			y := y1 + 4*float64(i)
			b.WriteString(svgLine(x1-half, y, x1+half, y))
		}
		return
	case "L":
		svgText(b, x1, y1-6, "middle", p.title())
		return
	case "s":
		fmt.Fprintf(b, `<circle cx="%s" cy="%s" r="4"></circle>`, coord(x1), coord(y1))
		return
	}
	b.WriteString(svgLine(x1, y1, x2, y2))
	x, y := (x1+x2)/2, (y1+y2)/2
	fmt.Fprintf(b, `<rect x="%s" y="%s" width="20" height="20" rx="4"></rect>`, coord(x-10), coord(y-10))
	fmt.Fprintf(b, `<text x="%s" y="%s" text-anchor="middle">%s</text>`, coord(x), coord(y+4), strings.ToUpper(p.kind))
	if p.turn%2 == 0 {
		svgText(b, x+14, y+4, "start", p.title())
	} else {
		svgText(b, x, y-14, "middle", p.title())
	}
}

// svgText writes a name beside what it names.
func svgText(b *strings.Builder, x, y float64, anchor, text string) {
	if text != "" {
		fmt.Fprintf(b, `<text x="%s" y="%s" text-anchor="%s" class="circuit-name">%s</text>`, coord(x), coord(y), anchor, esc(shorten(text, 24)))
	}
}

func svgLine(x1, y1, x2, y2 float64) string {
	return fmt.Sprintf(`<line x1="%s" y1="%s" x2="%s" y2="%s"></line>`, coord(x1), coord(y1), coord(x2), coord(y2))
}

func coord(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// shorten cuts a text to n characters.
func shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
