package storetest

import (
	"time"

	"lectern/internal/course"
	"lectern/internal/store"
)

// terms reads what counts for a learner at a link.
func (s suite) terms(k store.TermsKey) *store.Terms {
	s.Helper()
	return read(s, func(tx store.Tx) (*store.Terms, error) { return tx.Dates().Terms(s.ctx, k) })
}

func testDates(s suite) {
	k := store.TermsKey{CourseKey: "c", ConsumerID: "lms", PlacementID: "link"}
	equal(s, "no rule", s.terms(k), &store.Terms{})
	put := func(level store.DateLevel, subject string, rule course.DateRule) store.DateSetting {
		s.Helper()
		set := store.DateSetting{Level: level, Subject: subject, Rule: rule, By: "ada", At: now()}
		s.update(func(tx store.Tx) error { return tx.Dates().Put(s.ctx, set) })
		return set
	}
	put(store.DatesOfCourse, "c", course.DateRule{Mode: course.Obey})
	equal(s, "the course's", s.terms(k), &store.Terms{Level: store.DatesOfCourse, Rule: course.DateRule{Mode: course.Obey}})
	put(store.DatesOfLink, "link", course.DateRule{Mode: course.Ignore})
	put(store.DatesOfConsumer, "lms", course.DateRule{Mode: course.Shift, Days: 9})
	set := put(store.DatesOfConsumer, "lms", course.DateRule{Mode: course.Shift, Days: -7, Starts: after(60)})
	equal(s, "the link's is nearest", s.terms(k).Rule.Mode, course.Ignore)
	k.PlacementID = "another"
	equal(s, "then the consumer's", s.terms(k), &store.Terms{Level: store.DatesOfConsumer, Rule: set.Rule})
	k.ConsumerID = "link" // a subject of another level
	equal(s, "subjects of levels do not mix", s.terms(k).Level, store.DatesOfCourse)
	equal(s, "one setting", read(s, func(tx store.Tx) (*store.DateSetting, error) {
		return tx.Dates().Setting(s.ctx, store.DatesOfConsumer, "lms")
	}), &set)
	s.update(func(tx store.Tx) error {
		if err := tx.Dates().Drop(s.ctx, store.DatesOfCourse, "c"); err != nil {
			return err
		}
		return tx.Dates().Drop(s.ctx, store.DatesOfCourse, "c")
	})
	equal(s, "dropped", s.terms(k), &store.Terms{})
	s.fails(store.ErrNotFound, func(tx store.Tx) error {
		_, err := tx.Dates().Setting(s.ctx, store.DatesOfCourse, "c")
		return err
	})
}

func testAllowances(s suite) {
	ada, bob := s.person("ada"), s.person("bob")
	whole := store.LearnerKey{AccountID: ada.ID, Scope: "ctx", CourseKey: "c"}
	unit := whole
	unit.Ref = course.Ref{Type: "vertical", ID: "u"}
	a := store.Allowance{Key: whole, Time: 90 * time.Minute, Why: "ill", By: "boss", At: now()}
	b := store.Allowance{Key: unit, Attempts: 2, Why: "network", By: "boss", At: now()}
	s.update(func(tx store.Tx) error {
		for _, give := range []store.Allowance{{Key: whole, Time: time.Hour, Why: "?", By: "x", At: now()}, a, b} {
			if err := tx.Dates().Allow(s.ctx, give); err != nil {
				return err
			}
		}
		return nil
	})
	list := func(scope string) []store.Allowance {
		s.Helper()
		return read(s, func(tx store.Tx) ([]store.Allowance, error) {
			return tx.Dates().Allowances(s.ctx, ada.ID, scope, "c")
		})
	}
	equal(s, "given", list("ctx"), []store.Allowance{a, b})
	equal(s, "another scope", list(""), nil)
	k := store.TermsKey{CourseKey: "c", AccountID: ada.ID, Scope: "ctx"}
	extra := s.terms(k).Extra
	equal(s, "counts", len(extra), 2)
	for _, e := range extra {
		if e != (course.Extra{Time: 90 * time.Minute}) && e != (course.Extra{Ref: unit.Ref, Attempts: 2}) {
			s.Errorf("extra %+v", e)
		}
	}
	k.AccountID = bob.ID
	equal(s, "of somebody else", s.terms(k).Extra, nil)
	s.update(func(tx store.Tx) error {
		_, err := tx.People().Merge(s.ctx, ada.ID, bob.ID, now())
		return err
	})
	equal(s, "merged", len(s.terms(k).Extra), 2)
	whole.AccountID = bob.ID
	s.update(func(tx store.Tx) error { return tx.Dates().Disallow(s.ctx, whole) })
	equal(s, "taken back", s.terms(k).Extra, []course.Extra{{Ref: unit.Ref, Attempts: 2}})
	s.fails(store.ErrNotFound, func(tx store.Tx) error { return tx.Dates().Disallow(s.ctx, whole) })
	s.update(func(tx store.Tx) error { return tx.People().Delete(s.ctx, bob.ID) })
	equal(s, "gone with the account", s.terms(k).Extra, nil)
}
