package pyrun

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"lectern/internal/problem/script"
)

// errFlood means a script printed too much or replied with too much.
var errFlood = errors.New("too much output")

// output takes what an interpreter writes. What a script prints is counted and
// dropped; the reply is told from it by a line that only the job's prologue
// knows: a random word and the reply's length.
type output struct {
	stop func() // ends the interpreter; called once, when the reply is there or too much came

	mu      sync.Mutex
	marker  []byte // "\n" + word + " "; empty before the job
	tail    []byte // the last bytes that may begin a marker, or the reply from its length on
	printed int
	inReply bool
	want    int    // the reply's length, -1 before it is known
	reply   []byte // the whole reply, once there
	flooded bool
	last    []byte // what was printed last, for messages
}

// keptPrint is how many bytes of what was printed last are kept.
const keptPrint = 300

// expect sets the word that announces the reply.
func (o *output) expect(word string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.marker = []byte("\n" + word + " ")
	o.want = -1
}

// Write never blocks. Its error stops the interpreter.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.flooded {
		return 0, errFlood
	}
	if o.reply != nil {
		return len(p), nil
	}
	if !o.inReply {
		if o.printed += len(p); o.printed > maxOutput+maxReply {
			return 0, o.flood()
		}
	}
	o.tail = append(o.tail, p...)
	if o.last = append(o.last, p[max(0, len(p)-keptPrint):]...); len(o.last) > keptPrint {
		o.last = o.last[len(o.last)-keptPrint:]
	}
	return len(p), o.scan()
}

// flood ends the interpreter for writing too much.
func (o *output) flood() error {
	o.flooded, o.tail = true, nil
	o.stop()
	return errFlood
}

// scan looks for the marker, the length and the reply in what is there.
func (o *output) scan() error {
	if !o.inReply {
		if !o.skipPrinted() {
			return nil
		}
		o.inReply = true
	}
	if o.want < 0 {
		line, rest, ok := bytes.Cut(o.tail, []byte("\n"))
		if !ok && len(o.tail) < 20 {
			return nil
		}
		n, err := strconv.ParseUint(string(line), 10, 31)
		if !ok || err != nil || n > maxReply {
			return o.flood()
		}
		o.want, o.tail = int(n), rest
	}
	if len(o.tail) >= o.want {
		o.reply = o.tail[:o.want:o.want]
		o.stop()
	}
	return nil
}

// skipPrinted drops what comes before the marker, and the marker, and reports
// whether it was there.
func (o *output) skipPrinted() bool {
	keep := len(o.marker)
	if keep > 0 {
		if i := bytes.Index(o.tail, o.marker); i >= 0 {
			o.tail = o.tail[i+keep:]
			return true
		}
	}
	if len(o.tail) > keep {
		o.tail = append(o.tail[:0], o.tail[len(o.tail)-keep:]...)
	}
	return false
}

// result returns the reply's bytes, nil when there is none, or errFlood.
func (o *output) result() ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.flooded {
		return nil, errFlood
	}
	return o.reply, nil
}

// lastLine returns the last line that was printed.
func (o *output) lastLine() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := strings.TrimSpace(strings.ToValidUTF8(string(o.last), ""))
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// parseReply reads a reply. Scripts share their interpreter with what writes it,
// so every part of it is checked.
func parseReply(b []byte) (*script.Reply, error) {
	r := &script.Reply{}
	if err := json.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("reply: %w", err)
	}
	for name, v := range r.Globals {
		if len(v.JSON) == 0 {
			return nil, fmt.Errorf("reply: no value for %q", name)
		}
	}
	if f := r.Failure; f != nil {
		switch {
		case f.Kind != script.Syntax && f.Kind != script.Import && f.Kind != script.Raised:
			return nil, fmt.Errorf("reply: failure of kind %q", f.Kind)
		case f.Line < 0:
			f.Line = 0
		}
	}
	return r, nil
}
