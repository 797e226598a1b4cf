package poll

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"lectern/internal/errs"
	"lectern/internal/xmltree"
)

// ErrContent means that a block cannot be used as it is written.
var ErrContent = errs.New(errs.Invalid, "poll_content_invalid", "",
	"This poll has a mistake in it and cannot be shown.",
	"The block's questions or answers cannot be used; the detail says why. Correct them in Studio and import the course again.")

// Refusals. None changes the state.
var (
	ErrVoted = errs.New(errs.Conflict, "poll_voted", "",
		"You have already voted as often as this poll allows.", "The block's setting max_submissions limits the votes of a learner.")
	ErrChoice = errs.New(errs.Invalid, "poll_choice_missing", "", "Please choose an answer to every question first.", "")
	ErrKept   = errs.New(errs.Conflict, "poll_vote_kept", "", "Votes in this poll cannot be taken back.",
		"The block has reset=\"false\", or the learner has not voted.")
)

// Bounds of a block, and of the names its counts are kept under.
const (
	maxOptions = 200
	maxKey     = 100 // bytes
)

// Poll is a poll, a survey or a poll_question: questions that have the same
// answers. A poll has one question, whose key is "".
type Poll struct {
	Questions []Option
	Answers   []Option
	Feedback  string // HTML, after the vote
	Private   bool   // results are for the course team
	Most      int    // votes a learner has; 0 for any number
	Returns   bool   // a vote can be taken back
}

// Option is a question or an answer. Its label is HTML.
type Option struct{ Key, Label, Image, Alt string }

// State is what one learner has said. The JSON names are those of Open edX's
// blocks; of each block there are only some, but voted, which conditional blocks
// ask about, is there for all.
type State struct {
	Voted       bool              `json:"voted,omitempty"`
	Choice      string            `json:"choice,omitempty"`      // poll
	Answer      string            `json:"poll_answer,omitempty"` // poll, poll_question
	Choices     map[string]string `json:"choices,omitempty"`     // survey: answer by question
	Submissions int               `json:"submissions_count,omitempty"`
	Submitted   bool              `json:"submitted,omitempty"`     // word_cloud
	Words       []string          `json:"student_words,omitempty"` // word_cloud
	Done        bool              `json:"done,omitempty"`          // done
}

// Change is what is to be added to a count that all learners share.
type Change struct {
	Question, Answer string
	By               int64
}

// Parse reads a block of type poll, survey or poll_question: its fields, and its
// element as XML. Its error is [ErrContent].
func Parse(typ string, fields map[string]string, data string) (*Poll, error) {
	p := &Poll{Feedback: markdown(fields["feedback"]), Private: truth(fields["private_results"]), Most: 1}
	if n, err := strconv.Atoi(strings.TrimSpace(fields["max_submissions"])); err == nil && n >= 0 {
		p.Most = n
	}
	var err error
	switch typ {
	case "poll":
		question, given := fields["question"]
		if !given {
			question = "What is your favorite color?"
		}
		p.Questions = []Option{{Label: markdown(question)}}
		p.Answers, err = options(fields["answers"], `[["R",{"label":"Red"}],["B",{"label":"Blue"}],["G",{"label":"Green"}],["O",{"label":"Other"}]]`)
	case "survey":
		p.Questions, err = options(fields["questions"], `[["enjoy",{"label":"Are you enjoying the course?"}],
			["recommend",{"label":"Would you recommend this course to your friends?"}],["learn",{"label":"Do you think you will learn a lot?"}]]`)
		if err == nil {
			p.Answers, err = options(fields["answers"], `[["Y","Yes"],["N","No"],["M","Maybe"]]`)
		}
	case "poll_question":
		p.Returns = !strings.EqualFold(fields["reset"], "false")
		err = p.fromXML(data)
	default:
		err = ErrContent.With("a %q is no poll", typ)
	}
	if err == nil {
		err = p.check()
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

func truth(s string) bool { b, err := strconv.ParseBool(strings.ToLower(s)); return err == nil && b }

// options reads a list of pairs: a key, and a label or an object with one. A
// field that is not set has the default of Open edX.
func options(text, unset string) ([]Option, error) {
	if strings.TrimSpace(text) == "" {
		text = unset
	}
	var pairs [][]json.RawMessage
	if err := json.Unmarshal([]byte(text), &pairs); err != nil {
		return nil, ErrContent.With("no list of answers or questions: %v", err)
	}
	var out []Option
	for _, pair := range pairs {
		if len(pair) != 2 {
			return nil, ErrContent.With("an answer or question is no pair: %.200s", text)
		}
		var key, label string
		var long struct {
			Label string `json:"label"`
			Img   string `json:"img"`
			Alt   string `json:"img_alt"`
		}
		if json.Unmarshal(pair[0], &key) != nil {
			key = strings.TrimSpace(string(pair[0])) // a number
		}
		if json.Unmarshal(pair[1], &label) == nil {
			long.Label = label
		} else if err := json.Unmarshal(pair[1], &long); err != nil {
			return nil, ErrContent.With("answer or question %.80q: %v", key, err)
		}
		out = append(out, Option{key, markdown(long.Label), strings.TrimSpace(long.Img), long.Alt})
	}
	return out, nil
}

// fromXML reads a poll_question: its text, with <answer id="…"> elements in it.
func (p *Poll) fromXML(data string) error {
	el, err := xmltree.ParseBytes([]byte(data), xmltree.Limits{})
	if err != nil {
		return ErrContent.Wrap(err)
	}
	var rest []*xmltree.Node
	for _, child := range el.Children {
		if child.Name != "answer" {
			rest = append(rest, child)
			continue
		}
		if id := child.Attr("id"); id != "" {
			p.Answers = append(p.Answers, Option{Key: id, Label: child.InnerHTML()})
		}
	}
	el.Children = rest
	p.Questions = []Option{{Label: el.InnerHTML()}}
	return nil
}

func (p *Poll) check() error {
	switch {
	case len(p.Answers) == 0 || len(p.Questions) == 0:
		return ErrContent.With("it has no answers")
	case len(p.Answers) > maxOptions || len(p.Questions) > maxOptions:
		return ErrContent.With("it has %d questions and %d answers", len(p.Questions), len(p.Answers))
	}
	for _, list := range [][]Option{p.Questions, p.Answers} {
		seen := map[string]bool{}
		for _, o := range list {
			if seen[o.Key] || len(o.Key) > maxKey || o.Key == "" && len(list) > 1 {
				return ErrContent.With("key %.120q is empty, too long or used twice", o.Key)
			}
			seen[o.Key] = true
		}
	}
	return nil
}

// Said returns what the learner said to a question; "" when nothing, or nothing
// that the poll still has.
func (p *Poll) Said(st *State, question string) string {
	said := st.Answer
	if question != "" {
		said = st.Choices[question]
	}
	if !p.has(said) {
		return ""
	}
	return said
}

func (p *Poll) has(answer string) bool {
	return slices.ContainsFunc(p.Answers, func(o Option) bool { return o.Key == answer })
}

// HasVoted reports whether the learner's last vote is still one: courses change.
func (p *Poll) HasVoted(st *State) bool {
	for _, q := range p.Questions {
		if p.Said(st, q.Key) == "" {
			return false
		}
	}
	return st.Voted
}

// CanVote reports whether the learner may vote, perhaps again.
func (p *Poll) CanVote(st *State) bool {
	return !p.HasVoted(st) || p.Most == 0 || st.Submissions < p.Most
}

// Vote counts answers by question. The same vote a second time changes nothing
// when no second one is allowed: a double click. Errors are [ErrChoice] and
// [ErrVoted].
func (p *Poll) Vote(st *State, answers map[string]string) ([]Change, error) {
	var changes []Change
	same := true
	for _, q := range p.Questions {
		answer, was := answers[q.Key], p.Said(st, q.Key)
		if !p.has(answer) {
			return nil, ErrChoice
		}
		same = same && answer == was
		if answer == was {
			continue
		}
		if was != "" {
			changes = append(changes, Change{q.Key, was, -1})
		}
		changes = append(changes, Change{q.Key, answer, 1})
	}
	if !p.CanVote(st) {
		if same {
			return nil, nil
		}
		return nil, ErrVoted
	}
	st.Voted = true
	st.Submissions++
	if len(p.Questions) == 1 && p.Questions[0].Key == "" {
		st.Answer = answers[""]
		st.Choice = st.Answer
		return changes, nil
	}
	st.Choices = maps.Clone(answers)
	maps.DeleteFunc(st.Choices, func(key, _ string) bool {
		return !slices.ContainsFunc(p.Questions, func(q Option) bool { return q.Key == key })
	})
	return changes, nil
}

// TakeBack forgets a vote. Its error is [ErrKept].
func (p *Poll) TakeBack(st *State) ([]Change, error) {
	if !p.Returns || !p.HasVoted(st) {
		return nil, ErrKept
	}
	changes := []Change{{"", st.Answer, -1}}
	*st = State{}
	return changes, nil
}
