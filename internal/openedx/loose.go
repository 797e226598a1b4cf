package openedx

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"lectern/internal/problem"
)

// What Open edX wrote into a state over the years is not always of the type that
// it ought to be. The readers here take what can be understood and leave the
// rest out: one odd field must not cost a learner their attempts.

func truth(raw json.RawMessage) bool {
	var b bool
	return json.Unmarshal(raw, &b) == nil && b
}

func number(raw json.RawMessage) *float64 {
	var x *float64
	if json.Unmarshal(raw, &x) != nil || x == nil {
		return nil
	}
	*x = finite(*x)
	return x
}

// whole returns a number that is no fraction, 0 where there is none.
func whole(raw json.RawMessage) int {
	const most = 1 << 30
	x := number(raw)
	if x == nil {
		return 0
	}
	return int(min(max(*x, -most), most))
}

// text returns a text; numbers and truth values as they are written.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	if t := string(bytes.TrimSpace(raw)); t != "" && t != "null" && t[0] != '{' && t[0] != '[' {
		return t
	}
	return ""
}

func object(raw json.RawMessage) map[string]json.RawMessage {
	var o map[string]json.RawMessage
	if json.Unmarshal(raw, &o) != nil || len(o) == 0 {
		return nil
	}
	return o
}

func list(raw json.RawMessage) []json.RawMessage {
	var l []json.RawMessage
	if json.Unmarshal(raw, &l) != nil {
		return nil
	}
	return l
}

func keysOf(o map[string]json.RawMessage) []string { return slices.Sorted(maps.Keys(o)) }

// moment reads a time as fields of blocks are written.
func moment(raw json.RawMessage) *time.Time {
	s := text(raw)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04"} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() > 1990 && t.Year() < 2200 {
			t = t.UTC()
			return &t
		}
	}
	return nil
}

// score reads a raw score.
func score(raw json.RawMessage) *problem.Score {
	o := object(raw)
	earned, possible := number(o["raw_earned"]), number(o["raw_possible"])
	if earned == nil || possible == nil {
		return nil
	}
	return &problem.Score{Earned: *earned, Possible: *possible}
}

// answers reads what a learner gave for each input.
func answers(raw json.RawMessage) problem.Answers {
	o := object(raw)
	if o == nil {
		return nil
	}
	out := problem.Answers{}
	for id, one := range o {
		var a problem.Answer
		switch one = bytes.TrimSpace(one); {
		case string(one) == "null":
			continue
		case one[0] == '[':
			var values []string
			for _, v := range list(one) {
				values = append(values, text(v))
			}
			a = problem.List(values...)
		case one[0] == '{':
			a.Object = slices.Clone(one)
		default:
			a = problem.One(text(one))
		}
		out[id] = a
	}
	return out
}

// marks reads a correct map, in its order.
func marks(raw json.RawMessage) (m problem.Marks) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return m
	}
	for d.More() {
		id, err := d.Token()
		if err != nil {
			return m
		}
		var one json.RawMessage
		if d.Decode(&one) != nil {
			return m
		}
		o := object(one)
		name, _ := id.(string) // keys of objects are
		if name == "" || o == nil {
			continue
		}
		m.Set(name, problem.Mark{
			Correctness: problem.Correctness(text(o["correctness"])), Points: number(o["npoints"]),
			Msg: text(o["msg"]), Hint: text(o["hint"]), HintMode: text(o["hintmode"]), AnswerVariable: text(o["answervariable"]),
		})
	}
	return m
}
