package problem

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Text returns the state as JSON, as [json.Marshal] writes it. A state is written
// at every answer, and what package json adds to that, mostly by reading again
// what the types in it wrote, is more than grading costs.
func (st *State) Text() (string, error) {
	w := &jsonWriter{b: make([]byte, 0, 1024)}
	w.raw(`{"attempts":`).integer(int64(st.Attempts)).raw(`,"done":`).truth(st.Done)
	if st.Seed != nil {
		w.raw(`,"seed":`).integer(*st.Seed)
	}
	if len(st.Answers) > 0 {
		w.raw(`,"student_answers":`).answers(st.Answers)
	}
	if len(st.AnswersHistory) > 0 {
		writeList(w.raw(`,"student_answers_history":`), st.AnswersHistory, (*jsonWriter).answers)
	}
	w.raw(`,"correct_map":`).marks(st.Marks)
	if len(st.MarksHistory) > 0 {
		writeList(w.raw(`,"correct_map_history":`), st.MarksHistory, (*jsonWriter).marks)
	}
	if st.Score != nil {
		w.raw(`,"score":`).score(*st.Score)
	}
	if len(st.ScoreHistory) > 0 {
		writeList(w.raw(`,"score_history":`), st.ScoreHistory, (*jsonWriter).score)
	}
	if st.OverallMessage != "" {
		w.raw(`,"overall_message":`).text(st.OverallMessage)
	}
	w.raw(`,"has_saved_answers":`).truth(st.Saved)
	if st.LastSubmission != nil {
		w.raw(`,"last_submission_time":`).other(st.LastSubmission)
	}
	if len(st.InputState) > 0 {
		w.raw(`,"input_state":`).other(st.InputState)
	}
	w.raw("}")
	return string(w.b), w.err
}

// jsonWriter writes JSON as [json.Marshal] does. err is the first error.
type jsonWriter struct {
	b   []byte
	err error
}

func (w *jsonWriter) raw(s string) *jsonWriter {
	w.b = append(w.b, s...)
	return w
}

func (w *jsonWriter) integer(n int64) *jsonWriter {
	w.b = strconv.AppendInt(w.b, n, 10)
	return w
}

func (w *jsonWriter) truth(v bool) { w.b = strconv.AppendBool(w.b, v) }

// number leaves those that are not written like whole ones to package json.
func (w *jsonWriter) number(f float64) *jsonWriter {
	const exact = 1e15
	if f != math.Trunc(f) || math.Abs(f) >= exact || f == 0 && math.Signbit(f) {
		return w.other(f)
	}
	return w.integer(int64(f))
}

// text leaves what has to be escaped to package json.
func (w *jsonWriter) text(s string) *jsonWriter {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || strings.IndexByte(`"\<>&`, c) >= 0 {
			return w.other(s)
		}
	}
	return w.raw(`"`).raw(s).raw(`"`)
}

func (w *jsonWriter) other(v any) *jsonWriter {
	text, err := json.Marshal(v)
	if err != nil && w.err == nil {
		w.err = err
	}
	w.b = append(w.b, text...)
	return w
}

func (w *jsonWriter) score(s Score) {
	w.raw(`{"raw_earned":`).number(s.Earned).raw(`,"raw_possible":`).number(s.Possible).raw("}")
}

func (w *jsonWriter) answers(a Answers) {
	if a == nil {
		w.raw("null")
		return
	}
	w.raw("{")
	for i, id := range slices.Sorted(maps.Keys(a)) {
		w.next(i).text(id).raw(":")
		if answer := a[id]; answer.List || len(answer.Object) > 0 {
			w.other(answer)
		} else {
			w.text(answer.First())
		}
	}
	w.raw("}")
}

// marks keeps document order.
func (w *jsonWriter) marks(m Marks) {
	w.raw("{")
	for i, e := range m.entries {
		w.next(i).text(e.id).raw(`:{"correctness":`).text(string(e.mark.Correctness)).raw(`,"npoints":`)
		if e.mark.Points == nil {
			w.raw("null")
		} else {
			w.number(*e.mark.Points)
		}
		w.raw(`,"msg":`).text(e.mark.Msg).raw(`,"hint":`).text(e.mark.Hint).raw(`,"hintmode":`).text(e.mark.HintMode)
		w.raw(`,"answervariable":`).text(e.mark.AnswerVariable).raw("}")
	}
	w.raw("}")
}

// next separates the i-th element from the one before.
func (w *jsonWriter) next(i int) *jsonWriter {
	if i > 0 {
		w.raw(",")
	}
	return w
}

func writeList[T any](w *jsonWriter, list []T, write func(*jsonWriter, T)) {
	w.raw("[")
	for i, v := range list {
		write(w.next(i), v)
	}
	w.raw("]")
}
