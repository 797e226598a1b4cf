package dump

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"lectern/internal/errs"
)

// maxObject is the largest object of a file, in bytes: far more than the state
// of any block.
const maxObject = 64 << 20

// What can be wrong with a file.
var (
	ErrFile = errs.New(errs.Invalid, "openedx_file_unreadable", "",
		"This file is not what Django's dumpdata writes: a JSON array of objects.",
		"Write it with dumpdata --output FILE: what a shell collects may hold warnings too. A copy that was cut short cannot be read either.")
	ErrObject = errs.New(errs.Invalid, "openedx_object_malformed", "",
		"An object of this file is not as Open edX writes it. Nothing was imported.",
		"The detail names the object, its primary key and the field.")
)

// Object is one object of a file.
type Object struct {
	File  string // base name
	Index int    // from 1
	Model string // in lower case, e.g. "lti_provider.lticonsumer"
	PK    string // as the file has it, without quotes; "" when the file has none

	fields json.RawMessage
}

// String names the object for people.
func (o *Object) String() string {
	s := fmt.Sprintf("%s, object %d (%s", o.File, o.Index, o.Model)
	if o.PK != "" {
		s += ", pk " + o.PK
	}
	return s + ")"
}

// Bad returns [ErrObject] about o.
func (o *Object) Bad(format string, args ...any) error {
	return ErrObject.With("%s: %s", o, fmt.Sprintf(format, args...))
}

// File calls f for each object of the file at path, in order, and stops at its
// first error. o is reused.
func File(path string, f func(o *Object) error) (err error) {
	file, err := os.Open(path)
	if err != nil {
		return ErrFile.Wrap(err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return Read(filepath.Base(path), file, f)
}

// Read is [File] for a stream; name is what errors call it.
func Read(name string, r io.Reader, f func(o *Object) error) error {
	return read(name, r, maxObject, f)
}

// read takes objects of at most limit bytes.
func read(name string, r io.Reader, limit int, f func(o *Object) error) error {
	buffered := bufio.NewReaderSize(r, 256<<10)
	if head, _ := buffered.Peek(2); len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b {
		unzipped, err := gzip.NewReader(buffered)
		if err != nil {
			return ErrFile.With("%s: %w", name, err)
		}
		buffered = bufio.NewReaderSize(unzipped, 256<<10)
	}
	if head, _ := buffered.Peek(3); bytes.Equal(head, []byte("\xef\xbb\xbf")) {
		_, _ = buffered.Discard(3) // was peeked at
	}
	limited := &limitedReader{r: buffered, most: limit}
	d := &decoder{name: name, input: limited, json: json.NewDecoder(limited)}
	return d.all(buffered, f)
}

// limitedReader fails when one object takes more than it may.
type limitedReader struct {
	r          io.Reader
	most, left int // bytes of an object, and what is left of it
}

func (l *limitedReader) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, fmt.Errorf("an object of more than %d MiB", l.most>>20)
	}
	n, err := l.r.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

type decoder struct {
	name  string
	input *limitedReader
	json  *json.Decoder
	count int
}

func (d *decoder) all(peek *bufio.Reader, f func(o *Object) error) error {
	d.input.left = d.input.most
	first, err := firstByte(peek)
	if err != nil {
		return ErrFile.With("%s: %w", d.name, err)
	}
	array := first == '['
	if array {
		if _, err := d.json.Token(); err != nil {
			return d.fail(err)
		}
	}
	for array && d.json.More() || !array {
		o, err := d.next()
		if errors.Is(err, io.EOF) && !array {
			return nil
		}
		if errors.Is(err, io.EOF) {
			return d.fail(err)
		}
		if err != nil {
			return err
		}
		if err := f(o); err != nil {
			return err
		}
	}
	if _, err := d.json.Token(); err != nil { // the end of the array
		return d.fail(err)
	}
	if _, err := d.json.Token(); !errors.Is(err, io.EOF) {
		return d.fail(errors.New("something follows the end of the array"))
	}
	return nil
}

// firstByte looks at the first byte that is no white space.
func firstByte(r *bufio.Reader) (byte, error) {
	for {
		b, err := r.ReadByte()
		if err != nil {
			return 0, fmt.Errorf("the file is empty: %w", err)
		}
		if !strings.ContainsRune(" \t\r\n", rune(b)) {
			return b, r.UnreadByte()
		}
	}
}

func (d *decoder) next() (*Object, error) {
	d.input.left = d.input.most
	var raw struct {
		Model  *string         `json:"model"`
		PK     json.RawMessage `json:"pk"`
		Fields json.RawMessage `json:"fields"`
	}
	if err := d.json.Decode(&raw); err != nil {
		if errors.Is(err, io.EOF) && d.input.left > 0 {
			return nil, io.EOF
		}
		return nil, d.fail(err)
	}
	d.count++
	o := &Object{File: d.name, Index: d.count, fields: raw.Fields}
	if raw.Model == nil || len(raw.Fields) == 0 || raw.Fields[0] != '{' {
		return nil, o.Bad("it has no model or no fields")
	}
	o.Model = strings.ToLower(*raw.Model)
	if pk := string(raw.PK); pk != "null" {
		o.PK = strings.Trim(pk, `"`)
	}
	return o, nil
}

// fail says where reading stopped.
func (d *decoder) fail(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return ErrFile.With("%s: after object %d, near byte %d: %w", d.name, d.count, d.json.InputOffset(), err)
}
