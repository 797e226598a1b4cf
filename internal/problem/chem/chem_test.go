package chem

import (
	"errors"
	"strings"
	"testing"
)

func TestHTML(t *testing.T) {
	for _, tt := range []struct{ typed, want, wrong string }{
		{"", "", ""},
		{"H2O", "H<sub>2</sub>O", ""},
		{"2H2 + O2 -> 2H2O", "2H<sub>2</sub> + O<sub>2</sub> → 2H<sub>2</sub>O", ""},
		{"H^+ + OH^- <-> H2O", "H<sup>+</sup> + OH<sup>−</sup> ↔ H<sub>2</sub>O", ""},
		{"5[Ni(NH3)4]^2+ + 5/2SO4^2-", "5[Ni(NH<sub>3</sub>)<sub>4</sub>]<sup>2+</sup> + <sup>5</sup>&frasl;<sub>2</sub>SO<sub>4</sub><sup>2−</sup>", ""},
		{"NaCl(s) -> Na^+(aq)+Cl^-(aq)", `NaCl<span class="phase">(s)</span> → Na<sup>+</sup><span class="phase">(aq)</span> + Cl<sup>−</sup><span class="phase">(aq)</span>`, ""},
		{"Co + CO", "Co + CO", ""},
		{"Xy2", `<span class="inline-error inline">Xy2</span>`, "“Xy” is no chemical element."},
		{"H2 +", `<span class="inline-error inline">H2 +</span>`, "The equation ends too early."},
		{"-> H2", `<span class="inline-error inline"></span> → H<sub>2</sub>`, "One side of the arrow is empty."},
		{"(OH2", `<span class="inline-error inline">(OH2</span>`, `A bracket "(" is not closed.`},
		{"H^2", `<span class="inline-error inline">H^2</span>`, "A charge is written like ^+ or ^2-."},
		{"<b>é", `<span class="inline-error inline">&lt;b&gt;é</span>`, "“<” cannot stand here."},
		{"H2é", `<span class="inline-error inline">H2é</span>`, "“é” cannot stand here."},
		{strings.Repeat("(", 50) + "H", `<span class="inline-error inline">` + strings.Repeat("(", 50) + "H</span>", "There are too many brackets in brackets."},
		{strings.Repeat("H", 3000), "", "This is too long for an equation."},
	} {
		got, err := HTML(tt.typed)
		if want := `<span class="math">` + tt.want + `</span>`; tt.want != "" && got != want {
			t.Errorf("HTML(%q) = %s, want %s", tt.typed, got, want)
		}
		wrong := ""
		var e *Error
		if errors.As(err, &e) {
			wrong = e.Text
		}
		if wrong != tt.wrong {
			t.Errorf("HTML(%q): error %q, want %q", tt.typed, wrong, tt.wrong)
		}
	}
}

// FuzzHTML: whatever is typed, no tag of the learner's comes out.
func FuzzHTML(f *testing.F) {
	for _, s := range []string{"2H2 + O2 -> 2H2O", "[Ni(NH3)4]^2+(aq)", "1/2<->", "<script>", "H^", "é\xff"} {
		f.Add(s)
	}
	tags := strings.NewReplacer("<sub>", "", "</sub>", "", "<sup>", "", "</sup>", "", "</span>", "", `<span class="math">`, "",
		`<span class="phase">`, "", `<span class="inline-error inline">`, "")
	f.Fuzz(func(t *testing.T, s string) {
		out, _ := HTML(s)
		if left := tags.Replace(out); strings.ContainsAny(left, "<>") {
			t.Errorf("HTML(%q) = %s", s, out)
		}
	})
}
