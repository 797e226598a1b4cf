package grading

import (
	"context"
	"encoding/json"

	"lectern/internal/course"
	"lectern/internal/problem"
)

// ConditionMet reports whether a conditional block is open for a learner. Its
// error is course.ErrCondition when the block cannot be understood, or the
// store's.
func (s *Service) ConditionMet(ctx context.Context, who Who, at At) (bool, error) {
	l, err := s.read(ctx, who, at.Course)
	if err != nil {
		return false, err
	}
	return at.Course.Satisfied(at.Block, l)
}

// Open reports whether the children of b may appear: always, except below a
// conditional whose conditions do not hold. Staff see them all the same.
func (l *Learner) Open(b *course.Block) bool {
	if b.Type != "conditional" || l.Who.Staff {
		return true
	}
	met, err := l.Course.Satisfied(b, l)
	return met && err == nil
}

// Attribute returns what a conditional asks of a source block, as Python's
// str() writes it. It makes a Learner a course.Attributes.
func (l *Learner) Attribute(source *course.Block, name string) (string, bool) {
	text := l.stateAt(source.Ref).State
	if source.Type == "problem" {
		return problemAttribute(text, name)
	}
	var fields map[string]any
	if text != "" && json.Unmarshal([]byte(text), &fields) != nil {
		return "", false
	}
	switch v := fields[name].(type) {
	case bool:
		return python(v), true
	case string:
		return v, true
	}
	switch name { // not done yet: the field's default
	case "voted", "submitted", "attempted", "correct", "completed":
		return python(false), true
	case "poll_answer":
		return "", true
	}
	return "", false
}

func problemAttribute(text, name string) (string, bool) {
	var st problem.State
	if text != "" && json.Unmarshal([]byte(text), &st) != nil {
		return "", false
	}
	switch name {
	case "correct":
		return python(st.Correct()), true
	case "attempted":
		return python(st.Attempts > 0), true
	case "submitted", "completed":
		return python(st.Done), true
	}
	return "", false
}

// python writes a boolean as Python does.
func python(b bool) string {
	if b {
		return "True"
	}
	return "False"
}
