package olx

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"lectern/internal/errs"
)

// Why an archive is refused whole.
var (
	ErrArchivePath = errs.New(errs.Invalid, "archive_path_unsafe", "",
		"The archive holds a file whose path leads out of it.",
		"Export the course again from Studio; do not import archives of unknown origin.")
	ErrArchiveLink = errs.New(errs.Invalid, "archive_link", "",
		"The archive holds a link that leads out of it, or a device.",
		"Pack the course without links: tar with --dereference.")
	ErrArchiveTooLarge = errs.New(errs.TooLarge, "archive_too_large", "",
		"The archive is larger than this site accepts.",
		"It has too many files, one too large, too much in all, or expands without measure. The detail says which.")
	ErrArchiveNotGzip = errs.New(errs.Invalid, "archive_not_gzip", "",
		"This file is not a course archive: it is not a .tar.gz.",
		"Studio's export is a .tar.gz. Unpack other formats and import the folder.")
	ErrArchiveTruncated = errs.New(errs.Invalid, "archive_truncated", "",
		"The archive ends early: a part of it is missing.",
		"Download or copy it again.")
	ErrArchiveDamaged = errs.New(errs.Invalid, "archive_damaged", "",
		"The archive is damaged.",
		"Download or copy it again.")
	ErrArchiveMissing = errs.New(errs.NotFound, "archive_missing", "",
		"There is no archive or folder at this path.", "")
)

// Limits bound what an archive or folder may hold. Zero fields stand for the
// defaults.
type Limits struct {
	Entries int   // files, folders and links; 100,000
	File    int64 // bytes of one file; 1 GiB
	Total   int64 // bytes of all files; 8 GiB
	Ratio   int64 // bytes out per byte in, past the first 64 MiB; 200
}

func (l Limits) withDefaults() Limits {
	if l.Entries <= 0 {
		l.Entries = 100_000
	}
	if l.File <= 0 {
		l.File = 1 << 30
	}
	if l.Total <= 0 {
		l.Total = 8 << 30
	}
	if l.Ratio <= 0 {
		l.Ratio = 200
	}
	return l
}

// ratioFree is how much may come out of an archive before Limits.Ratio counts.
const ratioFree = 64 << 20

// maxPath bounds the length of a path in an archive, in bytes.
const maxPath = 4096

// Tree is the content of an archive or a folder. Close removes what was
// unpacked.
type Tree interface {
	fs.FS
	io.Closer
}

// Open reads the archive or folder at path. It returns one of this package's
// archive errors when it is not to be trusted, or an error of the file system.
func Open(ctx context.Context, path string, limits Limits) (Tree, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrArchiveMissing.Wrap(err)
	}
	if err != nil {
		return nil, fmt.Errorf("open course: %w", err)
	}
	if info.IsDir() {
		return openFolder(ctx, path, limits.withDefaults())
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open course: %w", err)
	}
	defer f.Close()
	return OpenArchive(ctx, f, limits)
}

// OpenArchive unpacks a .tar.gz into one temporary file. Names in the archive
// never become names on disk.
func OpenArchive(ctx context.Context, r io.Reader, limits Limits) (Tree, error) {
	spool, err := os.CreateTemp("", "lectern-import-*")
	if err != nil {
		return nil, fmt.Errorf("unpack course: %w", err)
	}
	u := &unpacker{ctx: ctx, limits: limits.withDefaults(), tree: newSpool(spool)}
	if err := u.run(r); err != nil {
		_ = u.tree.Close()
		return nil, err
	}
	return u.tree, nil
}

// unpacker copies the files of one archive into a spool.
type unpacker struct {
	ctx     context.Context //nolint:containedctx // lives as long as one call
	limits  Limits
	tree    *spoolFS
	in      counter // compressed bytes read
	entries int
	stream  int64 // bytes that came out, headers too
	data    int64 // bytes of files
	links   []link
}

// link is a symbolic or hard link, resolved when everything is unpacked.
type link struct{ name, target string }

// counter counts what is read through it.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func (u *unpacker) run(r io.Reader) error {
	u.in = counter{r: r}
	buffered := bufio.NewReader(&u.in)
	magic, _ := buffered.Peek(2)
	if !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return ErrArchiveNotGzip
	}
	gz, err := gzip.NewReader(buffered)
	if err != nil {
		return damage(err)
	}
	headers := int64(u.limits.Entries) * 2048
	plain := gauge{u, gz, &u.stream, u.limits.Total + headers}
	archive := tar.NewReader(plain)
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return damage(err)
		}
		if err := u.entry(h, archive); err != nil {
			return err
		}
	}
	// The checksum comes last; what follows the archive's end is padding.
	if _, err := io.Copy(io.Discard, plain); err != nil {
		return damage(err)
	}
	return u.resolveLinks()
}

// gauge reads through to r and stops bombs, whatever they are made of: the
// stream may expand without measure, and so may a sparse file in it.
type gauge struct {
	u     *unpacker
	r     io.Reader
	n     *int64 // bytes read so far, by this gauge and those before it
	limit int64
}

func (g gauge) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	*g.n += int64(n)
	switch {
	case g.u.ctx.Err() != nil:
		return n, g.u.ctx.Err()
	case *g.n > g.limit:
		return n, ErrArchiveTooLarge.With("more than %d bytes", g.limit)
	case *g.n > ratioFree && *g.n/max(g.u.in.n, 1) > g.u.limits.Ratio:
		return n, ErrArchiveTooLarge.With("expands more than %d times", g.u.limits.Ratio)
	}
	return n, err
}

// damage sorts an error of the decoders.
func damage(err error) error {
	var e *errs.Error
	switch {
	case errors.As(err, &e), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return ErrArchiveTruncated.Wrap(err)
	}
	return ErrArchiveDamaged.Wrap(err)
}

func (u *unpacker) entry(h *tar.Header, r io.Reader) error {
	if u.entries++; u.entries > u.limits.Entries {
		return ErrArchiveTooLarge.With("more than %d entries", u.limits.Entries)
	}
	name, err := safePath(h.Name)
	if err != nil || name == "." {
		return err
	}
	switch h.Typeflag {
	case tar.TypeDir:
		return nil
	case tar.TypeReg, 0: // 0 marked files before POSIX
		return u.file(name, h, r)
	case tar.TypeSymlink:
		if path.IsAbs(h.Linkname) {
			return ErrArchiveLink.With("%q points to %q", h.Name, h.Linkname)
		}
		target := path.Join(path.Dir(name), h.Linkname)
		if !fs.ValidPath(target) {
			return ErrArchiveLink.With("%q points to %q", h.Name, h.Linkname)
		}
		u.links = append(u.links, link{name, target})
		return nil
	case tar.TypeLink:
		target, err := safePath(h.Linkname)
		if err != nil {
			return ErrArchiveLink.With("%q is a link to %q", h.Name, h.Linkname)
		}
		u.links = append(u.links, link{name, target})
		return nil
	case tar.TypeXGlobalHeader:
		return nil // git archive writes one
	}
	return ErrArchiveLink.With("%q is of type %q", h.Name, h.Typeflag)
}

func (u *unpacker) file(name string, h *tar.Header, r io.Reader) error {
	if h.Size > u.limits.File {
		return ErrArchiveTooLarge.With("%q has %d bytes", h.Name, h.Size)
	}
	if u.tree.size+h.Size > u.limits.Total {
		return ErrArchiveTooLarge.With("more than %d bytes in all", u.limits.Total)
	}
	if err := u.tree.add(name, gauge{u, r, &u.data, u.limits.Total}); err != nil {
		return damage(err)
	}
	return nil
}

// resolveLinks makes every link a second name of the file, or of the files in
// the folder, that it points to. Links to nothing are left out.
func (u *unpacker) resolveLinks() error {
	for pass := 0; pass < 4 && len(u.links) > 0; pass++ { // links to links
		var rest []link
		for _, l := range u.links {
			if !u.tree.alias(l.name, l.target, u.limits.Entries) {
				rest = append(rest, l)
			}
		}
		u.links = rest
	}
	if len(u.tree.files) > u.limits.Entries {
		return ErrArchiveTooLarge.With("more than %d entries with links", u.limits.Entries)
	}
	return nil
}

// safePath returns a path of an archive cleaned, relative to its root.
func safePath(name string) (string, error) {
	name = strings.ToValidUTF8(name, "_")
	if len(name) > maxPath || strings.HasPrefix(name, "/") || strings.ContainsRune(name, 0) {
		return "", ErrArchivePath.With("path %.200q", name)
	}
	for _, part := range strings.Split(name, "/") {
		if part == ".." {
			return "", ErrArchivePath.With("path %.200q", name)
		}
	}
	return path.Clean(name), nil
}
