package learn

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"lectern/internal/course"
	"lectern/internal/problem"
	"lectern/internal/store"
	"lectern/internal/web"
	"lectern/internal/xmltree"
)

// Bounds of statistics: questions on a page, learners looked at and read at
// once, wrong answers shown.
const (
	itemRows     = 10
	itemLearners = 1000
	itemBatch    = 250
	itemWrong    = 5
	itemText     = 120 // characters of an answer
)

// item is what a class did with a question.
type item struct {
	Name     string
	URL      string
	Answered int
	Attempts string // on average, as a sentence
	Correct  string // share with full points
	Mean     string // of the points possible
	Wrong    []wrongAnswer
	Part     bool // more learners than were counted
}

type wrongAnswer struct {
	Text  string
	Count int
}

// itemsPage is what the template "items" gets.
type itemsPage struct {
	Alone    bool
	Items    []item
	Previous string
	Next     string
	Links    *teamLinks
}

// teamItems shows how the learners of the LMS's course did with each question.
func (v *view) teamItems(w http.ResponseWriter, r *http.Request, place *store.Placement) error {
	p := itemsPage{Alone: place == nil, Links: v.teamLinks(v.launched)}
	if place != nil {
		var questions []*course.Block
		v.launched.Walk(func(b *course.Block) bool {
			if b.Scored && b.Fate == course.Shown {
				questions = append(questions, b)
			}
			return true
		})
		from, _ := strconv.Atoi(r.URL.Query().Get("from"))
		from = min(max(from, 0), len(questions))
		end := min(from+itemRows, len(questions))
		for _, b := range questions[from:end] {
			it, err := v.item(r.Context(), place, b)
			if err != nil {
				return err
			}
			p.Items = append(p.Items, it)
		}
		at := func(n int) string { return v.s.Base + "team/items?from=" + strconv.Itoa(n) }
		if from > 0 {
			p.Previous = at(max(0, from-itemRows))
		}
		if end < len(questions) {
			p.Next = at(end)
		}
	}
	return v.writeTeam(w, r, "items", v.lang.T("Questions"), p)
}

// item counts what the learners did with b: one look-up of their state each.
func (v *view) item(ctx context.Context, place *store.Placement, b *course.Block) (item, error) {
	it := item{Name: v.nameOf(b), URL: v.page(b) + "#" + v.anchor(b)}
	key := store.LearnerKey{Scope: v.s.Scope, CourseKey: v.c.Key.String(), Ref: b.Ref}
	sum := itemSum{wrong: map[string]int{}, say: choiceTexts(b)}
	after, seen := "", 0
	for seen < itemLearners {
		var states []store.LearnerState
		err := v.Store.View(ctx, func(tx store.Tx) (err error) {
			states, err = tx.Members().States(ctx, place.ID, after, key, itemBatch)
			return err
		})
		if err != nil {
			return it, err
		}
		for i := range states {
			sum.add(&states[i])
		}
		if seen += len(states); len(states) < itemBatch {
			break
		}
		after = states[len(states)-1].Key.AccountID
		it.Part = seen >= itemLearners
	}
	sum.tell(v, &it)
	return it, nil
}

// itemSum adds up.
type itemSum struct {
	answered, full, tried, attempts int
	share                           float64
	wrong                           map[string]int
	say                             map[string]string
}

func (s *itemSum) add(row *store.LearnerState) {
	earned, possible, counts := row.Counts()
	if !counts {
		return
	}
	s.answered++
	if possible > 0 {
		s.share += earned / possible
	}
	if earned >= possible {
		s.full++
	}
	var st problem.State
	if row.Key.Ref.Type != "problem" || json.Unmarshal([]byte(row.State), &st) != nil || st.Attempts == 0 {
		return
	}
	s.tried++
	s.attempts += st.Attempts
	answers := st.Answers
	if n := len(st.AnswersHistory); n > 0 {
		answers = st.AnswersHistory[n-1]
	}
	for id, mark := range st.Marks.All() {
		given, ok := answers[id]
		if mark.Correctness == problem.Correct || !ok || strings.Join(given.Values, "") == "" {
			continue
		}
		if text := s.words(id, given.Values); text != "" && len(s.wrong) < itemLearners {
			s.wrong[text]++
		}
	}
}

// words puts a learner's answer into words, one line.
func (s *itemSum) words(id string, values []string) string {
	list := make([]string, len(values))
	for i, value := range values {
		list[i] = cmp.Or(s.say[partOf(id)+" "+value], value)
	}
	slices.Sort(list)
	text := strings.Join(strings.Fields(strings.Join(list, "; ")), " ")
	if runes := []rune(text); len(runes) > itemText {
		text = string(runes[:itemText]) + "…"
	}
	return text
}

func (s *itemSum) tell(v *view, it *item) {
	it.Answered = s.answered
	if s.answered > 0 {
		it.Correct = v.number(100*float64(s.full)/float64(s.answered)) + " %"
		it.Mean = v.number(100*s.share/float64(s.answered)) + " %"
	}
	if s.tried > 0 {
		it.Attempts = v.lang.T("%v attempts on average.", web.Number(hundredths(float64(s.attempts)/float64(s.tried))))
	}
	for text, n := range s.wrong {
		it.Wrong = append(it.Wrong, wrongAnswer{text, n})
	}
	slices.SortFunc(it.Wrong, func(a, b wrongAnswer) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Text, b.Text))
	})
	it.Wrong = it.Wrong[:min(len(it.Wrong), itemWrong)]
}

// inputPart finds the number of the response in an input's ID: …_2_1.
var inputPart = regexp.MustCompile(`_(\d+)_\d+$`)

func partOf(inputID string) string {
	if m := inputPart.FindStringSubmatch(inputID); m != nil {
		return m[1]
	}
	return ""
}

// choiceTexts returns what the choices of a problem say, by the number of their
// response and their name. Choices without a name are numbered as they are
// graded.
func choiceTexts(b *course.Block) map[string]string {
	texts := map[string]string{}
	if b.Type != "problem" {
		return texts
	}
	root, err := xmltree.ParseBytes([]byte(b.Data), xmltree.Limits{})
	if err != nil {
		return texts
	}
	part := 1 // the first response is number 2
	var walk func(n *xmltree.Node, number *int)
	walk = func(n *xmltree.Node, number *int) {
		if strings.HasSuffix(n.Name, "response") {
			part++
			number = new(int)
		}
		if n.Name == "choice" && number != nil {
			name, given := n.Lookup("name")
			if !given || name == "" {
				name = "choice_" + strconv.Itoa(*number)
			}
			if !strings.HasPrefix(name, "choice_") {
				name = "choice_" + name
			}
			n.Children = slices.DeleteFunc(n.Children, func(c *xmltree.Node) bool { return c.Name == "choicehint" })
			texts[strconv.Itoa(part)+" "+name] = n.Text()
			*number++
		}
		for _, child := range n.Children {
			walk(child, number)
		}
	}
	walk(root, nil)
	return texts
}
