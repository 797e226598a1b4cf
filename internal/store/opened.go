package store

import (
	"lectern/internal/account"
	"lectern/internal/course"
	"lectern/internal/lti"
)

// Opened is a launch session with what its pages need of what stands behind it.
type Opened struct {
	Session   *Session         // without its handle and CreatedAt
	Consumer  *lti.Consumer    // ID, Name, UseLTIPII, Enabled, EndsAt, FrameOrigins
	Account   *account.Account // ID, Username, Email, Name, Kind, Enabled
	VersionID string           // the published version of the course; "" when there is none
	Stamp     uint64           // see [Facts.Stamp]; SeenAt does not count
}

// Facts are all that changes and that a page of a launch session depends on,
// beside the session itself, as they were at one moment.
type Facts struct {
	Origins []string // that the consumer's launches came from, the latest first
	Terms   Terms
	States  map[course.Ref]*LearnerState // of the learner in the course
	// Owed are the scores of what was launched that the learner's LMS is owed or
	// has, in the order of their targets: TargetID, State, NextAt, DeliveredAt.
	Owed []OwedScore
	// Stamp is another one, but for one chance in 2⁶⁴, when anything but the
	// origins is different. It means something within this process only.
	Stamp uint64
}
