package backup_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lectern/internal/backup"
)

// files are those of a small backup, by name.
func files() [][2]string {
	return [][2]string{
		{backup.Database, strings.Repeat("rows", 1000)},
		{backup.Assets + "ab/abc", "a picture"}, {backup.Assets + "empty", ""}, {backup.Key, "a key"},
	}
}

func write(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "site.tar")
	w, err := backup.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for _, f := range files() {
		if err := w.Add(f[0], int64(len(f[1])), strings.NewReader(f[1])); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the name is there before the backup is complete")
	}
	done, err := w.Finish(backup.Manifest{Release: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 || info.Size() != done.Size {
		t.Errorf("%v, %v; want %d bytes, mode 0600", info, err, done.Size)
	}
	return path
}

// read returns what Read hands out.
func read(path string, m *backup.Manifest) (got [][2]string, err error) {
	err = backup.Read(path, m, func(f backup.File, r io.Reader) error {
		b, err := io.ReadAll(r)
		got = append(got, [2]string{f.Name, string(b)})
		return err
	})
	return got, err
}

func TestRoundTrip(t *testing.T) {
	path := write(t)
	m, err := backup.Verify(path)
	if err != nil || m.Release != "1.2.3" || len(m.Files) != len(files()) {
		t.Fatalf("%+v, %v", m, err)
	}
	got, err := read(path, m)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range files() {
		if got[i] != f {
			t.Errorf("%s came out as %q", f[0], got[i])
		}
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := backup.Create(path); !errors.Is(err, backup.ErrExists) {
		t.Errorf("over an old backup: %v", err)
	}
}

// TestDamaged cuts a backup off at every block and changes bytes all over it:
// none of these passes, except in the padding, which holds nothing.
func TestDamaged(t *testing.T) {
	path := write(t)
	m, err := backup.Verify(path)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	end := bytes.LastIndexByte(whole, '}') + 1
	spoil := func(name string, b []byte) {
		t.Helper()
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := backup.Verify(path); !errors.Is(err, backup.ErrDamaged) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for n := 0; n < end; n += 512 {
		spoil("cut off", whole[:n])
	}
	for _, text := range []string{"rowsrows", "a picture", "a key", `"sha256": "`, backup.Assets, backup.Database} {
		changed := bytes.Clone(whole)
		changed[bytes.Index(changed, []byte(text))+len(text)-1] ^= 1
		spoil(text, changed)
		if text == "a picture" { // changed after it was verified
			if _, err := read(path, m); !errors.Is(err, backup.ErrDamaged) {
				t.Errorf("read: got %v", err)
			}
		}
	}
}

func TestStrangers(t *testing.T) {
	for name, header := range map[string]*tar.Header{
		"outside":  {Typeflag: tar.TypeReg, Name: "../sealing.key"},
		"absolute": {Typeflag: tar.TypeReg, Name: "/etc/passwd"},
		"link":     {Typeflag: tar.TypeSymlink, Name: backup.Database, Linkname: "/etc/passwd"},
		"folder":   {Typeflag: tar.TypeDir, Name: backup.Assets},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			w := tar.NewWriter(&b)
			if err := errors.Join(w.WriteHeader(header), w.Close()); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "x.tar")
			if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := backup.Verify(path); !errors.Is(err, backup.ErrDamaged) || !strings.Contains(err.Error(), "does not belong") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAbort(t *testing.T) {
	dir := t.TempDir()
	w, err := backup.Create(filepath.Join(dir, "x.tar"))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Add(backup.Database, 9, strings.NewReader("short")); err == nil {
		t.Error("a short file was taken")
	}
	w.Abort()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// FuzzVerify reads what is no backup.
func FuzzVerify(f *testing.F) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	_ = w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "manifest.json", Size: 2}) // into memory
	_, _ = w.Write([]byte("{}"))
	_ = w.Close()
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "x.tar")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		m, err := backup.Verify(path)
		if err == nil {
			_, err = read(path, m)
			if err != nil {
				t.Errorf("verified, then %v", err)
			}
		} else if !errors.Is(err, backup.ErrDamaged) && !errors.Is(err, backup.ErrFormat) {
			t.Errorf("got %v", err)
		}
	})
}
