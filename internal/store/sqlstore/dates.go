package sqlstore

import (
	"context"
	"time"

	"lectern/internal/course"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

type dates struct{ *tx }

// nearness orders the levels of rules; the highest counts.
func nearness(level string) int {
	switch store.DateLevel(level) {
	case store.DatesOfCourse:
		return 1
	case store.DatesOfConsumer:
		return 2
	case store.DatesOfLink:
		return 3
	}
	return 0
}

func (t dates) Terms(ctx context.Context, k store.TermsKey) (*store.Terms, error) {
	terms := &store.Terms{}
	if !storable(k.CourseKey, k.ConsumerID, k.PlacementID, k.Scope) {
		return terms, nil
	}
	rows, err := t.q.TermList(ctx, db.TermListParams{
		CourseKey: k.CourseKey, ConsumerID: k.ConsumerID, PlacementID: k.PlacementID,
		AccountID: k.AccountID, Scope: k.Scope,
	})
	for _, row := range rows {
		near := nearness(row.Level)
		switch {
		case near == 0:
			terms.Extra = append(terms.Extra, course.Extra{
				Ref:  course.Ref{Type: row.Subject, ID: row.BlockID},
				Time: time.Duration(row.Moment) * time.Microsecond, Attempts: int(row.Amount),
			})
		case near > nearness(string(terms.Level)):
			terms.Level = store.DateLevel(row.Level)
			terms.Rule = course.DateRule{Mode: course.DateMode(row.Mode), Days: int(row.Amount), Starts: moment(row.Moment)}
		}
	}
	return terms, t.wrap(err, "dates of learner")
}

func (t dates) Setting(ctx context.Context, level store.DateLevel, subject string) (*store.DateSetting, error) {
	if !storable(subject) {
		return nil, store.ErrNotFound
	}
	row, err := t.q.DateRuleGet(ctx, string(level), subject)
	if err != nil {
		return nil, t.wrap(err, "rule about dates")
	}
	return &store.DateSetting{
		Level: store.DateLevel(row.Level), Subject: row.Subject, By: row.SetBy, At: moment(row.SetAt),
		Rule: course.DateRule{Mode: course.DateMode(row.Mode), Days: int(row.Days), Starts: moment(row.StartsAt)},
	}, nil
}

func (t dates) Put(ctx context.Context, s store.DateSetting) error {
	if !nameable(s.Subject) {
		return ErrText
	}
	err := t.q.DateRulePut(ctx, db.DateRulePutParams{
		Level: string(s.Level), Subject: s.Subject, Mode: string(s.Rule.Mode), Days: int64(s.Rule.Days),
		StartsAt: micros(s.Rule.Starts), SetBy: s.By, SetAt: micros(s.At),
	})
	return t.wrap(err, "put rule about dates")
}

func (t dates) Drop(ctx context.Context, level store.DateLevel, subject string) error {
	_, err := t.q.DateRuleDelete(ctx, string(level), clean(subject))
	return t.wrap(err, "drop rule about dates")
}

func (t dates) Allowances(ctx context.Context, accountID, scope, courseKey string) ([]store.Allowance, error) {
	rows, err := t.q.AllowanceList(ctx, db.AllowanceListParams{AccountID: accountID, CourseKey: courseKey, Scope: scope})
	var list []store.Allowance
	for _, row := range rows {
		list = append(list, store.Allowance{
			Key: store.LearnerKey{
				AccountID: row.AccountID, Scope: row.Scope, CourseKey: row.CourseKey,
				Ref: course.Ref{Type: row.BlockType, ID: row.BlockID},
			},
			Time: time.Duration(row.ExtraTime) * time.Microsecond, Attempts: int(row.Attempts),
			Why: row.Why, By: row.GivenBy, At: moment(row.GivenAt),
		})
	}
	return list, t.wrap(err, "allowances of learner")
}

func (t dates) Allow(ctx context.Context, a store.Allowance) error {
	err := t.q.AllowancePut(ctx, db.AllowancePutParams{
		AccountID: a.Key.AccountID, Scope: a.Key.Scope, CourseKey: a.Key.CourseKey,
		BlockType: a.Key.Ref.Type, BlockID: a.Key.Ref.ID,
		ExtraTime: a.Time.Microseconds(), Attempts: int64(a.Attempts), Why: clean(a.Why), GivenBy: a.By, GivenAt: micros(a.At),
	})
	return t.wrap(err, "give allowance")
}

func (t dates) Disallow(ctx context.Context, k store.LearnerKey) error {
	rows, err := t.q.AllowanceDelete(ctx, db.AllowanceDeleteParams{
		AccountID: k.AccountID, CourseKey: k.CourseKey, Scope: k.Scope, BlockType: k.Ref.Type, BlockID: k.Ref.ID,
	})
	return t.one(rows, err, "take allowance back", store.ErrNotFound)
}
