package grading

import (
	"context"
	"encoding/json"
	"fmt"

	"lectern/internal/poll"
	"lectern/internal/store"
)

// PollView is a poll, survey or poll_question in front of one learner.
type PollView struct {
	Poll  *poll.Poll
	State poll.State
	Votes map[poll.Change]int64 // by question and answer; By is 0
}

// Poll returns a poll for rendering, with what all learners of the course, or of
// the learner's scope, said. One that cannot be read is poll.ErrContent.
func (s *Service) Poll(ctx context.Context, who Who, at At) (*PollView, error) {
	p, err := poll.Parse(at.Block.Type, at.Block.Fields, at.Block.Data)
	if err != nil {
		return nil, err
	}
	v := &PollView{Poll: p, Votes: map[poll.Change]int64{}}
	err = s.Store.View(ctx, func(tx store.Tx) error {
		row, err := tx.Learners().State(ctx, who.key(at.Course, at.Block.Ref))
		if err != nil {
			return err
		}
		if v.State, err = said(at, row.State); err != nil {
			return err
		}
		list, err := tx.Tallies().Top(ctx, tallyKey(who, at), 0)
		for _, t := range list {
			v.Votes[poll.Change{Question: t.Question, Answer: t.Answer}] = t.Votes
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// Vote counts a learner's answers, by question. Errors are those of
// [poll.Poll.Vote].
func (s *Service) Vote(ctx context.Context, who Who, at At, answers map[string]string) error {
	p, err := poll.Parse(at.Block.Type, at.Block.Fields, at.Block.Data)
	if err != nil {
		return err
	}
	return s.say(ctx, who, at, func(st *poll.State) ([]poll.Change, error) { return p.Vote(st, answers) })
}

// TakeBack forgets a learner's vote. Errors are those of [poll.Poll.TakeBack].
func (s *Service) TakeBack(ctx context.Context, who Who, at At) error {
	p, err := poll.Parse(at.Block.Type, at.Block.Fields, at.Block.Data)
	if err != nil {
		return err
	}
	return s.say(ctx, who, at, p.TakeBack)
}

// CloudView is a word cloud in front of one learner.
type CloudView struct {
	Cloud *poll.Cloud
	State poll.State
	Words []store.Tally // those that came most, the most frequent first
	All   int64         // words that were given, counted as often as they came
}

// Cloud returns a word cloud for rendering.
func (s *Service) Cloud(ctx context.Context, who Who, at At) (*CloudView, error) {
	v := &CloudView{Cloud: poll.ParseCloud(at.Block.Fields)}
	err := s.Store.View(ctx, func(tx store.Tx) error {
		row, err := tx.Learners().State(ctx, who.key(at.Course, at.Block.Ref))
		if err != nil {
			return err
		}
		if v.State, err = said(at, row.State); err != nil {
			return err
		}
		if v.Words, err = tx.Tallies().Top(ctx, tallyKey(who, at), v.Cloud.Top); err != nil {
			return err
		}
		v.All, err = tx.Tallies().Sum(ctx, tallyKey(who, at))
		return err
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// AddWords counts a learner's words. Errors are those of [poll.Cloud.Add].
func (s *Service) AddWords(ctx context.Context, who Who, at At, words []string) error {
	c := poll.ParseCloud(at.Block.Fields)
	return s.say(ctx, who, at, func(st *poll.State) ([]poll.Change, error) { return c.Add(st, words) })
}

// MarkDone keeps whether a learner says that they are done with something.
func (s *Service) MarkDone(ctx context.Context, who Who, at At, done bool) error {
	return s.say(ctx, who, at, func(st *poll.State) ([]poll.Change, error) {
		st.Done = done
		return nil, nil
	})
}

// Done reports whether the learner has marked a block as done.
func (l *Learner) Done(at At) bool {
	st, err := said(at, l.State(at.Block).State)
	return err == nil && st.Done
}

// say lets f move a learner's state on, and keeps it and what it adds to the
// counts together.
func (s *Service) say(ctx context.Context, who Who, at At, f func(*poll.State) ([]poll.Change, error)) error {
	return again(func(retry bool) error {
		row, err := s.row(ctx, who, at, retry)
		if err != nil {
			return err
		}
		st, err := said(at, row.State)
		if err != nil {
			return err
		}
		changes, err := f(&st)
		if err != nil {
			return err
		}
		text, err := json.Marshal(st)
		if err != nil || string(text) == row.State {
			return err
		}
		votes := make([]store.Tally, len(changes))
		for i, c := range changes {
			votes[i] = store.Tally{Question: c.Question, Answer: c.Answer, Votes: c.By}
		}
		_, _, err = s.put(ctx, who, at, *row, string(text), "", func(tx store.Tx) error {
			return tx.Tallies().Add(ctx, tallyKey(who, at), votes, poll.MaxWords)
		})
		return err
	})
}

// said reads the state of a block that asks for opinions.
func said(at At, text string) (st poll.State, err error) {
	if text == "" {
		return st, nil
	}
	if err := json.Unmarshal([]byte(text), &st); err != nil {
		return st, fmt.Errorf("state of %s/%s: %w", at.Block.Type, at.Block.ID, err)
	}
	return st, nil
}

func tallyKey(who Who, at At) store.TallyKey {
	return store.TallyKey{CourseKey: at.Course.Key.String(), Scope: who.Scope, Ref: at.Block.Ref}
}
