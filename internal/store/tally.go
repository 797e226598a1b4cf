package store

import (
	"context"

	"lectern/internal/course"
)

// TallyKey names the counts of a block that asks all learners the same.
type TallyKey struct {
	CourseKey string
	Scope     string // "" all learners of the course; else those of one LMS course
	Ref       course.Ref
}

// Tally is how often an answer was given to a question of a block.
type Tally struct {
	Question string // "" where the block has one only
	Answer   string
	Votes    int64
}

// Tallies keeps what learners said together. Who said what is in their states.
type Tallies interface {
	// Add adds the votes of each change, which may be negative; no count falls
	// below zero. An answer that was never given before is only counted while the
	// block has fewer than most of them.
	Add(ctx context.Context, k TallyKey, changes []Tally, most int) error
	// Top returns the answers that were given most, with their counts; limit 0
	// means all. Of equal ones the limit may take any; they are in the order of
	// their bytes.
	Top(ctx context.Context, k TallyKey, limit int) ([]Tally, error)
	// Sum returns the votes of all answers together.
	Sum(ctx context.Context, k TallyKey) (int64, error)
}
