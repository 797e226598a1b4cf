package olx

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"lectern/internal/errs"
	"lectern/internal/xmltree"
)

// ErrNotOLX means that there is no course in an archive or folder.
var ErrNotOLX = errs.New(errs.Invalid, "archive_not_olx", "",
	"This is not a course export: there is no course.xml with a course in it.",
	"Export from Studio with Tools, Export. The detail says what was found instead.")

// source is the files of one course. Paths are relative to the course's root
// folder.
type source struct {
	fsys  fs.FS
	root  string           // folder of course.xml in fsys
	files map[string]int64 // path → size
	sums  map[string]sum   // of the files read so far
	texts int64            // bytes parsed so far
}

// sum is the SHA-256 and the size of a file.
type sum struct {
	hex  string
	size int64
}

// Bounds of what is read into memory, in bytes. A small archive can refer to one
// large file very often.
const (
	maxText  = 16 << 20
	maxTexts = 256 << 20
)

// newSource indexes fsys and finds the course in it.
func newSource(fsys fs.FS) (*source, error) {
	s := &source{fsys: fsys, root: ".", files: map[string]int64{}, sums: map[string]sum{}}
	if err := s.index(); err != nil {
		return nil, err
	}
	root, err := s.findRoot()
	if err != nil {
		return nil, err
	}
	if root != "." {
		inside := map[string]int64{}
		for name, size := range s.files {
			if rest, ok := strings.CutPrefix(name, root+"/"); ok {
				inside[rest] = size
			}
		}
		s.root, s.files = root, inside
	}
	return s, nil
}

func (s *source) index() error {
	if spool, ok := s.fsys.(*spoolFS); ok {
		spool.Walk(func(name string, size int64) {
			if !ignored(name) {
				s.files[name] = size
			}
		})
		return nil
	}
	return s.walk(".", ".", 0)
}

// maxLinkDepth bounds how many folder links may lie on one path.
const maxLinkDepth = 2

// walk indexes what is below dir under the name as. fs.WalkDir does not follow
// links, so links to folders are walked under their own name.
func (s *source) walk(dir, as string, depth int) error {
	return fs.WalkDir(s.fsys, dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("read course: %w", err)
		}
		name := path.Join(as, strings.TrimPrefix(strings.TrimPrefix(p, dir), "/"))
		if dir == "." {
			name = path.Join(as, p)
		}
		if d.IsDir() && name != "." && ignored(name+"/") {
			return fs.SkipDir
		}
		if d.IsDir() || ignored(name) || !fs.ValidPath(p) {
			return nil
		}
		info, err := fs.Stat(s.fsys, p)
		switch {
		case err != nil: // a link to nothing
			return nil
		case info.IsDir() && depth < maxLinkDepth:
			return s.walk(p, name, depth+1)
		case info.Mode().IsRegular():
			s.files[name] = info.Size()
		}
		return nil
	})
}

// ignored reports whether a path is something that an operating system or an
// editor left beside the course.
func ignored(name string) bool {
	base := path.Base(name)
	if strings.HasPrefix(base, "._") || base == ".DS_Store" || strings.HasSuffix(base, "~") {
		return true
	}
	for _, part := range strings.Split(path.Dir(name+"x"), "/") {
		if part == "__MACOSX" || len(part) > 1 && part[0] == '.' && part != ".." {
			return true
		}
	}
	return false
}

// findRoot returns the shallowest folder with a course.xml or library.xml that
// holds a course. Moodle's backups have such a file too, of other content.
func (s *source) findRoot() (string, error) {
	var candidates []string
	for name := range s.files {
		if base := path.Base(name); base == "course.xml" || base == "library.xml" {
			candidates = append(candidates, name)
		}
	}
	slices.SortFunc(candidates, func(a, b string) int {
		if d := strings.Count(a, "/") - strings.Count(b, "/"); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	why := "no course.xml and no library.xml"
	for _, name := range candidates[:min(len(candidates), 100)] {
		n, err := s.parse(name)
		switch {
		case err != nil:
			why = fmt.Sprintf("%s: %v", name, detail(err))
		case n.Attr("contextid") != "":
			why = name + " is of a Moodle backup"
		case n.Name != "course" && n.Name != "library":
			why = fmt.Sprintf("%s holds <%s>", name, n.Name)
		default:
			return path.Dir(name), nil
		}
	}
	return "", ErrNotOLX.With("%s", why)
}

// has reports whether the course has a file.
func (s *source) has(name string) bool {
	_, ok := s.files[name]
	return ok
}

// open opens a file.
func (s *source) open(name string) (fs.File, error) {
	return s.fsys.Open(path.Join(s.root, name))
}

// read returns the content of a file of moderate size.
func (s *source) read(name string) ([]byte, error) {
	if !s.has(name) {
		return nil, fmt.Errorf("read %s: %w", name, fs.ErrNotExist)
	}
	if s.texts += s.files[name]; s.texts > maxTexts {
		return nil, fmt.Errorf("read %s: the course's text has more than %d bytes", name, maxTexts)
	}
	f, err := s.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxText+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(b) > maxText {
		return nil, fmt.Errorf("read %s: more than %d bytes", name, maxText)
	}
	return b, nil
}

// parse reads an XML file.
func (s *source) parse(name string) (*xmltree.Node, error) {
	b, err := s.read(name)
	if err != nil {
		return nil, err
	}
	return xmltree.ParseBytes(b, xmltree.Limits{})
}

// below returns the paths under a folder, sorted, relative to it.
func (s *source) below(dir string) []string {
	var out []string
	for name := range s.files {
		if rest, ok := strings.CutPrefix(name, dir+"/"); ok {
			out = append(out, rest)
		}
	}
	slices.Sort(out)
	return out
}

// detail returns the private part of an error, which in a report is meant for
// the course team, who wrote the file it speaks of.
func detail(err error) error {
	var e *errs.Error
	if errors.As(err, &e) && e.Unwrap() != nil {
		return e.Unwrap()
	}
	return err
}
