package dump

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// models reads everything in a text and returns the models, "!" for an object
// that is malformed.
func models(text string) (list []string, err error) {
	err = Read("f.json", strings.NewReader(text), func(o *Object) error {
		list = append(list, o.Model)
		return check(o)
	})
	return list, err
}

// check reads the fields of an object as its model says.
func check(o *Object) (err error) {
	switch o.Model {
	case ConsumerModel:
		_, err = o.Consumer()
	case ServiceModel:
		_, err = o.Service()
	case AssignmentModel:
		_, err = o.Assignment()
	case LTIUserModel:
		_, err = o.LTIUser()
	case UserModel:
		_, err = o.User()
	case ProfileModel:
		_, err = o.Profile()
	case ModuleModel:
		_, err = o.Module()
	case TagModel:
		_, err = o.Tag()
	}
	return err
}

const consumerText = `{"model": "lti_provider.lticonsumer", "pk": 1, "fields": {"consumer_name": "n", "consumer_key": "k", ` +
	`"consumer_secret": "s", "instance_guid": null}}`

func TestRead(t *testing.T) {
	gz := func(text string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	whole := "[" + consumerText + ", " + consumerText + "]\n"
	for name, tt := range map[string]struct {
		text  string
		count int
		want  error
	}{
		"array": {whole, 2, nil}, "indented": {"\n [\n" + consumerText + "\n]", 1, nil}, "none": {"[]", 0, nil},
		"lines": {consumerText + "\n" + consumerText + "\n", 2, nil}, "gzip": {gz(whole), 2, nil}, "mark": {"\ufeff" + whole, 2, nil},
		"empty": {"", 0, ErrFile}, "blank": {" \n", 0, ErrFile}, "text": {"WARNING: x\n" + whole, 0, ErrFile}, "number": {"12", 0, ErrFile},
		"cut": {whole[:len(whole)-20], 1, ErrFile}, "cut between": {"[" + consumerText + ",", 1, ErrFile},
		"cut gzip": {gz(whole)[:60], 0, ErrFile}, "no gzip": {"\x1f\x8bxx", 0, ErrFile}, "two arrays": {whole + whole, 2, ErrFile},
		"line cut": {consumerText + "\n" + consumerText[:50], 1, ErrFile}, "no fields": {`[{"model": "a.b", "pk": 1}]`, 0, ErrObject},
		"no model": {`[{"pk": 1, "fields": {}}]`, 0, ErrObject}, "list": {`[[1]]`, 0, ErrFile}, "fields are a list": {`[{"model": "a.b", "fields": [1]}]`, 0, ErrObject},
		"deep": {strings.Repeat("[", 100_000), 0, ErrFile}, "not UTF-8": {"[\"\xff\"]", 0, ErrFile},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := models(tt.text)
			if len(list) != tt.count || !errors.Is(err, tt.want) {
				t.Errorf("%d objects, %v", len(list), err)
			}
		})
	}
}

// An object without end is not read into memory.
func TestReadEndless(t *testing.T) {
	endless := &endlessReader{head: []byte(`[{"model": "a.b", "fields": {"x": "`)}
	const limit = 2 << 20
	err := read("f", endless, limit, func(*Object) error { return nil })
	if !errors.Is(err, ErrFile) || !strings.Contains(err.Error(), "more than 2 MiB") || endless.read > 2*limit {
		t.Errorf("%d bytes read, %v", endless.read, err)
	}
}

type endlessReader struct {
	head []byte
	read int
}

func (r *endlessReader) Read(p []byte) (int, error) {
	n := copy(p, r.head)
	r.head = r.head[n:]
	for i := n; i < len(p); i++ {
		p[i] = 'x'
	}
	r.read += len(p)
	return len(p), nil
}

func TestObjectErrors(t *testing.T) {
	for old, tt := range map[string]struct{ new, want string }{
		`"k"`:                      {`""`, "f.json, object 1 (lti_provider.lticonsumer, pk 1): field consumer_key: it is empty"},
		`"consumer_secret": "s", `: {``, "field consumer_secret: it is missing"},
		`"n"`:                      {`7`, "field consumer_name: it is no text"},
		`null`:                     {`"` + strings.Repeat("g", 256) + `"`, "field instance_guid: it is longer than 255 characters"},
		`"s"`:                      {`"a\u0000b"`, "field consumer_secret: it holds a character"},
		`"fields": {`:              {`"fields": {"use_lti_pii": "yes", `, "field use_lti_pii: it is neither true nor false"},
	} {
		_, err := models("[" + strings.Replace(consumerText, old, tt.new, 1) + "]")
		if !errors.Is(err, ErrObject) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.new, err)
		}
	}
}

func TestRefs(t *testing.T) {
	for raw, want := range map[string]Ref{
		`12`: "#12", `"12"`: "#12", `["alice"]`: "@alice", `"0b54c3b2-1a2b"`: "#0b54c3b2-1a2b",
		`[]`: "", `["a", "b"]`: "", `{}`: "", `true`: "", `""`: "", `[1]`: "",
	} {
		text := `[{"model": "lti_provider.ltiuser", "pk": 1, "fields": {"lti_consumer": 1, "lti_user_id": "u", "edx_user": ` + raw + `}}]`
		var got Ref
		err := Read("f", strings.NewReader(text), func(o *Object) error {
			u, err := o.LTIUser()
			got = u.User
			return err
		})
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", raw, got, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"lti.json", "users.json", "modules.json", "natural.json"} {
		text, err := os.ReadFile(filepath.Join("..", "testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := models(text)
		if err != nil && !errors.Is(err, ErrFile) && !errors.Is(err, ErrObject) {
			t.Errorf("neither the file's nor an object's fault: %v", err)
		}
	})
}
