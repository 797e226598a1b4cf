package course

import (
	"encoding/json"
	"strings"

	"lectern/internal/errs"
)

// ErrCondition means that a conditional block cannot be understood.
var ErrCondition = errs.New(errs.Invalid, "block_condition_invalid", "",
	"This part of the course cannot be shown.",
	"The block's sources name no block of this course. Correct them in Studio and import the course again.")

// Condition is what one source of a conditional block must show before the
// block's children appear. All conditions of a block must hold.
type Condition struct {
	Source    Ref
	Attribute string // "correct", "attempted", "submitted", "voted", "poll_answer", …
	Value     string // what Python's str() gives for it, e.g. "True"
}

// DefaultConditionMessage stands for the message a block does not have.
const DefaultConditionMessage = "You must complete {link} before you can access this unit."

// conditionAttributes are the attributes of a conditional element that carry a
// condition, in the order they are looked for.
var conditionAttributes = [...]string{"poll_answer", "submitted", "attempted", "correct", "voted", "completed"}

// Conditions returns what must hold before b's children appear. Sources that
// are not in the course are an error: ErrCondition.
func (c *Course) Conditions(b *Block) ([]Condition, error) {
	attribute, value := condition(b.Fields)
	var out []Condition
	for _, source := range Sources(b.Fields) {
		ref, err := ParseRef(source)
		if err != nil || c.Block(ref) == nil {
			return nil, ErrCondition.With("block %s/%s, source %q", b.Type, b.ID, source)
		}
		out = append(out, Condition{ref, attribute, value})
	}
	if len(out) == 0 {
		return nil, ErrCondition.With("block %s/%s has no sources", b.Type, b.ID)
	}
	return out, nil
}

// ConditionMessage returns what a learner reads while b's conditions do not
// hold; "{link}" in it stands for links to the sources.
func (b *Block) ConditionMessage() string {
	if m := b.Fields["message"]; m != "" {
		return m
	}
	return DefaultConditionMessage
}

func condition(fields map[string]string) (attribute, value string) {
	for _, name := range conditionAttributes {
		if v, ok := fields[name]; ok {
			return name, v
		}
	}
	attribute, value = "correct", "True"
	if v := fields["conditional_attr"]; v != "" {
		attribute = v
	}
	if v := fields["conditional_value"]; v != "" {
		value = v
	}
	return attribute, value
}

// Sources lists the references in the sources or sources_list attribute of an
// element: separated by semicolons, or a JSON list.
func Sources(fields map[string]string) []string {
	if text := fields["sources_list"]; text != "" {
		var list []string
		if json.Unmarshal([]byte(text), &list) == nil && len(list) > 0 {
			return list
		}
	}
	var out []string
	for _, s := range strings.Split(fields["sources"], ";") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// Attributes tells what a learner has done with a source block.
type Attributes interface {
	// Attribute returns the learner's value of an attribute of source, as
	// Python's str() writes it, and false when source has no such attribute.
	Attribute(source *Block, name string) (string, bool)
}

// Satisfied reports whether all of b's conditions hold for the learner that a
// speaks of.
func (c *Course) Satisfied(b *Block, a Attributes) (bool, error) {
	list, err := c.Conditions(b)
	if err != nil {
		return false, err
	}
	for _, cond := range list {
		value, known := a.Attribute(c.Block(cond.Source), cond.Attribute)
		if !known || value != cond.Value {
			return false, nil
		}
	}
	return true, nil
}
