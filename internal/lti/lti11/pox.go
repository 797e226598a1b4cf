package lti11

import (
	"bytes"
	"encoding/xml"
	"strings"
)

// operation is a verb of the Basic Outcomes service.
type operation string

const (
	replaceResult operation = "replaceResult"
	readResult    operation = "readResult"
	deleteResult  operation = "deleteResult"
)

// poxNamespace must be exactly this; some LMSs compare it as text.
const poxNamespace = "http://www.imsglobal.org/services/ltiv1p1/xsd/imsoms_v1p0"

// envelope builds a request document [LTI11 §6.1]. score is the text of a
// plain decimal and counts for replaceResult only.
func envelope(op operation, messageID, sourcedID, score string) []byte {
	var b bytes.Buffer
	b.WriteString("<?xml version='1.0' encoding='UTF-8'?>\n")
	b.WriteString(`<imsx_POXEnvelopeRequest xmlns="` + poxNamespace + `">`)
	b.WriteString("<imsx_POXHeader><imsx_POXRequestHeaderInfo><imsx_version>V1.0</imsx_version><imsx_messageIdentifier>")
	escape(&b, messageID)
	b.WriteString("</imsx_messageIdentifier></imsx_POXRequestHeaderInfo></imsx_POXHeader><imsx_POXBody><")
	b.WriteString(string(op) + "Request><resultRecord><sourcedGUID><sourcedId>")
	escape(&b, sourcedID)
	b.WriteString("</sourcedId></sourcedGUID>")
	if op == replaceResult {
		b.WriteString("<result><resultScore><language>en</language><textString>")
		escape(&b, score)
		b.WriteString("</textString></resultScore></result>")
	}
	b.WriteString("</resultRecord></" + string(op) + "Request></imsx_POXBody></imsx_POXEnvelopeRequest>")
	return b.Bytes()
}

// escape writes text as character data. Writing to a buffer never fails.
func escape(b *bytes.Buffer, text string) { _ = xml.EscapeText(b, []byte(text)) }

// writable reports whether text survives XML: every character is one that XML
// 1.0 can hold, so that the LMS gets back exactly what it sent us.
func writable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' && r != '\r' ||
			r == 0xFFFD || r == 0xFFFE || r == 0xFFFF
	})
}
