package problem

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"
)

// Values of [Settings.Rerandomize] after normalising.
const (
	RerandomizeAlways     = "always"
	RerandomizeOnReset    = "onreset"
	RerandomizeNever      = "never"
	RerandomizePerStudent = "per_student"
)

// Values of [Settings.ShowCorrectness].
const (
	ShowAlways               = "always"
	ShowNever                = "never"
	ShowNeverButIncludeGrade = "never_but_include_grade"
	ShowPastDue              = "past_due"
)

// Settings are the fields of a problem block that say how often, until when
// and with what feedback it may be answered. Values are as the course has them;
// unknown ones are safe: an unknown ShowAnswer never shows the answer.
type Settings struct {
	MaxAttempts     *int       // nil: unlimited; 0: a survey, saved but never submitted
	Weight          *float64   // points the problem counts; nil: its raw points
	ShowAnswer      string     // "" like "never"
	ShowCorrectness string     // "" like "always"
	Rerandomize     string     // "" and "true" mean always, "false" per_student
	GradingMethod   string     // last_score (default), first_score, highest_score, average_score
	Due             *time.Time // UTC
	Grace           time.Duration
	CourseEnd       *time.Time // closes the problem when it has no due date

	SubmissionWait           time.Duration // between two submissions
	AttemptsBeforeShowAnswer int           // for ShowAnswer "after_attempts"
	ShowResetButton          bool
	ForceSaveButton          bool
}

// rerandomize returns the normalised setting.
func (s *Settings) rerandomize() string {
	switch s.Rerandomize {
	case "", "true":
		return RerandomizeAlways
	case "false":
		return RerandomizePerStudent
	}
	return s.Rerandomize
}

// CloseDate returns when the problem closes: the due date, else the course's
// end, plus the grace period. Nil means never.
func (s *Settings) CloseDate() *time.Time {
	date := s.Due
	if date == nil {
		date = s.CourseEnd
	}
	if date == nil {
		return nil
	}
	t := date.Add(s.Grace)
	return &t
}

// PastDue reports whether the close date has passed.
func (s *Settings) PastDue(now time.Time) bool {
	date := s.CloseDate()
	return date != nil && now.After(*date)
}

// usedAllAttempts reports whether no attempt is left.
func (s *Settings) usedAllAttempts(st *State) bool {
	return s.MaxAttempts != nil && st.Attempts >= *s.MaxAttempts
}

// AttemptsLeft returns how many submissions remain, -1 for unlimited.
func (s *Settings) AttemptsLeft(st *State) int {
	if s.MaxAttempts == nil {
		return -1
	}
	return max(0, *s.MaxAttempts-st.Attempts)
}

// Closed reports whether the problem takes no more submissions from the
// learner.
func (s *Settings) Closed(st *State, now time.Time) bool {
	return s.usedAllAttempts(st) || s.PastDue(now)
}

// CorrectnessVisible reports whether the learner may see what was right.
func (s *Settings) CorrectnessVisible(now time.Time, staff bool) bool {
	switch s.ShowCorrectness {
	case ShowNever, ShowNeverButIncludeGrade:
		return false
	case ShowPastDue:
		date := s.CloseDate()
		return staff || date == nil || date.Before(now)
	}
	return true
}

// ScoreVisible reports whether the learner may see the score; with
// "never_but_include_grade" that is so although correctness is withheld.
func (s *Settings) ScoreVisible(now time.Time, staff bool) bool {
	return s.ShowCorrectness == ShowNeverButIncludeGrade || s.CorrectnessVisible(now, staff)
}

// AnswerAvailable reports whether the learner may ask for the correct answer
// [capa 2.5].
func (s *Settings) AnswerAvailable(st *State, now time.Time, staff bool) bool {
	if !s.CorrectnessVisible(now, staff) || s.ShowAnswer == "" || s.ShowAnswer == "never" {
		return false
	}
	if staff {
		return true
	}
	attempted, correct := st.Attempts > 0, st.Correct()
	switch s.ShowAnswer {
	case "always":
		return true
	case "attempted":
		return attempted || s.PastDue(now)
	case "attempted_no_past_due":
		return attempted
	case "answered":
		return correct
	case "closed":
		return s.Closed(st, now)
	case "finished":
		return correct || s.Closed(st, now)
	case "correct_or_past_due":
		return correct || s.PastDue(now)
	case "past_due":
		return s.PastDue(now)
	case "after_attempts":
		return st.Attempts >= s.attemptsBeforeAnswer()
	case "after_all_attempts":
		return s.usedAllAttempts(st)
	case "after_all_attempts_or_correct":
		return correct || s.usedAllAttempts(st)
	}
	return false
}

// attemptsBeforeAnswer is the number of attempts after which "after_attempts"
// shows the answer; nobody has to make more than there are.
func (s *Settings) attemptsBeforeAnswer() int {
	if s.MaxAttempts != nil && *s.MaxAttempts > 0 {
		return min(s.AttemptsBeforeShowAnswer, *s.MaxAttempts)
	}
	return s.AttemptsBeforeShowAnswer
}

// needsReset reports whether a randomized problem waits for its reset.
func (s *Settings) needsReset(st *State) bool {
	return st.Done && s.rerandomize() == RerandomizeAlways
}

func (s *Settings) survey() bool { return s.MaxAttempts != nil && *s.MaxAttempts == 0 }

// CanSubmit reports whether the Submit button works.
func (s *Settings) CanSubmit(st *State, now time.Time) bool {
	return !s.Closed(st, now) && !s.needsReset(st)
}

// ShowSave reports whether the Save button is there: only where submitting
// costs something.
func (s *Settings) ShowSave(st *State, now time.Time) bool {
	closed := s.Closed(st, now)
	switch {
	case s.ForceSaveButton:
		return !closed
	case s.MaxAttempts == nil && s.rerandomize() != RerandomizeAlways:
		return false
	}
	return (!closed || s.survey()) && !s.needsReset(st)
}

// ShowReset reports whether the Reset button is there.
func (s *Settings) ShowReset(st *State, now time.Time) bool {
	if s.Closed(st, now) && !s.survey() {
		return false
	}
	mode := s.rerandomize()
	if st.Done && (mode == RerandomizeAlways || mode == RerandomizeOnReset) {
		return true
	}
	return !st.Correct() && s.ShowResetButton
}

// Weighted returns the points a raw score counts. A raw score out of zero is
// returned as it is; a weight of zero makes the problem count nothing.
func Weighted(raw Score, set Settings) (earned, possible float64) {
	if set.Weight == nil || raw.Possible == 0 {
		return raw.Earned, raw.Possible
	}
	return raw.Earned * *set.Weight / raw.Possible, *set.Weight
}

// Seed returns the seed a learner's problem is made from. "never" is 1 for
// everybody; "per_student" is one of 20, fixed by account and usage key;
// everything else draws one of 1000 with random [capa 2.5].
func Seed(rerandomize, accountID, usageKey string, random func() uint32) int64 {
	set := Settings{Rerandomize: rerandomize}
	switch set.rerandomize() {
	case RerandomizeNever:
		return 1
	case RerandomizePerStudent:
		sum := sha256.Sum256([]byte(accountID + pyBytes(usageKey)))
		bin, _ := strconv.ParseInt(hex.EncodeToString(sum[:])[:7], 16, 64) // 7 hex digits always fit
		return bin % 20
	}
	seed := int64(int32(random())) % 1000
	if seed < 0 {
		seed += 1000
	}
	return seed
}

// View returns what a person may see of a learner's state at a time: nothing
// about correctness while it is withheld. Showing answers is the caller's
// choice, after [Settings.AnswerAvailable].
func (s *Settings) View(st *State, now time.Time, staff bool) View {
	v := st.View()
	v.CorrectnessHidden = !s.CorrectnessVisible(now, staff)
	v.Staff = staff
	return v
}
