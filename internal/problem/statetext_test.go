package problem

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"
	"time"
	"unicode/utf8"
)

// TestMarksJSON holds what is written by hand against what the mark's tags say.
func TestMarksJSON(t *testing.T) {
	half, odd := 0.5, 1e-9
	texts := []string{"", "plain", `<b>"a" & b</b>`, "é \u2028", "line\nbreak\x00", "\xff", `back\slash`}
	for i, text := range texts {
		other := texts[len(texts)-1-i]
		m := Mark{Correctness: Correctness(other), Msg: text, Hint: other, HintMode: text, AnswerVariable: other}
		for _, m.Points = range []*float64{nil, &half, &odd} {
			var marks Marks
			marks.Set(text, m)
			marks.Set("second", m)
			got := marshal(t, marks)
			if all := "{" + marshal(t, text) + ":" + marshal(t, m) + `,"second":` + marshal(t, m) + "}"; got != all {
				t.Errorf("got  %s\nwant %s", got, all)
			}
			var back Marks
			if err := json.Unmarshal([]byte(got), &back); err != nil {
				t.Fatal(err)
			}
			if utf8.ValidString(text+other) && !reflect.DeepEqual(back, marks) {
				t.Errorf("read back: %+v, want %+v", back, marks)
			}
		}
	}
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestStateText holds it against package json.
func TestStateText(t *testing.T) {
	seed, at := int64(-3), time.Date(2026, 11, 25, 3, 4, 5, 678, time.UTC)
	answers := Answers{
		"p_2_1": One(`a "b"`), "p_10_1": List("x", "é"), "p_3_1": List(), "p_4_1": {}, "p_5_1": {Object: json.RawMessage(`{ "a": 1 }`)},
	}
	marks := Marks{}
	marks.Set("p_2_1", Mark{Correctness: Correct, Points: new(2.5), Msg: "<p>"})
	full := State{
		Attempts: 2, Done: true, Seed: &seed, Answers: answers, AnswersHistory: []Answers{answers, nil, {}}, Marks: marks,
		MarksHistory: []Marks{marks, {}}, Score: &Score{1, 2}, ScoreHistory: []Score{{-1, 0.1}, {1e15, 1e300}, {math.Copysign(0, -1), 3}},
		OverallMessage: "well & done", Saved: true, LastSubmission: &at, InputState: map[string]json.RawMessage{"p_5_1": json.RawMessage(`[1, 2]`)},
	}
	for i, v := 0, reflect.ValueOf(full); i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Errorf("the test leaves %s out", v.Type().Field(i).Name)
		}
	}
	for _, st := range []*State{{}, &full, {Answers: Answers{}, AnswersHistory: []Answers{}, Score: &Score{}}} {
		if got, err := st.Text(); err != nil || got != marshal(t, st) {
			t.Errorf("%v\ngot  %s\nwant %s", err, got, marshal(t, st))
		}
	}
	for _, st := range []*State{
		{Score: &Score{Earned: math.NaN()}}, {InputState: map[string]json.RawMessage{"a": json.RawMessage("{")}},
		{ScoreHistory: []Score{{Possible: math.Inf(1)}}},
	} {
		if got, err := st.Text(); err == nil {
			t.Errorf("no error for what JSON cannot hold: %s", got)
		}
	}
}

// FuzzStateText writes what it could read, as package json does.
func FuzzStateText(f *testing.F) {
	f.Add(`{"attempts":1,"done":true,"seed":7,"student_answers":{"a":"b","c":["d"],"e":{"f":1}},"correct_map":{"a":{"correctness":"correct",` +
		`"npoints":0.25,"msg":"<b>\u00e9</b>"}},"score":{"raw_earned":1,"raw_possible":2},"input_state":{"x":[1]}}`)
	f.Add(`{"student_answers_history":[null,{}],"correct_map_history":[null],"score_history":[{}],"last_submission_time":"2026-11-25T03:00:00+01:00"}`)
	f.Fuzz(func(t *testing.T, text string) {
		var st State
		if json.Unmarshal([]byte(text), &st) != nil {
			return
		}
		if got, err := st.Text(); err != nil || got != marshal(t, &st) {
			t.Errorf("%v\ngot  %s\nwant %s", err, got, marshal(t, &st))
		}
	})
}
