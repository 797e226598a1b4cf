package calc

import "testing"

func TestPreview(t *testing.T) {
	for _, tt := range []struct{ expr, want string }{
		{"", ""},
		{"3.1415", "3.1415"},
		{"1.7E-3", `1.7\!\times\!10^{-3}`},
		{"5%", `5\text{%}`},
		{"x", "x"},
		{"pi", `\pi`},
		{"Omega_12", `\Omega_{12}`},
		{"f(x)", `\text{f}(x)`},
		{"sqrt(3+x^2)", `\sqrt{3+x^{2}}`},
		{"log10(x)", `\log_{10}(x)`},
		{"sin(x^2)", `\text{sin}\left(x^{2}\right)`},
		{"2^3^4", "2^{3^{4}}"},
		{"2^(x+1)", "2^{x+1}"},
		{"2||3", `2\|3`},
		{"2*3", `2\cdot 3`},
		{"2/3", `\frac{2}{3}`},
		{"2*3/4*5/6", `\frac{2\cdot 3}{4}\cdot \frac{5}{6}`},
		{"(1+2)/(3+4)", `\frac{1+2}{3+4}`},
		{"-2+3-4", "-2+3-4"},
		{"(2/3)*x", `\left(\frac{2}{3}\right)\cdot x`},
	} {
		if got, err := Preview(tt.expr); err != nil || got != tt.want {
			t.Errorf("Preview(%q) = %q, %v; want %q", tt.expr, got, err, tt.want)
		}
	}
	if _, err := Preview("2**3"); err == nil {
		t.Error("Preview of broken syntax has no error")
	}
}
