package sqlstore

import (
	"context"
	"time"

	"lectern/internal/account"
	"lectern/internal/store/sqlstore/db"
)

func (t accounts) WithRole(ctx context.Context) ([]*account.Account, error) {
	rows, err := t.q.AccountsWithRole(ctx)
	return people(rows), t.wrap(err, "list accounts with a role")
}

func (t accounts) Courses(ctx context.Context, id string) ([]string, error) {
	list, err := t.q.TeamCourses(ctx, id)
	return list, t.wrap(err, "courses of account")
}

func (t accounts) SetCourses(ctx context.Context, id string, courseKeys []string, at time.Time) error {
	if err := t.q.TeamClear(ctx, id); err != nil {
		return t.wrap(err, "clear courses of account")
	}
	for _, key := range courseKeys {
		if err := t.JoinCourse(ctx, id, key, at); err != nil {
			return err
		}
	}
	return nil
}

func (t accounts) JoinCourse(ctx context.Context, id, courseKey string, at time.Time) error {
	if !nameable(courseKey) {
		return ErrText
	}
	err := t.q.TeamAdd(ctx, db.TeamAddParams{AccountID: id, CourseKey: courseKey, Since: micros(at)})
	return t.wrap(err, "join course team")
}

func (t accounts) Team(ctx context.Context, courseKey string) ([]*account.Account, error) {
	if !storable(courseKey) {
		return nil, nil
	}
	rows, err := t.q.TeamOf(ctx, courseKey)
	return people(rows), t.wrap(err, "team of course")
}
