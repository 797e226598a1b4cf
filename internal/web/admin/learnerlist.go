package admin

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"

	"lectern/internal/account"
	"lectern/internal/course"
	"lectern/internal/grading"
	"lectern/internal/store"
)

// Bounds of the lists of learners.
const (
	classesShown = 100
	membersShown = 50
)

// learnerClass is a course of an LMS that has links to this one.
type learnerClass struct {
	From     string // ID of one of its links
	Title    string // "" when the LMS says none
	Consumer string
	Learners int64
}

// foundLearner is one of several whom a search means.
type foundLearner struct {
	ID, Username, Name string
	Consumer           string // whose user ID was typed; "" for a user name
}

// findLearners returns the learners of a course whom a user name, an account ID
// or an LMS's user ID names: LMSs count their users from one, so that two of them
// may have the same.
func (h *Handler) findLearners(ctx context.Context, key, text string) (list []foundLearner, err error) {
	err = h.Store.View(ctx, func(tx store.Tx) error {
		list = nil
		consumers, err := tx.Consumers().List(ctx, "")
		if err != nil {
			return err
		}
		seen := map[string]bool{}
		add := func(consumer string, a *account.Account, err error) error {
			if errors.Is(err, store.ErrNotFound) || err == nil && seen[a.ID] {
				return nil
			}
			if err != nil {
				return err
			}
			seen[a.ID] = true
			if _, _, err := learnerIn(ctx, tx, key, a.ID); err != nil {
				if errors.Is(err, grading.ErrLearner) {
					return nil
				}
				return err
			}
			list = append(list, foundLearner{a.ID, a.Username, a.Name, consumer})
			return nil
		}
		a, err := tx.Accounts().ByUsername(ctx, text)
		if err := add("", a, err); err != nil {
			return err
		}
		a, err = tx.Accounts().ByID(ctx, text)
		if err := add("", a, err); err != nil {
			return err
		}
		for _, c := range consumers {
			a, err := tx.Accounts().ByLink(ctx, c.ID, text)
			if err := add(c.Name, a, err); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

// fillClasses lists the LMS courses with links to the course, or the learners of
// the one that q names.
func (h *Handler) fillClasses(r *http.Request, c *course.Course, q url.Values, p *learnersPage) error {
	ctx := r.Context()
	return h.Store.View(ctx, func(tx store.Tx) error {
		p.Classes, p.Class, p.Members = nil, nil, nil
		names, err := consumerNames(r, tx)
		if err != nil {
			return err
		}
		links, err := tx.Placements().List(ctx, "", c.Key.String())
		if err != nil {
			return err
		}
		type place struct{ consumer, context string }
		seen := map[place]bool{}
		for _, l := range links {
			at := place{l.ConsumerID, l.LMSContext.ID}
			if seen[at] && l.ID != q.Get("from") || len(p.Classes) >= classesShown {
				continue
			}
			seen[at] = true
			class := learnerClass{From: l.ID, Title: l.LMSContext.Name(), Consumer: names[l.ConsumerID]}
			if class.Learners, err = tx.Members().Count(ctx, l.ID); err != nil {
				return err
			}
			p.Classes = append(p.Classes, class)
			if l.ID == q.Get("from") {
				p.Class = &class
			}
		}
		if p.Class == nil {
			return nil
		}
		p.Members, err = tx.Members().List(ctx, p.Class.From, q.Get("after"), membersShown+1)
		if len(p.Members) > membersShown {
			p.Members = p.Members[:membersShown]
			p.Next = url.Values{"from": {p.Class.From}, "after": {p.Members[membersShown-1].AccountID}}.Encode()
		}
		return err
	})
}

// cellRow is a change of a gradebook cell with where that is.
type cellRow struct {
	grading.CellChange
	Consumer, Class, Link string
}

// cellRows says where gradebook cells are, in words.
func (h *Handler) cellRows(ctx context.Context, c *course.Course, list []grading.CellChange) (rows []cellRow, err error) {
	err = h.Store.View(ctx, func(tx store.Tx) error {
		rows = nil
		for _, change := range list {
			row := cellRow{CellChange: change, Link: contentName(c, change.Target.UsageKey)}
			consumer, err := tx.Consumers().ByID(ctx, change.Target.ConsumerID)
			if err != nil {
				return err
			}
			row.Consumer = consumer.Name
			if id := change.Target.PlacementID; id != "" {
				place, err := tx.Placements().ByID(ctx, id)
				switch {
				case err == nil:
					row.Class, row.Link = place.LMSContext.Name(), cmp.Or(place.Title, row.Link)
				case !errors.Is(err, store.ErrNotFound):
					return err
				}
			}
			rows = append(rows, row)
		}
		return nil
	})
	return rows, err
}
