package problem

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
)

// errShape means that a script made something other than what it has to.
var errShape = errors.New("not of the expected form")

// verdict is what a script says about a submission.
type verdict struct {
	correct  []Correctness
	messages []string
	decimals []float64 // shares of each input's points; nil: by correctness
	overall  string
}

// mark returns the mark of the i-th input, which has the given points.
func (v *verdict) mark(i int, points float64) (Mark, error) {
	if i >= len(v.correct) || v.decimals != nil && i >= len(v.decimals) {
		return Mark{}, errShape
	}
	mark := Mark{Correctness: v.correct[i]}
	if i < len(v.messages) {
		mark.Msg = cleanMessage(v.messages[i])
	}
	share := share(mark.Correctness)
	if v.decimals != nil {
		share = v.decimals[i]
	}
	earned := points * share
	mark.Points = &earned
	return mark, nil
}

// share is the part of the points that a verdict earns by itself.
func share(c Correctness) float64 {
	switch c {
	case Correct:
		return 1
	case Partial:
		return halfCredit
	}
	return 0
}

// codeVerdict reads the globals that grading code has set.
func codeVerdict(result json.RawMessage) (*verdict, error) {
	var set struct {
		Correct  []any           `json:"correct"`
		Messages []any           `json:"messages"`
		Overall  any             `json:"overall_message"`
		Decimals json.RawMessage `json:"grade_decimals"`
	}
	if err := json.Unmarshal(result, &set); err != nil {
		return nil, err
	}
	v := &verdict{overall: str(set.Overall)}
	for _, word := range set.Correct {
		v.correct = append(v.correct, Correctness(str(word)))
	}
	for _, message := range set.Messages {
		v.messages = append(v.messages, str(message))
	}
	var decimals []any
	if len(set.Decimals) > 0 {
		if err := json.Unmarshal(set.Decimals, &decimals); err != nil {
			return nil, err
		}
	}
	for _, d := range decimals {
		f, err := number(d)
		if err != nil {
			return nil, err
		}
		v.decimals = append(v.decimals, f)
	}
	return v, nil
}

// str is a value as Python writes it; None is "".
func str(value any) string {
	switch t := value.(type) {
	case nil:
		return ""
	case string:
		return t
	case bool:
		if t {
			return "True"
		}
		return "False"
	case float64:
		return strconv.FormatFloat(t, 'g', -1, 64)
	}
	b, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(b)
}

// number is a value as Python's float() reads it.
func number(value any) (float64, error) {
	switch t := value.(type) {
	case bool:
		if t {
			return 1, nil
		}
		return 0, nil
	case float64:
		return t, nil
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(t), 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return 0, errShape
		}
		return f, nil
	}
	return 0, errShape
}

// checkVerdict reads what a check function returned for n inputs: a truth value,
// a word, a dictionary about all, or one about each input [capa 2.2].
func checkVerdict(result json.RawMessage, n int) (*verdict, error) {
	var value any
	if err := json.Unmarshal(result, &value); err != nil {
		return nil, err
	}
	dict, ok := value.(map[string]any)
	if !ok {
		return &verdict{correct: slices.Repeat([]Correctness{verdictOf(value)}, n)}, nil
	}
	if okay, has := dict["ok"]; has {
		return wholeVerdict(dict, verdictOf(okay), n)
	}
	list, has := dict["input_list"].([]any)
	if !has {
		return nil, errShape
	}
	v := &verdict{overall: str(dict["overall_message"]), decimals: []float64{}}
	for _, entry := range list {
		if err := v.add(entry); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// wholeVerdict gives all inputs the same mark. The message belongs to the only
// input, or to the whole problem.
func wholeVerdict(dict map[string]any, c Correctness, n int) (*verdict, error) {
	v := &verdict{correct: slices.Repeat([]Correctness{c}, n)}
	decimal := share(c)
	if d, has := dict["grade_decimal"]; has {
		var err error
		if decimal, err = number(d); err != nil {
			return nil, err
		}
	}
	v.decimals = slices.Repeat([]float64{decimal}, n)
	if n > 1 {
		v.overall = str(dict["msg"])
	} else {
		v.messages = []string{str(dict["msg"])}
	}
	return v, nil
}

// add appends the verdict on one input. Without a decimal only the word "true"
// earns points, whatever else shows as correct.
func (v *verdict) add(entry any) error {
	dict, ok := entry.(map[string]any)
	okay, has := dict["ok"]
	if !ok || !has {
		return errShape
	}
	c := verdictOf(okay)
	v.correct = append(v.correct, c)
	v.messages = append(v.messages, str(dict["msg"]))
	decimal := share(c)
	if c == Correct && word(okay) != "true" {
		decimal = 0
	}
	if d, has := dict["grade_decimal"]; has {
		var err error
		if decimal, err = number(d); err != nil {
			return err
		}
	}
	v.decimals = append(v.decimals, decimal)
	return nil
}

// verdictOf is how a returned value is understood: false and the word are
// incorrect, words with "partial" partially correct, all else is correct.
func verdictOf(value any) Correctness {
	switch w := word(value); {
	case !truthy(value) || w == "false":
		return Incorrect
	case strings.Contains(w, "partial"):
		return Partial
	}
	return Correct
}

func word(value any) string { return strings.ToLower(strings.TrimSpace(str(value))) }

// truthy is what Python's bool() says.
func truthy(value any) bool {
	switch t := value.(type) {
	case nil:
		return false
	case bool:
		return t
	case float64:
		return t != 0
	case string:
		return t != ""
	case []any:
		return len(t) > 0
	case map[string]any:
		return len(t) > 0
	}
	return true
}
