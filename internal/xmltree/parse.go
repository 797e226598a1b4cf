package xmltree

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"golang.org/x/net/html/charset"

	"lectern/internal/errs"
)

// What can be wrong with a document.
var (
	ErrMalformed = errs.New(errs.Invalid, "xml_malformed", "XML §2.1",
		"This part of the course is not well-formed XML.",
		"Correct the file at the line the error names and import the course again.")
	ErrDeclaration = errs.New(errs.Invalid, "xml_declaration_refused", "XML §2.8",
		"This part of the course declares a document type, which is not accepted.",
		"Remove the DOCTYPE and its entity declarations from the file.")
	ErrTooLarge = errs.New(errs.TooLarge, "xml_too_large", "",
		"This part of the course is too large or too deeply nested to be read.",
		"Split the file. The error says which limit it passed.")
)

// SyntaxError says where a document is wrong. It is wrapped in one of the
// package's errors.
type SyntaxError struct {
	Line int // from 1
	Msg  string
}

// Error returns "line N: message".
func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Msg) }

// Limits bound what a document may cost. Zero fields stand for the defaults.
type Limits struct {
	Bytes int // of input; 16 MiB
	Depth int // of nested elements; 256
	Nodes int // elements, texts and attributes; 1,000,000
}

func (l Limits) withDefaults() Limits {
	if l.Bytes <= 0 {
		l.Bytes = 16 << 20
	}
	if l.Depth <= 0 {
		l.Depth = 256
	}
	if l.Nodes <= 0 {
		l.Nodes = 1_000_000
	}
	return l
}

// Parse reads a document and returns its root element. Errors are [ErrMalformed],
// [ErrDeclaration] and [ErrTooLarge], each wrapping a [*SyntaxError], or what
// the reader returned.
func Parse(r io.Reader, limits Limits) (*Node, error) {
	limits = limits.withDefaults()
	b, err := io.ReadAll(io.LimitReader(r, int64(limits.Bytes)+1))
	if err != nil {
		return nil, fmt.Errorf("read xml: %w", err)
	}
	return ParseBytes(b, limits)
}

// ParseBytes is [Parse] for a document in memory. It does not change b.
func ParseBytes(b []byte, limits Limits) (*Node, error) {
	limits = limits.withDefaults()
	if len(b) > limits.Bytes {
		return nil, tooLarge(1, "more than %d bytes", limits.Bytes)
	}
	src, err := toUTF8(b)
	if err != nil {
		return nil, malformed(1, "%s", err)
	}
	if len(src) > 2*limits.Bytes {
		return nil, tooLarge(1, "more than %d bytes", limits.Bytes)
	}
	p := &parser{src: src, line: 1, limits: limits}
	p.dec = xml.NewDecoder(bytes.NewReader(normalize(src)))
	p.dec.Entity = xml.HTMLEntity
	p.dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	return p.parse()
}

// encodingDecl finds the encoding an XML declaration names.
var encodingDecl = regexp.MustCompile(`^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']`)

// toUTF8 decodes the document by its byte order mark or XML declaration and
// makes every line end a newline [XML §2.11].
func toUTF8(b []byte) ([]byte, error) {
	label := ""
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		b = b[3:]
	case bytes.HasPrefix(b, []byte("\xff\xfe")):
		label, b = "utf-16le", b[2:]
	case bytes.HasPrefix(b, []byte("\xfe\xff")):
		label, b = "utf-16be", b[2:]
	default:
		if m := encodingDecl.FindSubmatch(b[:min(len(b), 512)]); m != nil {
			label = strings.ToLower(string(m[1]))
		}
	}
	if label != "" && label != "utf-8" && label != "us-ascii" && label != "ascii" {
		r, err := charset.NewReaderLabel(label, bytes.NewReader(b))
		if err != nil {
			return nil, fmt.Errorf("encoding %q is not known", label)
		}
		if b, err = io.ReadAll(r); err != nil {
			return nil, fmt.Errorf("text is not %s", label)
		}
	}
	b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(b, []byte("\r"), []byte("\n")), nil
}

// normalize returns a copy of src, of the same length, in which white space
// typed inside attribute values is blanks. Character references stay as they
// are, so they keep their meaning [XML §3.3.3].
func normalize(src []byte) []byte {
	out := bytes.Clone(src)
	for i := 0; i < len(out); {
		if out[i] != '<' {
			i++
			continue
		}
		rest := out[i:]
		switch {
		case bytes.HasPrefix(rest, []byte("<!--")):
			i = after(out, i+4, "-->")
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			i = after(out, i+9, "]]>")
		case bytes.HasPrefix(rest, []byte("<?")):
			i = after(out, i+2, "?>")
		default:
			i = blankAttributes(out, i+1)
		}
	}
	return out
}

// after returns the index behind the next end in b from i on.
func after(b []byte, i int, end string) int {
	k := bytes.Index(b[i:], []byte(end))
	if k < 0 {
		return len(b)
	}
	return i + k + len(end)
}

// blankAttributes blanks the white space of a tag's attribute values in place
// and returns the index behind the tag.
func blankAttributes(b []byte, i int) int {
	quote := byte(0)
	for ; i < len(b); i++ {
		switch c := b[i]; {
		case quote == 0 && c == '>':
			return i + 1
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case c == quote:
			quote = 0
		case quote != 0 && (c == '\n' || c == '\t'):
			b[i] = ' '
		}
	}
	return i
}

type parser struct {
	dec    *xml.Decoder
	src    []byte
	pos    int // line is the line of src[pos]
	line   int
	limits Limits
	nodes  int
	root   *Node
	stack  []*Node
}

func (p *parser) parse() (*Node, error) {
	for {
		p.advance()
		tok, err := p.dec.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			p.advance()
			var se *xml.SyntaxError
			if errors.As(err, &se) {
				return nil, malformed(p.line, "%s", se.Msg)
			}
			return nil, malformed(p.line, "%s", err)
		}
		if err := p.token(tok); err != nil {
			return nil, err
		}
	}
	if len(p.stack) > 0 {
		open := p.stack[len(p.stack)-1]
		return nil, malformed(open.Line, "element <%s> is not closed", open.Name)
	}
	if p.root == nil {
		return nil, malformed(p.line, "there is no element")
	}
	return p.root, nil
}

// advance moves the line count to where the decoder is. The decoder cannot
// count itself: in its copy, newlines in attributes are blanks.
func (p *parser) advance() {
	end := min(int(p.dec.InputOffset()), len(p.src))
	p.line += bytes.Count(p.src[p.pos:end], []byte("\n"))
	p.pos = end
}

func (p *parser) token(tok xml.Token) error {
	switch t := tok.(type) {
	case xml.StartElement:
		return p.start(t)
	case xml.EndElement:
		return p.end(name(t.Name))
	case xml.CharData:
		return p.text(string(t))
	case xml.Directive:
		return ErrDeclaration.Wrap(&SyntaxError{p.line, "declaration <!" + firstWord(string(t))})
	}
	return nil // comments and processing instructions
}

func (p *parser) start(t xml.StartElement) error {
	if len(p.stack) == 0 && p.root != nil {
		return malformed(p.line, "a second root element <%s>", name(t.Name))
	}
	if len(p.stack) >= p.limits.Depth {
		return tooLarge(p.line, "elements nested more than %d deep", p.limits.Depth)
	}
	n := &Node{Name: name(t.Name), Line: p.line}
	seen := make(map[string]bool, len(t.Attr))
	for _, a := range t.Attr {
		key := name(a.Name)
		if seen[key] {
			return malformed(p.line, "attribute %s is given twice", key)
		}
		seen[key] = true
		n.Attrs = append(n.Attrs, Attr{key, a.Value})
	}
	if err := p.count(1 + len(t.Attr)); err != nil {
		return err
	}
	if len(p.stack) == 0 {
		p.root = n
	} else {
		parent := p.stack[len(p.stack)-1]
		parent.Children = append(parent.Children, n)
	}
	p.stack = append(p.stack, n)
	return nil
}

func (p *parser) end(name string) error {
	if len(p.stack) == 0 {
		return malformed(p.line, "</%s> closes nothing", name)
	}
	open := p.stack[len(p.stack)-1]
	if open.Name != name {
		return malformed(p.line, "<%s> of line %d is closed by </%s>", open.Name, open.Line, name)
	}
	p.stack = p.stack[:len(p.stack)-1]
	return nil
}

func (p *parser) text(s string) error {
	if len(p.stack) == 0 {
		if strings.TrimSpace(s) != "" {
			return malformed(p.line, "text outside the root element")
		}
		return nil
	}
	if s == "" {
		return nil
	}
	parent := p.stack[len(p.stack)-1]
	if k := len(parent.Children); k > 0 && parent.Children[k-1].IsText() {
		parent.Children[k-1].Data += s // a comment or CDATA mark lay between
	} else {
		parent.Children = append(parent.Children, &Node{Data: s, Line: p.line})
	}
	return p.count(1)
}

func (p *parser) count(n int) error {
	if p.nodes += n; p.nodes > p.limits.Nodes {
		return tooLarge(p.line, "more than %d nodes", p.limits.Nodes)
	}
	return nil
}

func name(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

func firstWord(s string) string {
	if f := strings.Fields(s); len(f) > 0 {
		return f[0]
	}
	return ""
}

func malformed(line int, format string, args ...any) error {
	return ErrMalformed.Wrap(&SyntaxError{line, fmt.Sprintf(format, args...)})
}

func tooLarge(line int, format string, args ...any) error {
	return ErrTooLarge.Wrap(&SyntaxError{line, fmt.Sprintf(format, args...)})
}
