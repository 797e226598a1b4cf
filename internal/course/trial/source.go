package trial

import (
	"context"
	"fmt"
	"strings"

	"lectern/internal/course"
	"lectern/internal/problem"
	"lectern/internal/problem/script"
	"lectern/internal/xmltree"
)

// Source says where a problem is written.
type Source struct {
	File   string // of the problem's element, below the course's root
	Line   int    // of the problem's element in File
	pieces []piece
}

// piece is one script element.
type piece struct {
	file  string
	line  int // of its first line
	count int // of lines
}

// NewSource describes a problem as it was parsed from file, with what it
// includes in place. included names the file of a node that comes from another
// one, for the node that stands where the include was.
func NewSource(root *xmltree.Node, file string, included map[*xmltree.Node]string) Source {
	s := Source{File: file, Line: root.Line}
	var walk func(n *xmltree.Node, file string)
	files := map[*xmltree.Node]string{}
	walk = func(n *xmltree.Node, file string) {
		if other, ok := included[n]; ok {
			file = other
		}
		files[n] = file
		for _, c := range n.Children {
			walk(c, file)
		}
	}
	walk(root, file)
	for _, n := range problem.Scripts(root) {
		line := n.Line
		if len(n.Children) > 0 && n.Children[0].Line > 0 {
			line = n.Children[0].Line // the tag itself may take several
		}
		s.pieces = append(s.pieces, piece{files[n], line, strings.Count(n.Text(), "\n") + 1})
	}
	return s
}

// SourceOf describes a problem by its text alone.
func SourceOf(data string) Source {
	root, err := xmltree.ParseBytes([]byte(data), xmltree.Limits{})
	if err != nil {
		return Source{}
	}
	return NewSource(root, "", nil)
}

// script returns where a line of the problem's script is, counted from 1 over
// all of its elements; 0 when that is nowhere.
func (s Source) script(line int) (file string, at int) {
	if line < 1 {
		return s.File, 0
	}
	for _, p := range s.pieces {
		if line <= p.count {
			return p.file, p.line + line - 1
		}
		line -= p.count
	}
	return s.File, 0
}

// libraryName is the file with modules of the course's own.
const libraryName = "python_lib.zip"

// maxLibrary bounds what a library may have, in bytes.
const maxLibrary = 32 << 20

// Library returns the course's python_lib.zip, which read gets, or nil.
func Library(a *course.Assets, read func(context.Context, course.Asset) ([]byte, error)) *script.Library {
	file, ok := a.Find(libraryName)
	if !ok {
		return nil
	}
	return &script.Library{SHA256: file.SHA256, Open: func(ctx context.Context) ([]byte, error) {
		if file.Size > maxLibrary {
			return nil, fmt.Errorf("%s has %d bytes, at most %d", file.Name, file.Size, maxLibrary)
		}
		b, err := read(ctx, file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name, err)
		}
		return b, nil
	}}
}
