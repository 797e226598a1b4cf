package problem

import (
	"errors"
	"net/url"
	"strings"
	"testing"
)

const annotated = `<annotationresponse><annotationinput><title>A title</title><text>A &lt;passage&gt; of <i>text</i></text><comment>What is it?</comment>` +
	`<comment_prompt>Say:</comment_prompt><tag_prompt>Tag:</tag_prompt><options><option choice="correct">right</option>` +
	`<option choice="partially-correct">nearly</option><option choice="incorrect">wrong</option><option choice="other">odd</option></options>` +
	`</annotationinput></annotationresponse>`

func TestAnnotation(t *testing.T) {
	if d := mustParse(t, question(strings.Replace(annotated, "<annotationinput", `<annotationinput points="5"`, 1))); d.MaxScore() != 2 {
		t.Errorf("%v points, want 2", d.MaxScore())
	}
	for _, tt := range []struct {
		given  string
		want   Correctness
		points float64
	}{
		{`{"options":[0]}`, Correct, 2},
		{`{"options":[0],"comment":"a remark"}`, Correct, 2},
		{`{"options":[1]}`, Partial, 1},
		{`{"options":[2]}`, Incorrect, 0},
		{`{"options":[3]}`, Incorrect, 0},
		{`{"options":[4]}`, Incorrect, 0},
		{`{"options":[-1]}`, Incorrect, 0},
		{`{"options":[0.5]}`, Incorrect, 0},
		{`{"options":[1e400]}`, Incorrect, 0},
		{`{"options":["0"]}`, Incorrect, 0},
		{`{"options":[null]}`, Incorrect, 0},
		{`{"options":[true]}`, Incorrect, 0},
		{`{"options":[0,1]}`, Incorrect, 0},
		{`{"options":0}`, Incorrect, 0},
		{`{"comment":"alone"}`, Incorrect, 0},
		{`[]`, Incorrect, 0},
		{`"text"`, Incorrect, 0},
		{``, Incorrect, 0},
	} {
		result, err := gradeOnce(question(annotated), 1, Answers{"P_2_1": One(tt.given)})
		if err != nil {
			t.Errorf("%s: %v", tt.given, err)
			continue
		}
		mark, _ := result.Marks.Get("P_2_1")
		if mark.Correctness != tt.want || result.Earned != tt.points || result.Possible != 2 {
			t.Errorf("%s: %s, %v of %v; want %s, %v of 2", tt.given, mark.Correctness, result.Earned, result.Possible, tt.want, tt.points)
		}
	}
	for _, given := range []string{"{", "right", strings.Repeat("[", 20_000)} {
		if _, err := gradeOnce(question(annotated), 1, Answers{"P_2_1": One(given)}); !errors.Is(err, ErrAnswer) {
			t.Errorf("%.20s: %v, want %s", given, err, ErrAnswer.Code)
		}
	}
	many := strings.Replace(annotated, "<options>", "<options>"+strings.Repeat("<option/>", 2000), 1)
	if _, err := Parse(question(many), Options{ID: "P"}); !errors.Is(err, ErrContent) {
		t.Errorf("two thousand options: %v", err)
	}
}

func TestAnnotationDrawing(t *testing.T) {
	for _, tt := range []struct {
		name, xml   string
		view        View
		parts, none []string
	}{
		{"at first", annotated, View{}, []string{`<legend id="P_2_1-legend">A title</legend>`, `A &lt;passage&gt; of <i>text</i>`, `name="input_P_2_1_comment"`, "Say:", "Tag:",
			`<input type="radio" name="input_P_2_1_option" id="input_P_2_1_option_3" class="field-input input-radio" value="3">`}, []string{" checked", "correct answer"}},
		{"nothing but an input", `<annotationresponse><label>Which?</label><annotationinput/></annotationresponse>`, View{},
			[]string{`<legend id="P_2_1-legend">Which?</legend>`, "Annotation Exercise", "Type a commentary below:", "Select one tag:"}, []string{"blockquote"}},
		{"answered", annotated, View{Answers: Answers{"P_2_1": One(`{"options":[1],"comment":"</textarea>$seed"}`)}},
			[]string{`value="1" checked`, "&lt;&#47;textarea&gt;&#36;seed"}, []string{`value="0" checked`}},
		{"nonsense", annotated, View{Answers: Answers{"P_2_1": One(`{"options":[9],"comment":7}`)}}, nil, []string{" checked", "7"}},
		{"revealed", annotated, View{ShowAnswers: true}, []string{`choicegroup_correct_answer"><span class="choice-text">right`}, nil},
	} {
		p, err := mustParse(t, question(tt.xml)).Instance(t.Context(), Variant{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		out, err := p.Render(tt.view)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range tt.parts {
			if !strings.Contains(string(out), part) {
				t.Errorf("%s: lacks %s in %s", tt.name, part, out)
			}
		}
		for _, part := range tt.none {
			if strings.Contains(string(out), part) {
				t.Errorf("%s: has %s in %s", tt.name, part, out)
			}
		}
	}
}

// TestAnnotationWithoutScript posts the fields the page has.
func TestAnnotationWithoutScript(t *testing.T) {
	for _, tt := range []struct{ query, want string }{
		{"input_P_2_1_comment=a+%22b%22&input_P_2_1_option=2", `{"comment":"a \"b\"","options":[2]}`},
		{"input_P_2_1_comment=&input_P_2_1_option=0", `{"comment":"","options":[0]}`},
		{"input_P_2_1_comment=a", `{"comment":"a","options":[]}`},
		{"input_P_2_1_comment=", ""},
		{"input_P_2_1_comment=a&input_P_2_1_option=b", `{"comment":"a","options":[]}`},
		{"input_P_2_1={}&input_P_2_1_option=1", `{}`},
	} {
		form, err := url.ParseQuery(tt.query)
		if err != nil {
			t.Fatal(err)
		}
		answers, err := ParseForm(form)
		if err != nil {
			t.Fatal(err)
		}
		if got := answers["P_2_1"].Value(); got != tt.want || len(answers) != 1 {
			t.Errorf("%s: %q of %v, want %q", tt.query, got, answers, tt.want)
		}
	}
}

func BenchmarkGradeAnnotation(b *testing.B) {
	p, err := mustParse(b, question(annotated)).Instance(b.Context(), Variant{Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := p.Grade(b.Context(), Answers{"P_2_1": One(`{"options":[1],"comment":"some words"}`)}, 1); err != nil {
			b.Fatal(err)
		}
	}
}
