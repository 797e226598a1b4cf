package learn

import (
	"cmp"
	"context"
	"html/template"
	"math"
	"net/http"
	"strings"

	"lectern/internal/course"
	"lectern/internal/grading"
	"lectern/internal/locale"
	"lectern/internal/poll"
)

// pollPart is what the template "poll" gets.
type pollPart struct {
	part
	Name         string
	Alone        bool
	Action       string
	Questions    []pollQuestion // of the form; none when there is nothing to choose
	Again        bool           // the form is for another vote
	Results      []pollQuestion // none before the vote, and where they are private
	Answers      []template.HTML
	Total        string
	Private      bool // voted, and the results are for others
	Feedback     template.HTML
	Returns      bool // the vote can be taken back
	Notification *notification
}

type pollQuestion struct {
	ID, Field string
	Label     template.HTML
	Image     template.URL
	Alt       string
	Options   []pollOption
}

type pollOption struct {
	Key     string
	Label   template.HTML
	Image   template.URL
	Alt     string
	Chosen  bool
	Votes   int64
	Percent int
}

// choiceField begins the names of the choices in a form; the question follows.
const choiceField = "choice_"

// renderPoll returns a poll or survey: its form, and what others said once the
// learner has voted.
func (v *view) renderPoll(ctx context.Context, b *course.Block) (template.HTML, error) {
	pv, err := v.Grading.Poll(ctx, v.who(), v.at(b))
	if broken(err) {
		return v.notice(b, locale.Text("This poll has a mistake in it and cannot be shown."), cmp.Or(b.Reason, err.Error()))
	}
	if err != nil {
		return "", err
	}
	v.need("learn/blocks.css", "learn/problems.js")
	just, def := v.justAnswered(b), pv.Poll
	voted := def.HasVoted(&pv.State)
	p := &pollPart{
		part: v.part(b), Name: cmp.Or(b.Name, b.Fields["block_name"]), Alone: b == v.launched, Action: v.actURL(b),
		Again: voted, Returns: voted && def.Returns,
	}
	if def.CanVote(&pv.State) {
		p.Questions = v.pollQuestions(b, pv)
	}
	if voted {
		p.Feedback = v.courseHTML(def.Feedback)
		p.Private = def.Private && !v.s.Staff
		if !p.Private {
			p.Results = v.pollQuestions(b, pv)
			p.Total = v.pollTotal(def, pv)
			for _, a := range def.Answers {
				p.Answers = append(p.Answers, v.inline(a.Label))
			}
		}
	}
	switch {
	case just.refused != nil:
		p.Notification = &notification{"error", "!", v.said(just.refused)}
	case just.action == "vote":
		p.Notification = &notification{"saved", "✓", v.lang.T("Thank you. Your vote was counted.")}
	case just.action == "back":
		p.Notification = &notification{"saved", "✓", v.lang.T("Your vote was taken back.")}
	case p.Private:
		p.Notification = &notification{"saved", "✓", v.lang.T("You have voted.")}
	}
	return v.html("poll", p)
}

func (v *view) pollQuestions(b *course.Block, pv *grading.PollView) []pollQuestion {
	var out []pollQuestion
	for i, q := range pv.Poll.Questions {
		part := pollQuestion{
			ID: v.anchor(b) + "-" + number(float64(i)), Field: choiceField + q.Key, Label: v.courseHTML(q.Label),
			Image: v.image(q.Image), Alt: q.Alt,
		}
		if b.Type == "survey" {
			part.Label = v.inline(q.Label)
		}
		var all int64
		for _, a := range pv.Poll.Answers {
			all += pv.Votes[poll.Change{Question: q.Key, Answer: a.Key}]
		}
		for _, a := range pv.Poll.Answers {
			votes := pv.Votes[poll.Change{Question: q.Key, Answer: a.Key}]
			part.Options = append(part.Options, pollOption{
				Key: a.Key, Label: v.inline(a.Label), Image: v.image(a.Image), Alt: a.Alt,
				Chosen: pv.Poll.Said(&pv.State, q.Key) == a.Key, Votes: votes, Percent: percent(votes, all),
			})
		}
		out = append(out, part)
	}
	return out
}

// percent is the share of n in all, rounded; 0 of nothing.
func percent(n, all int64) int {
	if all <= 0 {
		return 0
	}
	return int(math.Round(100 * float64(n) / float64(all)))
}

// pollTotal says how many voted: as many as answered the first question.
func (v *view) pollTotal(def *poll.Poll, pv *grading.PollView) string {
	var n int64
	for _, a := range def.Answers {
		n += pv.Votes[poll.Change{Question: def.Questions[0].Key, Answer: a.Key}]
	}
	return v.lang.T("%d votes", n)
}

// actPoll votes or takes a vote back.
func (v *view) actPoll(r *http.Request, b *course.Block) (again bool, err error) {
	switch v.just.action {
	case "vote":
		answers := map[string]string{}
		for name, values := range r.PostForm {
			if q, ok := strings.CutPrefix(name, choiceField); ok && len(values) == 1 {
				answers[q] = values[0]
			}
		}
		return true, v.Grading.Vote(r.Context(), v.who(), v.at(b), answers)
	case "back":
		return true, v.Grading.TakeBack(r.Context(), v.who(), v.at(b))
	}
	return false, ErrBlock.With("no action %.50q", v.just.action)
}
