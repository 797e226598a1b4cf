package storetest

import (
	"lectern/internal/account"
	"lectern/internal/store"
)

func testRoles(s suite) {
	ada, bob := s.person("ada"), s.person("bob")
	courses := func(a *account.Account) []string {
		s.Helper()
		return read(s, func(tx store.Tx) ([]string, error) { return tx.Accounts().Courses(s.ctx, a.ID) })
	}
	team := func(key string) []*account.Account {
		s.Helper()
		return read(s, func(tx store.Tx) ([]*account.Account, error) { return tx.Accounts().Team(s.ctx, key) })
	}
	equal(s, "no courses", courses(ada), nil)
	ada.Role, bob.Role = account.CourseTeam, account.Support
	s.update(func(tx store.Tx) error {
		if err := tx.Accounts().Update(s.ctx, ada); err != nil {
			return err
		}
		if err := tx.Accounts().Update(s.ctx, bob); err != nil {
			return err
		}
		return tx.Accounts().SetCourses(s.ctx, ada.ID, []string{"c2", "c1", "c2"}, now())
	})
	equal(s, "with a role", read(s, func(tx store.Tx) ([]*account.Account, error) {
		return tx.Accounts().WithRole(s.ctx)
	}), []*account.Account{ada, bob})
	equal(s, "courses", courses(ada), []string{"c1", "c2"})
	s.update(func(tx store.Tx) error {
		if err := tx.Accounts().SetCourses(s.ctx, ada.ID, []string{"c2"}, now()); err != nil {
			return err
		}
		if err := tx.Accounts().JoinCourse(s.ctx, ada.ID, "c3", now()); err != nil {
			return err
		}
		if err := tx.Accounts().JoinCourse(s.ctx, ada.ID, "c3", now()); err != nil {
			return err
		}
		return tx.Accounts().JoinCourse(s.ctx, bob.ID, "c3", now())
	})
	equal(s, "other courses", courses(ada), []string{"c2", "c3"})
	equal(s, "a team", team("c3"), []*account.Account{ada, bob})
	equal(s, "nobody's course", team("c1"), []*account.Account{})
	s.fails(store.ErrNotFound, func(tx store.Tx) error { return tx.Accounts().JoinCourse(s.ctx, "nobody", "c3", now()) })
	s.update(func(tx store.Tx) error { return tx.People().Delete(s.ctx, bob.ID) })
	equal(s, "the team when one is gone", team("c3"), []*account.Account{ada})
}
