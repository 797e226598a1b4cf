// Package outline is a course as its team knows it: sections, subsections,
// units and components, each with its LTI link, its points, and whether learners
// get all of it.
package outline

import (
	"math"
	"slices"
	"strings"

	"lectern/internal/course"
	"lectern/internal/importer"
	"lectern/internal/keys"
)

// Node is a block of the tree. It is made new for every use and may be changed.
type Node struct {
	Block  *course.Block
	Usage  string
	Level  course.Level
	Name   string
	URL    string  // LTI link; "" where nothing can be launched
	Points float64 // that a learner can get here
	Status Status
	Why    []string // of a status other than Works: English sentences for staff

	Parent   *Node
	Children []*Node
	Match    bool // found by [Node.Find]
}

// Status says how much of a block learners get over LTI.
type Status string

// The statuses.
const (
	Works    Status = "works"
	Partly   Status = "partly"    // something is missing, or should be looked at
	NotShown Status = "not-shown" // learners get nothing, or a sentence in its place
)

// Of returns the tree of a course. publicURL is the site's address without a
// slash at its end; report is the course's import report, or nil.
func Of(c *course.Course, publicURL string, report *importer.Report) *Node {
	if c.Root == nil {
		return nil
	}
	m := maker{c: c, publicURL: publicURL, facts: factsOf(report)}
	return m.node(c.Root, nil)
}

type maker struct {
	c         *course.Course
	publicURL string
	facts     map[string]facts
}

func (m *maker) node(b *course.Block, parent *Node) *Node {
	n := &Node{
		Block: b, Usage: m.c.Usage(b).String(), Level: course.LevelOf(b.Type), Name: importer.Title(m.c, b), Parent: parent,
	}
	if _, err := keys.ParseUsage(n.Usage); err == nil && !m.c.Key.Library && b.Fate != course.Hidden && b.Fate != course.Broken {
		n.URL = importer.LaunchURL(m.publicURL, m.c.Key, n.Usage)
	}
	for _, child := range b.Children {
		n.Children = append(n.Children, m.node(child, n))
	}
	n.Points = points(n)
	n.judge(m.facts[n.Usage])
	return n
}

// points adds up what learners can get of n. Of a block that draws they get the
// best of as many as it draws, at most.
func points(n *Node) float64 {
	b := n.Block
	if b.Scored {
		if w := b.Settings.Weight; w != nil && b.MaxScore != 0 {
			return finite(*w)
		}
		return finite(b.MaxScore)
	}
	var each []float64
	for _, child := range n.Children {
		each = append(each, child.Points)
	}
	if size := b.DrawSize(); b.Draws() && size < len(each) {
		slices.SortFunc(each, func(x, y float64) int { return -cmpFloat(x, y) })
		each = each[:max(size, 0)]
	}
	if b.Type == "split_test" && len(each) > 0 {
		return slices.Max(each) // a learner gets one branch
	}
	sum := 0.0
	for _, p := range each {
		sum += p
	}
	return sum
}

func cmpFloat(x, y float64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

func finite(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) || x < 0 {
		return 0
	}
	return x
}

// Kind returns what people call the block: "section", "unit", "problem".
func (n *Node) Kind() string {
	if n.Level != course.LevelComponent {
		return string(n.Level)
	}
	return course.TypeName(n.Block.Type)
}

// Walk calls f for n and everything below it, in document order.
func (n *Node) Walk(f func(*Node)) {
	if n == nil {
		return
	}
	f(n)
	for _, child := range n.Children {
		child.Walk(f)
	}
}

// Find keeps of the tree what leads to nodes that mention all the words of a
// text, whatever their case, and what is below those. It marks what it found
// and returns how many that are.
func (n *Node) Find(text string) int {
	words := strings.Fields(strings.ToLower(text))
	if n == nil || len(words) == 0 {
		return 0
	}
	return n.find(words)
}

func (n *Node) find(words []string) int {
	row := strings.ToLower(n.Name + "\n" + n.Usage + "\n" + strings.ReplaceAll(n.Block.Type, "_", " "))
	n.Match = !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(row, w) })
	found := 0
	var kept []*Node
	for _, child := range n.Children {
		below := child.find(words)
		if found += below; below > 0 || n.Match {
			kept = append(kept, child)
		}
	}
	n.Children = kept
	if n.Match {
		found++
	}
	return found
}

// Open reports whether something below n was found, so that a page shows it.
func (n *Node) Open() bool {
	for _, child := range n.Children {
		if child.Match || child.Open() {
			return true
		}
	}
	return false
}

// Path returns the names of what is around n, from the outside, without the
// course.
func (n *Node) Path() string {
	var names []string
	for p := n.Parent; p != nil && p.Parent != nil; p = p.Parent {
		names = append(names, p.Name)
	}
	slices.Reverse(names)
	return strings.Join(names, " › ")
}
