package problem

const (
	multipleChoiceTag = "multiplechoiceresponse"
	trueFalseTag      = "truefalseresponse"
)

// trueFalseType is a set of statements of which exactly the true ones are to
// be chosen.
var trueFalseType = responseType{
	tag: trueFalseTag, inputs: []string{"choicegroup"}, single: true,
	build: func(r *response) (grader, error) {
		g, err := buildMultipleChoice(r)
		if err != nil {
			return nil, err
		}
		return &trueFalse{g.(*multipleChoice)}, nil
	},
}

type trueFalse struct{ *multipleChoice }

func (g *trueFalse) grade(a Answers) (Marks, error) {
	if sameSet(a[g.in.id].Values, g.correct) {
		return oneMark(g.in, Mark{Correctness: Correct}), nil
	}
	return oneMark(g.in, Mark{Correctness: Incorrect}), nil
}

// sameSet reports whether two lists hold the same values, in whatever order
// and however often.
func sameSet(a, b []string) bool {
	in := func(s []string) map[string]bool {
		set := map[string]bool{}
		for _, v := range s {
			set[v] = true
		}
		return set
	}
	left, right := in(a), in(b)
	if len(left) != len(right) {
		return false
	}
	for v := range left {
		if !right[v] {
			return false
		}
	}
	return true
}
