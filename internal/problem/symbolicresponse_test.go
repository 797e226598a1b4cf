package problem

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"lectern/internal/errs"
)

func symbolic(attrs string) string {
	return question(`<symbolicresponse ` + attrs + `><textline math="1"/></symbolicresponse>`)
}

// TestSymbolic compares formulas that Open edX asks a computer algebra system
// about.
func TestSymbolic(t *testing.T) {
	for _, tt := range []struct {
		attrs, given string
		want         bool
	}{
		{`expect="(a+b)^2"`, "a^2+2*a*b+b^2", true},
		{`expect="(a+b)^2"`, "a^2+b^2", false},
		{`expect="(a+b)^2"`, "(a+c)^2", false},
		{`answer="sin(x)^2+cos(x)^2"`, "1", true},
		{`expect="0"`, "sin(x)^2+cos(x)^2-1", true},
		{`expect="x"`, "sqrt(x^2)", false},
		{`expect="1/x"`, "x/x^2", true},
		{`expect="1/x"`, "1/(x-x)", false},
		{`expect="x"`, "x+0*ln(0)", false},
		{`expect="sqrt(x)"`, "x^0.5", true},
		{`expect="X"`, "x", false},
		{`expect="i^2"`, "-1", false},
		{`expect="i^2" options="imaginary"`, "-1", true},
		{`expect="a_b^2+x_1'"`, "x_1'+a_b*a_b", true},
		{`expect="3.1416" options="numerical"`, "pi", true},
		{`expect="3.1416"`, "pi", false},
		{`expect="2*$seed"`, "1+1", true},
		{`expect="a"`, "", false},
		{`expect="a"`, " ", false},
	} {
		result, err := gradeOnce(symbolic(tt.attrs), 1, Answers{"P_2_1": One(tt.given)})
		if err != nil {
			t.Errorf("%s, %q: %v: %v", tt.attrs, tt.given, err, errors.Unwrap(err))
			continue
		}
		if got := result.Earned == 1; got != tt.want {
			t.Errorf("%s, %q: %v, want %v", tt.attrs, tt.given, got, tt.want)
		}
	}
	if result, err := gradeOnce(symbolic(`expect="a"`), 1, nil); err != nil || result.Earned != 0 {
		t.Errorf("no answer: %v, %v", result, err)
	}
}

func TestSymbolicErrors(t *testing.T) {
	many := make([]string, 4000)
	for i := range many {
		many[i] = "x" + jsonInt(i)
	}
	for _, tt := range []struct{ attrs, given, says string }{
		{`expect="a"`, "2a", "Invalid input: Could not parse '2a' as a formula"},
		{`expect="a"`, "f(a)", "Invalid Input: f not permitted in answer as a function"},
		{`expect="a"`, "(a", "Invalid Input: Parentheses are unmatched. 1 parentheses were opened but never closed."},
		{`expect="a"`, "9^9^9^9", "Invalid input: Could not parse '9^9^9^9' as a formula"},
		{`expect="a"`, strings.Join(many, "+"), ""},
		{`expect="1/(x-x)"`, "x", badStaffAnswer},
		{`expect="fact(x)"`, "x", badStaffAnswer},
	} {
		start := time.Now()
		_, err := gradeOnce(symbolic(tt.attrs), 1, Answers{"P_2_1": One(tt.given)})
		if !errors.Is(err, ErrAnswer) && tt.says != "" || tt.says != "" && errs.From(err).Public != tt.says {
			t.Errorf("%s, %.20q: %v says %q, want %q", tt.attrs, tt.given, err, errs.From(err).Public, tt.says)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s, %.20q took %v", tt.attrs, tt.given, took)
		}
	}
}

// TestSymbolicForeign lists what is said to be unsupported, and what for.
func TestSymbolicForeign(t *testing.T) {
	const line = "<textline/>"
	for _, tt := range []struct{ xml, reason string }{
		{`<symbolicresponse expect="x=2">` + line + `</symbolicresponse>`, "no formula the calculator knows"},
		{`<symbolicresponse expect="g(x)">` + line + `</symbolicresponse>`, "no formula the calculator knows"},
		{`<symbolicresponse>` + line + `</symbolicresponse>`, "no formula the calculator knows"},
		{`<symbolicresponse expect="[[1,0],[0,1]]" options="matrix, qubit">` + line + `</symbolicresponse>`, "on matrices"},
		{`<symbolicresponse expect="x" cfn="mine">` + line + `</symbolicresponse>`, "a check of its own"},
		{`<symbolicresponse expect="x"><textbox/></symbolicresponse>`, "another field"},
		{`<symbolicresponse expect="x">` + line + line + `</symbolicresponse>`, "another field"},
	} {
		d, err := Parse(question(tt.xml), Options{ID: "P"})
		if err != nil {
			t.Errorf("%s: %v", tt.xml, err)
			continue
		}
		if class, reason := d.Class(); class != Unsupported || !strings.Contains(reason, tt.reason) {
			t.Errorf("%s: %s, %q; want %q", tt.xml, class, reason, tt.reason)
		}
	}
	if _, err := gradeOnce(symbolic(`expect="$seed+"`), 1, nil); !errors.Is(err, ErrContent) {
		t.Errorf("an answer that is no formula once variables are in: %v", err)
	}
	p, err := mustParse(t, symbolic(`expect="x &lt; y"`)+"").Instance(t.Context(), Variant{Seed: 1})
	if err != nil || len(p.ShowAnswers()) != 0 {
		t.Errorf("an unsupported problem shows answers: %v", err)
	}
	p, err = mustParse(t, symbolic(`expect="2*$seed"`)).Instance(t.Context(), Variant{Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	if shown := p.ShowAnswers(); len(shown) != 1 || !slices.Equal(shown[0].Values, []string{"2*5"}) {
		t.Errorf("shown %+v", shown)
	}
}

func BenchmarkGradeSymbolic(b *testing.B) {
	p, err := mustParse(b, symbolic(`expect="(a+b)^2/sin(c)"`)).Instance(b.Context(), Variant{Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := p.Grade(b.Context(), Answers{"P_2_1": One("(a*a+2*a*b+b*b)/sin(c)")}, 1); err != nil {
			b.Fatal(err)
		}
	}
}
