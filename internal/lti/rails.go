package lti

import (
	"slices"
	"time"
)

// Rails are what an operator lets a consumer do. The zero value sets no limit.
type Rails struct {
	Courses           []string  // keys of the courses it may open; empty for all
	StartsAt, EndsAt  time.Time // when it may launch: from StartsAt, before EndsAt; zero for no limit
	LaunchesPerMinute int       // 0 for any number
	// KeepDays is how many days after a learner was last here what this consumer
	// brought of them is deleted; 0 keeps it.
	KeepDays int
}

// MayOpen reports whether the consumer may open the course with this key.
func (r *Rails) MayOpen(courseKey string) bool {
	return len(r.Courses) == 0 || slices.Contains(r.Courses, courseKey)
}

// Ended reports whether the consumer's time is over: open launches end then too.
func (r *Rails) Ended(now time.Time) bool { return !r.EndsAt.IsZero() && !now.Before(r.EndsAt) }
