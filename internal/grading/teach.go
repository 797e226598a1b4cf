package grading

import (
	"context"
	"fmt"
	"time"

	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/lti"
	"lectern/internal/poll"
	"lectern/internal/store"
)

// ErrGiven means that a score which a teacher entered cannot be kept.
var ErrGiven = errs.New(errs.Invalid, "score_given_malformed", "",
	"Enter the points, from 0 to what the content is worth, and why.", "")

// ErrNothingGiven means that there is no teacher's score to withdraw.
var ErrNothingGiven = errs.New(errs.Conflict, "score_given_none", "", "There is no score to withdraw.", "")

// Why a score changed by the course team's doing, in its history.
const (
	whyGiven     = "given by a teacher"
	whyWithdrawn = "teacher's score withdrawn"
	whyCleared   = "cleared by the course team"
	whyRescore   = "graded again"
)

// CellChange is a gradebook cell with the score it has by what is here now, and
// the one it would have.
type CellChange struct {
	Target   lti.GradeTarget
	Old, New lti.Score
	Sent     bool // a score goes there afterwards
}

// Changes reports whether the LMS would get another number.
func (c CellChange) Changes() bool { return c.Sent && c.Old.Text() != c.New.Text() }

// GiveEffect says what giving who a score on a block would do to gradebooks; nil
// stands for withdrawing.
func (s *Service) GiveEffect(ctx context.Context, who Who, at At, earned *float64) ([]CellChange, error) {
	return s.effect(ctx, who, at, func(l *Learner) []course.Ref {
		row := *l.stateAt(at.Block.Ref)
		s.give(l, at, &row, earned, nil)
		l.states[at.Block.Ref] = &row
		return []course.Ref{at.Block.Ref}
	})
}

// ClearEffect says what [Service.Clear] would do to gradebooks.
func (s *Service) ClearEffect(ctx context.Context, who Who, at At) ([]CellChange, error) {
	return s.effect(ctx, who, at, func(l *Learner) []course.Ref {
		var refs []course.Ref
		for _, row := range l.worked(at.Block) {
			cleared := clear1(at.Course.Block(row.Key.Ref), row)
			l.states[row.Key.Ref] = &cleared
			refs = append(refs, row.Key.Ref)
		}
		return refs
	})
}

// effect compares the scores of a learner's gradebook cells in a course before
// and after a change that is not made.
func (s *Service) effect(ctx context.Context, who Who, at At, change func(*Learner) []course.Ref) ([]CellChange, error) {
	var list []CellChange
	err := s.Store.View(ctx, func(tx store.Tx) error {
		list = nil
		before, err := s.readIn(ctx, tx, who, at.Course)
		if err != nil {
			return err
		}
		after, err := s.readIn(ctx, tx, who, at.Course)
		if err != nil {
			return err
		}
		var usages []string
		for _, ref := range change(after) {
			usages = append(usages, usagesAround(at.Course, at.Course.Block(ref))...)
		}
		targets, err := tx.Placements().Targets(ctx, who.AccountID, who.Scope, at.Course.Key.String(), usages)
		for _, t := range targets {
			b := at.Course.Block(refOf(t.UsageKey))
			if b == nil {
				continue
			}
			c := CellChange{Target: t}
			c.Old, _ = before.Score(b)
			c.New, c.Sent = after.Score(b)
			c.Sent = c.Sent && t.Refused == ""
			list = append(list, c)
		}
		return err
	})
	return list, err
}

// refOf returns the block that a usage key of the course names.
func refOf(usageKey string) course.Ref {
	ref, _ := course.ParseRef(usageKey)
	return ref
}

// Give puts a teacher's score in the place of the one that grading made, on a
// scored block or on what holds some; nil withdraws it. The new score is owed to
// gradebooks in the same transaction. Somebody who never answered gets zero
// when it is withdrawn.
func (s *Service) Give(ctx context.Context, by string, who Who, at At, earned *float64, why string) error {
	owed := false
	err := s.Store.Update(ctx, func(tx store.Tx) error {
		l, err := s.readIn(ctx, tx, who, at.Course)
		if err != nil {
			return err
		}
		row := *l.stateAt(at.Block.Ref)
		act := store.Act{At: s.now(), Who: by, Name: "score.give", Subject: who.AccountID, Before: showGiven(at, row.Given)}
		event := whyGiven
		if earned == nil {
			if act.Name, event = "score.withdraw", whyWithdrawn; row.Given == nil {
				return ErrNothingGiven
			}
		} else if !(*earned >= 0) || why == "" || *earned > worth(l, at.Block) {
			return ErrGiven // NaN too
		}
		s.give(l, at, &row, earned, &store.Given{By: by, Why: why, At: act.At})
		act.After = showGiven(at, row.Given)
		row.UpdatedAt = act.At
		put := row
		if err := tx.Learners().Put(ctx, &put); err != nil {
			return err
		}
		n, err := s.owe(ctx, tx, who, at, &row, event)
		if err != nil {
			return err
		}
		owed = n > 0
		return store.Note(ctx, tx, act)
	})
	if err == nil {
		s.wake(owed)
	}
	return err
}

// worth is what a block can bring a learner, whatever a teacher gave.
func worth(l *Learner, b *course.Block) float64 {
	if state := l.states[b.Ref]; state != nil && state.Given != nil {
		return state.Given.Possible
	}
	score, _ := l.Score(b)
	return score.Possible
}

// give changes a row as [Service.Give] does.
func (s *Service) give(l *Learner, at At, row *store.LearnerState, earned *float64, by *store.Given) {
	most := worth(l, at.Block)
	if earned != nil {
		g := store.Given{}
		if by != nil {
			g = *by
		}
		g.Earned, g.Possible = *earned, most
		row.Given = &g
		return
	}
	row.Given = nil
	if at.Block.Scored && !row.Answered {
		row.Answered, row.Earned, row.Possible = true, 0, most
	}
}

// shownGiven is a teacher's score as the audit keeps it.
type shownGiven struct {
	Course   string  `json:"course"`
	Type     string  `json:"type"`
	Block    string  `json:"block"`
	Earned   float64 `json:"earned"`
	Possible float64 `json:"possible"`
	Why      string  `json:"why"`
}

func showGiven(at At, g *store.Given) any {
	if g == nil {
		return nil
	}
	return shownGiven{at.Course.Key.String(), at.Block.Type, at.Block.ID, g.Earned, g.Possible, g.Why}
}

// worked returns what the learner has done with b and the blocks below it, in
// document order: answers, votes and scores; not where they were, nor what was
// drawn for them.
func (l *Learner) worked(b *course.Block) []*store.LearnerState {
	var list []*store.LearnerState
	b.Walk(func(n *course.Block) bool {
		state := l.states[n.Ref]
		if state != nil && (state.Given != nil || !n.Draws() && len(n.Children) == 0 && (state.State != "" || state.Answered)) {
			list = append(list, state)
		}
		return true
	})
	return list
}

// Worked counts the blocks at and below b that the learner has done something
// with.
func (l *Learner) Worked(b *course.Block) int { return len(l.worked(b)) }

// clear1 returns a row without what the learner did. Somebody who had answered
// has zero points from now on. Of what only holds other blocks a teacher's score
// goes.
func clear1(b *course.Block, row *store.LearnerState) store.LearnerState {
	next := *row
	if !b.Scored && len(b.Children) > 0 {
		next.Given = nil
		return next
	}
	if row.Given != nil && !row.Answered {
		next.Answered, next.Possible = true, row.Given.Possible
	}
	next.State, next.Earned, next.Given = "", 0, nil
	return next
}

// cleared is what the audit keeps of a reset.
type cleared struct {
	Course string `json:"course"`
	Scope  string `json:"scope,omitempty"`
	Type   string `json:"type"`
	Block  string `json:"block"`
	Blocks int    `json:"blocks_cleared"`
}

// Clear forgets what a learner did with a block and all below it, teachers'
// scores too: they begin anew, with all attempts. Somebody who had answered gets
// zero, which is owed to gradebooks in the same transaction. It returns how many
// blocks there were.
func (s *Service) Clear(ctx context.Context, by string, who Who, at At) (n int, err error) {
	owed := false
	err = s.Store.Update(ctx, func(tx store.Tx) error {
		n, owed = 0, false
		l, err := s.readIn(ctx, tx, who, at.Course)
		if err != nil {
			return err
		}
		for _, row := range l.worked(at.Block) {
			cells, err := s.clear(ctx, tx, who, At{Course: at.Course, Block: at.Course.Block(row.Key.Ref), Dates: at.Dates}, row)
			if err != nil {
				return err
			}
			owed = owed || cells > 0
			n++
		}
		if n == 0 {
			return nil
		}
		return store.Note(ctx, tx, store.Act{
			At: s.now(), Who: by, Name: "learner.clear", Subject: who.AccountID,
			After: cleared{at.Course.Key.String(), who.Scope, at.Block.Type, at.Block.ID, n},
		})
	})
	if err == nil {
		s.wake(owed)
	}
	return n, err
}

func (s *Service) clear(ctx context.Context, tx store.Tx, who Who, at At, row *store.LearnerState) (cells int, err error) {
	next := clear1(at.Block, row)
	next.UpdatedAt = s.now()
	put := next
	if err := tx.Learners().Put(ctx, &put); err != nil {
		return 0, err
	}
	votes, err := unsaid(at, row.State)
	if err != nil {
		return 0, err
	}
	if len(votes) > 0 {
		if err := tx.Tallies().Add(ctx, tallyKey(who, at), votes, poll.MaxWords); err != nil {
			return 0, err
		}
	}
	if row.Given == nil && !next.Answered {
		return 0, nil
	}
	return s.owe(ctx, tx, who, at, &next, whyCleared)
}

// unsaid is what the counts that learners share lose when a state goes.
func unsaid(at At, text string) ([]store.Tally, error) {
	switch at.Block.Type {
	case "poll", "survey", "poll_question", "word_cloud":
	default:
		return nil, nil
	}
	st, err := said(at, text)
	if err != nil {
		return nil, fmt.Errorf("clear votes: %w", err)
	}
	var votes []store.Tally
	for question, answer := range st.Choices {
		votes = append(votes, store.Tally{Question: question, Answer: answer, Votes: -1})
	}
	for _, answer := range append([]string{st.Answer}, st.Words...) {
		if answer != "" {
			votes = append(votes, store.Tally{Answer: answer, Votes: -1})
		}
	}
	return votes, nil
}

// Scores returns the history of a learner's score on a block, oldest first.
func (s *Service) Scores(ctx context.Context, who Who, at At) (list []store.ScoreEvent, err error) {
	err = s.Store.View(ctx, func(tx store.Tx) error {
		list, err = tx.Learners().Scores(ctx, who.key(at.Course, at.Block.Ref))
		return err
	})
	return list, err
}

// Seen returns when the learner last did something with a block, zero for never.
func (l *Learner) Seen(b *course.Block) time.Time { return l.stateAt(b.Ref).UpdatedAt }
