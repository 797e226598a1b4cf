package store

import (
	"context"
	"time"

	"lectern/internal/course"
)

// CourseInfo is a course as lists show it.
type CourseInfo struct {
	Key        string
	Name       string
	VersionID  string // the published one
	Version    int64  // 1, 2, 3 … per course
	Blocks     int64
	ImportedAt time.Time
}

// CourseVersion is one import of a course. Everything about it is immutable.
type CourseVersion struct {
	Course   *course.Course // Key, VersionID and tree set
	Number   int64          // given by Publish
	Source   []byte         // SHA-256 of what was imported
	Report   string         // import report, JSON
	ImportAt time.Time
	By       string // who imported it: account ID, or a word for a program; "" when not known
}

// VersionInfo is an import of a course as its history shows it.
type VersionInfo struct {
	ID         string
	Number     int64
	Name       string
	Blocks     int64
	ImportedAt time.Time
	By         string    // see CourseVersion
	LeftAt     time.Time // when it stopped being the published one; zero: it is, or never was
}

// Courses keeps course versions and says which one is published.
type Courses interface {
	List(ctx context.Context) ([]CourseInfo, error)
	// Info returns the published version of a course. Keys compare exactly.
	Info(ctx context.Context, courseKey string) (*CourseInfo, error)
	// Load reads a whole version. Callers cache it: it never changes.
	Load(ctx context.Context, versionID string) (*course.Course, error)
	// Report returns the import report of a version, JSON.
	Report(ctx context.Context, versionID string) (string, error)
	// Versions returns the newest versions of a course, at most limit; 0 means
	// all.
	Versions(ctx context.Context, courseKey string, limit int) ([]VersionInfo, error)
	// Publish writes a version and makes it the published one, atomically. It
	// returns its number, and fails with ErrConflict when the ID was used.
	Publish(ctx context.Context, v *CourseVersion) (int64, error)
	// Delete removes a course and its versions. Learner state stays.
	Delete(ctx context.Context, courseKey string) error

	// Point makes a version that is kept the published one.
	Point(ctx context.Context, courseKey, versionID string, at time.Time) error
	// DeleteVersion removes a version and notes which of its files no other one
	// names. It fails with ErrConflict for the published version.
	DeleteVersion(ctx context.Context, courseKey, versionID string, at time.Time) error
	// MarkFiles notes which files of a version no other one names.
	MarkFiles(ctx context.Context, versionID string, at time.Time) error
	// Garbage lists files that were noted before a moment, by SHA-256.
	Garbage(ctx context.Context, before time.Time, limit int) ([]string, error)
	// TakeGarbage reports whether a file may be deleted: no version names it, and
	// from now on no import relies on it. Else it is forgotten as garbage.
	TakeGarbage(ctx context.Context, sha256 string) (bool, error)
	// ForgetGarbage says that a file's bytes are gone.
	ForgetGarbage(ctx context.Context, sha256 string) error
	// Rescue keeps files from being deleted, before an import relies on them. It
	// returns those that are being deleted right now.
	Rescue(ctx context.Context, sums []string) (going []string, err error)
}

// LearnerKey names one learner's state on one block.
type LearnerKey struct {
	AccountID string
	Scope     string // "" shared; else an LMS course, see lti.Consumer.FreshState
	CourseKey string
	Ref       course.Ref
}

// LearnerState is what a learner has done with one block.
type LearnerState struct {
	Key       LearnerKey
	Version   int64  // 0 when there is none yet; raised by every Put
	State     string // JSON, owned by the block's type
	Answered  bool   // a score was ever published for it
	Earned    float64
	Possible  float64 // frozen when the score was made
	UpdatedAt time.Time
	Given     *Given // by a teacher; nil: Earned and Possible count
}

// ScoreEvent is one change of a learner's score on a block.
type ScoreEvent struct {
	ID       string
	Key      LearnerKey
	At       time.Time
	Earned   float64
	Possible float64
	Why      string // "answer", "reset", …
}

// Learners keeps what learners have done.
type Learners interface {
	// State returns the state of a block, or one with Version 0.
	State(ctx context.Context, k LearnerKey) (*LearnerState, error)
	// States returns all states of a learner in a course.
	States(ctx context.Context, accountID, scope, courseKey string) (map[course.Ref]*LearnerState, error)
	// Use counts, for each block of a course, the learners who have state on it.
	Use(ctx context.Context, courseKey string) (map[course.Ref]int64, error)
	// Put writes s if the stored version is still s.Version (0: no row) and
	// raises the stored one; else it fails with ErrConflict. It leaves s as it
	// is, because an Update function may run twice.
	Put(ctx context.Context, s *LearnerState) error
	AppendScore(ctx context.Context, e ScoreEvent) error
	Scores(ctx context.Context, k LearnerKey) ([]ScoreEvent, error) // oldest first
	// Scopes returns the scopes in which an account has states in a course.
	Scopes(ctx context.Context, accountID, courseKey string) ([]string, error)
	// OfBlock lists who has a state on a block, in pages.
	OfBlock(ctx context.Context, courseKey string, ref course.Ref, after RescoreKey, limit int) ([]RescoreKey, error)
}
