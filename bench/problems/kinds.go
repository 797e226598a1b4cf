package main

import (
	"encoding/json"

	"lectern/internal/problem"
)

// kind is a question with a correct answer.
type kind struct {
	name, xml string
	answer    problem.Answer
}

// nativeKinds are the response types that are graded without a script.
func nativeKinds() []kind {
	const choices = `<choice correct="false">a</choice><choice correct="true">b</choice><choice correct="false">c</choice>`
	return []kind{
		{"multiple choice", `<problem><p>Which?</p><multiplechoiceresponse><choicegroup>` + choices +
			`</choicegroup></multiplechoiceresponse></problem>`, problem.One("choice_1")},
		{"check boxes", `<problem><choiceresponse><checkboxgroup>` + choices + `</checkboxgroup></choiceresponse></problem>`,
			problem.List("choice_1")},
		{"drop-down", `<problem><optionresponse><optioninput options="('red','blue')" correct="blue"/></optionresponse></problem>`,
			problem.One("blue")},
		{"number", `<problem><numericalresponse answer="3.14"><responseparam type="tolerance" default="1%"/>` +
			`<formulaequationinput/></numericalresponse></problem>`, problem.One("3 + 0.14")},
		{"text", `<problem><stringresponse answer="blue" type="ci"><textline/></stringresponse></problem>`, problem.One("Blue")},
		{"text by regular expression", `<problem><stringresponse answer="^b.*e$" type="ci regexp"><textline/></stringresponse></problem>`,
			problem.One("blue")},
		{"formula", `<problem><formularesponse type="ci" samples="x,y@1,1:3,3#10" answer="x^2+y"><responseparam type="tolerance" ` +
			`default="0.01"/><formulaequationinput/></formularesponse></problem>`, problem.One("y+x*x")},
		{"point in a picture", `<problem><imageresponse><imageinput src="/static/a.png" width="100" height="100" ` +
			`rectangle="(10,10)-(20,20)"/></imageresponse></problem>`, problem.One("[15,15]")},
		{"choice with a number", `<problem><choicetextresponse><radiotextgroup><choice correct="true">x is ` +
			`<numtolerance_input answer="5" tolerance="1"/></choice><choice correct="false">none</choice></radiotextgroup>` +
			`</choicetextresponse></problem>`, object(map[string]string{
			"p_2_1_choiceinput_0bc": "choice_0", "p_2_1_choiceinput_0_numtolerance_input_0": "5",
		})},
	}
}

func object(fields map[string]string) problem.Answer {
	text, err := json.Marshal(fields)
	if err != nil {
		panic(err) // strings always have a form
	}
	return problem.Answer{Object: text}
}
