package olx

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"

	"lectern/internal/course"
	"lectern/internal/course/trial"
	"lectern/internal/keys"
	"lectern/internal/xmltree"
)

// When says whether a rule for old courses applies.
type When int

// The choices. Auto decides from what the course holds.
const (
	Auto When = iota
	Always
	Never
)

// Options are what an operator may decide about an import.
type Options struct {
	// CourseKey is what the course is imported as; nil takes what it says itself.
	// Where a tree holds several courses, its run says which.
	CourseKey *keys.Course
	// LegacyAttempts reads the attribute attempts of 2012 as max_attempts. Auto:
	// when no block has max_attempts.
	LegacyAttempts When
	// Try tries out the problems, see [trial.Run]. Nil: they are only parsed.
	Try Try
}

// Try settles the problem blocks of a course, with its files and where its
// problems are written, and says what it found.
type Try func(c *course.Course, files []File, sources map[course.Ref]trial.Source) []trial.Entry

// read is the [Try] of a site that runs nothing.
func read(c *course.Course, _ []File, sources map[course.Ref]trial.Source) []trial.Entry {
	return trial.Run(context.Background(), c, trial.Options{Sources: sources})
}

// Result is a course that was read, not yet stored.
type Result struct {
	Course *course.Course // VersionID is empty
	Files  []File
	Report *Report
	Source []byte // SHA-256 of everything the import depends on
}

// Import reads the course in fsys, which comes from [Open] or is trusted. Its
// errors say why there is no course at all; mistakes inside a course end in the
// report.
func Import(fsys fs.FS, opts Options) (*Result, error) {
	src, err := newSource(fsys)
	if err != nil {
		return nil, err
	}
	l := &loader{
		src: src, opts: opts, report: newReport(),
		used: map[course.Ref]bool{}, repeats: map[course.Ref]int{}, loading: map[string]bool{},
		sources: map[course.Ref]trial.Source{},
	}
	root, err := l.root()
	if err != nil {
		return nil, err
	}
	policies := l.assetPolicies()
	if err := l.identify(root, policies); err != nil {
		return nil, err
	}
	c, err := l.build(root)
	if err != nil {
		return nil, err
	}
	files, err := l.assets(policies)
	if err != nil {
		return nil, err
	}
	list := make([]course.Asset, len(files))
	for i, f := range files {
		list[i] = f.Asset
	}
	c.Assets = course.NewAssets(list)
	course.New(c)
	l.try(c, files)
	return l.finish(c, files)
}

// try settles the problems.
func (l *loader) try(c *course.Course, files []File) {
	try := l.opts.Try
	if try == nil {
		try = read
	}
	l.report.Checks = try(c, files, l.sources)
	l.report.NoteBroken(nil)
}

// root reads course.xml or library.xml.
func (l *loader) root() (*xmltree.Node, error) {
	name := "course.xml"
	if !l.src.has(name) {
		name = "library.xml"
	}
	root, err := l.src.parse(name)
	if err != nil {
		return nil, ErrCourseXML.Wrap(err)
	}
	return root, nil
}

// build reads the tree below root and settles every block.
func (l *loader) build(root *xmltree.Node) (*course.Course, error) {
	l.readPolicy(root.Attr("url_name"))
	top := l.load(root, 0)
	if top.block.Fate == course.Broken {
		return nil, ErrCourseXML.With("%s", top.block.Reason)
	}
	l.legacyAttempts()
	l.settle(top, metadata{})
	for _, n := range l.nodes {
		l.judge(n)
	}
	attach(top)
	c := &course.Course{
		Key: l.key, Root: top.block,
		Name:       cmp.Or(top.block.Name, l.key.Course),
		Language:   top.own.text("language"),
		Start:      top.block.Settings.Start,
		Partitions: l.partitions(top.own.text("user_partitions")),
	}
	var ok bool
	if c.End, ok = date(top.own["end"]); !ok {
		l.warn(top.block.Ref, "", "end %.80q is no date and is left out", top.own["end"])
	}
	return c, nil
}

// attach makes the tree of blocks from the tree of nodes.
func attach(n *node) {
	for _, child := range n.children {
		attach(child)
		n.block.Children = append(n.block.Children, child.block)
	}
}

// partitions reads the user_partitions field.
func (l *loader) partitions(text string) []course.Partition {
	if text == "" {
		return nil
	}
	var list []course.Partition
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		l.fail(course.Ref{}, "", "user_partitions cannot be read, so there are no groups: %v", err)
		return nil
	}
	for i := range list {
		list[i].Scheme = cmp.Or(list[i].Scheme, "random")
	}
	return list
}

// finish completes the report.
func (l *loader) finish(c *course.Course, files []File) (*Result, error) {
	c.Blocks(func(b *course.Block) {
		l.deadLinks(c, b)
		if _, err := keys.ParseUsage(c.Usage(b).String()); err != nil {
			l.warn(b.Ref, "", "its name holds characters that no address may have; it cannot be launched by itself")
		}
	})
	if l.full {
		l.report.Errors = slices.Insert(l.report.Errors, 0, Note{"course.xml", fmt.Sprintf(
			"more than %d blocks, or nested more than %d deep; the rest is left out", maxBlocks, maxDepth)})
	}
	source, err := l.digest()
	if err != nil {
		return nil, err
	}
	r := l.report
	r.CourseKey, r.Name = c.Key.String(), c.Name
	r.Assets, r.Drafts = len(files), l.src.drafts()
	r.Source = hex.EncodeToString(source)
	r.count(c)
	return &Result{Course: c, Files: files, Report: r, Source: source}, nil
}
