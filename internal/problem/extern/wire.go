package extern

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"lectern/internal/errs"
	"lectern/internal/problem/script"
)

// Bounds of what goes over the wire, in bytes and entries.
const (
	maxLibrary = 16 << 20 // of the zip
	maxReply   = 8 << 20  // a message may hold a drawing
	maxGlobals = 10_000
	maxQuote   = 300 // of a peer's words in a detail
)

// wireJob is a job as a grader reads it.
type wireJob struct {
	*script.Job
	Library *wireLibrary `json:"library,omitempty"`
}

type wireLibrary struct {
	SHA256 string `json:"sha256"`
	Zip    []byte `json:"zip"` // base64 in JSON
}

// wireReply is a reply as a grader writes it. One that did not run the job says
// why in Refused.
type wireReply struct {
	Protocol int    `json:"protocol"`
	Refused  string `json:"refused"` // "", "limit" or "busy"
	Detail   string `json:"detail"`  // of Refused, for the log
	script.Reply
}

// encode writes a job, with the course's library in it.
func encode(ctx context.Context, job *script.Job) ([]byte, error) {
	w := wireJob{Job: job}
	if lib := job.Library; lib != nil {
		if lib.Open == nil {
			return nil, script.ErrUnavailable.With("python_lib.zip %s cannot be opened", lib.SHA256)
		}
		zip, err := lib.Open(ctx)
		if err != nil {
			return nil, script.ErrUnavailable.With("python_lib.zip: %w", err)
		}
		if len(zip) > maxLibrary {
			return nil, script.ErrUnavailable.With("python_lib.zip has %d bytes, at most %d are sent", len(zip), maxLibrary)
		}
		w.Library = &wireLibrary{lib.SHA256, zip}
	}
	b, err := json.Marshal(w)
	if err != nil {
		return nil, script.ErrUnavailable.With("job: %w", err)
	}
	return b, nil
}

// decode reads a reply. Its errors are those of [script.Runner].
func decode(text []byte) (*script.Reply, error) {
	var w wireReply
	d := json.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&w); err != nil {
		return nil, garbled("%w, in %s", err, quote(text))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, garbled("more than one JSON document: %s", quote(text))
	}
	if w.Protocol != script.Protocol {
		return nil, garbled("protocol %d, want %d, in %s", w.Protocol, script.Protocol, quote(text))
	}
	switch w.Refused {
	case "":
	case "limit":
		return nil, script.ErrLimit.With("grader: %s", quote([]byte(w.Detail)))
	case "busy":
		return nil, script.ErrBusy.With("grader: %s", quote([]byte(w.Detail)))
	default:
		return nil, garbled("refused is %s", quote([]byte(w.Refused)))
	}
	if err := tidy(&w.Reply); err != nil {
		return nil, err
	}
	return &w.Reply, nil
}

// tidy makes a reply one that the sandbox could have given.
func tidy(r *script.Reply) error {
	if r.Globals == nil && r.Failure == nil {
		return garbled("neither globals nor failure")
	}
	if len(r.Globals) > maxGlobals {
		return garbled("%d globals, at most %d", len(r.Globals), maxGlobals)
	}
	for name, v := range r.Globals {
		switch {
		case name == "" || strings.HasPrefix(name, "__"): // "" would stand for every "$"
			delete(r.Globals, name)
		case v.JSON == nil:
			r.Globals[name] = script.Value{Text: v.Text, JSON: json.RawMessage("null")}
		}
	}
	if f := r.Failure; f != nil {
		switch f.Kind {
		case script.Syntax, script.Import, script.Raised:
		default:
			return garbled("failure of kind %s", quote([]byte(f.Kind)))
		}
	}
	return nil
}

// garbled is [script.ErrUnavailable] for a grader that does not keep to the
// protocol.
func garbled(format string, args ...any) *errs.Error {
	return script.ErrUnavailable.With("external grader's reply: %w", fmt.Errorf(format, args...))
}

// quote returns the beginning of a peer's words, safe for a log.
func quote(b []byte) string {
	if len(b) > maxQuote {
		b = b[:maxQuote]
		for len(b) > 0 && !utf8.Valid(b) && maxQuote-len(b) < utf8.UTFMax {
			b = b[:len(b)-1]
		}
	}
	return fmt.Sprintf("%q", b)
}
