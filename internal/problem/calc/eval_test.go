package calc

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestExpression(t *testing.T) {
	x, err := Compile("a*x^2 + Sin(pi)*b_1", false)
	if err != nil {
		t.Fatal(err)
	}
	vars, funcs := x.Names()
	if !slices.Equal(vars, []string{"a", "b_1", "pi", "x"}) || !slices.Equal(funcs, []string{"Sin"}) {
		t.Errorf("names %q, %q", vars, funcs)
	}
	if !IsFunction("Sin", false) || IsFunction("Sin", true) || IsFunction("a", false) {
		t.Error("IsFunction does not tell built-in functions")
	}
	for _, tt := range []struct{ a, x, want complex128 }{{1, 2, 4}, {3, 2, 12}, {1i, 2, 4i}} {
		v, err := x.Evaluate(map[string]complex128{"A": tt.a, "x": tt.x, "b_1": 0}, NewBudget())
		if err != nil {
			t.Fatal(err)
		}
		if c, err := v.Complex128(); err != nil || c != tt.want {
			t.Errorf("%v: %v, %v", tt, c, err)
		}
	}
	var e *Error
	if _, err := x.Evaluate(nil, NewBudget()); !errors.As(err, &e) || e.Class != UndefinedVariable {
		t.Errorf("without its variables: %v", err)
	}
	if empty, err := Compile(" ", true); err != nil {
		t.Error(err)
	} else if v, err := empty.Evaluate(nil, NewBudget()); err != nil || !strings.Contains(v.typeName(), "float") {
		t.Errorf("empty: %v, %v", v, err)
	}
}

// TestBudget evaluates what is short to write and long to compute, often.
func TestBudget(t *testing.T) {
	for _, expr := range []string{
		strings.Repeat("fact(5000)-", 1500) + "1", strings.Repeat("2^65000/3^40000+", 1200) + "1",
		strings.Repeat("(2^65000+1)*", 1500) + "0", strings.Repeat("x*", 9999) + "x", "9^9^9^9",
	} {
		x, err := Compile(expr, false)
		if err != nil {
			t.Errorf("%.20s: %v", expr, err)
			continue
		}
		start, b := time.Now(), NewBudget()
		for range 100_000 {
			if _, err = x.Evaluate(map[string]complex128{"x": 1}, b); err != nil {
				break
			}
		}
		if err == nil {
			t.Errorf("%.20s: no end", expr)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%.20s took %v", expr, took)
		}
	}
}
