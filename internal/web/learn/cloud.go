package learn

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"slices"
	"strings"

	"lectern/internal/course"
	"lectern/internal/poll"
	"lectern/internal/store"
)

// cloudPart is what the template "cloud" gets.
type cloudPart struct {
	part
	Name         string
	Alone        bool
	Action       string
	Instructions template.HTML
	Inputs       []int // numbers of the fields; none once words were sent
	MaxLength    int
	Own          string
	Words        []cloudWord // in the order of the alphabet
	Most         []cloudWord // the most frequent first
	Percents     bool
	All          string
	Notification *notification
}

type cloudWord struct {
	Text    string
	Votes   int64
	Percent int
	Style   template.CSS // its size
	Own     bool
}

// renderCloud returns a word cloud: fields for words, and the cloud once the
// learner has sent theirs.
func (v *view) renderCloud(ctx context.Context, b *course.Block) (template.HTML, error) {
	cv, err := v.Grading.Cloud(ctx, v.who(), v.at(b))
	if err != nil {
		return "", err
	}
	v.need("learn/blocks.css", "learn/problems.js")
	just := v.justAnswered(b)
	p := &cloudPart{
		part: v.part(b), Name: b.Name, Alone: b == v.launched, Action: v.actURL(b), MaxLength: poll.MaxWord,
		Instructions: v.courseHTML(cv.Cloud.Instructions), Percents: cv.Cloud.Percents,
	}
	if just.refused != nil {
		p.Notification = &notification{"error", "!", v.said(just.refused)}
	}
	if !cv.State.Submitted {
		for i := range cv.Cloud.Inputs {
			p.Inputs = append(p.Inputs, i+1)
		}
		return v.html("cloud", p)
	}
	if just.action == "words" && just.refused == nil {
		p.Notification = &notification{"saved", "✓", v.lang.T("Thank you. Your words are in the cloud.")}
	}
	p.Own = strings.Join(cv.State.Words, ", ")
	p.All = v.lang.T("%d words", cv.All)
	p.Most = cloudWords(cv.Words, cv.All, cv.State.Words)
	p.Words = slices.Clone(p.Most)
	slices.SortFunc(p.Words, func(a, b cloudWord) int { return cmp.Compare(a.Text, b.Text) })
	return v.html("cloud", p)
}

// cloudWords gives each word a size between 1 and 3: a word that came twice as
// often has a larger area, not twice the height.
func cloudWords(words []store.Tally, all int64, own []string) []cloudWord {
	var out []cloudWord
	most := int64(1)
	for _, w := range words {
		most = max(most, w.Votes)
	}
	for _, w := range words {
		size := 1.0
		if most > 1 {
			size = 1 + 2*(math.Sqrt(float64(w.Votes))-1)/(math.Sqrt(float64(most))-1)
		}
		out = append(out, cloudWord{
			Text: w.Answer, Votes: w.Votes, Percent: percent(w.Votes, all), Own: slices.Contains(own, w.Answer),
			Style: template.CSS(fmt.Sprintf("font-size:%.2fem", size)), //nolint:gosec // a number
		})
	}
	return out
}

// actCloud takes the learner's words.
func (v *view) actCloud(r *http.Request, b *course.Block) (again bool, err error) {
	if v.just.action != "words" {
		return false, ErrBlock.With("no action %.50q", v.just.action)
	}
	return true, v.Grading.AddWords(r.Context(), v.who(), v.at(b), r.PostForm["word"])
}

// renderDone returns the button with which learners say that they are done.
func (v *view) renderDone(b *course.Block) (template.HTML, error) {
	v.need("learn/blocks.css", "learn/problems.js")
	return v.html("done", struct {
		part
		Name, Action string
		Done         bool
	}{v.part(b), b.Name, v.actURL(b), v.learner.Done(v.at(b))})
}

func (v *view) actDone(r *http.Request, b *course.Block) (again bool, err error) {
	switch v.just.action {
	case "done", "undone":
		return true, v.Grading.MarkDone(r.Context(), v.who(), v.at(b), v.just.action == "done")
	}
	return false, ErrBlock.With("no action %.50q", v.just.action)
}
