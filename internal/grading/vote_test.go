package grading_test

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"

	"lectern/internal/course"
	"lectern/internal/grading"
	"lectern/internal/poll"
	"lectern/internal/store"
)

func opinion(typ, id string, fields ...string) *course.Block {
	b := block(typ, id)
	b.Fate = course.Shown
	for i := 0; i < len(fields); i += 2 {
		b.Fields[fields[i]] = fields[i+1]
	}
	return b
}

const yesNo = `<poll_question>?<answer id="yes">Yes</answer><answer id="no">No</answer></poll_question>`

// TestPollOpensConditional votes, which opens what is behind it, and takes the
// vote back, which closes it again.
func TestPollOpensConditional(t *testing.T) {
	old := opinion("poll_question", "Q")
	old.Data = yesNo
	cond := func(id, attribute, value, source string) *course.Block {
		b := block("conditional", id, question("P"+id))
		b.Fields["sources"], b.Fields[attribute] = "i4x://some_org/some_course/"+source, value
		return b
	}
	b := newBench(t, old, opinion("poll", "N"), opinion("survey", "U"),
		cond("yes", "poll_answer", "yes", "poll_question/Q"), cond("voted", "voted", "True", "poll_question/Q"),
		cond("red", "poll_answer", "R", "poll/N"), cond("asked", "voted", "True", "survey/U"))
	open := func() string {
		t.Helper()
		var list []string
		for _, id := range []string{"yes", "voted", "red", "asked"} {
			met, err := b.ConditionMet(t.Context(), b.who, b.at(id))
			if err != nil {
				t.Fatal(err)
			}
			if met {
				list = append(list, id)
			}
		}
		return strings.Join(list, " ")
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := open(); got != "" {
		t.Errorf("open before any vote: %s", got)
	}
	must(b.Vote(t.Context(), b.who, b.at("Q"), map[string]string{"": "no"}))
	if got := open(); got != "voted" {
		t.Errorf("after no: %s", got)
	}
	must(b.TakeBack(t.Context(), b.who, b.at("Q")))
	if got := open(); got != "" {
		t.Errorf("taken back: %s", got)
	}
	must(b.Vote(t.Context(), b.who, b.at("Q"), map[string]string{"": "yes"}))
	must(b.Vote(t.Context(), b.who, b.at("N"), map[string]string{"": "R"}))
	must(b.Vote(t.Context(), b.who, b.at("U"), map[string]string{"enjoy": "Y", "recommend": "Y", "learn": "Y"}))
	if got := open(); got != "yes voted red asked" {
		t.Errorf("after yes, red and the survey: %s", got)
	}
	v, err := b.Poll(t.Context(), b.who, b.at("Q"))
	if err != nil || v.Votes[poll.Change{Answer: "yes"}] != 1 || v.Votes[poll.Change{Answer: "no"}] != 0 {
		t.Errorf("%+v %v", v, err)
	}
	if rows, _ := b.owes(); rows != 0 {
		t.Error("a vote owes a score")
	}
}

// TestVotesTogether counts the votes of many at once, and those of another scope
// apart.
func TestVotesTogether(t *testing.T) {
	b := newBench(t, opinion("poll", "N"))
	var wg sync.WaitGroup
	for _, account := range []string{"a1", "a2"} {
		for scope := range 3 {
			for range 2 { // every click is a double click
				wg.Go(func() {
					who := grading.Who{AccountID: account, Scope: strconv.Itoa(scope)}
					if err := b.Vote(t.Context(), who, b.at("N"), map[string]string{"": "G"}); err != nil {
						t.Error(err)
					}
				})
			}
		}
	}
	wg.Wait()
	for scope, want := range map[string]int64{"0": 2, "1": 2, "2": 2, "": 0} {
		v, err := b.Poll(t.Context(), grading.Who{AccountID: "a1", Scope: scope}, b.at("N"))
		if got := v.Votes[poll.Change{Answer: "G"}]; err != nil || got != want {
			t.Errorf("scope %q: %d votes, want %d: %v", scope, got, want, err)
		}
	}
	err := b.Vote(t.Context(), grading.Who{AccountID: "a1", Scope: "0"}, b.at("N"), map[string]string{"": "R"})
	if !errors.Is(err, poll.ErrVoted) {
		t.Errorf("a second vote: %v", err)
	}
}

// TestCloudIsBounded fills a cloud: words that are there are still counted, new
// ones are the learner's own only.
func TestCloudIsBounded(t *testing.T) {
	b := newBench(t, opinion("word_cloud", "W", "num_inputs", "2", "num_top_words", "1"))
	at := b.at("W")
	key := store.TallyKey{CourseKey: b.course.Key.String(), Ref: at.Block.Ref}
	b.update(func(tx store.Tx) error {
		var full []store.Tally
		for i := range poll.MaxWords {
			full = append(full, store.Tally{Answer: "w" + strconv.Itoa(i), Votes: 1})
		}
		return tx.Tallies().Add(t.Context(), key, full, poll.MaxWords)
	})
	if err := b.AddWords(t.Context(), b.who, at, []string{"W7", "new"}); err != nil {
		t.Fatal(err)
	}
	v, err := b.Cloud(t.Context(), b.who, at)
	if err != nil || v.All != poll.MaxWords+1 || len(v.Words) != 1 || v.Words[0] != (store.Tally{Answer: "w7", Votes: 2}) || len(v.State.Words) != 2 {
		t.Errorf("%d words, %v, %+v: %v", v.All, v.Words, v.State, err)
	}
}

func TestDone(t *testing.T) {
	b := newBench(t, opinion("done", "D"))
	for _, want := range []bool{true, false, true} {
		if err := b.MarkDone(t.Context(), b.who, b.at("D"), want); err != nil {
			t.Fatal(err)
		}
		l, err := b.Learner(t.Context(), b.who, b.at("D"))
		if err != nil || l.Done(b.at("D")) != want {
			t.Errorf("want %v: %v", want, err)
		}
	}
}
