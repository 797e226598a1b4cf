package store

import (
	"lectern/internal/account"
	"lectern/internal/course"
	"lectern/internal/lti"
)

// Opened is a launch session with all that changes and that its pages depend on,
// as it was at one moment.
type Opened struct {
	Session   *Session
	Consumer  *lti.Consumer    // ID, Name, UseLTIPII, Enabled, EndsAt, FrameOrigins
	Account   *account.Account // ID, Username, Email, Name, Kind, Enabled
	VersionID string           // the published version of the course; "" when there is none
	Origins   []string         // that the consumer's launches came from, the latest first
	Terms     Terms
	States    map[course.Ref]*LearnerState // of the learner in the course
	// Owed are the scores of what was launched that the learner's LMS is owed or
	// has, in the order of their targets: TargetID, State, NextAt, DeliveredAt.
	Owed []OwedScore
	// Stamp is another one, but for one chance in 2⁶⁴, when anything but the
	// origins and the time of last use is different. It means something within
	// this process only.
	Stamp uint64
}
