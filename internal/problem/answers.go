package problem

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Limits on what a learner may send.
const (
	maxAnswers     = 2000      // inputs in one submission
	maxAnswerBytes = 256 << 10 // of one submission, names included
)

// Answer is what a learner gave for one input: one value, a list (check
// boxes), or a JSON object (inputs drawn by scripts).
type Answer struct {
	Values []string        // one for a single value, any number for a list
	List   bool            // the field's name ended in "[]"
	Object json.RawMessage // the field's name ended in "{}"; a JSON object
}

// One returns the answer of a single-valued input.
func One(value string) Answer { return Answer{Values: []string{value}} }

// List returns the answer of a list-valued input.
func List(values ...string) Answer { return Answer{Values: values, List: true} }

// Value returns the single value, "" for a list or an object.
func (a Answer) Value() string {
	if a.List || len(a.Object) > 0 || len(a.Values) == 0 {
		return ""
	}
	return a.Values[0]
}

// First returns the single value or the first of a list.
func (a Answer) First() string {
	if len(a.Values) == 0 {
		return ""
	}
	return a.Values[0]
}

// empty reports whether nothing was answered.
func (a Answer) empty() bool {
	switch {
	case len(a.Object) > 0:
		return string(bytes.TrimSpace(a.Object)) == "{}"
	case a.List:
		return len(a.Values) == 0
	}
	return a.Value() == ""
}

// MarshalJSON writes a string, a list of strings or an object, as Open edX
// stores answers.
func (a Answer) MarshalJSON() ([]byte, error) {
	switch {
	case len(a.Object) > 0:
		return json.Marshal(a.Object)
	case a.List && a.Values == nil:
		return []byte("[]"), nil
	case a.List:
		return json.Marshal(a.Values)
	}
	return json.Marshal(a.First())
}

// UnmarshalJSON reads a string, a list of strings or an object.
func (a *Answer) UnmarshalJSON(data []byte) error {
	*a = Answer{}
	data = bytes.TrimSpace(data)
	if len(data) == 0 {
		return fmt.Errorf("answer: empty")
	}
	switch data[0] {
	case '[':
		a.List = true
		return json.Unmarshal(data, &a.Values)
	case '{':
		a.Object = bytes.Clone(data)
		return nil
	}
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	a.Values = []string{s}
	return nil
}

// Answers maps input ids ("<id>_2_1") to answers.
type Answers map[string]Answer

// ParseForm reads a submission. A field's name up to and including its first
// underscore is cut, "[]" at its end makes a list and "{}" a JSON object
// [capa 2.1]. Fields that are parts of one input become its value. A name without underscore, two fields for one input, and
// submissions over the limits are [ErrForm]. Fields of the surrounding form
// must be taken out before.
func ParseForm(form url.Values) (Answers, error) {
	if len(form) > maxAnswers {
		return nil, ErrForm.With("%d fields, at most %d", len(form), maxAnswers)
	}
	form = composed(form)
	answers := make(Answers, len(form))
	size := 0
	for _, key := range slices.Sorted(maps.Keys(form)) {
		_, name, _ := strings.Cut(key, "_")
		if name == "" {
			return nil, ErrForm.With("field %q has no underscore", key)
		}
		size += len(key)
		for _, v := range form[key] {
			size += len(v)
		}
		if size > maxAnswerBytes {
			return nil, ErrForm.With("more than %d bytes", maxAnswerBytes)
		}
		name, answer := readField(name, form[key])
		if _, taken := answers[name]; taken {
			return nil, ErrForm.With("two fields for input %q", name)
		}
		answers[name] = answer
	}
	gatherParts(answers)
	return answers, nil
}

// readField returns the input id and the answer of one field.
func readField(name string, values []string) (string, Answer) {
	last := ""
	if len(values) > 0 {
		last = values[len(values)-1]
	}
	if id, ok := strings.CutSuffix(name, "[]"); ok {
		return id, Answer{Values: slices.Clone(values), List: true}
	}
	if id, ok := strings.CutSuffix(name, "{}"); ok {
		object := json.RawMessage("{}")
		var any map[string]json.RawMessage
		if json.Unmarshal([]byte(last), &any) == nil && any != nil {
			object = json.RawMessage(last)
		}
		return id, Answer{Object: object}
	}
	return name, One(last)
}
