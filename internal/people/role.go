package people

import (
	"context"
	"slices"

	"lectern/internal/account"
	"lectern/internal/errs"
	"lectern/internal/keys"
	"lectern/internal/store"
)

// What can be wrong with a role.
var (
	ErrRole = errs.New(errs.Invalid, "user_role_unknown", "",
		"There is no such role. The roles are administrator, team, support and none.", "")
	ErrRoleCourse = errs.New(errs.Invalid, "user_role_course", "",
		"Only a course team has courses, and each is a course key such as course-v1:Org+Course+Run.", "")
)

// role is what somebody may do, as the audit keeps it.
type role struct {
	Role    account.Role `json:"role"`
	Courses []string     `json:"courses,omitempty"`
}

// Courses returns the keys of the courses whose team an account is in.
func (s *Service) Courses(ctx context.Context, id string) (list []string, err error) {
	err = s.Store.View(ctx, func(tx store.Tx) error {
		list, err = tx.Accounts().Courses(ctx, id)
		return err
	})
	return list, err
}

// SetRole says what somebody may do in the console, and on which courses if it
// is the course team. It never takes the last administrator's role
// ([ErrLastAdmin]), and gives none to accounts that nobody signs in to
// ([ErrNotLocal]). Sessions end, so that nobody keeps what is gone.
func (s *Service) SetRole(ctx context.Context, by, id string, to account.Role, courses []string) error {
	if !to.Known() {
		return ErrRole
	}
	courses, err := courseKeys(to, courses)
	if err != nil {
		return err
	}
	return s.Store.Update(ctx, func(tx store.Tx) error {
		a, err := find(ctx, tx, id)
		if err != nil {
			return err
		}
		before := role{Role: a.ConsoleRole()}
		if before.Courses, err = tx.Accounts().Courses(ctx, id); err != nil {
			return err
		}
		if err := s.giveRole(ctx, tx, a, to, courses); err != nil {
			return err
		}
		return s.note(ctx, tx, by, "user.role", id, before, role{to, courses})
	})
}

func (s *Service) giveRole(ctx context.Context, tx store.Tx, a *account.Account, to account.Role, courses []string) error {
	if to != account.NoRole && a.Kind != account.Local {
		return ErrNotLocal
	}
	if a.Admin && to != account.Administrator {
		if err := s.keepAdmin(ctx, tx, a); err != nil {
			return err
		}
	}
	a.Admin, a.Role = to == account.Administrator, to
	if a.Admin {
		a.Role = account.NoRole
	}
	if err := tx.Accounts().Update(ctx, a); err != nil {
		return err
	}
	if err := tx.Accounts().SetCourses(ctx, a.ID, courses, s.Clock()); err != nil {
		return err
	}
	return tx.Console().DeleteSessions(ctx, a.ID)
}

// courseKeys checks the courses of a role and puts them in order.
func courseKeys(to account.Role, courses []string) ([]string, error) {
	if len(courses) > 0 && to != account.CourseTeam {
		return nil, ErrRoleCourse
	}
	list := make([]string, 0, len(courses))
	for _, text := range courses {
		key, err := keys.ParseCourse(text)
		if err != nil {
			return nil, ErrRoleCourse.With("%.200q", text)
		}
		list = append(list, key.String())
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// JoinCourse puts somebody of a course team into one more team, such as that of
// a course they have just imported.
func (s *Service) JoinCourse(ctx context.Context, by, id, courseKey string) error {
	return s.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.Accounts().JoinCourse(ctx, id, courseKey, s.Clock()); err != nil {
			return err
		}
		return s.note(ctx, tx, by, "user.course", id, nil, role{account.CourseTeam, []string{courseKey}})
	})
}

// InConsole lists who may use the console: administrators first.
func (s *Service) InConsole(ctx context.Context) (list []*account.Account, err error) {
	err = s.Store.View(ctx, func(tx store.Tx) error {
		if list, err = tx.Accounts().Admins(ctx); err != nil {
			return err
		}
		others, err := tx.Accounts().WithRole(ctx)
		list = append(list, others...)
		return err
	})
	return list, err
}
