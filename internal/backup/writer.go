package backup

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
)

// Writer writes a backup. It is used by one goroutine.
type Writer struct {
	path  string
	file  *os.File // under a temporary name until Finish
	tar   *tar.Writer
	sum   hash.Hash
	size  counter
	files []File
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// Create begins a backup that will be at path, readable by its owner alone. The
// error is [ErrExists] or the file system's.
func Create(path string) (*Writer, error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, ErrExists.With("%s", path)
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part")
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	w := &Writer{path: path, file: file, sum: sha256.New()}
	w.tar = tar.NewWriter(io.MultiWriter(file, w.sum, &w.size))
	return w, nil
}

// Add writes a file of size bytes.
func (w *Writer) Add(name string, size int64, r io.Reader) error {
	sum := sha256.New()
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, Format: tar.FormatPAX}
	if err := w.tar.WriteHeader(header); err != nil {
		return fmt.Errorf("backup %s: %w", name, err)
	}
	n, err := io.Copy(io.MultiWriter(w.tar, sum), r)
	if err == nil && n != size {
		err = fmt.Errorf("%d of %d bytes", n, size)
	}
	if err != nil {
		return fmt.Errorf("backup %s: %w", name, err)
	}
	w.files = append(w.files, File{Name: name, Size: size, SHA256: hex.EncodeToString(sum.Sum(nil))})
	return nil
}

// Finish writes the manifest, whose format and files it fills in, makes the
// whole file durable and gives it its name. It returns size and SHA-256 of the
// file.
func (w *Writer) Finish(m Manifest) (File, error) {
	m.Format, m.Files = format, w.files
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return File{}, err
	}
	if err := w.Add(manifestName, int64(len(text)), bytes.NewReader(text)); err != nil {
		return File{}, err
	}
	if err := w.tar.Close(); err != nil {
		return File{}, fmt.Errorf("backup: %w", err)
	}
	if err := errors.Join(w.file.Sync(), w.file.Close()); err != nil {
		return File{}, fmt.Errorf("backup: %w", err)
	}
	// Link fails where the name was taken meanwhile; not every file system can.
	if err := os.Link(w.file.Name(), w.path); errors.Is(err, os.ErrExist) {
		return File{}, ErrExists.With("%s", w.path)
	} else if err == nil {
		err = os.Remove(w.file.Name())
		return w.done(), errors.Join(err, syncFolder(w.path))
	}
	if err := os.Rename(w.file.Name(), w.path); err != nil {
		return File{}, fmt.Errorf("backup: %w", err)
	}
	return w.done(), syncFolder(w.path)
}

func (w *Writer) done() File {
	return File{Name: w.path, Size: int64(w.size), SHA256: hex.EncodeToString(w.sum.Sum(nil))}
}

// Abort removes what was written, unless Finish has succeeded.
func (w *Writer) Abort() {
	_ = w.file.Close() // it may be closed
	_ = os.Remove(w.file.Name())
}

func syncFolder(path string) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	_ = dir.Sync() // some file systems cannot; the file itself is safe
	return dir.Close()
}
