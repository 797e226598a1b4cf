package lti11

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds on what an LMS may answer.
const (
	maxReply       = 256 << 10 // bytes of a reply that are read
	maxDescription = 500       // bytes of a description that are kept
	maxDepth       = 64        // nested elements
)

// envelopeReply is what a response document says.
type envelopeReply struct {
	CodeMajor   string // lower case
	Severity    string // lower case
	Description string
	CanvasCode  string // ext_canvas_error_code
	Result      string // textString of readResultResponse
	HasResult   bool   // there is a readResultResponse
}

// Why a document is not a reply.
var (
	errNotReply  = errors.New("answer is not an outcome response")
	errDoctype   = errors.New("answer has a document type")
	errCodeMajor = errors.New("answer has not exactly one imsx_codeMajor")
	errTooDeep   = errors.New("answer is nested too deeply")
)

// parseReply reads a response document [LTI11 §6.1]. Elements are matched by
// local name, whatever the content type or namespace; a document type is
// refused, so that no entity can be declared.
func parseReply(body []byte) (envelopeReply, error) {
	dec := xml.NewDecoder(bytes.NewReader(bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), " \t\r\n")))
	dec.CharsetReader = latin1
	p := replyParser{}
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return envelopeReply{}, errors.Join(errNotReply, err)
		}
		if err := p.take(token); err != nil {
			return envelopeReply{}, err
		}
	}
	if !p.envelope {
		return envelopeReply{}, errNotReply
	}
	if p.majors != 1 {
		return p.reply, errCodeMajor
	}
	return p.reply, nil
}

type replyParser struct {
	path     []string
	envelope bool
	majors   int
	reply    envelopeReply
}

func (p *replyParser) take(token xml.Token) error {
	switch t := token.(type) {
	case xml.Directive:
		return errDoctype
	case xml.StartElement:
		if len(p.path) == maxDepth {
			return errTooDeep
		}
		p.path = append(p.path, t.Name.Local)
		switch {
		case len(p.path) == 1:
			p.envelope = t.Name.Local == "imsx_POXEnvelopeResponse"
		case t.Name.Local == "imsx_codeMajor":
			p.majors++
		case t.Name.Local == "readResultResponse":
			p.reply.HasResult = true
		}
	case xml.EndElement:
		p.path = p.path[:len(p.path)-1]
	case xml.CharData:
		if len(p.path) > 0 {
			p.text(p.path[len(p.path)-1], string(t))
		}
	}
	return nil
}

func (p *replyParser) text(element, text string) {
	switch element {
	case "imsx_codeMajor":
		p.reply.CodeMajor = clean(p.reply.CodeMajor + strings.ToLower(strings.TrimSpace(text)))
	case "imsx_severity":
		p.reply.Severity = clean(p.reply.Severity + strings.ToLower(strings.TrimSpace(text)))
	case "imsx_description":
		p.reply.Description = clean(p.reply.Description + text)
	case "ext_canvas_error_code":
		p.reply.CanvasCode = clean(p.reply.CanvasCode + text)
	case "textString":
		p.reply.Result = clean(p.reply.Result + text)
	}
}

// clean makes text from an LMS fit to store and show: one line, no control
// characters, at most maxDescription bytes.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	text = strings.TrimLeft(text, " ")
	if len(text) > maxDescription {
		text = text[:maxDescription]
		for !utf8.ValidString(text) {
			text = text[:len(text)-1]
		}
	}
	return text
}

// latin1 lets old LMSs answer in ISO 8859-1 or plain ASCII.
func latin1(charset string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(charset) {
	case "us-ascii", "ascii", "utf8":
		return r, nil
	case "iso-8859-1", "latin1", "windows-1252":
		b, err := io.ReadAll(io.LimitReader(r, maxReply))
		if err != nil {
			return nil, err
		}
		runes := make([]rune, len(b))
		for i, c := range b {
			runes[i] = rune(c)
		}
		return strings.NewReader(string(runes)), nil
	}
	return nil, errNotReply
}

// number reads the text of a result. LMSs send nothing, or the word
// "success", for "no grade yet"; some write the comma of their language.
func number(text string) (float64, bool) {
	text = strings.TrimSpace(text)
	if strings.Count(text, ",") == 1 && !strings.Contains(text, ".") {
		text = strings.Replace(text, ",", ".", 1)
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= 0 && v <= 1) { // not a number fails both comparisons
		return 0, false
	}
	return v, true
}
