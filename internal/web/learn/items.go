package learn

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"lectern/internal/course"
	"lectern/internal/dragdrop"
	"lectern/internal/problem"
	"lectern/internal/store"
	"lectern/internal/web"
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

// wrongAnswer is one that several learners gave, or one did.
type wrongAnswer struct {
	Place int // of the field, from 1; 0 where there is only one
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
	sum := itemSum{wrong: map[said]int{}}
	var err error
	switch b.Type {
	case "problem":
		sum.words, err = v.Grading.Words(v.at(b))
	case "drag-and-drop-v2":
		sum.board, err = dragdrop.Parse(b.Fields)
	}
	if err != nil {
		sum.words, sum.board = nil, nil // a broken question has points at most
	}
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

// said is a wrong answer to one field of a question.
type said struct {
	place int
	text  string
}

// itemSum adds up.
type itemSum struct {
	answered, full, tried, attempts int
	share                           float64
	wrong                           map[said]int
	words                           *problem.Words       // of a problem
	board                           *dragdrop.Definition // of drag and drop
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
	switch {
	case s.words != nil:
		s.addAnswers(row.State)
	case s.board != nil:
		s.addPlaced(row.State)
	}
}

// addAnswers counts the last answers to a problem.
func (s *itemSum) addAnswers(state string) {
	var st problem.State
	if json.Unmarshal([]byte(state), &st) != nil || st.Attempts == 0 {
		return
	}
	s.tried++
	s.attempts += st.Attempts
	answers := st.Answers
	if n := len(st.AnswersHistory); n > 0 {
		answers = st.AnswersHistory[n-1]
	}
	for id, mark := range st.Marks.All() {
		if given, ok := answers[id]; ok && mark.Correctness != problem.Correct {
			s.addWrong(s.words.Place(id), s.words.Say(id, given))
		}
	}
}

// addPlaced counts what lies where it does not belong after the last attempt.
func (s *itemSum) addPlaced(state string) {
	var st dragdrop.State
	if json.Unmarshal([]byte(state), &st) != nil {
		return
	}
	if st.Attempts > 0 {
		s.tried++
		s.attempts += st.Attempts
	}
	for i := range s.board.Items {
		item := &s.board.Items[i]
		if zone := s.board.Zone(s.board.Where(&st, item.ID)); zone != nil && !item.Right(zone.UID) {
			s.addWrong(0, plain(item.Name)+" → "+plain(zone.Title))
		}
	}
}

func (s *itemSum) addWrong(place int, text string) {
	if runes := []rune(text); len(runes) > itemText {
		text = string(runes[:itemText]) + "…"
	}
	if _, known := s.wrong[said{place, text}]; text != "" && (known || len(s.wrong) < itemLearners) {
		s.wrong[said{place, text}]++
	}
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
	for w, n := range s.wrong {
		it.Wrong = append(it.Wrong, wrongAnswer{w.place, w.text, n})
	}
	slices.SortFunc(it.Wrong, func(a, b wrongAnswer) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Place, b.Place), cmp.Compare(a.Text, b.Text))
	})
	it.Wrong = it.Wrong[:min(len(it.Wrong), itemWrong)]
}
