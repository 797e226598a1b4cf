package cartridge

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"time"
)

// Module groups links as an LMS shows them. LMSs like two levels, so modules do
// not nest.
type Module struct {
	ID    string
	Title string
	Links []Link
}

// Course is what becomes a Thin Common Cartridge.
type Course struct {
	ID      string // of the course: the same at every export
	Title   string
	Text    string
	Lang    string // BCP 47; "" for not said
	Modules []Module
	Made    time.Time // of the files in the archive
}

// Name returns an XML name that is made of an ID: the same for the same.
func Name(kind, id string) string {
	sum := sha256.Sum256([]byte(kind + "\n" + id))
	return kind + "_" + hex.EncodeToString(sum[:12])
}

// Write writes a Common Cartridge 1.1 that holds LTI links alone: a manifest and
// a file for each link [CC 1.1 §5, LTI 1.1 App. C].
func (t *Tool) Write(out io.Writer, c *Course) error {
	z := zip.NewWriter(out)
	add := func(name string, body []byte) error {
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: c.Made.UTC()})
		if err == nil {
			_, err = f.Write(body)
		}
		return err
	}
	err := add("imsmanifest.xml", c.manifest())
	for _, m := range c.Modules {
		for i := range m.Links {
			if err == nil {
				err = add(file(&m.Links[i]), t.XML(&m.Links[i]))
			}
		}
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		return fmt.Errorf("write cartridge of %s: %w", c.ID, err)
	}
	return nil
}

// file is where a link's file is in the archive.
func file(l *Link) string { return "lti/" + Name("L", l.ID) + ".xml" }

func (c *Course) manifest() []byte {
	w := &writer{}
	w.raw(xml.Header, `<manifest identifier="`, Name("M", c.ID), `" xmlns="http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"
  xmlns:lom="http://ltsc.ieee.org/xsd/imsccv1p1/LOM/resource"
  xmlns:lomimscc="http://ltsc.ieee.org/xsd/imsccv1p1/LOM/manifest"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1 http://www.imsglobal.org/profile/cc/ccv1p1/ccv1p1_imscp_v1p2_v1p0.xsd
    http://ltsc.ieee.org/xsd/imsccv1p1/LOM/manifest http://www.imsglobal.org/profile/cc/ccv1p1/LOM/ccv1p1_lommanifest_v1p0.xsd
    http://ltsc.ieee.org/xsd/imsccv1p1/LOM/resource http://www.imsglobal.org/profile/cc/ccv1p1/LOM/ccv1p1_lomresource_v1p0.xsd">
<metadata>
<schema>IMS Common Cartridge</schema>
<schemaversion>1.1.0</schemaversion>
<lomimscc:lom><lomimscc:general>
`)
	language := c.Lang
	if language == "" {
		language = "en"
	}
	w.raw("<lomimscc:title>")
	w.element("lomimscc:string", ` language="`+attribute(language)+`"`, c.Title)
	w.raw("</lomimscc:title>\n")
	if c.Text != "" {
		w.raw("<lomimscc:description>")
		w.element("lomimscc:string", ` language="`+attribute(language)+`"`, c.Text)
		w.raw("</lomimscc:description>\n")
	}
	w.raw(`</lomimscc:general></lomimscc:lom>
</metadata>
<organizations>
<organization identifier="`, Name("O", c.ID), `" structure="rooted-hierarchy">
<item identifier="`, Name("R", c.ID), "\">\n")
	for _, m := range c.Modules {
		w.raw(`<item identifier="`, Name("I", m.ID), "\">\n")
		w.element("title", "", m.Title)
		for _, l := range m.Links {
			w.raw(`<item identifier="`, Name("I", l.ID), `" identifierref="`, Name("L", l.ID), `">`)
			w.element("title", "", l.Title)
			w.raw("</item>\n")
		}
		w.raw("</item>\n")
	}
	w.raw("</item>\n</organization>\n</organizations>\n<resources>\n")
	for _, m := range c.Modules {
		for i := range m.Links {
			l := &m.Links[i]
			w.raw(`<resource identifier="`, Name("L", l.ID), `" type="imsbasiclti_xmlv1p0"><file href="`, file(l), "\"/></resource>\n")
		}
	}
	w.raw("</resources>\n</manifest>\n")
	return []byte(w.String())
}

// attribute returns a text as it stands in an attribute.
func attribute(s string) string {
	w := &writer{}
	w.text(s)
	return w.String()
}
