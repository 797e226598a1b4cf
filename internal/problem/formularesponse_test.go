package problem

import (
	"errors"
	"fmt"
	"html"
	"slices"
	"strings"
	"testing"
	"time"

	"lectern/internal/errs"
	"lectern/internal/problem/calc"
)

func formula(attrs, inside string) string {
	return question(`<formularesponse ` + attrs + `>` + inside + `<formulaequationinput/></formularesponse>`)
}

func TestFormula(t *testing.T) {
	const xy = `answer="x+2*y" samples="x,y@-3,1:3,9#10"`
	for _, tt := range []struct {
		name, attrs, inside, given string
		want                       bool
	}{
		{"the same", xy, "", "2*y+x", true},
		{"another", xy, "", "2*y-x", false},
		{"nothing", xy, "", "", false},
		{"blanks", xy, "", " \t", false},
		{"a constant near it at no point", xy, "", "5", false},
		{"never a number", xy, "", "x+2*y+0*ln(0)", false},
		{"infinite", xy, "", "1e999", false},
		{"complex on the way", `answer="abs(x)" samples="x@-3:-1#5"`, "", "sqrt(-x^2)/sqrt(-1)", true},
		{"complex", `answer="sqrt(x)" samples="x@-3:-1#5"`, "", "sqrt(-x)*i", true},
		{"a tolerance", xy, `<responseparam type="tolerance" default="0.5"/>`, "x+2*y+0.4", true},
		{"beyond a tolerance", xy, `<responseparam type="tolerance" default="0.3"/>`, "x+2*y+0.4", false},
		{"per cent", xy, `<responseparam type="tolerance" default="5%"/>`, "1.04*(x+2*y)", true},
		{"without tolerance a thousandth of a per cent", xy, "", "1.000009*(x+2*y)", true},
		{"and no more", xy, "", "1.00002*(x+2*y)", false},
		{"case does not count", xy, "", "X+2*Y", true},
		{"of ci and cs the first word wins", xy + ` type="cs,ci"`, "", "X+2*Y", true},
		{"blanks in samples", `answer="x+y" samples=" x , y @ 1, 2 : 3,4 # 5 "`, "", "x+y", true},
		{"one point", `answer="x" samples="x@2:2#1"`, "", "2", true},
		{"ends the wrong way round", `answer="x" samples="x@9:2#20"`, "", "x", true},
		{"a variable named like a constant", `answer="2*e" samples="e@5:6#5"`, "", "e+e", true},
		{"primes and indices", `answer="x'+T_{ab}^{c}" samples="x',T_{ab}^{c}@1,2:3,4#5"`, "", "T_{ab}^{c}+x'", true},
		{"from a variable of the problem", `answer="x+$seed" samples="x@1:$seed#5"`, "", "x+1", true},
	} {
		result, err := gradeOnce(formula(tt.attrs, tt.inside), 1, Answers{"P_2_1": One(tt.given)})
		if err != nil {
			t.Errorf("%s: %v: %v", tt.name, err, errors.Unwrap(err))
			continue
		}
		if got := result.Earned == 1; got != tt.want {
			t.Errorf("%s: %q is %v, want %v", tt.name, tt.given, got, tt.want)
		}
	}
}

func TestFormulaErrors(t *testing.T) {
	const x = `answer="x" samples="x@1:2#5"`
	for _, tt := range []struct {
		name, attrs, given string
		want               *errs.Error
		says               string
	}{
		{"syntax", x, "2x", ErrAnswer, "Invalid input: Could not parse '2x' as a formula"},
		{"markup", x, "<b>", ErrAnswer, "Invalid input: Could not parse '<b>' as a formula"},
		{"another variable", x, "y", ErrAnswer, "Invalid Input: y not permitted in answer as a variable"},
		{"another function", x, "f(x)", ErrAnswer, "Invalid Input: f not permitted in answer as a function"},
		{"case", x + ` type="cs"`, "X", ErrAnswer, "Invalid Input: X not permitted in answer as a variable (did you mean x?)"},
		{"parenthesis", x, "(x", ErrAnswer, "Invalid Input: Parentheses are unmatched. 1 parentheses were opened but never closed."},
		{"factorial of less than nothing", x, "fact(-3)", ErrAnswer, "Factorial function not permitted in answer for this problem. Provided answer was: fact(-3)"},
		{"factorial of a fraction", x, "fact(x)", ErrAnswer, "Invalid input: Could not parse 'fact(x)' as a formula"},
		{"tower", x, "9^9^9^9", ErrAnswer, "Invalid input: Could not parse '9^9^9^9' as a formula"},
		{"too large for a float", x, "2^60000", ErrAnswer, "Invalid input: Could not parse '2^60000' as a formula"},
		{"no samples", `answer="x"`, "x", ErrContent, ""},
		{"no answer", `samples="x@1:2#5"`, "x", ErrContent, ""},
		{"a million samples", `answer="x" samples="x@1:2#1000000"`, "x", ErrContent, ""},
		{"no sample", `answer="x" samples="x@1:2#0"`, "x", ErrContent, ""},
		{"less than none", `answer="x" samples="x@1:2#-5"`, "x", ErrContent, ""},
		{"samples without @", `answer="x" samples="x1:2#5"`, "x", ErrContent, ""},
		{"samples without number", `answer="x" samples="x@1:2"`, "x", ErrContent, ""},
		{"samples without end", `answer="x" samples="x@1#5"`, "x", ErrContent, ""},
		{"three ends", `answer="x" samples="x@1:2:3#5"`, "x", ErrContent, ""},
		{"endless", `answer="x" samples="x@1:inf#5"`, "x", ErrContent, ""},
		{"not a number", `answer="x" samples="x@one:2#5"`, "x", ErrContent, ""},
		{"many variables", `answer="x" samples="` + strings.Repeat("x,", 5000) + `x@1:2#5"`, "x", ErrContent, ""},
		{"the right answer is no formula", `answer="2x" samples="x@1:2#5"`, "x", ErrAnswer, badStaffAnswer},
		{"a variable without range", `answer="y" samples="x,y@1:2#5"`, "x", ErrAnswer, badStaffAnswer},
	} {
		_, err := gradeOnce(formula(tt.attrs, ""), 1, Answers{"P_2_1": One(tt.given)})
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want.Code)
			continue
		}
		if public := errs.From(err).Public; tt.says != "" && public != tt.says {
			t.Errorf("%s: says %q, want %q", tt.name, public, tt.says)
		}
		if CountsAttempt(err) {
			t.Errorf("%s: costs an attempt", tt.name)
		}
	}
}

// TestFormulaStaffAnswerStaysSecret grades with a right answer that cannot be
// evaluated: what is said must not quote it.
func TestFormulaStaffAnswerStaysSecret(t *testing.T) {
	_, err := gradeOnce(formula(`answer="secret+" samples="x@1:2#5"`, ""), 1, Answers{"P_2_1": One("x")})
	if public := errs.From(err).Public; !errors.Is(err, ErrAnswer) || strings.Contains(public, "secret") {
		t.Errorf("%v says %q", err, public)
	}
}

func TestFormulaAbsentAnswer(t *testing.T) {
	result, err := gradeOnce(formula(`answer="x" samples="x@1:2#5"`, ""), 1, nil)
	if mark, _ := result.Marks.Get("P_2_1"); err != nil || mark.Correctness != Incorrect {
		t.Errorf("%v, %v", mark, err)
	}
}

// TestFormulaSamplesAreFixed grades an answer that is right at some points only:
// the same seed always decides in the same way.
func TestFormulaSamplesAreFixed(t *testing.T) {
	both := map[bool]bool{}
	for seed := range int64(40) {
		var first Result
		for i := range 3 {
			result, err := gradeOnce(formula(`answer="abs(x)" samples="x@-1:3#1"`, ""), seed, Answers{"P_2_1": One("x")})
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				first = result
			} else if result.Earned != first.Earned {
				t.Fatalf("seed %d: %v points, before %v", seed, result.Earned, first.Earned)
			}
		}
		both[first.Earned == 1] = true
	}
	if len(both) != 2 {
		t.Error("40 seeds drew points of one sign only")
	}
}

func TestFormulaHints(t *testing.T) {
	xml := formula(`answer="x+y" samples="x,y@1,1:9,9#10"`, `<hintgroup mode="on_request">`+
		`<formulahint samples="x,y@1,1:9,9#10" answer="x-y" name="sign"/>`+
		`<formulahint answer="x" name="without samples"/>`+
		`<formulahint samples="broken" answer="x-y" name="broken samples"/>`+
		`<formulahint samples="x,y@1,1:9,9#10" answer="x-" name="broken answer"/>`+
		`<hintpart on="sign"><text>Look at the sign.</text></hintpart>`+
		`<hintpart on="without samples"><text>no</text></hintpart>`+
		`<hintpart on="broken samples"><text>no</text></hintpart>`+
		`<hintpart on="broken answer"><text>no</text></hintpart></hintgroup>`)
	for given, want := range map[string]string{"x-y": "Look at the sign.", "-(y-x)": "Look at the sign.", "x": "", "x+y": "", "": ""} {
		result, err := gradeOnce(xml, 1, Answers{"P_2_1": One(given)})
		if err != nil {
			t.Fatal(err)
		}
		mark, _ := result.Marks.Get("P_2_1")
		if mark.Hint != want || want != "" && mark.HintMode != "on_request" {
			t.Errorf("%q: hint %q (%s), want %q", given, mark.Hint, mark.HintMode, want)
		}
	}
}

// TestFormulaTakesNoLong evaluates the most expensive things that can be asked
// and typed.
func TestFormulaTakesNoLong(t *testing.T) {
	hints := strings.Repeat(`<formulahint samples="x@1:2#1000" answer="x+x" name="n"/>`, 2000)
	for _, tt := range []struct{ inside, given string }{
		{"", strings.Repeat("fact(5000)-", 1800) + "x"}, {"", strings.Repeat("sin(x)+", 2800) + "x"},
		{"<hintgroup>" + hints + `<hintpart on="n"><text/></hintpart></hintgroup>`, strings.Repeat("x+", 1000) + "x"},
	} {
		start := time.Now()
		_, err := gradeOnce(formula(`answer="x" samples="x@1:2#1000"`, tt.inside), 1, Answers{"P_2_1": One(tt.given)})
		if err != nil && !errors.Is(err, ErrAnswer) {
			t.Errorf("%.20s: %v", tt.given, err)
		}
		if took := time.Since(start); took > 8*time.Second {
			t.Errorf("%.20s took %v", tt.given, took)
		}
	}
}

func TestFormulaShowsItsAnswer(t *testing.T) {
	d := mustParse(t, formula(`answer="x &lt; $seed" samples="x@1:2#5"`, ""))
	p, err := d.Instance(t.Context(), Variant{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	want := Shown{ID: "P_2_1", Values: []string{"x < 7"}, HTML: html.EscapeString("x < 7")}
	if got := p.ShowAnswers(); len(got) != 1 || fmt.Sprint(got[0]) != fmt.Sprint(want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func FuzzSamples(f *testing.F) {
	for _, s := range []string{"x@1:2#10", "x,y@-1,1e3:1,2#5", "@:#", "x@1:2#1_0", "x'@ 1 : 2 # 3 ", "x@nan:1#2", "a,b@1:2,3#4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseSamples(text)
		if err != nil {
			return
		}
		points, err := s.points(1, calc.NewBudget())
		if err != nil {
			t.Fatal(err)
		}
		if len(points) != s.count || s.count < 1 || s.count > maxSamples {
			t.Fatalf("%d points of %d", len(points), s.count)
		}
		if again, _ := s.points(1, calc.NewBudget()); !slices.EqualFunc(points, again, func(a, b map[string]complex128) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
			t.Fatal("drawn otherwise the second time")
		}
		if _, err := evaluateAt(points[:1], "x+1", false, calc.NewBudget()); err != nil && len(s.names) > 0 && s.names[0] == "x" {
			t.Fatal(err)
		}
	})
}

func BenchmarkGradeFormula(b *testing.B) {
	d := mustParse(b, formula(`answer="(-b + sqrt(b^2-4*a*c))/(2*a)" samples="a,b,c@1,16,1:3,20,3#50" type="cs"`, ""))
	p, err := d.Instance(b.Context(), Variant{Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := p.Grade(b.Context(), Answers{"P_2_1": One("(sqrt(b*b-4*a*c)-b)/2/a")}, 1); err != nil {
			b.Fatal(err)
		}
	}
}
