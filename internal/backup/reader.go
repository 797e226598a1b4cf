package backup

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"
)

// Verify reads the backup at path to its end and compares every byte with the
// manifest. The error is [ErrDamaged], [ErrFormat] or the file system's.
func Verify(path string) (*Manifest, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	defer file.Close()
	m, err := verify(file)
	if err != nil {
		return nil, err
	}
	return m, nil
}

func verify(r io.Reader) (*Manifest, error) {
	var found []File
	var m *Manifest
	err := walk(r, func(name string, size int64, r io.Reader) error {
		if m != nil {
			return ErrDamaged.With("something follows the manifest")
		}
		if name == manifestName {
			if size > manifestMost {
				return ErrDamaged.With("the manifest has %d bytes", size)
			}
			m = new(Manifest)
			if err := json.NewDecoder(r).Decode(m); err != nil {
				return ErrDamaged.With("manifest: %w", err)
			}
			return nil
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, r); err != nil {
			return ErrDamaged.With("%s: %w", name, err)
		}
		found = append(found, File{Name: name, Size: size, SHA256: hex.EncodeToString(sum.Sum(nil))})
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case m == nil:
		return nil, ErrDamaged.With("there is no manifest at its end: it is cut off, or no backup")
	case m.Format > format:
		return nil, ErrFormat.With("format %d", m.Format)
	}
	return m, compare(m.Files, found)
}

func compare(want, found []File) error {
	if len(want) != len(found) {
		return ErrDamaged.With("%d files, the manifest has %d", len(found), len(want))
	}
	database := false
	for i, f := range found {
		if f != want[i] {
			return ErrDamaged.With("%s is not what was saved", f.Name)
		}
		database = database || f.Name == Database
	}
	if !database {
		return ErrDamaged.With("it has no database")
	}
	return nil
}

// Read calls f for each file of a backup that [Verify] has found good, and
// fails with [ErrDamaged] when one has changed since. f reads to the end.
func Read(path string, m *Manifest, f func(file File, r io.Reader) error) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer file.Close()
	next := 0
	return walk(file, func(name string, size int64, r io.Reader) error {
		if name == manifestName {
			return nil
		}
		if next == len(m.Files) || m.Files[next].Name != name || m.Files[next].Size != size {
			return ErrDamaged.With("%s was not there a moment ago", name)
		}
		want := m.Files[next]
		next++
		return f(want, &checked{r: r, sum: sha256.New(), want: want})
	})
}

// walk calls f for each file of a tar. Only plain files with names of ours are
// let through.
func walk(r io.Reader, f func(name string, size int64, r io.Reader) error) error {
	t := tar.NewReader(r)
	for {
		header, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return ErrDamaged.Wrap(err)
		}
		name := header.Name
		asset, isAsset := strings.CutPrefix(name, Assets)
		known := name == Database || name == Key || name == manifestName || isAsset && asset != ""
		if header.Typeflag != tar.TypeReg || !known {
			return ErrDamaged.With("%q does not belong there", name)
		}
		if err := f(name, header.Size, t); err != nil {
			return err
		}
	}
}

// checked fails at the end of a file whose sum is not the one in the manifest,
// before its reader takes it for complete.
type checked struct {
	r    io.Reader
	sum  hash.Hash
	want File
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	_, _ = c.sum.Write(p[:n]) // a hash takes everything
	if errors.Is(err, io.EOF) && hex.EncodeToString(c.sum.Sum(nil)) != c.want.SHA256 {
		return n, ErrDamaged.With("%s has changed meanwhile", c.want.Name)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = ErrDamaged.Wrap(err)
	}
	return n, err
}
