package openedx

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"lectern/internal/course"
	"lectern/internal/dragdrop"
	"lectern/internal/grading"
	"lectern/internal/openedx/dump"
	"lectern/internal/poll"
	"lectern/internal/problem"
	"lectern/internal/store"
)

// Why the state of a block is not taken over.
const (
	whyBadState = "Its state cannot be read."
	whyNoState  = "It has no state."
	whyGone     = "It names answers that the block does not have any more."
)

// convert returns what a learner did with a block as it is kept here, without a
// key and time, or why it is not taken over.
func convert(at grading.At, m *dump.Module) (next store.LearnerState, why string) {
	if at.Block.Type != m.Type && m.Type != "" && !slices.Contains([]string{"videosequence", "problemset"}, m.Type) {
		return next, "The block is a " + at.Block.Type + " in the course here, and a " + m.Type + " there."
	}
	if strings.TrimSpace(m.State) == "" || m.State == "{}" || m.State == "null" {
		if m.Grade == nil {
			return next, whyNoState
		}
		m.State = "{}"
	}
	var raw map[string]json.RawMessage
	if json.Unmarshal([]byte(m.State), &raw) != nil || raw == nil {
		return next, whyBadState
	}
	var state any
	switch typ := at.Block.Type; {
	case typ == "problem":
		return problemState(at, m, raw)
	case typ == grading.DragType:
		return dragState(at, m, raw)
	case counted(typ):
		state, why = opinion(at.Block, raw)
	case typ == "done":
		state = poll.State{Done: truth(raw["done"])}
	case typ == "sequential":
		state = map[string]int{"position": max(1, whole(raw["position"]))}
	case at.Block.Draws():
		state, why = drawn(at.Block, raw["selected"])
	default:
		return next, "What learners do with a " + typ + " is not kept here."
	}
	if why != "" {
		return next, why
	}
	text, err := json.Marshal(state)
	if err != nil {
		return next, whyBadState
	}
	next.State = string(text)
	return next, ""
}

// problemState reads the state of a problem [capa 2.5] and its score.
func problemState(at grading.At, m *dump.Module, raw map[string]json.RawMessage) (next store.LearnerState, why string) {
	st := problem.State{
		Attempts: max(0, whole(raw["attempts"])), Done: truth(raw["done"]), Saved: truth(raw["has_saved_answers"]),
		Seed: seedOf(raw["seed"]), Answers: answers(raw["student_answers"]), Marks: marks(raw["correct_map"]),
		Score: score(raw["score"]), LastSubmission: moment(raw["last_submission_time"]),
		InputState: object(raw["input_state"]),
	}
	for _, one := range list(raw["student_answers_history"]) {
		st.AnswersHistory = append(st.AnswersHistory, answers(one))
	}
	for _, one := range list(raw["correct_map_history"]) {
		st.MarksHistory = append(st.MarksHistory, marks(one))
	}
	for _, one := range list(raw["score_history"]) {
		if s := score(one); s != nil {
			st.ScoreHistory = append(st.ScoreHistory, *s)
		}
	}
	graded := published(m, st.Score)
	if st.Score == nil && st.Attempts > 0 {
		st.Score = graded
	}
	if len(st.ScoreHistory) == 0 && st.Score != nil && st.Attempts > 0 { // what later attempts are compared with
		st.ScoreHistory = []problem.Score{*st.Score}
	}
	text, err := grading.StateText(&st)
	if err != nil {
		return next, whyBadState
	}
	next.State = text
	// A zero that nobody earned is none: Open edX writes some for people who never
	// answered, and nobody is sent a score for that.
	if graded != nil && (st.Attempts > 0 || st.Done || graded.Earned != 0) {
		rate(&next, at, *graded)
	}
	return next, ""
}

// published returns the raw score that Open edX counts, else the one of the
// state; nil when there is none.
func published(m *dump.Module, own *problem.Score) *problem.Score {
	if m.Grade != nil && m.MaxGrade != nil {
		return &problem.Score{Earned: finite(*m.Grade), Possible: max(0, finite(*m.MaxGrade))}
	}
	return own
}

// rate sets the points that count of a raw score.
func rate(next *store.LearnerState, at grading.At, raw problem.Score) {
	earned, possible := problem.Weighted(raw, grading.Settings(at))
	next.Answered, next.Earned, next.Possible = true, finite(earned), finite(possible)
}

// dragState reads the state of a drag-and-drop block and its score.
func dragState(at grading.At, m *dump.Module, raw map[string]json.RawMessage) (next store.LearnerState, why string) {
	st := dragdrop.State{
		Placed: map[string]dragdrop.Placed{}, Attempts: max(0, whole(raw["attempts"])), Completed: truth(raw["completed"]),
	}
	for item, one := range object(raw["item_state"]) {
		fields := object(one) // older states are lists of coordinates: where that was, nobody knows
		if zone := text(fields["zone"]); zone != "" {
			st.Placed[item] = dragdrop.Placed{Zone: zone, Correct: fields["correct"] == nil || truth(fields["correct"])}
		}
	}
	graded := published(m, nil)
	if best := number(raw["raw_earned"]); best != nil {
		share := min(max(*best, 0), 1)
		st.RawEarned = &share
	} else if graded != nil && graded.Possible > 0 {
		share := min(max(graded.Earned/graded.Possible, 0), 1)
		st.RawEarned = &share
	}
	text, err := json.Marshal(st)
	if err != nil {
		return next, whyBadState
	}
	next.State = string(text)
	if touched := len(st.Placed) > 0 || st.Attempts > 0; st.RawEarned != nil && (touched || *st.RawEarned > 0) {
		rate(&next, at, problem.Score{Earned: *st.RawEarned, Possible: 1})
	}
	return next, ""
}

// drawn reads which children a block drew for the learner.
func drawn(b *course.Block, selected json.RawMessage) (state any, why string) {
	pairs := [][2]string{}
	for _, one := range list(selected) {
		var pair []string
		if json.Unmarshal(one, &pair) != nil || len(pair) != 2 {
			return nil, whyBadState
		}
		has := slices.ContainsFunc(b.Children, func(c *course.Block) bool { return c.Type == pair[0] && c.ID == pair[1] })
		if has {
			pairs = append(pairs, [2]string{pair[0], pair[1]})
		}
	}
	if len(pairs) == 0 {
		return nil, whyGone
	}
	return map[string][][2]string{"selected": pairs}, ""
}

// counted reports whether a block asks what all learners think.
func counted(typ string) bool {
	return typ == "poll" || typ == "survey" || typ == "poll_question" || typ == "word_cloud"
}

// opinion reads what a learner said to a block that asks all the same.
func opinion(b *course.Block, raw map[string]json.RawMessage) (state any, why string) {
	var st poll.State
	if b.Type == "word_cloud" {
		var typed []string
		words := object(raw["student_words"])
		for _, word := range keysOf(words) {
			for range min(max(1, whole(words[word])), 100) {
				typed = append(typed, word)
			}
		}
		if _, err := poll.ParseCloud(b.Fields).Add(&st, typed); err != nil {
			return nil, whyNoState
		}
		return st, ""
	}
	p, err := poll.Parse(b.Type, b.Fields, b.Data)
	if err != nil {
		return nil, whyGone
	}
	said := map[string]string{"": text(raw["choice"])}
	if b.Type == "poll_question" {
		said[""] = text(raw["poll_answer"])
	}
	for question, answer := range object(raw["choices"]) {
		said[question] = text(answer)
	}
	if b.Type != "survey" && said[""] == "" {
		return nil, whyNoState
	}
	if _, err := p.Vote(&st, said); err != nil {
		return nil, whyGone
	}
	st.Submissions = max(1, whole(raw["submissions_count"]))
	return st, ""
}

// said returns the votes in a state that is kept here.
func said(b *course.Block, kept string) []poll.Change {
	var st poll.State
	if kept == "" || json.Unmarshal([]byte(kept), &st) != nil {
		return nil
	}
	var votes []poll.Change
	for _, word := range st.Words {
		votes = append(votes, poll.Change{Answer: word, By: 1})
	}
	if b.Type == "word_cloud" {
		return votes
	}
	p, err := poll.Parse(b.Type, b.Fields, b.Data)
	if err != nil {
		return nil
	}
	for _, q := range p.Questions {
		if answer := p.Said(&st, q.Key); answer != "" {
			votes = append(votes, poll.Change{Question: q.Key, Answer: answer, By: 1})
		}
	}
	return votes
}

// seedOf returns the seed of a problem, nil when it was never shown.
func seedOf(raw json.RawMessage) *int64 {
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return nil
	}
	return &n
}
