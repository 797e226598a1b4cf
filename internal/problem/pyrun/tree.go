package pyrun

import (
	"bytes"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// tree is a read-only file system in memory. Its folders are those that its
// files' paths name.
type tree struct {
	files   map[string][]byte
	folders map[string][]string // names in each folder, sorted; "." is the root
	size    int                 // bytes of all files
}

func newTree(files map[string][]byte) *tree {
	t := &tree{files: files, folders: map[string][]string{".": nil}}
	for name, content := range files {
		t.size += len(content)
		for name != "." {
			dir := path.Dir(name)
			if slices.Contains(t.folders[dir], path.Base(name)) {
				break
			}
			t.folders[dir] = append(t.folders[dir], path.Base(name))
			name = dir
		}
	}
	for _, names := range t.folders {
		slices.Sort(names)
	}
	return t
}

// Open returns a file or folder of the tree.
func (t *tree) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	if content, ok := t.files[name]; ok {
		return &openFile{Reader: bytes.NewReader(content), entry: entry{path.Base(name), int64(len(content)), false}}, nil
	}
	if names, ok := t.folders[name]; ok {
		return &openFolder{tree: t, path: name, rest: names}, nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// mount is a place for a tree that is known later.
type mount struct{ tree atomic.Pointer[tree] }

// Open opens a name of the tree, or finds nothing while there is none.
func (m *mount) Open(name string) (fs.File, error) {
	t := m.tree.Load()
	if t == nil {
		t = newTree(nil)
	}
	return t.Open(name)
}

// entry describes a file or folder.
type entry struct {
	name   string
	size   int64
	folder bool
}

func (e entry) Name() string               { return e.name }
func (e entry) Size() int64                { return e.size }
func (e entry) IsDir() bool                { return e.folder }
func (e entry) ModTime() time.Time         { return time.Time{} }
func (e entry) Sys() any                   { return nil }
func (e entry) Type() fs.FileMode          { return e.Mode().Type() }
func (e entry) Info() (fs.FileInfo, error) { return e, nil }

func (e entry) Mode() fs.FileMode {
	if e.folder {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

// openFile is a file being read; bytes.Reader lets it seek.
type openFile struct {
	*bytes.Reader
	entry entry
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.entry, nil }
func (f *openFile) Close() error               { return nil }

// openFolder is a folder being listed.
type openFolder struct {
	tree *tree
	path string
	rest []string
}

func (f *openFolder) Stat() (fs.FileInfo, error) { return entry{path.Base(f.path), 0, true}, nil }
func (f *openFolder) Close() error               { return nil }

func (f *openFolder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.path, Err: fs.ErrInvalid}
}

// ReadDir lists the next n entries, or all that are left when n is not positive.
func (f *openFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	if n > 0 && len(f.rest) == 0 {
		return nil, io.EOF
	}
	if n <= 0 || n > len(f.rest) {
		n = len(f.rest)
	}
	entries := make([]fs.DirEntry, 0, n)
	for _, name := range f.rest[:n] {
		full := strings.TrimPrefix(f.path+"/"+name, "./")
		content, isFile := f.tree.files[full]
		entries = append(entries, entry{name, int64(len(content)), !isFile})
	}
	f.rest = f.rest[n:]
	return entries, nil
}
