package problem

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"lectern/internal/xmltree"
)

// custom is a question with an input that only Python can grade.
func custom(input string) string {
	return question(`<customresponse><label>Well?</label>` + input + `<answer>correct = ['correct']</answer></customresponse>`)
}

const (
	labels = `<drag_and_drop_input img="/static/a.png" target_outline="TRUE" one_per_target="false" label_bg_color="red;x:y">` +
		`<draggable id="u&amp;p" label="Up"/><draggable id="dn" icon="/static/d.png" can_reuse="true"/>` +
		`<target id="t1" x="1" y="2.5" w="30" h="40"/><target id="t2" x="5" y="6" w="7" h="8px"/><target id="bad" x="a" y="0" w="1" h="1"/>` +
		`</drag_and_drop_input>`
	nested = `<drag_and_drop_input img="/static/a.png"><draggable id="p" label="Orbit"><target id="s" x="0" y="0" w="9" h="9"/></draggable>` +
		`<draggable id="up"/><target id="t1" x="1" y="2" w="30" h="40"/></drag_and_drop_input>`
	free = `<drag_and_drop_input img="/static/a.png"><draggable id="1" label="a"/></drag_and_drop_input>`
	plot = `[["r",[16,24,1],{"name":"R1","r":"1k","_json_":3},["in","out"]],["w",[1,2,3,4]],["g",[0,0,0],{},["0"]],["view",1,2],["tran",{}]]`
)

func TestDrawnInputs(t *testing.T) {
	for _, tt := range []struct {
		name, xml string
		view      View
		want, not []string
	}{
		{"equation", custom(`<chemicalequationinput size="20"/>`), View{Answers: Answers{"P_2_1": One("H2")}},
			[]string{`data-preview="chemistry"`, `value="H2"`, `size="20"`, `name="input_P_2_1"`, `id="input_P_2_1_preview"`, `>Well?</label>`}, nil},
		{"box, as the course begins it", custom("<textbox rows=\"7\" cols=\"30\" mode=\"python\">\n a &lt; b\n</textbox>"), View{},
			[]string{"rows=\"7\" cols=\"30\" style=\"tab-size:4\" data-mode=\"python\"", ">\na &lt; b</textarea>", `name="input_P_2_1"`}, nil},
		{"box, as the learner left it", custom(`<textbox rows="9999">x</textbox>`), View{Answers: Answers{"P_2_1": One("</textarea>$seed")}},
			[]string{">\n&lt;&#47;textarea&gt;&#36;seed</textarea>", `rows="60"`}, nil},
		{"box, emptied", custom(`<textbox>x</textbox>`), View{Marks: marked(Incorrect, "")}, []string{">\n</textarea>"}, nil},
		{"a tool that is gone", custom(`<editageneinput dna_sequence="TA&quot;G"/>`), View{},
			[]string{"no longer runs in browsers", `aria-describedby="note_P_2_1 status_P_2_1"`, `<code>TA&#34;G</code>`, `type="text" name="input_P_2_1"`}, nil},
		{"program", custom(`<jsinput html_file="/static/a.html" gradefn="A.g" get_statefn="A.s" initial_state='{"a":1}' width="100%" height="50em" sop="false"/>`),
			View{Answers: Answers{"P_2_1": One(`{"answer":"1"}`)}}, []string{
				`data-program data-file="/static/a.html" data-grade="A.g" data-get="A.s" data-state="{&#34;a&#34;:1}"`,
				`data-width="100%" data-height="500"`, `<input type="hidden" name="input_P_2_1" id="input_P_2_1" value="{&#34;answer&#34;&#58;&#34;1&#34;}">`,
				"switch JavaScript on", `role="group" aria-labelledby="label_P_2_1"`,
			}, []string{"<iframe", "data-set"}},
		{"drag and drop", custom(labels), View{Answers: Answers{"P_2_1": One(`[{"u&p": "t2"},{"dn":"t1"}]`)}}, []string{
			`data-dragdrop data-outline style="--item-fill:red"`, `<img src="/static/a.png"`, `data-id="t1" data-x="1" data-y="2.5" data-w="30" data-h="40"`,
			`<select name="place_P_2_1" aria-label="Where to put Up">`, `<option value="{&#34;u&amp;p&#34;:&#34;t2&#34;}" selected>Place 2</option>`,
			`<input type="checkbox" name="place_P_2_1" value="{&#34;dn&#34;:&#34;t1&#34;}" checked> Place 1`, `<img src="/static/d.png" alt="">`,
		}, []string{`"bad"`, "data-single", `name="input_P_2_1"`}},
		{"places on items", custom(nested), View{Answers: Answers{"P_2_1": One(`[{"up":{"s":{"p":"t1"}}}]`)}}, []string{
			`<option value="{&#34;up&#34;:{&#34;s&#34;:{&#34;p&#34;:&#34;t1&#34;}}}" selected>Spot 1 on Orbit at place 1</option>`, "data-single",
		}, nil},
		{"icons alone", custom(`<drag_and_drop_input img="a" no_labels="true"><draggable id="x" icon="b"/></drag_and_drop_input>`), View{},
			[]string{`aria-label="Item 1" data-id="x"`}, []string{"dnd-label"}},
		{"points", custom(free), View{Answers: Answers{"P_2_1": One(`[{"1":[10.5,20]}]`)}, ReadOnly: true}, []string{
			`name="placed_P_2_1" value="1" disabled`, `name="across_P_2_1" value="10.5" disabled`, `name="down_P_2_1" value="20" disabled`,
		}, nil},
		{"circuit", question(`<schematicresponse><schematic initial_value='` + plot + `'/><answer>correct=['correct']</answer></schematicresponse>`), View{}, []string{
			`<svg class="circuit"`, "<li>resistor R1 1k, between in and out</li>", "(parts: 2, wires: 1)", "but not changed",
			`name="input_P_2_1" id="input_P_2_1" value="[[&#34;r&#34;,[16`,
		}, nil},
		{"circuit, garbled", question(`<schematicresponse><schematic/><answer>correct=['correct']</answer></schematicresponse>`),
			View{Answers: Answers{"P_2_1": One(`[["r",[1e9,0,0]]]`)}}, []string{"still empty", `value="[[&#34;r&#34;,[1e9,0,0]]]"`}, []string{"<svg"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := parseWith(t, tt.xml, Options{Scripts: returns("")})
			p, err := d.Instance(t.Context(), Variant{Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			html, err := p.Render(tt.view)
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range tt.want {
				if !strings.Contains(string(html), part) {
					t.Errorf("lacks %s in\n%s", part, html)
				}
			}
			for _, part := range tt.not {
				if strings.Contains(string(html), part) {
					t.Errorf("has %s in\n%s", part, html)
				}
			}
		})
	}
}

func TestPlacesWithoutScript(t *testing.T) {
	for _, tt := range []struct {
		name string
		form url.Values
		want string
	}{
		{"lists", url.Values{"place_P_2_1": {`{"a": "t1"}`, "", `{"b":"t2"}`}}, `[{"a":"t1"},{"b":"t2"}]`},
		{"nothing", url.Values{"place_P_2_1": {"", ""}}, "[]"},
		{"nonsense", url.Values{"place_P_2_1": {"x", `{"a"`, `["a"]`}}, "[]"},
		{"points", url.Values{"placed_P_2_1": {"a", "b", "c"}, "across_P_2_1": {"1", "", "7"}, "down_P_2_1": {"2.5", "3"}}, `[{"a":[1,2.5]}]`},
		{"beside a script's field", url.Values{"input_P_2_1": {"[]"}, "place_P_2_1": {`{"a":"t1"}`}}, `[{"a":"t1"}]`},
		{"far away", url.Values{"placed_P_2_1": {"a"}, "across_P_2_1": {"1e300"}, "down_P_2_1": {"NaN"}}, "[]"},
	} {
		answers, err := ParseForm(tt.form)
		if got := answers["P_2_1"].Value(); err != nil || got != tt.want || len(answers) != 1 {
			t.Errorf("%s: %v, %v, want %q", tt.name, answers, err, tt.want)
		}
	}
}

func TestPartPoints(t *testing.T) {
	two := question(`<optionresponse><optioninput options="('a')" correct="a"/></optionresponse>` +
		`<stringresponse answer="a"><textline points="2"/></stringresponse>`)
	var marks Marks
	full := 2.0
	marks.Set("P_2_1", Mark{Correctness: Incorrect})
	marks.Set("P_3_1", Mark{Correctness: Correct, Points: &full})
	seen := View{Marks: marks, PartPoints: 0.5}
	out := drawn(t, two, seen)
	for _, want := range []string{"This part: 0/0.5 points", "This part: 1/1 point<"} {
		if !strings.Contains(out, want) {
			t.Errorf("lacks %s in\n%s", want, out)
		}
	}
	hidden, saved, plain := seen, seen, seen
	hidden.CorrectnessHidden, saved.Saved, plain.PartPoints = true, true, 0
	for _, v := range []View{hidden, saved, plain, {PartPoints: 1}} {
		if out := drawn(t, two, v); strings.Contains(out, "This part") {
			t.Errorf("points are told with %+v", v)
		}
	}
	if out := drawn(t, text(`answer="a"`, ""), View{Marks: marked(Correct, ""), PartPoints: 1}); strings.Contains(out, "This part") {
		t.Error("points of a problem's only part are told twice")
	}
}

func TestPreviews(t *testing.T) {
	d := parseWith(t, question(`<optionresponse><optioninput options="('a')" correct="a"/></optionresponse>`+
		`<numericalresponse answer="1"><formulaequationinput/></numericalresponse><customresponse><textline/><chemicalequationinput/></customresponse>`),
		Options{Scripts: returns("")})
	for _, tt := range []struct{ id, typed, latex, html, message string }{
		{"P_3_1", "1/2", `\frac{1}{2}`, "", ""},
		{"P_3_1", "1+", "", "", previewSyntax},
		{"P_4_2", "H2", "", `<span class="math">H<sub>2</sub></span>`, ""},
		{"P_4_2", "h", "", `<span class="math"><span class="inline-error inline">h</span></span>`, "“h” cannot stand here."},
		{"P_4_1", "1", "", "", previewFailed},
		{"P_2_1", "1", "", "", previewFailed},
		{"P_9_1", "1", "", "", previewFailed},
		{"P_4_0", "1", "", "", previewFailed},
		{"Q_3_1", "1", "", "", previewFailed},
		{"", "", "", "", previewFailed},
		{"P_3_1", strings.Repeat("1", 3000), "", "", "This is too long to be shown while you type."},
	} {
		if got, want := d.Preview(tt.id, tt.typed), (Preview{tt.latex, tt.html, tt.message}); got != want {
			t.Errorf("Preview(%q, %.10q) = %+v, want %+v", tt.id, tt.typed, got, want)
		}
	}
}

// FuzzDrag: whatever a course and a learner write, what is drawn is theirs only
// as text, and what is offered reads back as it was written.
func FuzzDrag(f *testing.F) {
	for _, xml := range []string{labels, nested, free} {
		f.Add(xml, `[{"up":{"s":{"p":"t1"}}},{"1":[1,2]}]`)
	}
	f.Fuzz(func(t *testing.T, xml, answer string) {
		n, err := xmltree.ParseBytes([]byte(xml), xmltree.Limits{Bytes: 1 << 16, Nodes: 2000, Depth: 50})
		if err != nil {
			return
		}
		in := readDrag(n, func(s string) string { return s })
		for _, item := range in.items {
			for _, p := range in.places(item) {
				if got := readPlacements("[" + p.value + "]"); !slices.Equal(got, []string{p.value}) {
					t.Errorf("place %q of %q reads back as %q", p.value, item.id, got)
				}
			}
		}
		readPlacements(answer)
		if c, ok := readCircuit(answer); ok {
			if svg := c.svg(); strings.Count(svg, "<svg") != 1 || strings.Contains(svg, "NaN") {
				t.Errorf("circuit %s drawn as %s", answer, svg)
			}
		}
	})
}
