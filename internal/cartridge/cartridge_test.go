package cartridge

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func tool() *Tool {
	return &Tool{
		Name: "Lectern & friends", Description: "Courses <here>", Site: &url.URL{Scheme: "https", Host: "tool.example:8443"},
		SelectURL: "https://tool.example:8443/select?a=1&b=2", LaunchURL: "https://tool.example:8443/x", Icon: "https://tool.example:8443/i.svg",
	}
}

// node is an element with what is in it.
type node struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []node     `xml:",any"`
}

func parse(t *testing.T, b []byte) node {
	t.Helper()
	var n node
	if err := xml.Unmarshal(b, &n); err != nil {
		t.Fatalf("%v in\n%s", err, b)
	}
	return n
}

func (n node) attr(name string) string {
	for _, a := range n.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (n node) child(name string) node {
	for _, c := range n.Children {
		if c.XMLName.Local == name {
			return c
		}
	}
	return node{}
}

const (
	blti  = "http://www.imsglobal.org/xsd/imsbasiclti_v1p0"
	lticm = "http://www.imsglobal.org/xsd/imslticm_v1p0"
	lticp = "http://www.imsglobal.org/xsd/imslticp_v1p0"
)

// sequence is the order of elements in the schema imsbasiclti_v1p0p1.
var sequence = []string{
	"title", "description", "custom", "extensions", "launch_url", "secure_launch_url", "icon", "secure_icon", "vendor",
	"cartridge_bundle", "cartridge_icon",
}

// checkLink checks a link file against the published structure.
func checkLink(t *testing.T, b []byte) node {
	t.Helper()
	n := parse(t, b)
	if n.XMLName != (xml.Name{Space: "http://www.imsglobal.org/xsd/imslticc_v1p0", Local: "cartridge_basiclti_link"}) {
		t.Errorf("root %v", n.XMLName)
	}
	at := 0
	for _, c := range n.Children {
		i := slices.Index(sequence, c.XMLName.Local)
		if i < at || c.XMLName.Space != blti {
			t.Errorf("%v out of the schema's order", c.XMLName)
		}
		at = i
		if strings.HasSuffix(c.XMLName.Local, "_url") {
			if u, err := url.Parse(c.Text); err != nil || !u.IsAbs() || len(c.Text) > 4096 {
				t.Errorf("%s %q", c.XMLName.Local, c.Text)
			}
		}
	}
	vendor := n.child("vendor")
	if vendor.child("code").Text == "" || vendor.child("name").Text == "" || vendor.child("code").XMLName.Space != lticp {
		t.Errorf("vendor %+v", vendor)
	}
	if n.child("title").Text == "" || n.child("launch_url").Text == "" {
		t.Error("a link has a title and an address")
	}
	for _, word := range []string{"secret", "oauth", "consumer_key", "shared"} {
		if strings.Contains(strings.ToLower(string(b)), word) {
			t.Errorf("the file speaks of %q", word)
		}
	}
	return n
}

func TestLink(t *testing.T) {
	l := &Link{ID: "u", Title: "1 < 2 & “ü”", Text: "What\x00ever", URL: "https://tool.example/lti_provider/courses/c/u?a=1&b", Usage: "block-v1:a+b"}
	n := checkLink(t, tool().XML(l))
	if n.child("title").Text != l.Title || n.child("launch_url").Text != l.URL || n.child("secure_launch_url").Text != l.URL {
		t.Errorf("%+v", n)
	}
	p := n.child("custom").child("property")
	if p.XMLName.Space != lticm || p.attr("name") != "usage_id" || p.Text != l.Usage {
		t.Errorf("custom %+v", p)
	}
	plain := tool()
	plain.Icon = ""
	n = checkLink(t, plain.XML(&Link{Title: "x", URL: "http://localhost/x"}))
	if n.child("secure_launch_url").Text != "" || n.child("description").XMLName.Local != "" || n.child("icon").XMLName.Local != "" {
		t.Errorf("plain http: %+v", n)
	}
}

func TestCanvas(t *testing.T) {
	n := checkLink(t, tool().Canvas())
	ext := n.child("extensions")
	if ext.attr("platform") != "canvas.instructure.com" {
		t.Fatalf("%+v", ext)
	}
	properties := map[string]string{}
	options := map[string]map[string]string{}
	for _, c := range ext.Children {
		switch c.XMLName.Local {
		case "property":
			properties[c.attr("name")] = c.Text
		case "options":
			all := map[string]string{}
			for _, p := range c.Children {
				all[p.attr("name")] = p.Text
			}
			options[c.attr("name")] = all
		}
	}
	if properties["domain"] != "tool.example:8443" || properties["privacy_level"] != "public" {
		t.Errorf("%v", properties)
	}
	for _, placement := range []string{"assignment_selection", "link_selection"} {
		o := options[placement]
		if o["message_type"] != "ContentItemSelectionRequest" || o["url"] != tool().SelectURL || o["enabled"] != "true" {
			t.Errorf("%s: %v", placement, o)
		}
	}
}

func TestCommonCartridge(t *testing.T) {
	c := &Course{ID: "course-v1:a+b+c", Title: "Light & colour", Text: "Links", Lang: "de", Made: time.Unix(1700000000, 0), Modules: []Module{
		{ID: "s1", Title: "One", Links: []Link{{ID: "u1", Title: "A", URL: "https://t/1"}, {ID: "u2", Title: "B <b>", URL: "https://t/2"}}},
		{ID: "s2", Title: "Two", Links: []Link{{ID: "u3", Title: "A", URL: "https://t/3"}}},
	}}
	var out, again bytes.Buffer
	if err := tool().Write(&out, c); err != nil {
		t.Fatal(err)
	}
	if err := tool().Write(&again, c); err != nil || !bytes.Equal(out.Bytes(), again.Bytes()) {
		t.Errorf("the same course makes another cartridge: %v", err)
	}
	z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	checkManifest(t, files, 2, 3)
}

var ncName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// checkManifest checks an archive against the structure of Common Cartridge 1.1.
func checkManifest(t *testing.T, files map[string][]byte, modules, links int) {
	t.Helper()
	const cp = "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"
	m := parse(t, files["imsmanifest.xml"])
	var order []string
	for _, c := range m.Children {
		order = append(order, c.XMLName.Local)
	}
	meta := m.child("metadata")
	if m.XMLName != (xml.Name{Space: cp, Local: "manifest"}) || !slices.Equal(order, []string{"metadata", "organizations", "resources"}) ||
		meta.child("schema").Text != "IMS Common Cartridge" || meta.child("schemaversion").Text != "1.1.0" ||
		meta.child("lom").child("general").child("title").child("string").Text != "Light & colour" {
		t.Errorf("manifest %v %+v", order, meta)
	}
	seen := map[string]bool{}
	id := func(n node) string {
		s := n.attr("identifier")
		if !ncName.MatchString(s) || seen[s] {
			t.Errorf("identifier %q is no name, or there twice", s)
		}
		seen[s] = true
		return s
	}
	resources := map[string]string{}
	for _, r := range m.child("resources").Children {
		if r.attr("type") != "imsbasiclti_xmlv1p0" || len(r.Children) != 1 {
			t.Errorf("resource %+v", r)
		}
		resources[id(r)] = r.child("file").attr("href")
	}
	org := m.child("organizations").child("organization")
	if org.attr("structure") != "rooted-hierarchy" || len(org.Children) != 1 || org.Children[0].child("title").XMLName.Local != "" {
		t.Errorf("organization %+v", org)
	}
	id(m)
	id(org)
	id(org.Children[0])
	found := 0
	for _, module := range org.Children[0].Children {
		id(module)
		for _, item := range module.Children {
			if item.XMLName.Local != "item" {
				continue
			}
			id(item)
			found++
			link := checkLink(t, files[resources[item.attr("identifierref")]])
			if link.child("title").Text != item.child("title").Text {
				t.Errorf("item %q is link %q", item.child("title").Text, link.child("title").Text)
			}
		}
	}
	if found != links || len(resources) != links || len(org.Children[0].Children) != modules || len(files) != links+1 {
		t.Errorf("%d items, %d resources, %d files", found, len(resources), len(files))
	}
}

// FuzzLink: whatever a course team calls a block, the file stays well-formed.
func FuzzLink(f *testing.F) {
	f.Add("a ]]> <b>&amp;", "https://x/?\x00\xff")
	f.Fuzz(func(t *testing.T, title, address string) {
		var n node
		if err := xml.Unmarshal(tool().XML(&Link{Title: title, Text: address, URL: "https://x/" + address, Usage: title}), &n); err != nil {
			t.Fatal(err)
		}
	})
}
