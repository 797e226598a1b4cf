package grading

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/lti"
	"lectern/internal/problem"
	"lectern/internal/store"
)

// ErrNotProblem means that a block which is no problem was to be answered.
var ErrNotProblem = errs.New(errs.NotFound, "block_not_a_problem", "",
	"This part of the course cannot be answered.", "Only problem blocks take answers.")

// View is a problem in front of one learner.
type View struct {
	Definition *problem.Definition
	Settings   problem.Settings
	State      problem.State // with its seed set
	Version    int64         // of the state; forms carry it, see [Form]
	Score      lti.Score     // weighted points that count
	Answered   bool          // a score was published
	Given      bool          // the score is a teacher's
}

// Form is what a learner posted.
type Form struct {
	Answers problem.Answers
	Version int64 // of the state that the page with the form showed, or NoVersion
}

// NoVersion stands for the version of a form that does not say. Such a form
// always counts: nothing tells a repeat from a second try.
const NoVersion = -1

// Outcome is what came of a submission.
type Outcome struct {
	View
	Attempt  *problem.Attempt // nil when Repeated
	Repeated bool             // the same form came before; nothing was graded
}

// Problem returns a problem for rendering. At first sight it keeps the seed of
// a randomized problem. Problems that cannot be read are problem.ErrContent or
// problem.ErrUnsupported.
func (s *Service) Problem(ctx context.Context, who Who, at At) (v *View, err error) {
	err = again(func(retry bool) error {
		w, err := s.open(ctx, who, at, retry)
		if err != nil {
			return err
		}
		if w.fresh && w.drawn {
			err = s.keep(ctx, at, w, "", nil)
		}
		v = &w.View
		return err
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// work is a problem with the row its state came from.
type work struct {
	View
	who   Who
	row   *store.LearnerState
	fresh bool // nobody has kept a seed yet
	drawn bool // the seed is one by chance
}

func (s *Service) open(ctx context.Context, who Who, at At, retry bool) (*work, error) {
	if at.Block.Type != "problem" {
		return nil, ErrNotProblem.With("block %s/%s", at.Block.Type, at.Block.ID)
	}
	def, err := s.definitions.get(at, s.surroundings)
	if err != nil {
		return nil, err
	}
	w := &work{who: who, View: View{Definition: def, Settings: Settings(at)}}
	if w.row, err = s.row(ctx, who, at, retry); err != nil {
		return nil, err
	}
	if w.row.State != "" {
		if err := json.Unmarshal([]byte(w.row.State), &w.State); err != nil {
			return nil, fmt.Errorf("state of %s/%s: %w", at.Block.Type, at.Block.ID, err)
		}
	}
	if w.State.Seed == nil {
		seed := problem.Seed(w.Settings.Rerandomize, who.AccountID, at.Course.Usage(at.Block).String(), s.chance(&w.drawn))
		w.State.Seed, w.fresh = &seed, true
	}
	w.refresh(at)
	return w, nil
}

// refresh copies what the row says into the view.
func (w *work) refresh(at At) {
	w.Version, w.Given = w.row.Version, w.row.Given != nil
	w.Score.Earned, w.Score.Possible, w.Answered = w.row.Counts()
	if !w.Answered {
		w.Score = lti.Score{Possible: possible(at.Block)}
	}
}

// chance returns a source of chance that notes its use.
func (s *Service) chance(used *bool) func() uint32 {
	return func() uint32 {
		*used = true
		return s.random().Uint32()
	}
}

// Settings returns the settings of a problem block as package problem wants
// them, with the dates and attempts that count for the learner.
func Settings(at At) problem.Settings {
	b := at.Block.Settings
	return problem.Settings{
		MaxAttempts: at.Dates.MaxAttempts(at.Block), Weight: b.Weight,
		ShowAnswer: b.ShowAnswer, ShowCorrectness: b.ShowCorrectness,
		Rerandomize: b.Rerandomize, GradingMethod: b.GradingMethod,
		Due: at.Dates.Due(at.Block), Grace: b.Grace, CourseEnd: at.Dates.End(at.Course, at.Block),
		SubmissionWait: b.SubmissionWait, AttemptsBeforeShowAnswer: b.AttemptsBeforeShowAnswer,
		ShowResetButton: b.ShowResetButton, ForceSaveButton: truth(at.Block.Fields["force_save_button"]),
	}
}

// Submit grades what a learner posted, keeps it, and owes the new score to
// every gradebook that wants it. A form posted twice is graded once. Errors are
// those of [problem.Definition.Submit]; where one does not count as an attempt
// the answers are kept all the same.
func (s *Service) Submit(ctx context.Context, who Who, at At, form Form) (*Outcome, error) {
	began := s.now()
	out, err := s.submit(ctx, who, at, form)
	s.graded(at, began, out != nil && out.Repeated, err)
	return out, err
}

func (s *Service) submit(ctx context.Context, who Who, at At, form Form) (out *Outcome, err error) {
	owed := false
	err = again(func(retry bool) error {
		out, owed = nil, false
		w, err := s.open(ctx, who, at, retry)
		if err != nil {
			return err
		}
		if w.repeats(at, form) {
			out = &Outcome{View: w.View, Repeated: true}
			return nil
		}
		attempt, refused := w.Definition.Submit(ctx, w.Settings, &w.State, who.AccountID, form.Answers, s.now())
		if refused != nil {
			if !problem.CountsAttempt(refused) {
				if err := s.keep(ctx, at, w, "", nil); err != nil {
					return err
				}
			}
			return refused
		}
		if attempt.Published {
			w.publish(attempt.Score)
		}
		err = s.keep(ctx, at, w, whyAnswer, &owed)
		out = &Outcome{View: w.View, Attempt: attempt}
		return err
	})
	if err != nil {
		return nil, err
	}
	s.wake(owed)
	return out, nil
}

// Why a score changed, in its history.
const (
	whyAnswer = "answer"
	whyReset  = "reset"
)

// publish sets the score of the row from a raw score.
func (w *work) publish(raw problem.Score) {
	earned, possible := problem.Weighted(raw, w.Settings)
	w.row.Answered, w.row.Earned, w.row.Possible = true, finite(earned), finite(possible)
}

// repeats reports whether form is the one that made the learner's last attempt,
// come a second time from a page that does not know of it.
func (w *work) repeats(at At, form Form) bool {
	n := len(w.State.AnswersHistory)
	if !w.State.Done || n == 0 || form.Version < 0 || form.Version == w.row.Version {
		return false
	}
	prefix := at.Course.Usage(at.Block).HTMLID() + "_"
	return sameAnswers(w.State.AnswersHistory[n-1], form.Answers, prefix)
}

// sameAnswers compares the answers to inputs whose ids begin with prefix.
func sameAnswers(a, b problem.Answers, prefix string) bool {
	only := func(list problem.Answers) string {
		own := problem.Answers{}
		for id, answer := range list {
			if strings.HasPrefix(id, prefix) {
				own[id] = answer
			}
		}
		text, err := json.Marshal(own)
		if err != nil {
			return uuid.NewString() // like nothing else
		}
		return string(text)
	}
	return only(a) == only(b)
}

// Save keeps answers without grading them. Errors are those of
// [problem.Definition.Save].
func (s *Service) Save(ctx context.Context, who Who, at At, form Form) (*View, error) {
	return s.change(ctx, who, at, "", func(w *work) error {
		return w.Definition.Save(w.Settings, &w.State, form.Answers, s.now())
	})
}

// Reset clears a learner's answers. The score becomes zero for somebody who had
// answered, and is owed. Errors are those of [problem.Definition.Reset].
func (s *Service) Reset(ctx context.Context, who Who, at At) (*View, error) {
	return s.change(ctx, who, at, whyReset, func(w *work) error {
		used := false
		publish, err := w.Definition.Reset(w.Settings, &w.State, s.now(), s.chance(&used))
		if err == nil && publish && w.row.Answered {
			w.row.Earned = 0
		}
		return err
	})
}

// change loads a problem, lets f change it and keeps it. With a why, the score
// is published when the learner has one.
func (s *Service) change(ctx context.Context, who Who, at At, why string, f func(*work) error) (*View, error) {
	var v *View
	owed := false
	err := again(func(retry bool) error {
		why := why
		owed = false
		w, err := s.open(ctx, who, at, retry)
		if err != nil {
			return err
		}
		if err := f(w); err != nil {
			return err
		}
		if !w.row.Answered {
			why = "" // nobody who has not answered is sent a score
		}
		v = &w.View
		return s.keep(ctx, at, w, why, &owed)
	})
	if err != nil {
		return nil, err
	}
	s.wake(owed)
	return v, nil
}

// keep writes the state and, when the score changed for a reason, its history
// and what is now owed, in one transaction. It is store.ErrConflict when the
// state changed since it was read.
func (s *Service) keep(ctx context.Context, at At, w *work, why string, owed *bool) error {
	text, err := StateText(&w.State)
	if err != nil {
		return fmt.Errorf("state of %s/%s: %w", at.Block.Type, at.Block.ID, err)
	}
	row, n, err := s.put(ctx, w.who, at, *w.row, text, why, nil)
	if err != nil {
		return err
	}
	if owed != nil {
		*owed = n
	}
	w.row = &row
	w.refresh(at)
	return nil
}

// stateMost is how many bytes of state are kept before old answers go.
const stateMost = 1 << 20

// StateText writes a state as it is kept. When many long answers have made it large, only the
// last of them is kept: it tells a repeated form, see [work.repeats].
func StateText(st *problem.State) (string, error) {
	text, err := st.Text()
	if err == nil && len(text) > stateMost {
		st.AnswersHistory = lastOf(st.AnswersHistory)
		st.MarksHistory = lastOf(st.MarksHistory)
		text, err = st.Text()
	}
	return text, err
}

func lastOf[T any](list []T) []T { return list[max(0, len(list)-1):] }

// owe appends to the score history and raises what is owed to the grade targets
// of the block and of everything around it. It returns how many there are.
func (s *Service) owe(ctx context.Context, tx store.Tx, who Who, at At, row *store.LearnerState, why string) (int, error) {
	debts, err := s.debts(ctx, tx, who, at, row.UpdatedAt)
	if err != nil {
		return 0, err
	}
	return len(debts), raise(ctx, tx, row, debts, why)
}

// debts returns what a new score of the block, made at a time, will owe.
func (s *Service) debts(ctx context.Context, tx store.Tx, who Who, at At, made time.Time) ([]store.Debt, error) {
	targets, err := tx.Placements().Aimed(ctx, who.AccountID, who.Scope, at.Course.Key.String())
	if err != nil {
		return nil, err
	}
	around := usagesAround(at.Course, at.Block)
	var debts []store.Debt
	for _, t := range targets {
		switch i := slices.Index(around, t.UsageKey); {
		case i == 0:
			debts = append(debts, store.Debt{TargetID: t.ID, At: made})
		case i > 0:
			debts = append(debts, store.Debt{TargetID: t.ID, At: made, Delay: s.AggregateDelay})
		}
	}
	return debts, nil
}

// raise appends to the score history and owes.
func raise(ctx context.Context, tx store.Tx, row *store.LearnerState, debts []store.Debt, why string) error {
	earned, possible, _ := row.Counts()
	err := tx.Learners().AppendScore(ctx, store.ScoreEvent{
		Key: row.Key, At: row.UpdatedAt, Earned: earned, Possible: possible, Why: why,
	})
	for _, debt := range debts {
		if err == nil {
			err = tx.Owed().Owe(ctx, debt)
		}
	}
	return err
}

// usagesAround returns the usage keys of a block and of all that it is in.
func usagesAround(c *course.Course, b *course.Block) []string {
	var usages []string
	for ; b != nil; b = b.Parent {
		usages = append(usages, c.Usage(b).String())
	}
	return usages
}

func (s *Service) wake(owed bool) {
	if owed && s.Outcome != nil {
		s.Outcome.Wake()
	}
}

// refusal reports whether err says no for a reason that lies in the problem.
func refusal(err error) bool {
	return errors.Is(err, problem.ErrClosed) || errors.Is(err, problem.ErrNothingToReset) ||
		errors.Is(err, problem.ErrContent) || errors.Is(err, problem.ErrUnsupported)
}

var _ course.Attributes = (*Learner)(nil)
