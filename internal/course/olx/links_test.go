package olx_test

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lectern/internal/course"
	"lectern/internal/course/olx"
)

func TestPortableLinks(t *testing.T) {
	for in, want := range map[string]string{
		`"/asset-v1:O+C+R+type@asset+block@a.png"`:                                `"/static/a.png"`,
		`"asset-v1:O+C+R+type@asset+block@a.png?x=1"`:                             `"/static/a.png?x=1"`,
		`"/asset-v1%3AO+C"`:                                                       `"/asset-v1%3AO+C"`,
		`"/asset-v1:O%2BC%2BR%2Btype%40asset%2Bblock%40a"`:                        `"/static/a"`,
		`"/asset-v1:X+C+R+type@asset+block@a.png"`:                                `"/asset-v1:X+C+R+type@asset+block@a.png"`,
		`"/c4x/O/C/asset/a.png"`:                                                  `"/static/a.png"`,
		`"/c4x/X/C/asset/a.png"`:                                                  `"/c4x/X/C/asset/a.png"`,
		`"/courses/O/C/R/jump_to/i4x://O/C/vertical/v"`:                           `"/jump_to_id/v"`,
		`"/courses/course-v1:O+C+R/jump_to/block-v1:O+C+R+type@vertical+block@v"`: `"/jump_to_id/v"`,
		`"/courses/course-v1:O+C+R/jump_to_id/v#x"`:                               `"/jump_to_id/v#x"`,
		`"/courses/course-v1:O+C+R/pdfbook/0/"`:                                   `"/course/pdfbook/0/"`,
		`"/courses/course-v1:O+C+R"`:                                              `"/course/"`,
		`"/courses/X/C/R/jump_to_id/v"`:                                           `"/courses/X/C/R/jump_to_id/v"`,
		`"/courses/"`:                                                             `"/courses/"`,
		`\"/c4x/O/C/asset/a.png\"`:                                                `\"/static/a.png\"`,
	} {
		fsys := files(plain + "-- course/R.xml --\n<course><vertical url_name=\"v\"><html url_name=\"h\"/></vertical></course>\n" +
			"-- html/h.xml --\n<html filename=\"h\"/>\n-- html/h.html --\n" + in + "\n")
		for _, key := range []string{"course-v1:O+C+R", "course-v1:New+Name+Here"} {
			r := importFS(t, fsys, olx.Options{CourseKey: courseKey(t, key)})
			if got := strings.TrimSpace(get(t, r, "html", "h").Data); got != want {
				t.Errorf("as %s:\n     %s\ngot  %s\nwant %s", key, in, got, want)
			}
		}
	}
}

// TestPortableLinksOfOldExports reads an export that has lost its run but still
// names it in its addresses.
func TestPortableLinksOfOldExports(t *testing.T) {
	fsys := files("-- course.xml --\n<course url_name=\"course\" org=\"O\" course=\"C\"/>\n" +
		"-- course/course.xml --\n<course><html url_name=\"h\" x=\"1\"><a href=\"/asset-v1:O+C+2015+type@asset+block@a.png\"/></html></course>\n")
	r := importFS(t, fsys, olx.Options{CourseKey: courseKey(t, "course-v1:N+N+N")})
	if got := get(t, r, "html", "h").Data; !strings.Contains(got, "/static/a.png") {
		t.Error(got)
	}
}

func TestDeadLinks(t *testing.T) {
	r := inUnit(t, `<html url_name="h"><![CDATA["/static/a b.png" "/static/a_b.png" "/static/A_B.PNG" "/static/gone.png" "/static/gone.png"
"/static/a%20b.png?x=/static/lost.js" "/static/x.js?raw" "/jump_to_id/v" "/jump_to_id/nowhere#x" "/c4x/X/Y/asset/z.png" "/static/"
"/asset-v1:O+C+R+type@asset+block@own.png"]]></html>
<problem url_name="p"><img src="/static/NONE"/><img src="/static/$picture"/></problem>`, "-- static/a b.png --\nx\n")
	html, problem := "block-v1:O+C+R+type@html+block@h", "block-v1:O+C+R+type@problem+block@p"
	want := []olx.DeadLink{
		{html, "/static/gone.png"}, {html, "/static/lost.js"}, {html, "/jump_to_id/nowhere"}, {html, "/c4x/X/Y/asset/z.png"},
		{html, "/static/own.png"}, {problem, "/static/NONE"},
	}
	sorted := func(list []olx.DeadLink) []olx.DeadLink {
		list = slices.Clone(list)
		slices.SortFunc(list, func(a, b olx.DeadLink) int { return strings.Compare(a.Block+a.Target, b.Block+b.Target) })
		return list
	}
	if diff := cmp.Diff(sorted(want), sorted(r.Report.DeadLinks)); diff != "" {
		t.Error(diff)
	}
}

func TestAssets(t *testing.T) {
	r := inUnit(t, `<html url_name="h">x</html>`, `-- static/My File.pdf --
pdf
-- static/images/x.png --
png
-- static/subs_a.srt.sjson --
{}
-- static/page.html --
<p>
-- static/.DS_Store --
x
-- static/._x.png --
x
-- static/back.txt~ --
x
-- static/odd.bin --
odd
-- static_import/more.css --
css
-- policies/assets.json --
{"My_File.pdf": {"displayname": "My File.pdf", "contentType": "application/x-special", "locked": true},
 "key_of_odd": {"displayname": "odd.bin", "contentType": "", "locked": false}, "bad": 7}
`)
	type file struct {
		Name, Type string
		Locked     bool
	}
	var got []file
	for _, f := range r.Files {
		got = append(got, file{f.Name, f.ContentType, f.Locked})
	}
	want := []file{
		{"My File.pdf", "application/x-special", true}, {"images/x.png", "image/png", false}, {"odd.bin", "application/octet-stream", false},
		{"page.html", "text/html; charset=utf-8", false}, {"subs_a.srt.sjson", "application/json", false},
		{"more.css", "text/css; charset=utf-8", false}, {"key_of_odd", "application/octet-stream", false},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if r.Report.Assets != len(want) {
		t.Errorf("%d assets reported", r.Report.Assets)
	}
	f, err := r.Files[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if b, err := io.ReadAll(f); err != nil || string(b) != "pdf\n" || r.Files[0].Size != 4 || len(r.Files[0].SHA256) != 64 {
		t.Errorf("%q %v %+v", b, err, r.Files[0].Asset)
	}
	if a, ok := r.Course.Assets.Find("key_of_odd"); !ok || a.SHA256 != r.Files[2].SHA256 {
		t.Errorf("the name Studio knew is not found: %+v", a)
	}
}

func TestIncludeGoesWrong(t *testing.T) {
	r := inUnit(t, `<problem url_name="a"><include file="gone.xml"/></problem><problem url_name="b"><include file="self.xml"/></problem>
<problem url_name="c"><include file="../../etc/passwd"/></problem><problem url_name="d">`+
		strings.Repeat(`<include file="one.xml"/>`, 51)+`</problem><problem url_name="e"><include file="torn.xml"/></problem>
<problem url_name="f"><include/></problem>`,
		"-- self.xml --\n<div><include file=\"self.xml\"/></div>\n-- one.xml --\n<p>x</p>\n-- torn.xml --\n<p>x\n")
	for id, want := range map[string]string{
		"a": "gone.xml", "b": "too many", "c": "etc/passwd", "d": "too many", "e": "not closed", "f": "include",
	} {
		if !said(r.Report.Errors, "block@"+id, want) {
			t.Errorf("%s: nothing about %q in %+v", id, want, r.Report.Errors)
		}
		if b := get(t, r, "problem", id); b.Fate != course.Broken && id != "f" {
			t.Errorf("%s is %s", id, b.Fate)
		}
	}
	if b := get(t, r, "vertical", "v"); len(b.Children) != 6 || b.Fate != course.Container {
		t.Errorf("%+v", b)
	}
}
