package grading

import (
	"container/list"
	"errors"
	"sync"

	"lectern/internal/course"
	"lectern/internal/problem"
)

// definitionsKept is how many parsed problems stay in memory.
const definitionsKept = 1024

// definitionKey names a problem of one course version; it never changes.
type definitionKey struct {
	version string
	ref     course.Ref
}

// definitions keeps parsed problems, those used last. It is safe for concurrent
// use.
type definitions struct {
	mu     sync.Mutex
	recent list.List // of *definitionEntry, most recent first
	byKey  map[definitionKey]*list.Element
}

type definitionEntry struct {
	key definitionKey
	def *problem.Definition
	err error
}

// get returns the parsed problem, or why it cannot be parsed. It asks for the
// problem's surroundings when it parses. Two at once may both parse; that is
// harmless.
func (d *definitions) get(at At, surroundings func(*course.Course) problem.Options) (*problem.Definition, error) {
	key := definitionKey{at.Course.VersionID, at.Block.Ref}
	d.mu.Lock()
	if e := d.byKey[key]; e != nil && key.version != "" {
		d.recent.MoveToFront(e)
		entry := e.Value.(*definitionEntry)
		d.mu.Unlock()
		return entry.def, entry.err
	}
	d.mu.Unlock()
	opts := surroundings(at.Course)
	opts.ID = at.Course.Usage(at.Block).HTMLID()
	def, err := problem.Parse(at.Block.Data, opts)
	if err != nil && !errors.Is(err, problem.ErrContent) {
		err = problem.ErrContent.Wrap(err)
	}
	d.put(&definitionEntry{key, def, err})
	return def, err
}

func (d *definitions) put(entry *definitionEntry) {
	if entry.key.version == "" {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.byKey == nil {
		d.byKey = map[definitionKey]*list.Element{}
	}
	if d.byKey[entry.key] != nil {
		return
	}
	d.byKey[entry.key] = d.recent.PushFront(entry)
	if d.recent.Len() > definitionsKept {
		last := d.recent.Back()
		d.recent.Remove(last)
		delete(d.byKey, last.Value.(*definitionEntry).key)
	}
}
