package problem

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
)

// Correctness is the verdict on one input. Words other than the three
// constants come from course scripts and count as not correct.
type Correctness string

// The verdicts.
const (
	Correct   Correctness = "correct"
	Incorrect Correctness = "incorrect"
	Partial   Correctness = "partially-correct"
)

// Mark is the result of grading one input. The JSON names are those of Open
// edX's correct map.
type Mark struct {
	Correctness    Correctness `json:"correctness"`
	Points         *float64    `json:"npoints"`        // nil: 1 when correct or partially correct, else 0
	Msg            string      `json:"msg"`            // feedback, HTML by the course team
	Hint           string      `json:"hint"`           // HTML by the course team
	HintMode       string      `json:"hintmode"`       // "always" shows Hint with Msg
	AnswerVariable string      `json:"answervariable"` // "$name" when the answer is a script variable's value
}

// Earned returns the raw points of the mark.
func (m Mark) Earned() float64 {
	switch {
	case m.Points != nil:
		return *m.Points
	case m.Correctness == Correct || m.Correctness == Partial:
		return 1
	}
	return 0
}

// Marks holds a mark per input id in document order. The zero value is empty.
type Marks struct{ entries []markEntry }

type markEntry struct {
	id   string
	mark Mark
}

// Len returns the number of marks.
func (m Marks) Len() int { return len(m.entries) }

// Get returns the mark of an input.
func (m Marks) Get(id string) (Mark, bool) {
	for _, e := range m.entries {
		if e.id == id {
			return e.mark, true
		}
	}
	return Mark{}, false
}

// Set replaces or appends the mark of an input.
func (m *Marks) Set(id string, mark Mark) {
	for i := range m.entries {
		if m.entries[i].id == id {
			m.entries[i].mark = mark
			return
		}
	}
	m.entries = append(m.entries, markEntry{id, mark})
}

// All yields input ids and marks in document order.
func (m Marks) All() iter.Seq2[string, Mark] {
	return func(yield func(string, Mark) bool) {
		for _, e := range m.entries {
			if !yield(e.id, e.mark) {
				return
			}
		}
	}
}

// Earned returns the sum of the raw points.
func (m Marks) Earned() float64 {
	sum := 0.0
	for _, e := range m.entries {
		sum += e.mark.Earned()
	}
	return sum
}

// clone returns a copy that shares nothing but points, which never change.
func (m Marks) clone() Marks {
	return Marks{append([]markEntry(nil), m.entries...)}
}

// MarshalJSON writes an object whose keys keep document order.
func (m Marks) MarshalJSON() ([]byte, error) {
	w := &jsonWriter{}
	w.marks(m)
	return w.b, w.err
}

// UnmarshalJSON reads an object and keeps the order of its keys.
func (m *Marks) UnmarshalJSON(data []byte) error {
	m.entries = nil
	dec := json.NewDecoder(bytes.NewReader(data))
	tok, err := dec.Token()
	if err != nil {
		return fmt.Errorf("marks: %w", err)
	}
	if tok == nil {
		return nil // null
	}
	if tok != json.Delim('{') {
		return fmt.Errorf("marks: got %v, want an object", tok)
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return fmt.Errorf("marks: %w", err)
		}
		var mark Mark
		if err := dec.Decode(&mark); err != nil {
			return fmt.Errorf("mark %v: %w", key, err)
		}
		id, _ := key.(string) // object keys are strings
		m.Set(id, mark)
	}
	return nil
}
