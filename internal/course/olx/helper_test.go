package olx_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"lectern/internal/course"
	"lectern/internal/course/olx"
	"lectern/internal/keys"
)

// files makes a file system of a txtar archive.
func files(archive string) fstest.MapFS {
	m := fstest.MapFS{}
	for _, f := range txtar.Parse([]byte(archive)).Files {
		m[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return m
}

// plain is a course.xml and a course around what a test puts into it.
const plain = `-- course.xml --
<course url_name="R" org="O" course="C"/>
`

// unit is plain, with one vertical that holds what comes next.
const unit = plain + `-- course/R.xml --
<course display_name="Title"><chapter url_name="c"><sequential url_name="s"><vertical url_name="v">
`

// importFS imports a course that must be readable as a whole.
func importFS(t *testing.T, fsys fs.FS, opts olx.Options) *olx.Result {
	t.Helper()
	r, err := olx.Import(fsys, opts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// inUnit imports a course whose one unit holds xml; further files follow in
// txtar form.
func inUnit(t *testing.T, xml, more string) *olx.Result {
	t.Helper()
	return importFS(t, files(unit+xml+"\n</vertical></sequential></chapter></course>\n"+more), olx.Options{})
}

// get returns a block that must be there.
func get(t *testing.T, r *olx.Result, typ, id string) *course.Block {
	t.Helper()
	b := r.Course.Block(course.Ref{Type: typ, ID: id})
	if b == nil {
		var all []string
		r.Course.Blocks(func(b *course.Block) { all = append(all, b.Type+"/"+b.ID) })
		t.Fatalf("no %s/%s; there are %s", typ, id, strings.Join(all, " "))
	}
	return b
}

// said reports whether one of notes speaks of where and contains message.
func said(notes []olx.Note, where, message string) bool {
	for _, n := range notes {
		if strings.Contains(n.Where, where) && strings.Contains(n.Message, message) {
			return true
		}
	}
	return false
}

func courseKey(t *testing.T, s string) *keys.Course {
	t.Helper()
	k, err := keys.ParseCourse(s)
	if err != nil {
		t.Fatal(err)
	}
	return &k
}

// entry is one header of a test archive.
type entry struct {
	name, body string
	typ        byte
	link       string
}

// archive packs entries as .tar.gz.
func archive(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	gz := gzip.NewWriter(&b)
	w := tar.NewWriter(gz)
	for _, e := range entries {
		if e.typ == 0 {
			e.typ = tar.TypeReg
		}
		h := &tar.Header{Name: e.name, Typeflag: e.typ, Linkname: e.link, Size: int64(len(e.body)), Mode: 0o644}
		if e.typ == tar.TypeXGlobalHeader {
			h = &tar.Header{Typeflag: e.typ, PAXRecords: map[string]string{"comment": "a commit"}}
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := gz.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// small is a whole course in one entry.
func small() entry {
	return entry{name: "course/course.xml", body: `<course url_name="R" org="O" course="C"><chapter url_name="c"/></course>`}
}
