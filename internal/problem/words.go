package problem

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"lectern/internal/xmltree"
)

// Words puts learners' answers into words, for teachers. It knows the problem as
// the course wrote it, for no learner in particular: what a script computes
// stays the name of its variable.
type Words struct {
	inputs map[string]*input
	places map[string]int // of inputs in the problem, from 1
}

// Words returns what the answers to a problem say. A problem that is not
// [Definition.Answerable], or is broken, has none.
func (d *Definition) Words() *Words {
	w := &Words{inputs: map[string]*input{}, places: map[string]int{}}
	p := d.blank(Variant{Seed: 1})
	if !d.Answerable() || p.readResponses() != nil {
		return w
	}
	for _, r := range p.responses {
		for _, in := range r.inputs {
			switch in.node.Name {
			case "choicegroup", "radiogroup", "checkboxgroup":
				if in.readChoices(r.kind.tag == multipleChoiceTag || r.kind.tag == trueFalseTag) != nil {
					in.choices = nil
				}
			}
			w.inputs[in.id] = in
			w.places[in.id] = len(w.inputs)
		}
	}
	return w
}

// Place returns which of several inputs one is, from 1; 0 when it is the only
// one or not of the problem.
func (w *Words) Place(inputID string) int {
	if len(w.inputs) < 2 {
		return 0
	}
	return w.places[inputID]
}

// Say returns an answer to an input as one line, "" for none. Points in pictures
// are rounded to tens, so that what learners meant alike reads alike.
func (w *Words) Say(inputID string, a Answer) string {
	in := w.inputs[inputID]
	if in == nil {
		return oneLine(strings.Join(a.Values, "; "))
	}
	var list []string
	switch in.node.Name {
	case "choicegroup", "radiogroup", "checkboxgroup":
		for _, value := range a.Values {
			c, _ := in.find(value)
			list = append(list, cmp.Or(choiceWords(c.node), value))
		}
	case "radiotextgroup", "checkboxtextgroup":
		list = in.sayTexts(textValues(a))
	case "annotationinput":
		for _, n := range readAnnotation(a.First()).options {
			if o := in.annotationOptions(); n >= 0 && n < float64(len(o)) && n == math.Trunc(n) {
				list = append(list, choiceWords(o[int(n)].node))
			}
		}
	case "imageinput":
		list = []string{roundPoint(a.First())}
	case "drag_and_drop_input":
		list = in.sayPlaces(a.First())
	case "jsinput":
		list = []string{programAnswer(a.First())}
	default:
		list = slices.Clone(a.Values)
	}
	for i := range list {
		list[i] = oneLine(list[i])
	}
	slices.Sort(list)
	return strings.Join(slices.DeleteFunc(list, func(s string) bool { return s == "" }), "; ")
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// choiceWords is what a choice says without its hints; of pictures, what stands
// in for them.
func choiceWords(n *xmltree.Node) string {
	if n == nil {
		return ""
	}
	var b strings.Builder
	n.Walk(func(c *xmltree.Node) bool {
		if slices.Contains(removedTags, c.Name) {
			return false
		}
		b.WriteString(c.Data)
		if c.Name == "img" {
			b.WriteString(" " + cmp.Or(c.Attr("alt"), c.Attr("src")) + " ")
		}
		return true
	})
	return oneLine(b.String())
}

// sayTexts says the choices that were taken of a group with numbers to fill in.
func (in *input) sayTexts(given map[string]string) []string {
	var list []string
	for i, n := range in.node.FindAll("choice") {
		prefix := in.id + "_choiceinput_" + strconv.Itoa(i)
		if _, taken := given[prefix+"bc"]; !taken {
			continue
		}
		var b strings.Builder
		field := 0
		n.Walk(func(c *xmltree.Node) bool {
			b.WriteString(c.Data)
			if c.Name == "numtolerance_input" || c.Name == "decoy_input" {
				b.WriteString(" [" + given[prefix+"_numtolerance_input_"+strconv.Itoa(field)] + "] ")
				field++
			}
			return true
		})
		list = append(list, b.String())
	}
	return list
}

// roundPoint returns "[123,48]" as "120, 50"; what is no point, as it is.
func roundPoint(text string) string {
	var at []float64
	if json.Unmarshal([]byte(text), &at) != nil || len(at) != 2 {
		return text
	}
	tens := func(f float64) string { return strconv.FormatFloat(math.Round(f/10)*10, 'f', -1, 64) }
	return tens(at[0]) + ", " + tens(at[1])
}

// sayPlaces says which item lies where.
func (in *input) sayPlaces(text string) []string {
	board := readDrag(in.node, in.response.p.scope.expand)
	var list []string
	for _, placed := range readPlacements(text) {
		var where map[string]json.RawMessage
		if json.Unmarshal([]byte(placed), &where) != nil {
			continue
		}
		for id, raw := range where {
			name := id
			if i := slices.IndexFunc(board.items, func(d dragItem) bool { return d.id == id }); i >= 0 {
				name = cmp.Or(board.items[i].label, board.items[i].id)
			}
			spot := roundPoint(string(raw))
			var target string
			if json.Unmarshal(raw, &target) == nil {
				spot = target
			}
			list = append(list, name+" → "+spot)
		}
	}
	return list
}

// programAnswer is what a course's program says was answered; it keeps what it
// looked like beside it.
func programAnswer(text string) string {
	var kept struct {
		Answer json.RawMessage `json:"answer"`
	}
	if json.Unmarshal([]byte(text), &kept) != nil || kept.Answer == nil {
		return text
	}
	var said string
	if json.Unmarshal(kept.Answer, &said) == nil {
		return said
	}
	return string(kept.Answer)
}
