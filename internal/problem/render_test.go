package problem

import (
	"strings"
	"testing"
)

func drawn(t *testing.T, xml string, v View) string {
	t.Helper()
	p, err := mustParse(t, xml).Instance(t.Context(), Variant{Seed: 1, AnonymousID: "a<b"})
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Render(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func marked(correctness Correctness, msg string) Marks {
	var m Marks
	m.Set("P_2_1", Mark{Correctness: correctness, Msg: msg, Hint: "<i>hint</i>", HintMode: "always"})
	return m
}

func TestRender(t *testing.T) {
	labelled := question(`<multiplechoiceresponse><label>Which <b>one</b>?</label><description>Tip</description>` +
		`<choicegroup><choice correct="true">a<choicehint>h</choicehint></choice></choicegroup></multiplechoiceresponse>`)
	textline := question(`<stringresponse answer="a"><textline size="20" trailing_text="m/s" label="Speed"/></stringresponse>` +
		`<solution><p>Because.</p></solution>`)
	for _, tt := range []struct {
		name, xml string
		view      View
		want      []string // parts that are there
		not       []string // and parts that are not
	}{
		{"question in a group", labelled, View{}, []string{
			`<div class="wrapper-problem-response" tabindex="-1" aria-label="Question 1" role="group">`,
			`<legend id="P_2_1-legend" class="response-fieldset-legend field-group-hd">Which <b>one</b>?</legend>`,
			`<div class="question-description" id="description_P_1_1">Tip</div>`,
			`aria-describedby="status_P_2_1 description_P_1_1"`,
			`<input type="radio" name="input_P_2_1" id="input_P_2_1_choice_0" class="field-input input-radio" value="choice_0">`,
		}, []string{"<label>Which", ">h<", "choicehint", "checked"}},
		{"correct, in words and sign", labelled, View{Answers: Answers{"P_2_1": One("choice_0")}, Marks: marked(Correct, "<p/>m")}, []string{
			`<span class="status correct" id="status_P_2_1"><span class="status-icon" aria-hidden="true">✓</span><span class="sr">correct</span></span>`,
			`checked`, `<i>hint</i><br><p></p>m`, `choicegroup_correct`,
		}, nil},
		{"withheld", labelled, View{Answers: Answers{"P_2_1": One("choice_0")}, Marks: marked(Correct, "m"), CorrectnessHidden: true},
			[]string{"submitted", "checked"}, []string{"hint", ">m<", "choicegroup_correct", "✓"}},
		{"saved since", labelled, View{Marks: marked(Correct, "msg"), Saved: true}, []string{"unanswered", "hint"}, []string{"msg", "✓"}},
		{"unknown verdict", labelled, View{Marks: marked("corrrectnr", "")}, []string{`class="status incorrect"`}, nil},
		{"answers shown", labelled, View{ShowAnswers: true}, []string{"choicegroup_correct_answer", "correct answer"}, nil},
		{"text line", textline, View{Answers: Answers{"P_2_1": One(`"><script>$seed`)}}, []string{
			`value="&#34;&gt;&lt;script&gt;&#36;seed"`, `size="20"`, `<span class="trailing_text" id="trailing_text_P_2_1">m/s</span>`,
			`aria-label="Speed"`, `<section class="solution-span"><div id="P_solution_1"></div></section>`,
		}, []string{"Because"}},
		{"text line, answers", textline, View{ShowAnswers: true, ReadOnly: true}, []string{
			"<strong>Answer:</strong> a", "<p>Because.</p>", " disabled",
		}, nil},
		{"dropdown", question(dropdown), View{Answers: Answers{"P_2_1": One("don't know")}}, []string{
			`<option value="option_P_2_1_dummy_default">Select an option</option>`,
			`<option value="don&#39;t know" selected>don&#39;t know</option>`, `<select name="input_P_2_1" id="input_P_2_1"`,
		}, nil},
		{"boxes are lists", question(strings.Replace(boxes, "%s", "", 1)), View{Answers: Answers{"P_2_1": List("choice_1")}},
			[]string{`<input type="checkbox" name="input_P_2_1[]"`, `value="choice_1" checked>`}, nil},
		{"markup of the course", question(`<text>a <math>$x&lt;1$</math></text><math>$\displaystyle y$</math>` +
			`<script type="text/javascript">if (a &lt; b) {}</script><style>p > a {}</style><iframe/><clarification>why</clarification> \(z\) $5 $seed`),
			View{}, []string{"<span>a <span>[mathjaxinline]x&lt;1[/mathjaxinline]</span></span>", "[mathjax] y[/mathjax]",
				"if (a < b) {}", "p > a {}", "<iframe></iframe>", "(why)", `\(z\) $5 1`}, []string{"<text", "<math"}},
		{"old text runs", question(`<startouttext/>hello<endouttext/>`), View{}, []string{"<span>hello</span>"}, nil},
		{"a paragraph around a question", question(`<p>x = <stringresponse answer="a"><textline inline="1"/></stringresponse></p>`), View{},
			[]string{"<div>x = <div"}, []string{"<p>"}},
		{"several inputs", question(`<optionresponse><label>Both</label><optioninput label="One" options="('a')" correct="a"/>` +
			`<optioninput label="Two" options="('b')" correct="b"/></optionresponse>`), View{}, []string{
			`<div class="multi-inputs-group" role="group" aria-labelledby="multiinput-group-label-P_1">`,
			`<p id="multiinput-group-label-P_1" class="multi-inputs-group-label">Both</p>`,
			`<label class="problem-group-label" for="input_P_2_1" id="label_P_2_1">One</label>`, `name="input_P_2_2"`,
		}, nil},
		{"label before the question", question(`<label>Name?</label><stringresponse answer="a"><textline/></stringresponse>`), View{},
			[]string{`<label class="problem-group-label" for="input_P_2_1" id="label_P_2_1">Name?</label>`}, []string{"<label>"}},
		{"paragraph repeated as label", question(`<p>Name?</p><stringresponse answer="a"><textline label="Name?"/></stringresponse>`), View{},
			[]string{`id="label_P_2_1">Name?</label>`}, []string{"<p>"}},
		{"formula", numeric(`answer="1"`, ""), View{}, []string{`data-formula="1"`, `data-preview="formula"`, `id="input_P_2_1_preview"`}, nil},
		{"typeset text", question(`<stringresponse answer="a"><textline math="1" hidden="x"/></stringresponse>`), View{},
			[]string{`id="input_P_2_1_dynamath"`, ` data-math="1" hidden`, `data-name="x"`}, nil},
		{"never correctness", question(`<multiplechoiceresponse><choicegroup show_correctness="never"><choice correct="true">a</choice>` +
			`</choicegroup></multiplechoiceresponse>`), View{Answers: Answers{"P_2_1": One("choice_0")}, Marks: marked(Correct, "")},
			[]string{"Answer received."}, []string{"✓"}},
		{"anonymous id", question("<p>$anonymous_student_id</p>"), View{}, []string{"<p>a&lt;b</p>"}, nil},
		{"field outside of questions", question(`<textline/>x`), View{}, []string{"x"}, []string{"<input"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := drawn(t, tt.xml, tt.view)
			for _, part := range tt.want {
				if !strings.Contains(out, part) {
					t.Errorf("lacks %s in\n%s", part, out)
				}
			}
			for _, part := range tt.not {
				if strings.Contains(out, part) {
					t.Errorf("has %s in\n%s", part, out)
				}
			}
		})
	}
}

func TestTargetedFeedback(t *testing.T) {
	xml := func(mode string) string {
		return question(`<multiplechoiceresponse targeted-feedback="` + mode + `"><choicegroup>` +
			`<choice correct="false" explanation-id="w">a</choice><choice correct="true" explanation-id="c">b</choice>` +
			`</choicegroup></multiplechoiceresponse><targetedfeedbackset><targetedfeedback explanation-id="w">wrong!</targetedfeedback>` +
			`<targetedfeedback explanation-id="c">right!</targetedfeedback></targetedfeedbackset>` +
			`<solutionset><solution explanation-id="c">why</solution></solutionset>`)
	}
	answered := View{Answers: Answers{"P_2_1": One("choice_0")}, Marks: marked(Incorrect, "")}
	if out := drawn(t, xml(""), View{}); strings.Contains(out, "!") {
		t.Errorf("feedback before the answer:\n%s", out)
	}
	out := drawn(t, xml(""), answered)
	if !strings.Contains(out, `<span class="sr">Incorrect</span>wrong!`) || strings.Contains(out, "right!") || strings.Contains(out, "why") {
		t.Errorf("feedback after the answer:\n%s", out)
	}
	if out := drawn(t, xml("alwaysShowCorrectChoiceExplanation"), answered); strings.Count(out, "why") != 1 {
		t.Errorf("the explanation is not shown once:\n%s", out)
	}
	answered.CorrectnessHidden = true
	if out := drawn(t, xml("alwaysShowCorrectChoiceExplanation"), answered); strings.Contains(out, "!") || strings.Contains(out, "why") {
		t.Errorf("feedback although correctness is withheld:\n%s", out)
	}
}

func TestAnswerPoolKeepsItsSolution(t *testing.T) {
	xml := question(`<multiplechoiceresponse><choicegroup answer-pool="2"><choice correct="true" explanation-id="x">x</choice>` +
		`<choice correct="true" explanation-id="y">y</choice><choice correct="false">z</choice></choicegroup></multiplechoiceresponse>` +
		`<solutionset><solution explanation-id="x">sx</solution><solution explanation-id="y">sy</solution></solutionset>`)
	d := mustParse(t, xml)
	for seed := range int64(20) {
		p, err := d.Instance(t.Context(), Variant{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		var solutions []string
		for _, s := range p.ShowAnswers() {
			if s.Solution {
				solutions = append(solutions, s.HTML)
			}
		}
		choices := p.responses[0].inputs[0].choices
		if len(choices) != 2 || len(solutions) != 1 {
			t.Fatalf("seed %d: %d choices, solutions %q", seed, len(choices), solutions)
		}
		for _, c := range choices {
			if c.correct == "TRUE" && "s"+c.node.Text() != solutions[0] {
				t.Errorf("seed %d: choice %s with solution %s", seed, c.node.Text(), solutions[0])
			}
		}
	}
}
