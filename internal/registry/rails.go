package registry

import (
	"context"
	"slices"
	"strings"
	"time"

	"lectern/internal/errs"
	"lectern/internal/keys"
	"lectern/internal/lti"
	"lectern/internal/store"
)

// Bounds of a consumer's limits.
const (
	maxCourses  = 1000
	maxRate     = 1_000_000
	maxKeepDays = 36_500
)

// What can be wrong with a consumer's limits.
var (
	ErrCourseKey = errs.New(errs.Invalid, "consumer_course_malformed", "",
		"Enter course keys as the course pages show them, such as course-v1:School+Math+2026.", "")
	ErrDates = errs.New(errs.Invalid, "consumer_dates_malformed", "",
		"Enter dates such as 2026-09-01T08:00; the end comes after the start.", "")
	ErrRate = errs.New(errs.Invalid, "consumer_rate_malformed", "",
		"Enter how many launches a minute are let in, as a whole number; 0 for any number.", "")
	ErrKeepDays = errs.New(errs.Invalid, "consumer_days_malformed", "",
		"Enter a number of days, from 1 to 36500; 0 keeps learners' data.", "")
)

// cleanRails checks limits and brings course keys into their usual form.
func cleanRails(r lti.Rails) (lti.Rails, error) {
	var courses []string
	for _, raw := range r.Courses {
		raw = strings.TrimSpace(raw)
		if raw == "" {
			continue
		}
		key, err := keys.ParseCourse(raw)
		if err != nil || key.Library || len(courses) == maxCourses {
			return r, ErrCourseKey
		}
		if text := key.Bare().String(); !slices.Contains(courses, text) {
			courses = append(courses, text)
		}
	}
	r.Courses = courses
	r.StartsAt, r.EndsAt = toMicros(r.StartsAt), toMicros(r.EndsAt)
	switch {
	case !r.StartsAt.IsZero() && !r.EndsAt.IsZero() && !r.StartsAt.Before(r.EndsAt):
		return r, ErrDates
	case r.LaunchesPerMinute < 0 || r.LaunchesPerMinute > maxRate:
		return r, ErrRate
	case r.KeepDays < 0 || r.KeepDays > maxKeepDays:
		return r, ErrKeepDays
	}
	return r, nil
}

// toMicros is t as the store gives it back.
func toMicros(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// ParseDate reads a moment as forms and command lines have it, in UTC unless it
// says otherwise; "" is no moment. Its error is [ErrDates].
func ParseDate(text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil && t.Year() >= 2000 && t.Year() < 2200 {
			return t.UTC(), nil
		}
	}
	return time.Time{}, ErrDates
}

// orNil is how the audit shows a moment that may not be set.
func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// Moving returns how many gradebook cells it concerns when learners who come
// from c begin anew in each LMS course, or no longer: the work that their cells
// show is then in another place. It is 0 when fresh is what c has already.
func (r *Registry) Moving(ctx context.Context, c *lti.Consumer, fresh bool) (cells int64, err error) {
	if fresh == c.FreshState {
		return 0, nil
	}
	err = r.Store.View(ctx, func(tx store.Tx) error {
		usage, err := tx.Consumers().Usage(ctx, c.ID)
		cells = usage.Targets
		return err
	})
	return cells, err
}
