package calc

import (
	"encoding/json"
	"errors"
	"math"
	"math/cmplx"
	"strings"
	"testing"
	"time"

	"lectern/internal/spectest"
)

// reference is a case of the shared data.
type reference struct {
	Expr          string
	Vars          map[string]float64
	CaseSensitive bool `json:"case_sensitive"`
	Value         []json.RawMessage
	Error         string
	Message       string
}

func TestReferenceCases(t *testing.T) {
	var file struct {
		Cases []reference `json:"calc_cases"`
	}
	spectest.JSON(t, &file, "data", "capa-cases.json")
	for _, tt := range file.Cases {
		t.Run(tt.Expr, func(t *testing.T) { check(t, tt) })
	}
	t.Logf("%d cases", len(file.Cases))
}

// messageLength is where the reference data cuts messages.
const messageLength = 120

func check(t *testing.T, tt reference) {
	t.Helper()
	vars := map[string]complex128{}
	for name, v := range tt.Vars {
		vars[name] = complex(v, 0)
	}
	got, err := Evaluate(vars, nil, tt.Expr, tt.CaseSensitive)
	if tt.Error != "" {
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("value %v, error %v; want %s", got, err, tt.Error)
		}
		message := []rune(e.Message)
		if len(message) > messageLength && len([]rune(tt.Message)) <= messageLength {
			message = message[:len([]rune(tt.Message))]
		}
		if e.Class != tt.Error || string(message) != tt.Message {
			t.Errorf("error %s: %q\nwant  %s: %q", e.Class, string(message), tt.Error, tt.Message)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	c, err := got.Complex128()
	if err != nil {
		t.Fatal(err)
	}
	if !same(real(c), tt.Value[0]) || !same(imag(c), tt.Value[1]) {
		t.Errorf("value %v, want %s", c, tt.Value)
	}
}

// same compares up to the last few bits, in which mathematical libraries
// differ.
func same(got float64, want json.RawMessage) bool {
	if string(want) == `"nan"` {
		return math.IsNaN(got)
	}
	if s := string(want); s == `"inf"` || s == `"-inf"` {
		return math.IsInf(got, 0) && (got < 0) == (s == `"-inf"`)
	}
	var w float64
	if json.Unmarshal(want, &w) != nil {
		return false
	}
	return got == w || math.Abs(got-w) <= 1e-14*math.Max(1, math.Abs(w))
}

func TestEvaluate(t *testing.T) {
	for _, tt := range []struct {
		expr string
		want complex128
	}{
		{"1+2*3", 7},
		{"-2^2", -4},
		{"2^-3", 0.125},
		{"10^20-10^20+1", 1}, // whole numbers are exact
		{"2^63*2/2^63", 2},
		{"7/2", 3.5},
		{"(-8)^2", 64},
		{"(-1)^0.5", complex(6.123233995736766e-17, 1)},
		{"i^2", -1},
		{"sqrt(-9)", 3i},
		{"log10(1000)", 3},
		{"log2(8)", 3},
		{"ln(e)", 1},
		{"1/sin(0)", cmplx.Inf()}, // a function's zero divides
		{"fact(0)", 1},
		{"abs(-3)", 3},
		{"arccot(-1)", -math.Pi / 4},
		{"4||4||2", 1},
		{" ( 1 + 1 ) ", 2},
		{"T_{ab}^{c}", 5},
		{"x'", 6},
		{"50%", 0.5},
	} {
		vars := map[string]complex128{"T_{ab}^{c}": 5, "x'": 6}
		v, err := Evaluate(vars, nil, tt.expr, true)
		if err != nil {
			t.Errorf("%s: %v", tt.expr, err)
			continue
		}
		got, _ := v.Complex128()
		if cmplx.IsInf(tt.want) && cmplx.IsInf(got) {
			continue
		}
		if cmplx.Abs(got-tt.want) > 1e-12 {
			t.Errorf("%s = %v, want %v", tt.expr, got, tt.want)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, tt := range []struct{ expr, class, message string }{
		{"1/0", ZeroDivisionError, "division by zero"},
		{"1/0.0", ZeroDivisionError, "float division by zero"},
		{"0^-1", ZeroDivisionError, "0.0 cannot be raised to a negative power"},
		{"10.^400", OverflowError, "(34, 'Numerical result out of range')"},
		{"((1)", UnmatchedParenthesis, "Invalid Input: Parentheses are unmatched. 1 parentheses were opened but never closed."},
		{"y+x", UndefinedVariable, "Invalid Input: x, y not permitted in answer as a variable"},
		{"f(1)", UndefinedVariable, "Invalid Input: f not permitted in answer as a function"},
		{"fact(-1)", ValueError, "factorial() not defined for negative values"},
		{"2**3", ParseException, "Expected string_end, found '*'  (at char 1), (line:1, col:2)"},
		{"1,2", ParseException, "Expected string_end, found ','  (at char 1), (line:1, col:2)"},
		{"2\n abc(1", UnmatchedParenthesis, "Invalid Input: Parentheses are unmatched. 1 parentheses were opened but never closed."},
		{"2\n abc1", ParseException, "Expected string_end, found 'abc1'  (at char 3), (line:2, col:2)"},
	} {
		_, err := Evaluate(nil, nil, tt.expr, false)
		var e *Error
		if !errors.As(err, &e) || e.Class != tt.class || e.Message != tt.message {
			t.Errorf("%q: %v\nwant %s: %s", tt.expr, err, tt.class, tt.message)
		}
	}
}

// TestHostile checks that no expression takes long or much memory.
func TestHostile(t *testing.T) {
	for _, expr := range []string{
		"9^9^9^9", "9^9^9", "(9^9999)^9999", "fact(fact(9))", "fact(100000)", strings.Repeat("9", 10000),
		"10^19999*" + strings.Repeat("10^19999*", 1000) + "1",
		strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000),
		strings.Repeat("sin(", 3000) + "1" + strings.Repeat(")", 3000),
		strings.Repeat("-", 10000) + "1", strings.Repeat("2^", 9000) + "2", strings.Repeat("x", 1<<20),
		"1e999999999", "1e-999999999", strings.Repeat("(1", 100), "(-1)^9^9^9", "1^9^99",
	} {
		start := time.Now()
		_, _ = Evaluate(nil, nil, expr, false)
		_, _ = Preview(expr)
		if took := time.Since(start); took > time.Second {
			t.Errorf("%.40q took %v", expr, took)
		}
	}
}

func FuzzEvaluate(f *testing.F) {
	for _, s := range []string{"1+2", "sin(x)^2", "T_{a}^{b}'", "1e5%", "((", "2||3", "½", "9^9^9", "-(-2)^.5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		v, err := Evaluate(map[string]complex128{"x": 2}, nil, expr, false)
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("%q: error %v is not of the package", expr, err)
		}
		if err == nil {
			_, _ = v.Complex128()
		}
		_, _ = Preview(expr)
	})
}
