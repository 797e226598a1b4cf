// Package cartridge writes the files by which LMSs take links: one LTI link as
// XML, the configuration of a tool for Canvas, and a Thin Common Cartridge with
// the links of a whole course. None of them ever holds a key or a secret, real
// or made up: an LMS takes those from its own settings.
package cartridge

import (
	"encoding/xml"
	"net/url"
	"strings"
)

// Type is the media type of link and configuration files.
const Type = "application/xml; charset=utf-8"

// Tool is who the links belong to.
type Tool struct {
	Name        string
	Description string
	Site        *url.URL // https, or http for trying out
	SelectURL   string   // takes requests for content
	LaunchURL   string   // of a link without content
	Icon        string   // address of a picture; "" for none
}

// Link is one LTI link.
type Link struct {
	ID    string // made of what the link shows, so that importing twice doubles nothing
	Title string
	Text  string // "" for none
	URL   string
	Usage string // custom parameter usage_id; "" for none
}

// names are the namespaces of a link file, with the published schemas.
const names = `xmlns="http://www.imsglobal.org/xsd/imslticc_v1p0"
  xmlns:blti="http://www.imsglobal.org/xsd/imsbasiclti_v1p0"
  xmlns:lticm="http://www.imsglobal.org/xsd/imslticm_v1p0"
  xmlns:lticp="http://www.imsglobal.org/xsd/imslticp_v1p0"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="http://www.imsglobal.org/xsd/imslticc_v1p0 http://www.imsglobal.org/xsd/lti/ltiv1p0/imslticc_v1p0.xsd
    http://www.imsglobal.org/xsd/imsbasiclti_v1p0 http://www.imsglobal.org/xsd/lti/ltiv1p0/imsbasiclti_v1p0p1.xsd
    http://www.imsglobal.org/xsd/imslticm_v1p0 http://www.imsglobal.org/xsd/lti/ltiv1p0/imslticm_v1p0.xsd
    http://www.imsglobal.org/xsd/imslticp_v1p0 http://www.imsglobal.org/xsd/lti/ltiv1p0/imslticp_v1p0.xsd"`

// writer builds a document. Its text is escaped as it goes in.
type writer struct{ strings.Builder }

func (w *writer) raw(parts ...string) {
	for _, p := range parts {
		w.WriteString(p)
	}
}

// element writes <name attr>text</name>, or nothing without a text.
func (w *writer) element(name, attr, text string) {
	if text == "" {
		return
	}
	w.raw("<", name, attr, ">")
	w.text(text)
	w.raw("</", name, ">\n")
}

// text writes what a document may hold; other characters become U+FFFD.
func (w *writer) text(s string) {
	_ = xml.EscapeText(&w.Builder, []byte(s)) // a strings.Builder takes everything
}

func (w *writer) property(name, value string) {
	w.element("lticm:property", ` name="`+name+`"`, value)
}

// XML returns the link as a file of its own. The order of elements is the
// schema's.
func (t *Tool) XML(l *Link) []byte {
	w := &writer{}
	w.raw(xml.Header, "<cartridge_basiclti_link ", names, ">\n")
	w.element("blti:title", "", l.Title)
	w.element("blti:description", "", l.Text)
	if l.Usage != "" {
		w.raw("<blti:custom>")
		w.property("usage_id", l.Usage)
		w.raw("</blti:custom>\n")
	}
	t.address(w, l.URL)
	w.raw("</cartridge_basiclti_link>\n")
	return []byte(w.String())
}

// address writes where a link leads and whose it is.
func (t *Tool) address(w *writer, launch string) {
	w.element("blti:launch_url", "", launch)
	if strings.HasPrefix(launch, "https://") {
		w.element("blti:secure_launch_url", "", launch)
	}
	w.element("blti:icon", "", t.Icon)
	if strings.HasPrefix(t.Icon, "https://") {
		w.element("blti:secure_icon", "", t.Icon)
	}
	w.raw("<blti:vendor>")
	w.element("lticp:code", "", t.Site.Hostname())
	w.element("lticp:name", "", t.Name)
	w.element("lticp:url", "", t.Site.String())
	w.raw("</blti:vendor>\n")
}

// Canvas returns the configuration that Canvas takes by address: where teachers
// choose content, and which links belong to the tool.
func (t *Tool) Canvas() []byte {
	w := &writer{}
	w.raw(xml.Header, "<cartridge_basiclti_link ", names, ">\n")
	w.element("blti:title", "", t.Name)
	w.element("blti:description", "", t.Description)
	w.raw(`<blti:extensions platform="canvas.instructure.com">`, "\n")
	w.property("privacy_level", "public")
	w.property("domain", t.Site.Host)
	w.property("icon_url", t.Icon)
	w.property("selection_width", "800")
	w.property("selection_height", "700")
	for _, placement := range []string{"assignment_selection", "link_selection"} {
		w.raw(`<lticm:options name="`, placement, `">`, "\n")
		w.property("message_type", "ContentItemSelectionRequest")
		w.property("url", t.SelectURL)
		w.property("enabled", "true")
		w.raw("</lticm:options>\n")
	}
	w.raw("</blti:extensions>\n")
	t.address(w, t.LaunchURL)
	w.raw("</cartridge_basiclti_link>\n")
	return []byte(w.String())
}
