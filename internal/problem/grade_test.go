package problem

import (
	"errors"
	"strings"
	"testing"

	"lectern/internal/errs"
)

// question wraps a response in a problem.
func question(body string) string { return "<problem>" + body + "</problem>" }

const (
	oneOfThree = `<multiplechoiceresponse><choicegroup><choice correct="false">a<choicehint>no</choicehint></choice>` +
		`<choice correct="true">b<choicehint label="Yes">é <b>x</b></choicehint> after</choice>` +
		`<choice correct="false" name="c">c</choice></choicegroup></multiplechoiceresponse>`
	boxes = `<choiceresponse%s><checkboxgroup><choice correct="true">a</choice><choice correct="false">b</choice>` +
		`<choice correct="true">c</choice><choice correct="false">d</choice><choice correct="false">e</choice>` +
		`</checkboxgroup></choiceresponse>`
	dropdown = `<optionresponse><optioninput options="('red','dark blue','don't know')" correct="dark blue"/></optionresponse>`
)

func numeric(attrs, inside string) string {
	return question(`<numericalresponse ` + attrs + `>` + inside + `<formulaequationinput/></numericalresponse>`)
}

func text(attrs, inside string) string {
	return question(`<stringresponse ` + attrs + `>` + inside + `<textline/></stringresponse>`)
}

func withCredit(mode string) string {
	return question(strings.Replace(boxes, "%s", ` partial_credit="`+mode+`"`, 1))
}

func TestGrade(t *testing.T) {
	plainBoxes := question(strings.Replace(boxes, "%s", "", 1))
	tolerance := `<responseparam type="tolerance" default="0.1"/>`
	for _, tt := range []struct {
		name, xml string
		answer    Answer
		want      Correctness
		points    float64
	}{
		{"one choice", question(oneOfThree), One("choice_1"), Correct, 1},
		{"named choice", question(oneOfThree), One("choice_c"), Incorrect, 0},
		{"a list where one value belongs", question(oneOfThree), List("choice_1"), Incorrect, 0},
		{"boxes, all", plainBoxes, List("choice_2", "choice_0"), Correct, 1},
		{"boxes, one missing", plainBoxes, List("choice_0"), Incorrect, 0},
		{"every decision counts", withCredit("EDC"), List("choice_0", "choice_1"), Partial, 0.6},
		{"halves, one error", withCredit("halves"), List("choice_0"), Partial, 0.5},
		{"halves, two errors", withCredit("halves"), List("choice_0", "choice_1"), Partial, 0.25},
		{"halves, three errors", withCredit("halves"), List("choice_0", "choice_1", "choice_3"), Incorrect, 0},
		{"dropdown", question(dropdown), One("dark blue"), Correct, 1},
		{"dropdown, placeholder", question(dropdown), One("option_P_2_1_dummy_default"), Incorrect, 0},
		{"number by formula", numeric(`answer="10"`, ""), One("2*(3+2)"), Correct, 1},
		{"decimals are compared as written", numeric(`answer="0.3"`, tolerance), One("0.4"), Correct, 1},
		{"just outside", numeric(`answer="0.3"`, tolerance), One("0.41"), Incorrect, 0},
		{"half-open range", numeric(`answer="[1, 2)"`, ""), One("2"), Incorrect, 0},
		{"infinite tolerance accepts", numeric(`answer="3"`, `<responseparam type="tolerance" default="1e999"/>`), One("7"), Correct, 1},
		{"infinite answer", numeric(`answer="inf"`, ""), One("1e999"), Correct, 1},
		{"empty answer", numeric(`answer="3"`, ""), One(" "), Incorrect, 0},
		{"complex", numeric(`answer="1+2j"`, ""), One("1+2*i"), Correct, 1},
		{"additional answer", numeric(`answer="3"`, `<additional_answer answer="4"/>`), One("4"), Correct, 1},
		{"close", numeric(`answer="3" partial_credit="close"`, tolerance), One("3.2"), Partial, 0.5},
		{"text", text(`answer=" Two Words "`, ""), One(" Two Words"), Correct, 1},
		{"text, case", text(`answer="straße" type="ci"`, ""), One("STRAßE"), Correct, 1},
		{"regexp with named group", text(`answer="(?P&lt;q&gt;['&quot;]).*(?P=q)" type="regexp"`, ""), One(`"x"`), Correct, 1},
		{"regexp backreference fails", text(`answer="(a|b)\1" type="regexp"`, ""), One("ab"), Incorrect, 0},
		{"regexp inverse set", text(`answer="[^\W\d]+" type="regexp"`, ""), One("ab1"), Incorrect, 0},
		{"regexp lookahead", text(`answer="(?!.*no)\w+" type="regexp"`, ""), One("yes"), Correct, 1},
		{"regexp inline flag", text(`answer="(?i)abc" type="regexp"`, ""), One("ABC"), Correct, 1},
		{"old list", text(`answer="a_or_b"`, ""), One("b"), Correct, 1},
		{"true and false", question(`<truefalseresponse><choicegroup><choice correct="true">a</choice>` +
			`<choice correct="true">b</choice></choicegroup></truefalseresponse>`), List("choice_0", "choice_1"), Correct, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			result, err := gradeOnce(tt.xml, 1, Answers{"P_2_1": tt.answer})
			if err != nil {
				t.Fatal(err, errors.Unwrap(err))
			}
			mark, _ := result.Marks.Get("P_2_1")
			if mark.Correctness != tt.want || mark.Earned() != tt.points {
				t.Errorf("%s, %v points; want %s, %v", mark.Correctness, mark.Earned(), tt.want, tt.points)
			}
		})
	}
}

func TestGradeRefused(t *testing.T) {
	for _, tt := range []struct {
		name, xml, answer string
		want              *errs.Error
		public            string
	}{
		{"syntax", numeric(`answer="3"`, ""), "3;", ErrAnswer, "Invalid math syntax: '3;'"},
		{"domain", numeric(`answer="3"`, ""), "fact(-1)", ErrAnswer,
			"Factorial function evaluated outside its domain: 'fact(-1)'"},
		{"huge", numeric(`answer="3"`, ""), "9^9^9^9", ErrAnswer, "Could not interpret '9^9^9^9' as a number."},
		{"staff answer", numeric(`answer="three"`, ""), "3", ErrAnswer, badStaffAnswer},
		{"tolerance is no number", numeric(`answer="3"`, `<responseparam type="tolerance" default=""/>`), "4", ErrContent, ""},
		{"tolerance is complex", numeric(`answer="3"`, `<responseparam type="tolerance" default="i"/>`), "4", ErrContent, ""},
		{"broken regexp", text(`answer="(a" type="regexp"`, ""), "a", ErrGrader,
			"[courseware.capa.responsetypes.stringresponse] error: missing ), unterminated subpattern at position 1"},
		{"two modes of credit", withCredit("edc,halves"), "choice_0", ErrContent,
			"Only one type of partial credit is allowed for Checkbox problems."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := gradeOnce(tt.xml, 1, Answers{"P_2_1": One(tt.answer)})
			if !errors.Is(err, tt.want) {
				t.Fatalf("error %v, want %s", err, tt.want.Code)
			}
			if public := errs.From(err).Public; tt.public != "" && public != tt.public {
				t.Errorf("public %q, want %q", public, tt.public)
			}
			if CountsAttempt(err) {
				t.Error("the attempt counts")
			}
		})
	}
}

func TestHints(t *testing.T) {
	for _, tt := range []struct{ name, xml, answer, want string }{
		{"choice with label, markup and tail", question(oneOfThree), "choice_1",
			`<div class="feedback-hint-correct"><div class="explanation-title">Answer</div>` +
				`<span class="hint-label">Yes </span><div class="hint-text">&#233; <b>x</b> after</div></div>`},
		{"equal text", text(`answer="a"`, `<stringequalhint answer="b" label="&lt;">h</stringequalhint>`), "b",
			`<div class="feedback-hint-incorrect"><div class="explanation-title">Answer</div>` +
				`<span class="hint-label">&lt; </span><div class="hint-text">h</div></div>`},
		{"empty hint", text(`answer="a"`, `<correcthint/>`), "a", ""},
		{"broken hint expression", text(`answer="a"`, `<regexphint answer="(">h</regexphint>`), "b", ""},
	} {
		result, err := gradeOnce(tt.xml, 1, Answers{"P_2_1": One(tt.answer)})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if mark, _ := result.Marks.Get("P_2_1"); mark.Msg != tt.want {
			t.Errorf("%s: %s\nwant %s", tt.name, mark.Msg, tt.want)
		}
	}
}

func TestDemandHints(t *testing.T) {
	d, err := Parse(question(dropdown+`<demandhint><hint>one</hint><hint>$seed <i/></hint></demandhint>`), Options{ID: "P"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := d.Instance(t.Context(), Variant{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	first, more := p.Hint(0, nil)
	if !more || strings.Contains(first, "2 of 2") {
		t.Errorf("first hint %s, more %v", first, more)
	}
	second, more := p.Hint(1, nil)
	if more || !strings.Contains(second, "<strong>Hint (2 of 2): </strong>7 <i></i>") {
		t.Errorf("second hint %s, more %v", second, more)
	}
	if again, _ := p.Hint(2, nil); again != first {
		t.Errorf("after the last hint comes %s, want the first", again)
	}
	if d.DemandHints() != 2 {
		t.Errorf("%d hints, want 2", d.DemandHints())
	}
}

func TestClassify(t *testing.T) {
	for _, tt := range []struct {
		name, xml string
		want      Class
	}{
		{"plain", dropdown, Native},
		{"no question", "<p>text</p>", Native},
		{"comment only", "<script>\n# nothing\n</script>" + dropdown, Native},
		{"JavaScript", "<script type='text/javascript'>x()</script>" + dropdown, Native},
		{"Python", "<script type='loncapa/python'>x = 1</script>" + dropdown, Python},
		{"untyped script is Python", "<script>x = 1</script>" + dropdown, Python},
		{"hint function", "<stringresponse answer='a'><textline/><hintgroup hintfn='f'/></stringresponse>", Python},
		{"custom response", "<customresponse cfn='f'><textline/></customresponse>", Python},
		{"NumPy", "<script>\nimport numpy as np\n</script>" + dropdown, External},
		{"formula", "<formularesponse answer='x' samples='x@1:2#3'><textline/></formularesponse>", Native},
		{"molecule", "<jsmeresponse answer='x'><textline/></jsmeresponse>", Unsupported},
		{"external queue", "<coderesponse><textbox/></coderesponse>", External},
	} {
		d, err := Parse(question(tt.xml), Options{ID: "P"})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		class, reason := d.Class()
		if class != tt.want || (reason == "") != (class == Native) {
			t.Errorf("%s: class %s, reason %q; want %s", tt.name, class, reason, tt.want)
		}
		if class == Native {
			continue
		}
		p, err := d.Instance(t.Context(), Variant{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Grade(t.Context(), Answers{}, 1); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: grading says %v", tt.name, err)
		}
		learner, _ := p.Render(View{})
		staff, _ := p.Render(View{Staff: true})
		if !strings.Contains(string(learner), ErrUnsupported.Public) || len(staff) <= len(learner) {
			t.Errorf("%s: learner sees %s, staff %s", tt.name, learner, staff)
		}
	}
}

func TestOptions(t *testing.T) {
	for _, tt := range []struct {
		attr string
		want []string
	}{
		{"('a','b c','d')", []string{"a", "b c", "d"}},
		{"('a' 'b')", []string{"a", "b"}},
		{"('it's','it\\'s')", []string{"it's", "it's"}},
		{"('','x')", []string{"", "x"}},
		{"(abc, de)", []string{"b", ""}},
		{"", nil},
		{"()", nil},
	} {
		got := parseOptions(tt.attr)
		if strings.Join(got, "|") != strings.Join(tt.want, "|") {
			t.Errorf("parseOptions(%q) = %q, want %q", tt.attr, got, tt.want)
		}
	}
}

func TestInclude(t *testing.T) {
	read := func(name string) (string, error) {
		if name == "q.xml" {
			return dropdown, nil
		}
		return "", errors.New("no such file")
	}
	d, err := Parse(question(`<include file="q.xml"/>`), Options{ID: "P", Include: read})
	if err != nil || d.MaxScore() != 1 {
		t.Errorf("included question: %v", err)
	}
	for _, tt := range []Options{{ID: "P", Include: read}, {ID: "P"}} {
		if _, err := Parse(question(`<include file="other.xml"/>`), tt); !errors.Is(err, ErrContent) {
			t.Errorf("missing file: %v", err)
		}
	}
}

// FuzzOptions reads lists of strings as authors write them for drop-downs.
func FuzzOptions(f *testing.F) {
	for _, seed := range []string{"('red','dark blue')", `("a",'b')`, "('it's','O'Neil')", `('a\'b')`, "(#x\n'y')", "()", "('", "(a b,c)", "'"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, attr string) {
		options := parseOptions(attr)
		if len(options) > len(attr) {
			t.Errorf("%d options in %d bytes", len(options), len(attr))
		}
		for _, option := range options {
			if strings.Contains(option, "&#39;") && !strings.Contains(attr, "&#39;") {
				t.Errorf("%q has an escape of ours", option)
			}
		}
	})
}
