// Package course is a course as learners meet it: a tree of blocks with their
// effective settings, the assets beside it, and who may see what. It knows
// neither how a course was imported nor how somebody got here.
//
// A Course is one immutable version. It is safe for concurrent use.
package course

import (
	"time"

	"lectern/internal/keys"
)

// Ref names a block inside its course. It is what learner state and links hang
// on: it survives re-imports and says the same in old and new usage keys.
type Ref struct {
	Type string `json:"type"` // "problem", "vertical", …: the OLX tag
	ID   string `json:"id"`   // the OLX url_name
}

// Course is one published version of a course.
type Course struct {
	Key        keys.Course
	VersionID  string // names this version in asset addresses; never reused
	Name       string
	Language   string // BCP 47, e.g. "en"; "" when the course does not say
	Start      *time.Time
	End        *time.Time
	Partitions []Partition
	Root       *Block // the course block itself
	Assets     *Assets

	blocks map[Ref]*Block
	byID   map[string]*Block
	first  *time.Time // the earliest date of its blocks
}

// Partition splits learners into groups: by chance (split_test) or by hand.
type Partition struct {
	ID     int     `json:"id"`
	Name   string  `json:"name"`
	Scheme string  `json:"scheme"` // "random", "cohort", …
	Groups []Group `json:"groups"`
}

// Group is one group of a partition.
type Group struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

// Fate says what a block becomes when a learner meets it.
type Fate string

// The fates. A block that is not Shown or Container has a Reason.
const (
	Shown       Fate = "shown"       // rendered
	Container   Fate = "container"   // its children are rendered
	Hidden      Fate = "hidden"      // nothing is rendered, e.g. discussion
	Unsupported Fate = "unsupported" // a sentence for learners, the reason for staff
	Broken      Fate = "broken"      // could not be read; placeholder for staff only
)

// Block is a node of the course tree.
type Block struct {
	Ref
	Name     string
	Settings Settings          // effective: own values over inherited ones
	Fields   map[string]string // every other attribute; JSON text where the field is structured
	Data     string            // definition: the whole element as XML, or HTML for html blocks
	Fate     Fate
	Reason   string  // why it is not shown, in English, for staff
	Class    string  // of a problem: native, python, external, unsupported, broken
	MaxScore float64 // raw points of a scored block; 0 otherwise
	Scored   bool

	Parent   *Block
	Children []*Block
}

// Settings are the inherited and scoring fields of a block, effective values.
// Nil pointers mean "not set anywhere".
type Settings struct {
	Start                    *time.Time    `json:"start,omitempty"`
	Due                      *time.Time    `json:"due,omitempty"`
	Grace                    time.Duration `json:"grace,omitempty"`
	Graded                   bool          `json:"graded,omitempty"`
	Format                   string        `json:"format,omitempty"` // assignment type
	StaffOnly                bool          `json:"staff_only,omitempty"`
	HideAfterDue             bool          `json:"hide_after_due,omitempty"`
	GroupAccess              map[int][]int `json:"group_access,omitempty"` // partition → groups
	ShowAnswer               string        `json:"show_answer,omitempty"`
	ShowCorrectness          string        `json:"show_correctness,omitempty"`
	Rerandomize              string        `json:"rerandomize,omitempty"`
	MaxAttempts              *int          `json:"max_attempts,omitempty"`
	Weight                   *float64      `json:"weight,omitempty"`
	SubmissionWait           time.Duration `json:"submission_wait,omitempty"`
	GradingMethod            string        `json:"grading_method,omitempty"`
	AttemptsBeforeShowAnswer int           `json:"attempts_before_show_answer,omitempty"`
	ShowResetButton          bool          `json:"show_reset_button,omitempty"`
	TimeLimitMinutes         int           `json:"time_limit_minutes,omitempty"` // timed exam; 0 = none
}

// New links a tree into a course: parents, and the index that [Course.Block]
// and [Course.BlockByID] use. It returns c.
func New(c *Course) *Course {
	c.blocks = map[Ref]*Block{}
	c.byID = map[string]*Block{}
	c.first = nil
	if c.Assets == nil {
		c.Assets = NewAssets(nil)
	}
	if c.Root != nil {
		c.link(c.Root, nil)
	}
	return c
}

func (c *Course) link(b, parent *Block) {
	b.Parent = parent
	c.blocks[b.Ref] = b
	c.noteDate(b.Settings.Start)
	c.noteDate(b.Settings.Due)
	if _, taken := c.byID[b.ID]; !taken {
		c.byID[b.ID] = b
	}
	for _, child := range b.Children {
		c.link(child, b)
	}
}

// Block returns the block with this reference, or nil.
func (c *Course) Block(ref Ref) *Block { return c.blocks[ref] }

// BlockByID returns the first block, in document order, whose ID is id,
// whatever its type; nil when there is none. It resolves /jump_to_id/ links.
func (c *Course) BlockByID(id string) *Block { return c.byID[id] }

// Blocks calls f for every block in document order.
func (c *Course) Blocks(f func(*Block)) {
	if c.Root != nil {
		c.Root.Walk(func(b *Block) bool { f(b); return true })
	}
}

// Walk calls f for b and its descendants in document order. Where f returns
// false the descendants of that block are left out.
func (b *Block) Walk(f func(*Block) bool) {
	if !f(b) {
		return
	}
	for _, child := range b.Children {
		child.Walk(f)
	}
}

// Within reports whether b is ancestor itself or below it.
func (b *Block) Within(ancestor *Block) bool {
	for n := b; n != nil; n = n.Parent {
		if n == ancestor {
			return true
		}
	}
	return false
}

// Usage returns the usage key of b in the course.
func (c *Course) Usage(b *Block) keys.Usage { return c.Key.Usage(b.Type, b.ID) }
