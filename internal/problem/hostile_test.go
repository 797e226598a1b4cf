package problem

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"lectern/internal/errs"
	"lectern/internal/xmltree"
)

// TestTooLarge checks that problems over a limit are refused with a reason, and
// soon.
func TestTooLarge(t *testing.T) {
	choices := func(n int) string {
		return question(`<multiplechoiceresponse><choicegroup>` + strings.Repeat(`<choice correct="true"/>`, n) +
			`</choicegroup></multiplechoiceresponse>`)
	}
	for _, tt := range []struct {
		name, xml string
		want      *errs.Error
	}{
		{"two thousand choices", choices(2000), ErrContent},
		{"a million choices", choices(1_000_000), xmltree.ErrTooLarge},
		{"deep", strings.Repeat("<p>", 5000) + strings.Repeat("</p>", 5000), xmltree.ErrTooLarge},
		{"many inputs", question("<optionresponse>" + strings.Repeat(`<optioninput options="('a')"/>`, 1001) + "</optionresponse>"), ErrContent},
		{"many options", question(`<optionresponse><optioninput options="(` + strings.Repeat("'a',", 5000) + `)"/></optionresponse>`), ErrContent},
		{"entities", `<!DOCTYPE p [<!ENTITY a "b">]><problem>&a;</problem>`, xmltree.ErrDeclaration},
		{"not XML", "<problem", xmltree.ErrMalformed},
		{"empty", "", xmltree.ErrMalformed},
		{"nested questions", question(`<stringresponse answer="a"><numericalresponse answer="1"><textline/></numericalresponse></stringresponse>`), ErrContent},
		{"no field", question(`<stringresponse answer="a"/>`), ErrContent},
		{"wrong field", question(`<stringresponse answer="a"><choicegroup/></stringresponse>`), ErrContent},
		{"no answer", question(`<stringresponse><textline/></stringresponse>`), ErrContent},
		{"points", question(`<stringresponse answer="a"><textline points="lots"/></stringresponse>`), ErrContent},
		{"point value", question(`<multiplechoiceresponse partial_credit="points"><choicegroup><choice correct="partial" point_value="x"/>` +
			`</choicegroup></multiplechoiceresponse>`), ErrContent},
		{"pool", question(`<multiplechoiceresponse><choicegroup answer-pool="x"><choice correct="true"/></choicegroup></multiplechoiceresponse>`), ErrContent},
		{"two correct options", question(`<optionresponse><optioninput><option correct="true">a</option><option correct="true">b</option>` +
			`</optioninput></optionresponse>`), ErrContent},
	} {
		start := time.Now()
		_, err := Parse(tt.xml, Options{ID: "P"})
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want.Code)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s took %v", tt.name, took)
		}
	}
}

// TestCatastrophicRegexp checks that no answer keeps a grader busy.
func TestCatastrophicRegexp(t *testing.T) {
	for _, pattern := range []string{"(a+)+$", "(a|aa)+$", "(.*)*x", "(a?){30}a{30}", `(\w+\s?)*!`} {
		d := mustParse(t, text(`answer="`+pattern+`" type="regexp"`, `<regexphint answer="`+pattern+`">h</regexphint>`))
		p, err := d.Instance(t.Context(), Variant{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, err = p.Grade(t.Context(), Answers{"P_2_1": One(strings.Repeat("a", 4000) + "b")}, 1)
		if err != nil && !errors.Is(err, ErrGrader) {
			t.Errorf("%s: %v", pattern, err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s took %v", pattern, took)
		}
	}
	if _, err := matchPython("a", strings.Repeat("a", maxSubjectLength+1), false); err == nil {
		t.Error("a text over the limit was matched")
	}
	for _, pattern := range []string{strings.Repeat("(", 5000), "a{99999999999}", "a{2147483647}", strings.Repeat("a", maxPatternLength+1)} {
		if _, err := matchPython(pattern, "a", false); err == nil && !strings.HasPrefix(pattern, "a{") {
			t.Errorf("%.20q compiled", pattern)
		}
	}
}

// TestEmptyEverything grades and draws problems that lack what they can lack.
func TestEmptyEverything(t *testing.T) {
	for _, xml := range []string{
		"<problem/>", "<stringresponse answer=' '><textline/></stringresponse>",
		question("<optionresponse/>"), question("<optionresponse><optioninput/></optionresponse>"),
		question("<optionresponse><optioninput><option/></optioninput></optionresponse>"),
		question("<multiplechoiceresponse><choicegroup/></multiplechoiceresponse>"),
		question("<multiplechoiceresponse targeted-feedback=''><choicegroup shuffle='true'/></multiplechoiceresponse><targetedfeedbackset/>"),
		question("<choiceresponse partial_credit='edc'><checkboxgroup><compoundhint/></checkboxgroup></choiceresponse>"),
		question("<choiceresponse><radiogroup><choice/></radiogroup></choiceresponse>"),
		question("<numericalresponse answer='[,]'><textline/></numericalresponse>"),
		question("<numericalresponse answer='()'><textline/></numericalresponse>"),
		question("<numericalresponse answer='1' partial_credit=''><responseparam/><textline/></numericalresponse>"),
		question("<numericalresponse answer='1' partial_credit='list,close'><additional_answer/><textline/></numericalresponse>"),
		question("<numericalresponse answer='nan'><responseparam type='tolerance' default='-inf%'/><textline/></numericalresponse>"),
		question("<stringresponse answer='a'><textline/><hintgroup><stringhint/><hintpart/></hintgroup></stringresponse>"),
		question("<formularesponse answer=' ' samples='@0:0#1'><textline/><hintgroup><formulahint/><hintpart/></hintgroup></formularesponse>"),
		question("<numericalresponse answer='1'><textline/><hintgroup><numericalhint/><hintpart/></hintgroup></numericalresponse>"),
		question("<symbolicresponse expect='x'><textline/></symbolicresponse>"),
		question("<imageresponse/>"), question("<imageresponse><imageinput src='a' width='1' height='1'/></imageresponse>"),
		question("<annotationresponse><annotationinput/></annotationresponse>"),
		question("<annotationresponse><annotationinput><options><option/></options></annotationinput></annotationresponse>"),
		question("<choicetextresponse><radiotextgroup/></choicetextresponse>"),
		question("<choicetextresponse><checkboxtextgroup><choice/><choice><decoy_input/></choice></checkboxtextgroup></choicetextresponse>"),
		question("<demandhint/><solution/><math/><clarification/><include/>"),
	} {
		d, err := Parse(xml, Options{})
		if err != nil {
			t.Errorf("%s: %v", xml, err)
			continue
		}
		p, err := d.Instance(t.Context(), Variant{Seed: -1 << 62})
		if err != nil {
			t.Errorf("%s: %v", xml, err)
			continue
		}
		for _, a := range []Answers{nil, {"_2_1": {}}, {"_2_1": One("")}, {"_2_1": List()}, {"_2_1": One("nan")}, {"_2_1": One("\x00\xff")},
			{"_2_1": List("choice_0", "choice_0")}, {"_2_1": {Object: json.RawMessage("{}")}}} {
			result, err := p.Grade(t.Context(), a, 1)
			if err != nil && CountsAttempt(err) {
				t.Errorf("%s, %v: %v", xml, a, err)
			}
			if _, err := p.Render(View{Answers: a, Marks: result.Marks, ShowAnswers: true}); err != nil {
				t.Errorf("%s: %v", xml, err)
			}
		}
		p.ShowAnswers()
		p.Hint(-3, nil)
	}
}

// TestTolerance checks the numbers that break comparisons.
func TestTolerance(t *testing.T) {
	for _, tt := range []struct {
		tolerance, answer, given string
		want                     bool
	}{
		{"0.1", "0.3", "0.2", true}, {"0.1", "0.3", "0.19999999999999998", false},
		{"0", "1e300", "1e300", true}, {"0", "1e300", "1e-300", false}, {"1e300", "1e300", "1e-300", true},
		{"1e999", "5", "-1e308", true}, {"10%", "0", "0", true}, {"10%", "0", "1e-300", false},
		{"-1", "5", "5", false}, {"100%", "-4", "0", true}, {"0.001%", "1", "1.00001", true}, {"0.5+0.5", "1", "2", true},
	} {
		xml := numeric(`answer="`+tt.answer+`"`, `<responseparam type="tolerance" default="`+tt.tolerance+`"/>`)
		result, err := gradeOnce(xml, 1, Answers{"P_2_1": One(tt.given)})
		if err != nil {
			t.Errorf("%+v: %v", tt, err)
			continue
		}
		if got := result.Earned == 1; got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
}

func TestPythonFloats(t *testing.T) {
	for f, want := range map[float64]string{0.1: "0.1", 1e-05: "1e-05", 2: "2.0", 1e16: "1e+16", 123456789012345680: "1.2345678901234568e+17",
		1e15: "1000000000000000.0", 0.0001: "0.0001", -1.5e-7: "-1.5e-07", 1e100: "1e+100"} {
		if got := pyFloat(f); got != want {
			t.Errorf("pyFloat(%g) = %s, want %s", f, got, want)
		}
	}
	for s, want := range map[string]complex128{"1": 1, " 1.5e3 ": 1500, "1_000": 1000, "2j": 2i, "-j": -1i, "(1+2J)": 1 + 2i, "1-j": 1 - 1i} {
		if got, ok := parseComplex(s); !ok || got != want {
			t.Errorf("parseComplex(%q) = %v, %v; want %v", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "0x1", "1 2", "1__0", "_1", "1+2", "(1", "j1", "1jj", "e5", "1+ 2j"} {
		if got, ok := parseComplex(s); ok {
			t.Errorf("parseComplex(%q) = %v, want none", s, got)
		}
	}
}

func TestPythonBytes(t *testing.T) {
	for s, want := range map[string]string{"block-v1:a+b": "b'block-v1:a+b'", "é\n\\": `b'\xc3\xa9\n\\'`, "it's": `b"it's"`, `'"`: `b'\'"'`} {
		if got := pyBytes(s); got != want {
			t.Errorf("pyBytes(%q) = %s, want %s", s, got, want)
		}
	}
}

func TestPythonRegexpErrors(t *testing.T) {
	for pattern, want := range map[string]string{
		"[a": "unterminated character set at position 0", "a)": "unbalanced parenthesis at position 1",
		"(a": "missing ), unterminated subpattern at position 0", "*a": "nothing to repeat at position 0",
		"a**": "multiple repeat at position 2", "a{3,1}": "min repeat greater than max repeat at position 2",
		`a\q`: `bad escape \q at position 1`, `\`: "bad escape (end of pattern) at position 0",
		"[z-a]": "bad character range z-a at position 1", `[a-\d]`: `bad character range a-\d at position 1`,
		`\1`: "invalid group reference 1 at position 1", "(?P<n>a)(?P=m)": "unknown group name 'm' at position 12",
		"(?P<1>a)": "bad character in group name '1' at position 4", "(?P<>a)": "missing group name at position 4",
		"(?Zx)": "unknown extension ?Z at position 1", "(?<n>a)": "unknown extension ?<n at position 1",
		`\x1`: `incomplete escape \x1 at position 0`, "(?#a": "missing ), unterminated comment at position 0",
		"(?(1)a|b)": "invalid group reference 1 at position 3", `(\1)`: "cannot refer to an open group at position 1",
		`\400`: `octal escape value \400 outside of range 0-0o377 at position 0`, "^*": "nothing to repeat at position 1",
	} {
		if _, err := compilePython(pattern, false); err == nil || err.Error() != want {
			t.Errorf("%q: %v\nwant %s", pattern, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{question(oneOfThree), question(dropdown), question(strings.Replace(boxes, "%s", "", 1)), numeric(`answer="[1,2)"`, ""),
		text(`answer="a" type="ci regexp"`, ""), formula(`answer="x" samples="x@1:2#3"`, ""), image(`rectangle="(1,1)-(2,2)"`), question(annotated),
		choiceText("radiotextgroup", twoNumbers), symbolic(`expect="x"`), question("<math>$x$</math><solution>s</solution>"), "<problem><p>$seed</p></problem>"} {
		f.Add(s, "choice_1")
	}
	f.Fuzz(func(t *testing.T, xml, answer string) {
		d, err := Parse(xml, Options{ID: "P"})
		if err != nil {
			return
		}
		p, err := d.Instance(t.Context(), Variant{Seed: 3})
		if err != nil {
			t.Fatalf("parses but has no instance: %v", err)
		}
		a := Answers{}
		for _, id := range p.InputIDs() {
			a[id] = One(answer)
		}
		result, err := p.Grade(t.Context(), a, 1)
		if err != nil && !errors.Is(err, ErrUnsupported) && CountsAttempt(err) {
			t.Fatalf("grading fails with %v", err)
		}
		if result.Earned > result.Possible && !strings.Contains(xml, "point") {
			t.Fatalf("%v of %v points", result.Earned, result.Possible)
		}
		if _, err := p.Render(View{Answers: a, Marks: result.Marks, ShowAnswers: true}); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzAnswerIsEscaped draws what a learner typed: nothing of it may become
// markup.
func FuzzAnswerIsEscaped(f *testing.F) {
	for _, s := range []string{`"><script>x</script>`, "$seed", "&lt;", "\x00", "]]>", "</textarea>"} {
		f.Add(s)
	}
	d := mustParse(f, text(`answer="a"`, ""))
	f.Fuzz(func(t *testing.T, answer string) {
		p, err := d.Instance(t.Context(), Variant{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		out, err := p.Render(View{Answers: Answers{"P_2_1": One(answer)}})
		if err != nil {
			t.Fatal(err)
		}
		plain, err := p.Render(View{})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := countElements(t, string(out)), countElements(t, string(plain)); got != want {
			t.Fatalf("%d elements, want %d:\n%s", got, want, out)
		}
		if strings.Contains(string(out), `value="1"`) && answer != "1" {
			t.Fatalf("a variable was put into the answer:\n%s", out)
		}
	})
}

func countElements(t *testing.T, markup string) int {
	n := 0
	for d := range parseHTML(t, markup).Descendants() {
		if d.Type == html.ElementNode {
			n++
		}
	}
	return n
}

func FuzzParseForm(f *testing.F) {
	f.Add("input_P_2_1=x&input_P_3_1[]=a&input_P_3_1[]=b")
	f.Add("input_x{}={\"a\":1}&a_b=c")
	f.Fuzz(func(t *testing.T, query string) {
		form, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		answers, err := ParseForm(form)
		if err != nil {
			return
		}
		b, err := json.Marshal(answers)
		if err != nil {
			t.Fatal(err)
		}
		var back Answers
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if len(back) != len(answers) && strings.ToValidUTF8(query, "") == query && !strings.Contains(query, "%") {
			t.Fatalf("%d answers became %d", len(answers), len(back))
		}
	})
}

func FuzzStringRegexp(f *testing.F) {
	for _, s := range []string{`^a+$`, `(?P<n>x)(?P=n)`, `[^\W\d]`, `a{2,}?`, `(?i-s:x)`, `\x41\u0041`, `(?(1)a|b)`, `(?x) a # b`} {
		f.Add(s, "aaa")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		start := time.Now()
		_, _ = matchPython(pattern, text, true)
		if took := time.Since(start); took > 5*time.Second {
			t.Fatalf("%q on %q took %v", pattern, text, took)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	xml := question(strings.Repeat(oneOfThree+dropdown, 5))
	for b.Loop() {
		if _, err := Parse(xml, Options{ID: "P"}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGrade(b *testing.B) {
	d := mustParse(b, question(strings.Repeat(oneOfThree, 5)+strings.Repeat(`<numericalresponse answer="3.14"><textline/></numericalresponse>`, 5)))
	answers := Answers{}
	for i := range 10 {
		answers[fmt.Sprintf("P_%d_1", i+2)] = One("choice_1")
		if i >= 5 {
			answers[fmt.Sprintf("P_%d_1", i+2)] = One("3+0.14")
		}
	}
	for b.Loop() {
		p, err := d.Instance(b.Context(), Variant{Seed: 1})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := p.Grade(b.Context(), answers, 1); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	d := mustParse(b, question(strings.Repeat(oneOfThree+dropdown, 5)))
	for b.Loop() {
		p, err := d.Instance(b.Context(), Variant{Seed: 1})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := p.Render(View{}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestConcurrentUse shares one definition, as all requests do.
func TestConcurrentUse(t *testing.T) {
	d := mustParse(t, question(oneOfThree+`<multiplechoiceresponse><label>l</label><choicegroup answer-pool="2"><choice correct="true"/>`+
		`<choice/></choicegroup></multiplechoiceresponse><solutionset><solution/></solutionset>`))
	before := d.root.XML()
	var wg sync.WaitGroup
	for seed := range int64(8) {
		wg.Go(func() {
			st := &State{Seed: &seed}
			if _, err := d.Submit(t.Context(), Settings{Rerandomize: "never"}, st, "", Answers{"P_2_1": One("choice_1")}, testNow); err != nil {
				t.Error(err)
				return
			}
			p, err := d.Instance(t.Context(), Variant{Seed: seed})
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := p.Render(st.View()); err != nil {
				t.Error(err)
			}
			p.ShowAnswers()
		})
	}
	wg.Wait()
	if d.root.XML() != before {
		t.Error("the definition was changed")
	}
}
