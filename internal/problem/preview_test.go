package problem

import (
	"strings"
	"testing"
)

func TestFormulaPreview(t *testing.T) {
	d := mustParse(t, question(`<numericalresponse answer="1"><formulaequationinput/></numericalresponse>`+
		`<numericalresponse answer="1"><textline/></numericalresponse>`))
	p, err := d.Instance(t.Context(), Variant{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, id, typed, latex, message string }{
		{"nothing", "P_2_1", "", "", ""},
		{"blanks", "P_2_1", " \t ", "", ""},
		{"a fraction", "P_2_1", "x^2/2", `\frac{x^{2}}{2}`, ""},
		{"an unknown name is no mistake yet", "P_2_1", "nosuchname", "nosuchname", ""},
		{"half a formula", "P_2_1", "x+", "", "Sorry, couldn't parse formula"},
		{"an open parenthesis", "P_2_1", "(x", "", "Sorry, couldn't parse formula"},
		{"too long", "P_2_1", strings.Repeat("x+", 20_000) + "x", "", "Error while rendering preview"},
		{"too deep", "P_2_1", strings.Repeat("(", 5000) + "x" + strings.Repeat(")", 5000), "", "Error while rendering preview"},
		{"not a formula field", "P_3_1", "x", "", "Error while rendering preview"},
		{"no field of this problem", "Q_2_1", "x", "", "Error while rendering preview"},
	} {
		latex, message := p.FormulaPreview(tt.id, tt.typed)
		if latex != tt.latex || message != tt.message {
			t.Errorf("%s: %q, %q; want %q, %q", tt.name, latex, message, tt.latex, tt.message)
		}
	}
}
