package learn

import (
	"context"
	"encoding/csv"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"lectern/internal/account"
	"lectern/internal/course"
	"lectern/internal/grading"
	"lectern/internal/lti"
	"lectern/internal/store"
)

// teamRows is how many learners a page shows.
const teamRows = 25

// teamLinks lead a teacher from a page to what only the course team sees.
type teamLinks struct{ Learners, Items, Answers, Back string }

// teamLinks returns them; nil for learners.
func (v *view) teamLinks(step *course.Block) *teamLinks {
	if !v.s.Staff {
		return nil
	}
	l := &teamLinks{Answers: v.page(step) + "?answers=1", Back: v.page(step)}
	if holdsScored(v.launched) {
		l.Learners, l.Items = v.s.Base+"team", v.s.Base+"team/items"
	}
	return l
}

// getTeam serves team/…: what a teacher sees of the learners of the LMS's course
// that the launch came from, and of nobody else.
func (v *view) getTeam(w http.ResponseWriter, r *http.Request, arg string) error {
	if !v.s.Staff {
		return ErrBlock.With("team pages are for teachers")
	}
	place, err := v.place(r.Context())
	if err != nil {
		return err
	}
	switch arg {
	case "":
		return v.teamLearners(w, r, place)
	case "items":
		return v.teamItems(w, r, place)
	case "learners.csv":
		return v.teamCSV(w, r, place)
	}
	return ErrBlock.With("no page team/%.50q", arg)
}

// place returns the link of the launch. It is nil when its LMS does not say
// which course it is in: then nobody is known to belong together.
func (v *view) place(ctx context.Context) (p *store.Placement, err error) {
	err = v.Store.View(ctx, func(tx store.Tx) error {
		p, err = tx.Placements().ByID(ctx, v.s.PlacementID)
		return err
	})
	if errors.Is(err, store.ErrNotFound) || err == nil && (p.LMSContext.ID == "" || p.ConsumerID != v.s.ConsumerID) {
		return nil, nil //nolint:nilnil // see above
	}
	return p, err
}

// teamLearner is one learner of the LMS's course.
type teamLearner struct {
	ID       string // as the LMS knows them
	Name     string // as the LMS said; "" when it did not
	Score    lti.Score
	Points   string // of those possible
	Answered bool
	Done, Of int // questions answered, and seen
	Sent     string
}

// teamPage is what the template "team" gets.
type teamPage struct {
	Alone    bool // the LMS names no course
	Title    string
	Learners []teamLearner
	All      int64
	Next     string
	CSV      string
	Links    *teamLinks
}

func (v *view) teamLearners(w http.ResponseWriter, r *http.Request, place *store.Placement) error {
	ctx := r.Context()
	p := teamPage{Alone: place == nil, Links: v.teamLinks(v.launched), CSV: v.s.Base + "team/learners.csv"}
	if place != nil {
		p.Title = place.LMSContext.Title
		members, err := v.members(ctx, place, r.URL.Query().Get("after"), teamRows+1)
		if err != nil {
			return err
		}
		err = v.Store.View(ctx, func(tx store.Tx) error {
			p.All, err = tx.Members().Count(ctx, place.ID)
			return err
		})
		if err != nil {
			return err
		}
		if len(members) > teamRows {
			members = members[:teamRows]
			p.Next = v.s.Base + "team?after=" + url.QueryEscape(members[teamRows-1].AccountID)
		}
		for _, m := range members {
			row, err := v.teamLearner(ctx, place, m)
			if err != nil {
				return err
			}
			p.Learners = append(p.Learners, row.teamLearner)
		}
	}
	return v.writeTeam(w, r, "team", v.lang.T("Learners"), p)
}

// writeTeam shows a page for teachers.
func (v *view) writeTeam(w http.ResponseWriter, r *http.Request, name, heading string, data any) error {
	html, err := v.html(name, data)
	if err != nil {
		return err
	}
	page := v.newPage(v.launched, html)
	page.Heading, page.Due, page.Unseen = heading+": "+v.nameOf(v.launched), nil, ""
	page.Team = nil // the page has its own links
	return v.write(r.Context(), w, r, page)
}

func (v *view) members(ctx context.Context, place *store.Placement, after string, limit int) (list []store.Member, err error) {
	err = v.Store.View(ctx, func(tx store.Tx) error {
		list, err = tx.Members().List(ctx, place.ID, after, limit)
		return err
	})
	return list, err
}

// teamWork is a learner with all that their work says.
type teamWork struct {
	teamLearner
	work *grading.Learner
}

func (v *view) teamLearner(ctx context.Context, place *store.Placement, m store.Member) (teamWork, error) {
	row := teamWork{teamLearner: teamLearner{ID: m.LTIUserID, Name: v.nameOfMember(m)}}
	who := grading.Who{AccountID: m.AccountID, Scope: v.s.Scope, ConsumerID: place.ConsumerID, PlacementID: place.ID}
	var err error
	if row.work, err = v.Grading.Read(ctx, who, v.c); err != nil {
		return row, err
	}
	row.Score, row.Answered = row.work.Score(v.launched)
	row.Points = v.lang.T("%v of %v", v.number(row.Score.Earned), v.number(row.Score.Possible))
	v.launched.Walk(func(b *course.Block) bool {
		if b.Scored && row.work.Sees(v.launched, b) {
			row.Of++
			if _, did := row.work.Score(b); did {
				row.Done++
			}
		}
		return true
	})
	err = v.Store.View(ctx, func(tx store.Tx) error {
		owed, err := tx.Owed().ForLink(ctx, place.ConsumerID, m.AccountID, place.LinkKey)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err == nil {
			row.Sent = v.sayForTeam(owed)
		}
		return err
	})
	return row, err
}

// nameOfMember is the name that the LMS itself said of a learner. Names that
// people gave this site are not told to an LMS's teachers.
func (v *view) nameOfMember(m store.Member) string {
	if m.Kind != account.FromLMS || !v.s.Consumer.UseLTIPII {
		return ""
	}
	return m.Name
}

func (v *view) sayForTeam(o *store.OwedScore) string {
	switch {
	case o.State == store.Delivered && o.LastScore != nil:
		return v.number(*o.LastScore*100) + " %"
	case o.State == store.Parked:
		return v.lang.T("not taken by the LMS")
	}
	return v.lang.T("on its way")
}

// teamCSV streams all learners of the LMS's course with their points on every
// question, a page of learners at a time.
func (v *view) teamCSV(w http.ResponseWriter, r *http.Request, place *store.Placement) error {
	ctx := r.Context()
	frame(r, v.s).SetHeaders(w.Header(), "default-src 'none'")
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="learners.csv"`)
	var questions []*course.Block
	head := []string{"lms_user", "name", "earned", "possible", "answered", "questions", "at_the_lms"}
	v.launched.Walk(func(b *course.Block) bool {
		if b.Scored {
			questions = append(questions, b)
			head = append(head, v.nameOf(b))
		}
		return true
	})
	out := csv.NewWriter(w)
	err := out.Write(harmless(head))
	for after := ""; err == nil && place != nil; {
		members, failed := v.members(ctx, place, after, teamRows)
		if failed != nil || len(members) == 0 {
			err = failed
			break
		}
		for _, m := range members {
			row, failed := v.teamLearner(ctx, place, m)
			if failed != nil {
				return failed
			}
			cells := []string{
				row.ID, row.Name, number(row.Score.Earned), number(row.Score.Possible), strconv.Itoa(row.Done),
				strconv.Itoa(row.Of), row.Sent,
			}
			for _, b := range questions {
				cell := ""
				if score, did := row.work.Score(b); did {
					cell = number(score.Earned)
				}
				cells = append(cells, cell)
			}
			err = errors.Join(err, out.Write(harmless(cells)))
		}
		out.Flush()
		err = errors.Join(err, out.Error())
		after = members[len(members)-1].AccountID
	}
	out.Flush()
	return errors.Join(err, out.Error())
}

// harmless makes cells that no spreadsheet takes for formulas.
func harmless(cells []string) []string {
	for i, c := range cells {
		if c != "" && strings.ContainsRune("=+-@\t\r\n", rune(c[0])) {
			cells[i] = "'" + c
		}
	}
	return cells
}
