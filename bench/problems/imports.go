package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"gocloud.dev/blob/memblob"

	"lectern/internal/importer"
	"lectern/internal/problem/pyrun"
	"lectern/internal/problem/script"
	"lectern/internal/store/sqlstore"
)

// imports measures a whole import, against reading the archive through.
func (b *bench) imports(course string) error {
	begin := time.Now()
	if err := readThrough(course); err != nil {
		return err
	}
	reading := time.Since(begin)
	b.line("read the archive through", reading)
	pool := pyrun.New(pyrun.Options{})
	defer func() { _ = pool.Close(context.Background()) }() // the program ends with it
	for _, how := range []struct {
		name    string
		scripts script.Runner
	}{{"import, scripts not run", nil}, {"import, every script tried", pool}} {
		took, err := importOnce(course, how.scripts)
		if err != nil {
			return err
		}
		b.line(how.name, took)
		fmt.Fprintf(b.out, "  to reading it through\t\t\t%.1f\n", float64(took)/float64(reading))
	}
	return nil
}

// readThrough unpacks an archive into nothing.
func readThrough(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	for r := tar.NewReader(z); ; {
		if _, err := r.Next(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, r); err != nil { //nolint:gosec // an archive the caller names
			return err
		}
	}
}

// importOnce imports into an empty site and returns how long that took.
func importOnce(course string, scripts script.Runner) (time.Duration, error) {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	store, err := sqlstore.Open(ctx, filepath.Join(dir, "bench.db"), sqlstore.Options{Migrate: true})
	if err != nil {
		return 0, err
	}
	defer store.Close()
	blobs := memblob.OpenBucket(nil)
	defer blobs.Close()
	i := &importer.Importer{Store: store, Blobs: blobs, Clock: time.Now, Scripts: scripts}
	begin := time.Now()
	_, err = i.Import(ctx, course, importer.Options{})
	return time.Since(begin), err
}
