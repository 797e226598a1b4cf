package problem

import (
	"encoding/json"
	"time"
)

// historyLength bounds what a learner with unlimited attempts can make us keep.
const historyLength = 200

// Score is a raw score, before weight.
type Score struct {
	Earned   float64 `json:"raw_earned"`
	Possible float64 `json:"raw_possible"`
}

// State is everything kept about one learner and one problem. The zero value
// belongs to somebody who has not opened it; [State.Seed] is set at the first
// view. The JSON names are those of Open edX. A state outlives changes of the
// problem: marks and answers of inputs that are gone are ignored.
type State struct {
	Attempts       int                        `json:"attempts"`
	Done           bool                       `json:"done"`
	Seed           *int64                     `json:"seed,omitempty"`
	Answers        Answers                    `json:"student_answers,omitempty"`
	AnswersHistory []Answers                  `json:"student_answers_history,omitempty"` // the last 200
	Marks          Marks                      `json:"correct_map"`
	MarksHistory   []Marks                    `json:"correct_map_history,omitempty"` // the last 200
	Score          *Score                     `json:"score,omitempty"`               // nil: never graded
	ScoreHistory   []Score                    `json:"score_history,omitempty"`
	OverallMessage string                     `json:"overall_message,omitempty"` // HTML for the whole problem
	Saved          bool                       `json:"has_saved_answers"`         // answers changed since the last grading
	LastSubmission *time.Time                 `json:"last_submission_time,omitempty"`
	InputState     map[string]json.RawMessage `json:"input_state,omitempty"`
}

// Correct reports whether the last score is the full one.
func (st *State) Correct() bool {
	return st.Score != nil && st.Score.Earned == st.Score.Possible
}

// Answered reports whether the learner has ever submitted. Nobody else's score
// is sent anywhere.
func (st *State) Answered() bool { return st.Attempts > 0 }

// seed returns the seed, 1 when none was drawn.
func (st *State) seed() int64 {
	if st.Seed == nil {
		return 1
	}
	return *st.Seed
}

// keepLast appends v and drops the oldest entries over the limit.
func keepLast[T any](s []T, v T) []T {
	s = append(s, v)
	if over := len(s) - historyLength; over > 0 {
		s = append(s[:0:0], s[over:]...)
	}
	return s
}
