package problem

import "testing"

// TestNumericalHint checks conditions on numbers, which Open edX names but
// cannot evaluate.
func TestNumericalHint(t *testing.T) {
	xml := numeric(`answer="10"`, `<responseparam type="tolerance" default="1"/><hintgroup>`+
		`<numericalhint name="half" answer="10/2"/><numericalhint name="far" answer="[100,200)"/><numericalhint name="odd" answer="words"/>`+
		`<hintpart on="half"><text>Twice that.</text></hintpart><hintpart on="far"><text>Much less.</text></hintpart>`+
		`<hintpart on="odd"><text>no</text></hintpart></hintgroup>`)
	for given, want := range map[string]string{"5": "Twice that.", "5.9": "Twice that.", "7": "", "100": "Much less.", "200": "", "10": "", "": ""} {
		result, err := gradeOnce(xml, 1, Answers{"P_2_1": One(given)})
		if err != nil {
			t.Errorf("%s: %v", given, err)
			continue
		}
		if mark, _ := result.Marks.Get("P_2_1"); mark.Hint != want {
			t.Errorf("%s: hint %q, want %q", given, mark.Hint, want)
		}
	}
	if result, err := gradeOnce(xml, 1, nil); err != nil || result.Earned != 0 {
		t.Errorf("no answer: %v, %v", result, err)
	}
}
