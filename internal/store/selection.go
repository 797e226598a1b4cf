package store

import (
	"context"
	"time"
)

// Selection is a verified request of an LMS for content, while a teacher
// chooses. The page's address holds the credential.
type Selection struct {
	ID         string
	ConsumerID string
	TokenHash  []byte // SHA-256 of the credential
	UserAgent  []byte // SHA-256 of the User-Agent that asked
	Box        []byte // package sealed; additional data is SelectionAAD
	CreatedAt  time.Time
	OpenedAt   time.Time // zero until the page was seen
	ExpiresAt  time.Time
}

// SelectionAAD binds a sealed request to its row.
func SelectionAAD(id string) string { return "selection/" + id }

// Selections keeps requests for content.
type Selections interface {
	// ByID returns a selection, expired or not.
	ByID(ctx context.Context, id string) (*Selection, error)
	Create(ctx context.Context, s *Selection) error
	// Opened notes that the page was seen; later calls change nothing.
	Opened(ctx context.Context, id string, at time.Time) error
	// Renew gives a selection whose page nobody has seen another credential. It
	// fails with ErrNotFound when somebody has.
	Renew(ctx context.Context, id string, tokenHash []byte) error
	// Prune deletes at most limit of those that ended before now.
	Prune(ctx context.Context, now time.Time, limit int) (int64, error)
}

// StagedImport is an import that waits for somebody to publish or discard it.
type StagedImport struct {
	ID        string
	CourseKey string
	Base      string // version ID it was compared with; "" for a new course
	FileName  string // as the browser called it
	Size      int64  // bytes of the archive
	By        string // account ID
	Report    string // JSON; lists leave it out
	Changes   string // JSON; lists leave it out
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Staged keeps imports that wait. Their archives are files beside the courses'.
type Staged interface {
	ByID(ctx context.Context, id string) (*StagedImport, error)
	// List returns those of a course, the newest first; "" selects all.
	List(ctx context.Context, courseKey string) ([]StagedImport, error)
	Create(ctx context.Context, s *StagedImport) error
	Delete(ctx context.Context, id string) error
	// Expired returns the IDs of at most limit that ended before now.
	Expired(ctx context.Context, now time.Time, limit int) ([]string, error)
}
