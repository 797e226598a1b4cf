package problem

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"lectern/internal/errs"
	"lectern/internal/xmltree"
)

func choiceText(group, choices string) string {
	return question(`<choicetextresponse><` + group + `>` + choices + `</` + group + `></choicetextresponse>`)
}

// twoNumbers has a right choice with two numbers, and a wrong one with a decoy.
const twoNumbers = `<choice correct="true">From <numtolerance_input answer="1.5" tolerance="10%"/> to <b><numtolerance_input answer="$seed"/></b> m</choice>` +
	`<choice correct="false">Only <decoy_input/></choice>`

func object(pairs ...string) Answer {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m["P_2_1_choiceinput_"+pairs[i]] = pairs[i+1]
	}
	b, _ := json.Marshal(m)
	return Answer{Object: b}
}

func TestChoiceText(t *testing.T) {
	const one = `<choice correct="true">a</choice>`
	for _, tt := range []struct {
		name, group, choices string
		given                Answer
		want                 bool
	}{
		{"all right", "radiotextgroup", twoNumbers, object("0bc", "x", "0_numtolerance_input_0", "1.6", "0_numtolerance_input_1", "2-1"), true},
		{"a number too far", "radiotextgroup", twoNumbers, object("0bc", "x", "0_numtolerance_input_0", "1.7", "0_numtolerance_input_1", "1"), false},
		{"a number empty", "radiotextgroup", twoNumbers, object("0bc", "x", "0_numtolerance_input_0", "", "0_numtolerance_input_1", "1"), false},
		{"numbers that are not there count as right, as in Open edX", "radiotextgroup", twoNumbers, object("0bc", "x"), true},
		{"the wrong choice", "radiotextgroup", twoNumbers, object("1bc", "x", "1_numtolerance_input_0", "5"), false},
		{"both", "checkboxtextgroup", twoNumbers, object("0bc", "x", "0_numtolerance_input_0", "1.5", "0_numtolerance_input_1", "1", "1bc", "x"), false},
		{"words in what was not chosen", "radiotextgroup", twoNumbers, object("0bc", "x", "0_numtolerance_input_0", "1.5", "0_numtolerance_input_1", "1", "1_numtolerance_input_0", "words"), true},
		{"a choice that is not there", "checkboxtextgroup", one, object("0bc", "", "7bc", ""), false},
		{"a field that is not there", "checkboxtextgroup", one, object("0bc", "", "0_numtolerance_input_9", "words"), true},
		{"nothing chosen", "checkboxtextgroup", one, object(), false},
		{"nothing to choose", "checkboxtextgroup", `<choice correct="false"/>`, Answer{}, true},
		{"a single value", "radiotextgroup", one, One("P_2_1_choiceinput_0bc"), false},
		{"a list", "radiotextgroup", one, List("P_2_1_choiceinput_0bc"), false},
		{"numbers as JSON", "radiotextgroup", twoNumbers, Answer{Object: json.RawMessage(
			`{"P_2_1_choiceinput_0bc":true,"P_2_1_choiceinput_0_numtolerance_input_0":1.5,"P_2_1_choiceinput_0_numtolerance_input_1":1}`)}, true},
		{"complex", "radiotextgroup", `<choice correct="true"><numtolerance_input answer="1+2j"/></choice>`, object("0bc", "", "0_numtolerance_input_0", "2*i+1"), true},
		{"True is not true", "radiotextgroup", `<choice correct="True">a</choice>`, object("0bc", ""), false},
	} {
		result, err := gradeOnce(choiceText(tt.group, tt.choices), 1, Answers{"P_2_1": tt.given})
		if err != nil {
			t.Errorf("%s: %v: %v", tt.name, err, errors.Unwrap(err))
			continue
		}
		if got := result.Earned == 1; got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestChoiceTextErrors(t *testing.T) {
	number := func(attrs string) string {
		return choiceText("radiotextgroup", `<choice correct="true"><numtolerance_input `+attrs+`/></choice>`)
	}
	typed := func(s string) Answer { return object("0bc", "", "0_numtolerance_input_0", s) }
	heavy := strings.Repeat("fact(5000)-", 18)
	var many []string
	for i := range 900 {
		many = append(many, "0_numtolerance_input_"+jsonInt(i), heavy+"1")
	}
	for _, tt := range []struct {
		name, xml string
		given     Answer
		want      *errs.Error
		says      string
	}{
		{"words", number(`answer="5"`), typed("five"), ErrAnswer, "Could not interpret 'five' as a number."},
		{"syntax", number(`answer="5"`), typed("5("), ErrAnswer, "Could not interpret '5(' as a number."},
		{"a tower", number(`answer="5"`), typed("9^9^9^9"), ErrAnswer, "Could not interpret '9^9^9^9' as a number."},
		{"words in a decoy", choiceText("radiotextgroup", `<choice correct="false"><decoy_input/></choice>`), typed("five"), ErrAnswer, ""},
		{"no answer", number(""), typed("5"), ErrContent, "Answer not provided for numtolerance_input"},
		{"an answer that is a formula", number(`answer="2*3"`), typed("6"), ErrAnswer, "The Staff answer could not be interpreted as a number."},
		{"a tolerance of words", number(`answer="5" tolerance="some"`), typed("5"), ErrContent, ""},
		{"two groups", question(`<choicetextresponse><radiotextgroup/><radiotextgroup/></choicetextresponse>`), Answer{}, ErrContent, ""},
		{"two thousand choices", choiceText("radiotextgroup", strings.Repeat("<choice/>", 2000)), Answer{}, ErrContent, ""},
		{"a million choices", choiceText("radiotextgroup", strings.Repeat("<choice/>", 1_000_000)), Answer{}, xmltree.ErrTooLarge, ""},
		{"many numbers", choiceText("radiotextgroup", `<choice correct="true">`+strings.Repeat(`<numtolerance_input answer="1"/>`, 2000)+`</choice>`), Answer{}, ErrContent, ""},
		{"much work", choiceText("radiotextgroup", `<choice correct="true">`+strings.Repeat(`<numtolerance_input answer="1"/>`, 900)+`</choice>`),
			object(append(many, "0bc", "")...), ErrAnswer, ""},
	} {
		start := time.Now()
		_, err := gradeOnce(tt.xml, 1, Answers{"P_2_1": tt.given})
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want.Code)
			continue
		}
		if public := errs.From(err).Public; tt.says != "" && public != tt.says {
			t.Errorf("%s: says %q, want %q", tt.name, public, tt.says)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s took %v", tt.name, took)
		}
	}
}

func TestChoiceTextDrawing(t *testing.T) {
	answered := View{Answers: Answers{"P_2_1": object("0bc", "choiceinput_0", "0_numtolerance_input_0", `">$seed`)}}
	for _, tt := range []struct {
		name, group string
		view        View
		parts, none []string
	}{
		{"buttons", "radiotextgroup", View{}, []string{
			`<input type="radio" name="input_P_2_1_choiceinput" id="input_P_2_1_choiceinput_0bc" class="field-input input-radio" value="choiceinput_0">`,
			`name="input_P_2_1_choiceinput_0_numtolerance_input_1" id="input_P_2_1_choiceinput_0_numtolerance_input_1" value=""`,
			`name="input_P_2_1_choiceinput_1_numtolerance_input_0"`, `<b><input type="text"`, `aria-label="Number 2 of choice 1"`,
		}, []string{" checked", "1.5", "numtolerance_input/", "<decoy"}},
		{"boxes", "checkboxtextgroup", View{}, []string{`<input type="checkbox" name="input_P_2_1_choiceinput_1bc"`}, nil},
		{"answered", "radiotextgroup", answered, []string{`value="choiceinput_0" checked`, `value="&#34;&gt;&#36;seed"`}, []string{`value="choiceinput_1" checked`}},
		{"revealed", "radiotextgroup", View{ShowAnswers: true}, []string{"choicegroup_correct_answer", `<span class="answer-number">(1.5)</span>`}, []string{"(0)"}},
	} {
		p, err := mustParse(t, choiceText(tt.group, twoNumbers)).Instance(t.Context(), Variant{Seed: 1})
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
		want := Shown{ID: "P_2_1", Values: []string{"P_2_1_choiceinput_0bc"}, HTML: `From <strong>1.5</strong> to <b><strong>1</strong></b> m`}
		if shown := p.ShowAnswers(); len(shown) != 1 || shown[0].HTML != want.HTML || !slices.Equal(shown[0].Values, want.Values) {
			t.Errorf("%s: shows %+v, want %+v", tt.name, shown, want)
		}
	}
}

// TestChoiceTextWithoutScript posts the fields the page has.
func TestChoiceTextWithoutScript(t *testing.T) {
	for _, tt := range []struct{ query, want string }{
		{"input_P_2_1_choiceinput=choiceinput_0&input_P_2_1_choiceinput_0_numtolerance_input_0=5",
			`{"P_2_1_choiceinput_0_numtolerance_input_0":"5","P_2_1_choiceinput_0bc":"choiceinput_0"}`},
		{"input_P_2_1_choiceinput_1bc=choiceinput_1", `{"P_2_1_choiceinput_1bc":"choiceinput_1"}`},
		{"input_P_2_1_choiceinput_0_numtolerance_input_0=", `{"P_2_1_choiceinput_0_numtolerance_input_0":""}`},
		{"input_P_2_1_choiceinput=0bc_and_more", `{}`},
		{"input_P_2_1{}={\"a\":\"b\"}&input_P_2_1_choiceinput_1bc=x", `{"a":"b"}`},
		{"input_P_2_1{}={}&input_P_2_1_choiceinput_1bc=x", `{"P_2_1_choiceinput_1bc":"x"}`},
	} {
		form, err := url.ParseQuery(tt.query)
		if err != nil {
			t.Fatal(err)
		}
		answers, err := ParseForm(form)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(answers["P_2_1"].Object); got != tt.want || len(answers) != 1 {
			t.Errorf("%s: %q of %v, want %q", tt.query, got, answers, tt.want)
		}
	}
}

func FuzzChoiceText(f *testing.F) {
	for _, s := range []string{`{"P_2_1_choiceinput_0bc":"x","P_2_1_choiceinput_0_numtolerance_input_0":"1.5"}`, `{"a":null,"P_2_1_choiceinput_0bc":[1]}`, `{}`, `{"bc":1}`} {
		f.Add(s)
	}
	d := mustParse(f, choiceText("checkboxtextgroup", twoNumbers))
	f.Fuzz(func(t *testing.T, object string) {
		answers, err := ParseForm(url.Values{"input_P_2_1{}": {object}})
		if err != nil {
			return
		}
		p, err := d.Instance(t.Context(), Variant{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		result, err := p.Grade(t.Context(), answers, 1)
		if err != nil && !errors.Is(err, ErrAnswer) {
			t.Fatal(err)
		}
		out, err := p.Render(View{Answers: answers, Marks: result.Marks})
		if err != nil {
			t.Fatal(err)
		}
		plain, err := p.Render(View{})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := strings.Count(string(out), "<input"), strings.Count(string(plain), "<input"); got != want {
			t.Fatalf("%d fields, want %d", got, want)
		}
	})
}

func BenchmarkGradeChoiceText(b *testing.B) {
	p, err := mustParse(b, choiceText("radiotextgroup", twoNumbers)).Instance(b.Context(), Variant{Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	answers := Answers{"P_2_1": object("0bc", "x", "0_numtolerance_input_0", "1.6", "0_numtolerance_input_1", "2-1")}
	for b.Loop() {
		if _, err := p.Grade(b.Context(), answers, 1); err != nil {
			b.Fatal(err)
		}
	}
}
