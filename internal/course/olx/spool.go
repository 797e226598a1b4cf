package olx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// spoolFS is a file system whose files lie one after another in one file.
type spoolFS struct {
	spool *os.File
	size  int64
	files map[string]extent
}

// extent is where a file lies in the spool.
type extent struct{ at, size int64 }

func newSpool(f *os.File) *spoolFS { return &spoolFS{spool: f, files: map[string]extent{}} }

// Close removes the spool.
func (s *spoolFS) Close() error {
	return errors.Join(s.spool.Close(), os.Remove(s.spool.Name()))
}

// add appends a file. A second file of the same name takes its place, as in tar.
func (s *spoolFS) add(name string, r io.Reader) error {
	n, err := io.Copy(s.spool, r)
	s.files[name] = extent{s.size, n}
	s.size += n
	if err != nil {
		return fmt.Errorf("unpack %q: %w", name, err)
	}
	return nil
}

// alias gives target, a file or a folder, a second name. It reports whether
// there was such a target. It adds at most limit names.
func (s *spoolFS) alias(name, target string, limit int) bool {
	if e, ok := s.files[target]; ok {
		s.files[name] = e
		return true
	}
	more := map[string]extent{}
	for file, e := range s.files {
		if rest, below := strings.CutPrefix(file, target+"/"); below && len(more) <= limit {
			more[path.Join(name, rest)] = e
		}
	}
	for file, e := range more {
		s.files[file] = e
	}
	return len(more) > 0
}

// Open opens a file, or a folder for listing.
func (s *spoolFS) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	if e, ok := s.files[name]; ok {
		return &spoolFile{io.NewSectionReader(s.spool, e.at, e.size), entry{path.Base(name), e.size, 0}}, nil
	}
	list := s.list(name)
	if list == nil && name != "." {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &spoolDir{bytes.NewReader(nil), entry{path.Base(name), 0, fs.ModeDir}, list}, nil
}

// list returns what is directly in a folder, sorted, or nil when nothing is.
func (s *spoolFS) list(dir string) []fs.DirEntry {
	prefix := dir + "/"
	if dir == "." {
		prefix = ""
	}
	found := map[string]entry{}
	for file, e := range s.files {
		rest, below := strings.CutPrefix(file, prefix)
		if !below {
			continue
		}
		if first, _, deeper := strings.Cut(rest, "/"); deeper {
			found[first] = entry{first, 0, fs.ModeDir}
		} else if _, shadowed := found[rest]; !shadowed {
			found[rest] = entry{rest, e.size, 0}
		}
	}
	var out []fs.DirEntry
	for _, e := range found {
		out = append(out, fs.FileInfoToDirEntry(e))
	}
	slices.SortFunc(out, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return out
}

// Walk calls f for every file, in no order. It spares listing folders one by one.
func (s *spoolFS) Walk(f func(name string, size int64)) {
	for name, e := range s.files {
		f(name, e.size)
	}
}

// spoolFile is an open file.
type spoolFile struct {
	*io.SectionReader
	info entry
}

func (f *spoolFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *spoolFile) Close() error               { return nil }

// spoolDir is an open folder.
type spoolDir struct {
	*bytes.Reader
	info entry
	rest []fs.DirEntry
}

func (d *spoolDir) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *spoolDir) Close() error               { return nil }

// ReadDir lists the folder as fs.ReadDirFile says.
func (d *spoolDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		n = len(d.rest)
	} else if len(d.rest) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(d.rest))
	out := d.rest[:n]
	d.rest = d.rest[n:]
	return out, nil
}

// entry describes a file or a folder of the spool.
type entry struct {
	name string
	size int64
	mode fs.FileMode
}

func (e entry) Name() string       { return e.name }
func (e entry) Size() int64        { return e.size }
func (e entry) Mode() fs.FileMode  { return e.mode | 0o444 }
func (e entry) ModTime() time.Time { return time.Time{} }
func (e entry) IsDir() bool        { return e.mode.IsDir() }
func (e entry) Sys() any           { return nil }
