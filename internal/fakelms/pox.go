package fakelms

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// poxNamespace is the namespace of outcome messages [LTI 1.1 §6.1].
const poxNamespace = "http://www.imsglobal.org/services/ltiv1p1/xsd/imsoms_v1p0"

var errXML = errors.New("Invalid XML content") //nolint:staticcheck // an LMS's words

// maxDepth is far beyond the depth of any outcome message.
const maxDepth = 24

// poxMessage is an outcome request taken apart.
type poxMessage struct {
	id, operation string // operation without its Request suffix
	sourcedid     string
	language      string
	score         string
	hasScore      bool
	version       string
}

// parsePOX reads an outcome request. It asks for the schema's order of things
// only where it matters: one root, one operation, each value once, everything
// in the namespace, no document type.
func parsePOX(body []byte) (poxMessage, error) {
	values, operation, err := leaves(body)
	if err != nil {
		return poxMessage{}, err
	}
	const head = "imsx_POXEnvelopeRequest/imsx_POXHeader/imsx_POXRequestHeaderInfo/"
	record := "imsx_POXEnvelopeRequest/imsx_POXBody/" + operation + "/resultRecord/"
	m := poxMessage{
		id:        values[head+"imsx_messageIdentifier"],
		version:   values[head+"imsx_version"],
		operation: strings.TrimSuffix(operation, "Request"),
		sourcedid: values[record+"sourcedGUID/sourcedId"],
		language:  values[record+"result/resultScore/language"],
	}
	m.score, m.hasScore = values[record+"result/resultScore/textString"]
	if m.id == "" || m.version != "V1.0" || !strings.HasSuffix(operation, "Request") {
		return m, errXML
	}
	return m, nil
}

// leaves returns the text of every element by its path, and the name of the one
// element in the body.
func leaves(body []byte) (values map[string]string, operation string, err error) {
	values = map[string]string{}
	dec := xml.NewDecoder(bytes.NewReader(body))
	var path []string
	for roots := 0; ; {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) && roots == 1 && len(path) == 0 {
			return values, operation, nil
		}
		if err != nil {
			return nil, "", errXML
		}
		switch t := tok.(type) {
		case xml.Directive:
			return nil, "", errXML
		case xml.StartElement:
			if len(path) == 0 {
				roots++
			}
			path = append(path, t.Name.Local)
			key := strings.Join(path, "/")
			_, twice := values[key]
			if t.Name.Space != poxNamespace || twice || roots > 1 || len(path) > maxDepth {
				return nil, "", errXML
			}
			values[key] = ""
			if len(path) == 3 && path[1] == "imsx_POXBody" {
				if operation != "" {
					return nil, "", errXML
				}
				operation = t.Name.Local
			}
		case xml.CharData:
			if len(path) > 0 {
				values[strings.Join(path, "/")] += string(t)
			}
		case xml.EndElement:
			path = path[:len(path)-1]
		}
	}
}

// poxAnswer is what the outcome service says.
type poxAnswer struct {
	code, description string
	ref, operation    string // message and operation answered
	body              string // inside imsx_POXBody, already XML
	extra             string // further elements of imsx_statusInfo
}

// render writes the answer in the personality's hand.
func (p Personality) render(a poxAnswer, id string) string {
	var out strings.Builder
	out.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
	open, name := "xmlns", ""
	if p.XMLPrefix != "" {
		open, name = "xmlns:"+p.XMLPrefix, p.XMLPrefix+":"
	}
	severity := "status"
	if a.code == "failure" && p.FailureStatus != 200 {
		severity = "error"
	}
	text := func(element, value string) string {
		return "<" + name + element + ">" + xmlText(value) + "</" + name + element + ">"
	}
	wrap := func(inner string, elements ...string) string {
		for i := len(elements) - 1; i >= 0; i-- {
			inner = p.indent("<"+name+elements[i]+">", inner, "</"+name+elements[i]+">")
		}
		return inner
	}
	sep := p.newline()
	status := wrap(strings.Join([]string{
		text("imsx_codeMajor", a.code), text("imsx_severity", severity), text("imsx_description", a.description),
		text("imsx_messageRefIdentifier", a.ref), text("imsx_operationRefIdentifier", a.operation)}, sep)+strings.ReplaceAll(a.extra, "§", name),
		"imsx_statusInfo")
	header := wrap(strings.Join([]string{text("imsx_version", "V1.0"), text("imsx_messageIdentifier", id), status}, sep),
		"imsx_POXHeader", "imsx_POXResponseHeaderInfo")
	root := name + "imsx_POXEnvelopeResponse"
	out.WriteString(p.indent("<"+root+" "+open+"=\""+poxNamespace+"\">",
		header+sep+wrap(strings.ReplaceAll(a.body, "§", name), "imsx_POXBody"), "</"+root+">"))
	return out.String()
}

func (p Personality) newline() string {
	if p.PrettyXML {
		return "\r\n"
	}
	return ""
}

func (p Personality) indent(start, inner, end string) string {
	if !p.PrettyXML || inner == "" {
		return start + inner + end
	}
	return start + "\r\n  " + strings.ReplaceAll(inner, "\r\n", "\r\n  ") + "\r\n" + end
}

func xmlText(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
