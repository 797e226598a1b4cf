package olx_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"lectern/internal/course/olx"
	"lectern/internal/errs"
)

func TestOpenArchiveRefuses(t *testing.T) {
	deep := strings.Repeat("a/", 3000)
	whole := archive(t, small(), entry{name: "course/x", body: strings.Repeat("0123456789abcdef", 4096)})
	damaged := bytes.Clone(whole)
	damaged[len(damaged)-6] ^= 0xff // in the checksum
	for _, tt := range []struct {
		name string
		data []byte
		want *errs.Error
	}{
		{"parent folder", archive(t, small(), entry{name: "course/../../etc/passwd"}), olx.ErrArchivePath},
		{"parent folder at the end", archive(t, small(), entry{name: "course/.."}), olx.ErrArchivePath},
		{"absolute path", archive(t, small(), entry{name: "/etc/passwd"}), olx.ErrArchivePath},
		{"endless path", archive(t, small(), entry{name: deep + "x"}), olx.ErrArchivePath},
		{"link out", archive(t, small(), entry{name: "course/l", typ: tar.TypeSymlink, link: "../../x"}), olx.ErrArchiveLink},
		{"absolute link", archive(t, small(), entry{name: "l", typ: tar.TypeSymlink, link: "/etc/passwd"}), olx.ErrArchiveLink},
		{"hard link out", archive(t, small(), entry{name: "l", typ: tar.TypeLink, link: "../x"}), olx.ErrArchiveLink},
		{"absolute hard link", archive(t, small(), entry{name: "l", typ: tar.TypeLink, link: "/etc/passwd"}), olx.ErrArchiveLink},
		{"device", archive(t, small(), entry{name: "d", typ: tar.TypeChar}), olx.ErrArchiveLink},
		{"block device", archive(t, small(), entry{name: "d", typ: tar.TypeBlock}), olx.ErrArchiveLink},
		{"fifo", archive(t, small(), entry{name: "d", typ: tar.TypeFifo}), olx.ErrArchiveLink},
		{"truncated in the middle", whole[:len(whole)/2], olx.ErrArchiveTruncated},
		{"truncated in the checksum", whole[:len(whole)-4], olx.ErrArchiveTruncated},
		{"truncated at once", whole[:5], olx.ErrArchiveTruncated},
		{"checksum", damaged, olx.ErrArchiveDamaged},
		{"not tar", gzipped(t, strings.Repeat("no tar ", 500)), olx.ErrArchiveDamaged},
		{"zip", []byte("PK\x03\x04 and so on"), olx.ErrArchiveNotGzip},
		{"plain XML", []byte("<course/>"), olx.ErrArchiveNotGzip},
		{"empty", nil, olx.ErrArchiveNotGzip},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tree, err := olx.OpenArchive(t.Context(), bytes.NewReader(tt.data), olx.Limits{})
			if !errors.Is(err, tt.want) || tree != nil {
				t.Errorf("got %v, want %s", err, tt.want.Code)
			}
		})
	}
}

func gzipped(t testing.TB, s string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestOpenArchiveLimits(t *testing.T) {
	fast := func(w io.Writer) *gzip.Writer {
		gz, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
		if err != nil {
			t.Fatal(err)
		}
		return gz
	}
	many := func() []byte { // never closed: nobody should come to its end
		var b bytes.Buffer
		gz := fast(&b)
		w := tar.NewWriter(gz)
		for i := range 110_000 {
			if err := w.WriteHeader(&tar.Header{Name: fmt.Sprintf("d/%d", i), Mode: 0o644}); err != nil {
				t.Fatal(err)
			}
		}
		return b.Bytes()
	}
	bomb := func() []byte { // 256 MiB of zeros in one file
		var b bytes.Buffer
		gz := fast(&b)
		w := tar.NewWriter(gz)
		if err := w.WriteHeader(&tar.Header{Name: "zeros", Mode: 0o644, Size: 256 << 20}); err != nil {
			t.Fatal(err)
		}
		zeros := make([]byte, 1<<20)
		for range 256 {
			if _, err := w.Write(zeros); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(w.Close(), gz.Close()); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	three := archive(t, entry{name: "a", body: "12345"}, entry{name: "b", body: "12345"}, entry{name: "c", body: "12345"})
	for _, tt := range []struct {
		name   string
		data   []byte
		limits olx.Limits
	}{
		{"entries by default", many(), olx.Limits{}},
		{"expands without measure", bomb(), olx.Limits{Ratio: 100}},
		{"sparse file", sparse(t, 900<<20), olx.Limits{}},
		{"entries", three, olx.Limits{Entries: 2}},
		{"one file", three, olx.Limits{File: 4}},
		{"all files", three, olx.Limits{Total: 14}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := olx.OpenArchive(t.Context(), bytes.NewReader(tt.data), tt.limits); !errors.Is(err, olx.ErrArchiveTooLarge) {
				t.Errorf("got %v, want %s", err, olx.ErrArchiveTooLarge.Code)
			}
		})
	}
	tree, err := olx.OpenArchive(t.Context(), bytes.NewReader(three), olx.Limits{Entries: 3, File: 5, Total: 15})
	if err != nil {
		t.Fatalf("at the limits: %v", err)
	}
	tree.Close()
}

// sparse packs a file that is a hole of the given size, as GNU tar writes it.
func sparse(t testing.TB, size int64) []byte {
	t.Helper()
	body := fmt.Sprintf("1\n%d\n0\n", size) // one part, at the end, empty
	body += strings.Repeat("\x00", 512-len(body))
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	h := &tar.Header{
		Typeflag: tar.TypeReg, Name: "GNUSparseFile.0/hole", Size: int64(len(body)), Mode: 0o644, Format: tar.FormatPAX,
		PAXRecords: map[string]string{
			"XXX.sparse.major": "1", "XXX.sparse.minor": "0", "XXX.sparse.name": "hole", "XXX.sparse.realsize": fmt.Sprint(size),
		},
	}
	if err := w.WriteHeader(h); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	// The library writes no sparse files, so the records are named afterwards.
	return gzipped(t, strings.ReplaceAll(b.String(), "XXX.sparse", "GNU.sparse"))
}

func TestOpenArchiveLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	tree, err := olx.OpenArchive(t.Context(), bytes.NewReader(archive(t, small())), olx.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := olx.OpenArchive(t.Context(), bytes.NewReader(archive(t, entry{name: "/x"})), olx.Limits{}); err == nil {
		t.Fatal("absolute path accepted")
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestOpenArchiveEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := olx.OpenArchive(ctx, bytes.NewReader(archive(t, small())), olx.Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestArchiveIsAFileSystem(t *testing.T) {
	tree, err := olx.OpenArchive(t.Context(), bytes.NewReader(archive(t,
		entry{name: "./course/", typ: tar.TypeDir},
		entry{name: "./course/static/a.txt", body: "first"},
		entry{name: "course/static/a.txt", body: "second"},
		entry{name: "course/b.txt", body: "b"},
		entry{name: "pax", typ: tar.TypeXGlobalHeader},
		entry{name: "course/hard.txt", typ: tar.TypeLink, link: "course/b.txt"},
		entry{name: "course/soft.txt", typ: tar.TypeSymlink, link: "static/a.txt"},
		entry{name: "course/early.txt", typ: tar.TypeSymlink, link: "late.txt"},
		entry{name: "course/folder", typ: tar.TypeSymlink, link: "static"},
		entry{name: "course/chain.txt", typ: tar.TypeSymlink, link: "early.txt"},
		entry{name: "course/nowhere", typ: tar.TypeSymlink, link: "gone"},
		entry{name: "course/self", typ: tar.TypeSymlink, link: "self"},
		entry{name: "course/late.txt", body: "late"},
		entry{name: "latin-\xe9.txt", body: "x"},
	)), olx.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	if err := fstest.TestFS(tree, "course/static/a.txt", "course/b.txt"); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{
		"course/static/a.txt": "second", "course/hard.txt": "b", "course/soft.txt": "second", "course/early.txt": "late",
		"course/folder/a.txt": "second", "course/chain.txt": "late", "latin-_.txt": "x",
	} {
		if got, err := fs.ReadFile(tree, name); string(got) != want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
}

// folder writes files to disk.
func folder(t *testing.T, archive string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, files(archive)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestOpenFolder(t *testing.T) {
	dir := folder(t, unit+`<html url_name="h">x</html></vertical></sequential></chapter></course>
-- shared/a.txt --
a
-- .git/objects/x --
x
-- ._course.xml --
x
`)
	if err := os.Symlink("shared", filepath.Join(dir, "static")); err != nil {
		t.Skip(err)
	}
	tree, err := olx.Open(t.Context(), dir, olx.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	r := importFS(t, tree, olx.Options{})
	if len(r.Files) != 1 || r.Files[0].Name != "a.txt" {
		t.Errorf("files %+v", r.Files)
	}
	get(t, r, "html", "h")
}

func TestOpenFolderRefuses(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{outside, "../../secret", "static/../../x", "/etc"} {
		dir := folder(t, plain)
		if err := os.Symlink(target, filepath.Join(dir, "link")); err != nil {
			t.Skip(err)
		}
		if _, err := olx.Open(t.Context(), dir, olx.Limits{}); !errors.Is(err, olx.ErrArchiveLink) {
			t.Errorf("link to %s: %v", target, err)
		}
	}
	dir := folder(t, plain+"-- a --\n12345\n-- b --\n12345\n")
	for _, limits := range []olx.Limits{{Entries: 2}, {File: 5}, {Total: 8}} {
		if _, err := olx.Open(t.Context(), dir, limits); !errors.Is(err, olx.ErrArchiveTooLarge) {
			t.Errorf("%+v: %v", limits, err)
		}
	}
	if _, err := olx.Open(t.Context(), filepath.Join(dir, "nothing"), olx.Limits{}); !errors.Is(err, olx.ErrArchiveMissing) {
		t.Errorf("no such path: %v", err)
	}
}

func FuzzOpenArchive(f *testing.F) {
	f.Add(archive(f, small()))
	f.Add(archive(f, small(), entry{name: "l", typ: tar.TypeSymlink, link: "course"}, entry{name: "l/l", typ: tar.TypeLink, link: "l"}))
	f.Add([]byte{0x1f, 0x8b})
	f.Fuzz(func(t *testing.T, data []byte) {
		limits := olx.Limits{Entries: 1000, File: 1 << 20, Total: 4 << 20}
		tree, err := olx.OpenArchive(t.Context(), bytes.NewReader(data), limits)
		if err != nil {
			if errs.From(err).Kind == errs.Internal {
				t.Errorf("no words for %v", err)
			}
			return
		}
		defer tree.Close()
		if _, err := olx.Import(tree, olx.Options{}); err != nil && errs.From(err).Kind == errs.Internal {
			t.Errorf("no words for %v", err)
		}
	})
}
