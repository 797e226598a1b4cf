package grading

import (
	"context"
	"errors"
	"time"

	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/store"
)

// What can be wrong with dates and extra time.
var (
	ErrDates = errs.New(errs.Invalid, "dates_malformed", "",
		"Choose what becomes of the dates. A shift is a number of days, at most 36,500, or a day on which the course starts.", "")
	ErrAllowance = errs.New(errs.Invalid, "allowance_malformed", "",
		"Extra time is at most 3,660 days and extra attempts are at most 1,000. Enter at least one of them, and why.", "")
	ErrLearner = errs.New(errs.NotFound, "learner_unknown", "",
		"There is no such learner in this course.", "")
)

// Bounds of what the course team may enter.
const (
	daysMost     = 36500
	extraMost    = 3660 * 24 * time.Hour
	attemptsMost = 1000
)

// shownRule is a rule as the audit keeps it.
type shownRule struct {
	Level  store.DateLevel `json:"level"`
	Mode   course.DateMode `json:"mode"`
	Days   int             `json:"days,omitempty"`
	Starts *time.Time      `json:"starts,omitempty"`
}

func showRule(level store.DateLevel, r course.DateRule) shownRule {
	s := shownRule{Level: level, Mode: r.Mode, Days: r.Days}
	if !r.Starts.IsZero() {
		s.Starts = &r.Starts
	}
	return s
}

// CheckRule returns [ErrDates] unless r can be kept.
func CheckRule(r course.DateRule) error {
	switch r.Mode {
	case course.Obey, course.Ignore:
		return nil
	case course.Shift:
		year := r.Starts.Year()
		if r.Days >= -daysMost && r.Days <= daysMost && (r.Starts.IsZero() || year >= 1970 && year <= 2200) {
			return nil
		}
	}
	return ErrDates
}

// SetDates says what becomes of the dates of a course, a consumer or a link; a
// nil rule leaves it to the next farther level. by is who does it. No answer and
// no score changes by it.
func (s *Service) SetDates(ctx context.Context, by string, level store.DateLevel, subject string, rule *course.DateRule) error {
	if rule != nil {
		if err := CheckRule(*rule); err != nil {
			return err
		}
	}
	now := s.now()
	return s.Store.Update(ctx, func(tx store.Tx) error {
		act := store.Act{At: now, Who: by, Name: "dates.set", Subject: subject}
		old, err := tx.Dates().Setting(ctx, level, subject)
		switch {
		case err == nil:
			act.Before = showRule(level, old.Rule)
		case !errors.Is(err, store.ErrNotFound):
			return err
		case rule == nil:
			return nil
		}
		if rule == nil {
			err = tx.Dates().Drop(ctx, level, subject)
		} else {
			act.After = showRule(level, *rule)
			err = tx.Dates().Put(ctx, store.DateSetting{Level: level, Subject: subject, Rule: *rule, By: by, At: now})
		}
		if err != nil {
			return err
		}
		return store.Note(ctx, tx, act)
	})
}

// shownAllowance is an allowance as the audit keeps it.
type shownAllowance struct {
	Course   string `json:"course"`
	Scope    string `json:"scope,omitempty"`
	Type     string `json:"type,omitempty"`
	Block    string `json:"block,omitempty"`
	Time     string `json:"extra_time,omitempty"`
	Attempts int    `json:"extra_attempts,omitempty"`
	Why      string `json:"why,omitempty"`
}

func showAllowance(a store.Allowance) shownAllowance {
	s := shownAllowance{
		Course: a.Key.CourseKey, Scope: a.Key.Scope, Type: a.Key.Ref.Type, Block: a.Key.Ref.ID,
		Attempts: a.Attempts, Why: a.Why,
	}
	if a.Time > 0 {
		s.Time = a.Time.String()
	}
	return s
}

// Allow gives a learner extra time or attempts, on a block and all below it or,
// with a zero a.Key.Ref, in the whole course. It replaces what was given there.
func (s *Service) Allow(ctx context.Context, by string, a store.Allowance) error {
	if a.Time < 0 || a.Time > extraMost || a.Attempts < 0 || a.Attempts > attemptsMost || a.Time == 0 && a.Attempts == 0 || a.Why == "" {
		return ErrAllowance
	}
	a.By, a.At = by, s.now()
	return s.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.Dates().Allow(ctx, a); err != nil {
			return err
		}
		return store.Note(ctx, tx, store.Act{At: a.At, Who: by, Name: "learner.allow", Subject: a.Key.AccountID, After: showAllowance(a)})
	})
}

// Disallow takes back what [Service.Allow] gave.
func (s *Service) Disallow(ctx context.Context, by string, k store.LearnerKey) error {
	return s.Store.Update(ctx, func(tx store.Tx) error {
		list, err := tx.Dates().Allowances(ctx, k.AccountID, k.Scope, k.CourseKey)
		if err != nil {
			return err
		}
		act := store.Act{At: s.now(), Who: by, Name: "learner.disallow", Subject: k.AccountID}
		for _, a := range list {
			if a.Key == k {
				act.Before = showAllowance(a)
			}
		}
		if err := tx.Dates().Disallow(ctx, k); err != nil {
			return err
		}
		return store.Note(ctx, tx, act)
	})
}
