package problem

import (
	"errors"

	"lectern/internal/problem/calc"
)

// Messages of a preview, in the words of Open edX.
const (
	previewSyntax = "Sorry, couldn't parse formula"
	previewFailed = "Error while rendering preview"
)

// FormulaPreview typesets what is being typed into a formula field: LaTeX
// without delimiters, "" for nothing typed, or else a message in plain words.
// Names are not checked, as in Open edX: whether a variable is known is said
// when the answer is graded. An id that is no formula field's gets a message
// too [capa 2.3].
func (p *Problem) FormulaPreview(inputID, typed string) (latex, message string) {
	for n, in := range p.inputs {
		if in.id != inputID || n.Name != "formulaequationinput" {
			continue
		}
		latex, err := calc.Preview(typed)
		var e *calc.Error
		switch {
		case err == nil:
			return latex, ""
		case errors.As(err, &e) && e.Class == calc.ParseException:
			return "", previewSyntax
		}
		return "", previewFailed
	}
	return "", previewFailed
}
