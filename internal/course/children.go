package course

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"lectern/internal/keys"
)

// Choices is what was chosen for one learner among the children of blocks that
// show only some of them: a draw from a library, a branch of an experiment.
type Choices map[Ref][]Ref

// Draws reports whether each learner sees a selection of b's children that is
// drawn once and kept: see [Draw] and [Block.DrawSize].
func (b *Block) Draws() bool {
	return b.Type == "library_content" || b.Type == "itembank" || b.Type == "randomize"
}

// DrawSize returns how many children a learner gets of a block that draws. A
// negative count in the course means all of them.
func (b *Block) DrawSize() int {
	if b.Type == "randomize" {
		return 1
	}
	n, err := strconv.Atoi(strings.TrimSpace(b.Fields["max_count"]))
	switch {
	case err != nil:
		return 1 // the field's default
	case n < 0:
		return len(b.Children)
	}
	return n
}

// Pool returns references to all children of b, what a draw is made from.
func (b *Block) Pool() []Ref {
	pool := make([]Ref, len(b.Children))
	for i, child := range b.Children {
		pool[i] = child.Ref
	}
	return pool
}

// Draw brings a learner's selection up to date with a block that may have
// changed since. References that left the pool go; surplus goes by chance when
// size shrank (negative: no limit); new ones come by chance when there is room.
// If anything changed the whole is shuffled, else selected is returned as it is.
func Draw(selected, pool []Ref, size int, rnd *rand.Rand) (next []Ref, changed bool) {
	if size < 0 || size > len(pool) {
		size = len(pool)
	}
	inPool := make(map[Ref]bool, len(pool))
	for _, ref := range pool {
		inPool[ref] = true
	}
	kept := make(map[Ref]bool, len(selected))
	for _, ref := range selected {
		if inPool[ref] && !kept[ref] {
			kept[ref] = true
			next = append(next, ref)
		}
	}
	changed = len(next) != len(selected)
	shuffle := func(list []Ref) {
		rnd.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	switch {
	case len(next) > size:
		shuffle(next)
		next, changed = next[:size], true
	case len(next) < size:
		var rest []Ref
		for _, ref := range pool {
			if !kept[ref] {
				kept[ref] = true
				rest = append(rest, ref)
			}
		}
		shuffle(rest)
		if add := min(size-len(next), len(rest)); add > 0 {
			next, changed = append(next, rest[:add]...), true
		}
	}
	if !changed {
		return selected, false
	}
	shuffle(next)
	return next, true
}

// PickGroup chooses a group for a learner who has none yet in a partition that
// splits by chance. It reports false when the partition has no groups.
func PickGroup(p Partition, rnd *rand.Rand) (Group, bool) {
	if len(p.Groups) == 0 {
		return Group{}, false
	}
	return p.Groups[rnd.IntN(len(p.Groups))], true
}

// Experiment returns the partition that decides which child of a split_test
// block a learner sees, and the child of each group. It reports false for other
// blocks and for experiments that are not set up.
func (c *Course) Experiment(b *Block) (partition Partition, branches map[int]*Block, ok bool) {
	if b.Type != "split_test" {
		return Partition{}, nil, false
	}
	id, err := strconv.Atoi(strings.Trim(strings.TrimSpace(b.Fields["user_partition_id"]), `"`))
	p := c.Partition(id)
	if err != nil || p == nil {
		return Partition{}, nil, false
	}
	var children map[string]string
	if json.Unmarshal([]byte(b.Fields["group_id_to_child"]), &children) != nil {
		return Partition{}, nil, false
	}
	branches = map[int]*Block{}
	for group, key := range children {
		ref, err := ParseRef(key)
		g, convErr := strconv.Atoi(group)
		if err != nil || convErr != nil {
			continue
		}
		if child := c.Block(ref); child != nil && child.Parent == b {
			branches[g] = child
		}
	}
	return *p, branches, len(branches) > 0
}

// VisibleChildren returns the children of b that v sees, in the order v sees
// them, for rendering and for adding up scores alike. A block that draws shows
// what choices says, and nothing before the draw; an experiment shows the branch
// of choices, else that of v's group. Staff see every branch and, before a
// draw, every child. Whether a conditional block is open is not decided here:
// see [Course.Satisfied].
func (c *Course) VisibleChildren(b *Block, choices Choices, v Viewer, now time.Time) []*Block {
	var out []*Block
	for _, child := range c.candidates(b, choices, v) {
		hidden := child.Fate == Hidden || child.Fate == Broken && !v.Staff
		if !hidden && c.Visible(child, v, now) == nil {
			out = append(out, child)
		}
	}
	return out
}

func (c *Course) candidates(b *Block, choices Choices, v Viewer) []*Block {
	draws, experiment := b.Draws(), b.Type == "split_test"
	chosen, made := choices[b.Ref]
	switch {
	case !draws && !experiment:
		return b.Children
	case experiment && v.Staff, draws && v.Staff && !made:
		return b.Children
	case made:
		return b.pick(chosen)
	case experiment:
		p, branches, ok := c.Experiment(b)
		group, member := v.Groups[p.ID]
		if child := branches[group]; ok && member && child != nil {
			return []*Block{child}
		}
	}
	return nil
}

// pick returns the children of b that refs names, in that order.
func (b *Block) pick(refs []Ref) []*Block {
	var out []*Block
	for _, ref := range refs {
		i := slices.IndexFunc(b.Children, func(child *Block) bool { return child.Ref == ref })
		if i >= 0 && !slices.Contains(out, b.Children[i]) {
			out = append(out, b.Children[i])
		}
	}
	return out
}

// ParseRef reads a content reference as it stands in a course: a usage key of
// either style and of any course, since exports keep speaking of the course
// they were made from. Its error is keys.ErrUsage.
func ParseRef(s string) (Ref, error) {
	u, err := keys.ParseUsage(strings.TrimSpace(s))
	if err != nil {
		return Ref{}, err
	}
	return Ref{Type: u.Type, ID: u.ID}, nil
}
