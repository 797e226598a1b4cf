package problem

import (
	"encoding/json"
	"testing"
)

// What teachers read of learners' answers, for each kind of field.
func TestWords(t *testing.T) {
	object := func(text string) Answer { return Answer{Object: json.RawMessage(text)} }
	for _, tt := range []struct {
		name, xml string
		answer    Answer
		want      string
	}{
		{"radio buttons", `<multiplechoiceresponse><choicegroup><choice correct="false">Red <b>light</b><choicehint>No!</choicehint></choice><choice correct="true">Blue</choice></choicegroup></multiplechoiceresponse>`,
			One("choice_0"), "Red light"},
		{"named choices", `<multiplechoiceresponse><choicegroup><choice name="x" correct="false">Red</choice><choice name="y" correct="true">Blue</choice></choicegroup></multiplechoiceresponse>`,
			One("choice_x"), "Red"},
		{"pictures", `<multiplechoiceresponse><choicegroup><choice correct="false"><img src="/static/a.png" alt="A prism"/></choice><choice correct="true">B</choice></choicegroup></multiplechoiceresponse>`,
			One("choice_0"), "A prism"},
		{"check boxes, whose names do not count", `<choiceresponse><checkboxgroup><choice name="x" correct="true">One</choice><choice name="y" correct="false">Two<choicehint selected="true">Hm</choicehint></choice><choice correct="false">Three</choice></checkboxgroup></choiceresponse>`,
			List("choice_2", "choice_1"), "Three; Two"},
		{"statements", `<truefalseresponse><choicegroup><choice name="a" correct="true">Up</choice><choice name="b" correct="false">Down</choice></choicegroup></truefalseresponse>`,
			List("choice_b"), "Down"},
		{"dropdown", `<optionresponse><optioninput options="('hot','cold')" correct="hot"/></optionresponse>`, One("cold"), "cold"},
		{"number", `<numericalresponse answer="5"><textline/></numericalresponse>`, One(" 2*3 "), "2*3"},
		{"text", `<stringresponse answer="sun"><textline/></stringresponse>`, One("the\n moon"), "the moon"},
		{"formula", `<formularesponse samples="x@1:2#2" answer="x"><formulaequationinput/></formularesponse>`, One("x^2"), "x^2"},
		{"point in a picture", `<imageresponse><imageinput src="/static/a.png" width="9" height="9" rectangle="(1,1)-(2,2)"/></imageresponse>`,
			One("[123,48]"), "120, 50"},
		{"annotation", `<annotationresponse><annotationinput><options><option choice="correct">Sad</option><option choice="incorrect">Glad</option></options></annotationinput></annotationresponse>`,
			One(`{"comment":"x","options":[1]}`), "Glad"},
		{"choices with numbers", `<choicetextresponse><radiotextgroup><choice correct="true">A <numtolerance_input answer="1"/> m</choice><choice correct="false">B <decoy_input/></choice></radiotextgroup></choicetextresponse>`,
			object(`{"p_2_1_choiceinput_0bc":"choiceinput_0","p_2_1_choiceinput_0_numtolerance_input_0":"7"}`), "A [7] m"},
		{"drag and drop", `<customresponse><drag_and_drop_input img="/static/a.png"><draggable id="1" label="Leaf"/><draggable id="2"/><target id="t1" x="1" y="1" w="5" h="5"/></drag_and_drop_input><answer type="loncapa/python">correct=['correct']</answer></customresponse>`,
			One(`[{"2":[13,46]},{"1":"t1"}]`), "2 → 10, 50; Leaf → t1"},
		{"program", `<customresponse cfn="f"><jsinput html_file="/static/a.html"/></customresponse><script type="loncapa/python">def f(e,a): return True</script>`,
			One(`{"answer":"{\"x\":1}","state":"…"}`), `{"x":1}`},
		{"nothing", `<numericalresponse answer="5"><textline/></numericalresponse>`, Answer{}, ""},
		{"a choice that is gone", `<multiplechoiceresponse><choicegroup><choice correct="true">Red</choice></choicegroup></multiplechoiceresponse>`, One("choice_9"), "choice_9"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			def, err := Parse("<problem>"+tt.xml+"</problem>", Options{ID: "p", Scripts: returns("")})
			if err != nil {
				t.Fatal(err)
			}
			if got := def.Words().Say("p_2_1", tt.answer); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestWordsOfSeveralFields(t *testing.T) {
	def, err := Parse(`<problem><numericalresponse answer="5"><textline/></numericalresponse><stringresponse answer="a"><textline/></stringresponse></problem>`, Options{ID: "p"})
	if err != nil {
		t.Fatal(err)
	}
	w := def.Words()
	if w.Place("p_2_1") != 1 || w.Place("p_3_1") != 2 || w.Place("p_9_1") != 0 {
		t.Error("fields are not told apart")
	}
}

// Whatever a learner sent, there is one line.
func FuzzWords(f *testing.F) {
	f.Add(`{"p_2_1_choiceinput_0bc":"choiceinput_0"}`)
	f.Add(`[{"1":"t1"},{"2":[1e308,-1e308]}]`)
	f.Add(`{"comment":"","options":[1e30]}`)
	var defs []*Definition
	for _, xml := range []string{
		`<annotationresponse><annotationinput><options><option choice="correct">Sad</option></options></annotationinput></annotationresponse>`,
		`<choicetextresponse><radiotextgroup><choice correct="true">A <numtolerance_input answer="1"/></choice></radiotextgroup></choicetextresponse>`,
		`<imageresponse><imageinput src="/static/a.png" width="9" height="9" rectangle="(1,1)-(2,2)"/></imageresponse>`,
		`<customresponse><drag_and_drop_input img="/static/a.png"><draggable id="1" label="Leaf"/></drag_and_drop_input><answer type="loncapa/python">x=1</answer></customresponse>`,
	} {
		def, err := Parse("<problem>"+xml+"</problem>", Options{ID: "p", Scripts: returns("")})
		if err != nil {
			f.Fatal(err)
		}
		defs = append(defs, def)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, def := range defs {
			for _, a := range []Answer{One(text), {Object: json.RawMessage(text)}, List(text, text)} {
				for _, c := range def.Words().Say("p_2_1", a) {
					if c == '\n' || c == '\r' || c == '\t' {
						t.Fatalf("more than one line of %q", text)
					}
				}
			}
		}
	})
}
