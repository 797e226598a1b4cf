package pyrun

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"

	"lectern/internal/problem/script"
)

// Limits of a course's python_lib.zip. One that goes beyond them is not there
// for scripts, and the failure says so.
const (
	maxLibraryFiles = 5_000
	maxLibrarySize  = 32 << 20 // bytes unpacked
	keptLibraries   = 8
)

// libraries keeps the libraries used last, unpacked.
type libraries struct {
	mu   sync.Mutex
	kept []keptLibrary // the one used last at the end
}

type keptLibrary struct {
	sum  string
	tree *tree
}

// get returns a library's files, nil for none.
func (l *libraries) get(ctx context.Context, lib *script.Library) (*tree, error) {
	if lib == nil {
		return nil, nil
	}
	if t := l.find(lib.SHA256); t != nil {
		return t, nil
	}
	packed, err := lib.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("python_lib.zip: %w", err)
	}
	if sum := sha256.Sum256(packed); hex.EncodeToString(sum[:]) != strings.ToLower(lib.SHA256) {
		return nil, fmt.Errorf("python_lib.zip: its SHA-256 is %x, not %s", sum, lib.SHA256)
	}
	t, err := unpack(packed)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = append(l.kept, keptLibrary{lib.SHA256, t})
	if len(l.kept) > keptLibraries {
		l.kept = l.kept[1:]
	}
	return t, nil
}

// find returns a kept library and makes it the one used last.
func (l *libraries) find(sum string) *tree {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, k := range l.kept {
		if k.sum == sum {
			l.kept = append(append(l.kept[:i:i], l.kept[i+1:]...), k)
			return k.tree
		}
	}
	return nil
}

// unpack reads a zip into memory, without what Macs put there. The zip itself is
// there as python_lib.zip, as in Open edX. What is no zip is an empty library.
func unpack(packed []byte) (*tree, error) {
	files := map[string][]byte{}
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return newTree(files), nil
	}
	if len(z.File) > maxLibraryFiles {
		return nil, script.ErrLimit.With("python_lib.zip has more than %d files", maxLibraryFiles)
	}
	size := 0
	for _, f := range z.File {
		name := strings.ReplaceAll(f.Name, `\`, "/")
		if !wanted(f, name) {
			continue
		}
		r, err := f.Open()
		if err != nil {
			continue // an encrypted or broken file is as good as none
		}
		content, err := io.ReadAll(io.LimitReader(r, int64(maxLibrarySize-size+1)))
		_ = r.Close() // it was only read
		if size += len(content); size > maxLibrarySize {
			return nil, script.ErrLimit.With("python_lib.zip has more than %d MB unpacked", maxLibrarySize>>20)
		}
		if err == nil {
			files[path.Clean(name)] = content
		}
	}
	dropShadowed(files)
	files["python_lib.zip"] = packed
	return newTree(files), nil
}

// wanted reports whether an entry is a file of the library.
func wanted(f *zip.File, name string) bool {
	if !f.Mode().IsRegular() || strings.HasSuffix(name, "/") || !fs.ValidPath(path.Clean(name)) {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "__MACOSX" || part == ".DS_Store" || strings.HasPrefix(part, "._") {
			return false
		}
	}
	return true
}

// dropShadowed removes files under a name that is itself a file.
func dropShadowed(files map[string][]byte) {
	for name := range files {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if _, ok := files[dir]; ok {
				delete(files, name)
				break
			}
		}
	}
}
