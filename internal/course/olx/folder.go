package olx

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// folderFS is a folder on disk. Opening through os.Root keeps inside it even
// what changes while it is read.
type folderFS struct {
	fs.FS
	root *os.Root
}

// Close releases the folder.
func (f folderFS) Close() error { return f.root.Close() }

// openFolder checks a folder as an archive is checked, without copying it.
func openFolder(ctx context.Context, dir string, limits Limits) (Tree, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open course: %w", err)
	}
	c := folderCheck{limits: limits}
	if c.base, err = filepath.EvalSymlinks(dir); err == nil {
		err = filepath.WalkDir(c.base, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return c.entry(path, d)
		})
	}
	if err != nil {
		_ = root.Close()
		return nil, err
	}
	return folderFS{root.FS(), root}, nil
}

type folderCheck struct {
	base    string
	limits  Limits
	entries int
	total   int64
}

func (c *folderCheck) entry(path string, d fs.DirEntry) error {
	if d.IsDir() && path != c.base && strings.HasPrefix(d.Name(), ".") {
		return fs.SkipDir // .git and the like
	}
	if c.entries++; c.entries > c.limits.Entries {
		return ErrArchiveTooLarge.With("more than %d entries", c.limits.Entries)
	}
	switch {
	case d.IsDir():
		return nil
	case d.Type()&fs.ModeSymlink != 0:
		return c.link(path)
	case !d.Type().IsRegular():
		return ErrArchiveLink.With("%q is of type %s", path, d.Type())
	}
	info, err := d.Info()
	if err != nil {
		return err
	}
	if info.Size() > c.limits.File {
		return ErrArchiveTooLarge.With("%q has %d bytes", path, info.Size())
	}
	if c.total += info.Size(); c.total > c.limits.Total {
		return ErrArchiveTooLarge.With("more than %d bytes in all", c.limits.Total)
	}
	return nil
}

// link refuses a link that leads out of the folder. One that leads nowhere is
// harmless.
func (c *folderCheck) link(path string) error {
	target, err := os.Readlink(path)
	if err != nil {
		return err
	}
	if filepath.IsAbs(target) {
		return ErrArchiveLink.With("%q points to %q", path, target)
	}
	joined := filepath.Join(filepath.Dir(path), target)
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		joined = resolved
	}
	if rel, err := filepath.Rel(c.base, joined); err != nil || !filepath.IsLocal(rel) {
		return ErrArchiveLink.With("%q points to %q", path, target)
	}
	return nil
}
