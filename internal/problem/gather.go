package problem

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Some inputs are answered in several fields of the form, which work without
// script. What they stand for is one value, as Open edX stores it:
//
//	input_<id>_x, input_<id>_y             a point, "[x,y]"
//	input_<id>_option, input_<id>_comment  an annotation, {"comment": …, "options": [n]} as text
//	input_<id>_choiceinput_<i>bc           a box that is ticked, in a JSON object under its own name
//	input_<id>_choiceinput                 the one of several buttons, "choiceinput_<i>", likewise
//	input_<id>_choiceinput_<i>_numtolerance_input_<j>   a number, likewise
var partPattern = regexp.MustCompile(`^(.*_[0-9]+_[0-9]+)_(x|y|option|comment|choiceinput(?:_[0-9]+(?:bc|_numtolerance_input_[0-9]+))?)$`)

// buttonPattern is the value of a radio button of a group with text fields.
var buttonPattern = regexp.MustCompile(`^choiceinput_[0-9]{1,9}$`)

// gatherParts replaces the parts of an input by its value. A value that was
// sent as such stands, and its parts are dropped.
func gatherParts(answers Answers) {
	parts := map[string]map[string]string{}
	for name, answer := range answers {
		m := partPattern.FindStringSubmatch(name)
		if m == nil {
			continue
		}
		if parts[m[1]] == nil {
			parts[m[1]] = map[string]string{}
		}
		parts[m[1]][m[2]] = answer.Value()
		delete(answers, name)
	}
	for id, fields := range parts {
		if answers[id].empty() {
			answers[id] = gather(id, fields)
		}
	}
}

// gather returns the value that fields of one input stand for.
func gather(id string, fields map[string]string) Answer {
	has := func(name string) bool { _, ok := fields[name]; return ok }
	switch {
	case slices.ContainsFunc(slices.Collect(maps.Keys(fields)), func(s string) bool { return strings.HasPrefix(s, "choiceinput") }):
		return gatherChoice(id, fields)
	case has("option") || has("comment"):
		return gatherAnnotation(fields)
	}
	x, y := strings.TrimSpace(fields["x"]), strings.TrimSpace(fields["y"])
	if x == "" && y == "" {
		return One("")
	}
	return One("[" + x + "," + y + "]")
}

func gatherAnnotation(fields map[string]string) Answer {
	value := struct {
		Comment string `json:"comment"`
		Options []int  `json:"options"`
	}{fields["comment"], []int{}}
	if n, err := strconv.Atoi(fields["option"]); err == nil {
		value.Options = append(value.Options, n)
	}
	if value.Comment == "" && len(value.Options) == 0 {
		return One("")
	}
	b, _ := json.Marshal(value) // of strings and numbers
	return One(string(b))
}

func gatherChoice(id string, fields map[string]string) Answer {
	object := map[string]string{}
	for name, value := range fields {
		switch {
		case name == "choiceinput":
			if buttonPattern.MatchString(value) {
				object[id+"_"+value+"bc"] = value
			}
		case strings.HasPrefix(name, "choiceinput"):
			object[id+"_"+name] = value
		}
	}
	b, _ := json.Marshal(object) // of strings
	return Answer{Object: b}
}
