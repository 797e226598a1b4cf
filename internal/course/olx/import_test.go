package olx_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"lectern/internal/course"
	"lectern/internal/course/olx"
	"lectern/internal/errs"
	"lectern/internal/keys"
)

func TestImportFindsTheRoot(t *testing.T) {
	const inline = `<course url_name="R" org="O" course="C"><chapter url_name="c"/></course>`
	for _, tt := range []struct {
		name, archive string
		want          string // course key, or an error code
	}{
		{"at the top", "-- course.xml --\n" + inline, "course-v1:O+C+R"},
		{"in a folder", "-- course/course.xml --\n" + inline, "course-v1:O+C+R"},
		{"deep down", "-- a/b/course.xml --\n" + inline, "course-v1:O+C+R"},
		{"the run is called course", "-- course/course.xml --\n<course url_name=\"course\" org=\"O\" course=\"C\"/>\n" +
			"-- course/course/course.xml --\n<course><wiki slug=\"O.C.Real\"/></course>\n", "course-v1:O+C+Real"},
		{"the shallowest wins", "-- course.xml --\n" + inline + "\n-- x/course.xml --\n<course url_name='Z' org='Z' course='Z'/>",
			"course-v1:O+C+R"},
		{"AppleDouble beside it", "-- ._course.xml --\nx\n-- a/course.xml --\n" + inline + "\n-- a/._course.xml --\nx\n",
			"course-v1:O+C+R"},
		{"only in __MACOSX", "-- __MACOSX/course.xml --\n" + inline, "archive_not_olx"},
		{"library", "-- library/library.xml --\n<library url_name='library' org='O' library='L'><html url_name='h'>x</html></library>",
			"library-v1:O+L"},
		{"Moodle", "-- course/course.xml --\n<course id='2' contextid='25'><shortname>x</shortname></course>", "archive_not_olx"},
		{"Moodle around a course", "-- course/course.xml --\n<course id='2' contextid='25'/>\n-- z/z/course.xml --\n" + inline,
			"course-v1:O+C+R"},
		{"something else in course.xml", "-- course.xml --\n<html/>", "archive_not_olx"},
		{"no XML in course.xml", "-- course.xml --\nhello", "archive_not_olx"},
		{"DOCTYPE", "-- course.xml --\n<!DOCTYPE course [<!ENTITY x 'y'>]>" + inline, "archive_not_olx"},
		{"nothing", "-- README --\nx", "archive_not_olx"},
		{"the course's file is missing", plain, "course_xml_unreadable"},
		{"the course's file is broken", plain + "-- course/R.xml --\n<course>", "course_xml_unreadable"},
		{"no organisation", "-- course.xml --\n<course url_name='R' course='C'><chapter url_name='c'/></course>", "course_key_unknown"},
		{"blanks in the key", "-- course.xml --\n<course url_name='R r' org='O' course='C'><chapter url_name='c'/></course>",
			"course_key_unknown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := olx.Import(files(tt.archive), olx.Options{})
			got := ""
			if err != nil {
				got = errs.From(err).Code
			} else {
				got = r.Course.Key.String()
			}
			if got != tt.want {
				t.Errorf("got %s (%v), want %s", got, err, tt.want)
			}
		})
	}
}

func TestImportRun(t *testing.T) {
	const noRun = `-- course.xml --
<course url_name="course" org="O" course="C.x"/>
`
	const body = `-- course/course.xml --
<course><chapter url_name="c"/></course>
`
	const assets = `-- policies/assets.json --
{"a.png": {"filename": "asset-v1:O+C.x+2015_T2+type@asset+block@a.png", "displayname": "a.png"}}
`
	const son = `-- policies/assets.json --
{"a.png": {"filename": "/c4x/O/C.x/asset/a.png", "content_son": {"run": "2014"}}}
`
	for _, tt := range []struct {
		name, archive, key, want string
	}{
		{"from the files' keys", noRun + body + assets, "", "course-v1:O+C.x+2015_T2"},
		{"from the files' places", noRun + body + son, "", "course-v1:O+C.x+2014"},
		{"from the wiki", noRun + "-- course/course.xml --\n<course><wiki slug='O.C.x.2013'/></course>", "", "course-v1:O+C.x+2013"},
		{"files before wiki", noRun + "-- course/course.xml --\n<course><wiki slug='O.C.x.2013'/></course>\n" + assets, "",
			"course-v1:O+C.x+2015_T2"},
		{"wiki of another course", noRun + "-- course/course.xml --\n<course><wiki slug='O.D.2013'/></course>", "", "course_run_missing"},
		{"nowhere", noRun + body, "", "course_run_missing"},
		{"as told", noRun + body, "course-v1:X+Y+Z", "course-v1:X+Y+Z"},
		{"as told, old style", noRun + body + assets, "X/Y/Z", "X/Y/Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var opts olx.Options
			if tt.key != "" {
				opts.CourseKey = courseKey(t, tt.key)
			}
			r, err := olx.Import(files(tt.archive), opts)
			got := ""
			if err != nil {
				got = errs.From(err).Code
			} else {
				got = r.Report.CourseKey
			}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	var e *errs.Error
	if _, err := olx.Import(files(noRun+body), olx.Options{}); !errors.As(err, &e) || !strings.Contains(e.Hint, "--course-key course-v1:O+C.x+") {
		t.Errorf("the hint %q does not help", e.Hint)
	}
}

func TestImportSeveralRuns(t *testing.T) {
	tree := files(`-- course.xml --
<course url_name="2021" org="O" course="C"/>
-- course/2021.xml --
<course display_name="New"><chapter url_name="a"/></course>
-- course/2018.xml --
<course display_name="Old"><chapter url_name="b"/></course>
-- chapter/a.xml --
<chapter/>
-- chapter/b.xml --
<chapter/>
-- policies/2018/policy.json --
{"course/2018": {"display_name": "Old one"}}
`)
	r := importFS(t, tree, olx.Options{})
	if r.Course.Name != "New" || !slices.Equal(r.Report.Runs, []string{"2018", "2021"}) {
		t.Errorf("name %q, runs %v", r.Course.Name, r.Report.Runs)
	}
	r = importFS(t, tree, olx.Options{CourseKey: courseKey(t, "course-v1:O+C+2018")})
	if r.Course.Name != "Old one" || r.Course.BlockByID("b") == nil {
		t.Errorf("name %q", r.Course.Name)
	}
}

func TestImportRootBlock(t *testing.T) {
	for key, want := range map[string]string{
		"course-v1:X+Y+Z": "block-v1:X+Y+Z+type@course+block@course",
		"X/Y/Z":           "i4x://X/Y/course/Z",
	} {
		r := importFS(t, files(plain+"-- course/R.xml --\n<course/>"), olx.Options{CourseKey: courseKey(t, key)})
		if got := r.Course.Usage(r.Course.Root).String(); got != want {
			t.Errorf("%s: root is %s, want %s", key, got, want)
		}
	}
	r := importFS(t, files("-- library.xml --\n<library org='O' library='L'><problem url_name='p'><p>x</p></problem></library>"), olx.Options{})
	p := get(t, r, "problem", "p")
	if r.Course.Root.Ref != (course.Ref{Type: "library", ID: "library"}) || p.Parent != r.Course.Root ||
		r.Course.Usage(p).String() != "lib-block-v1:O+L+type@problem+block@p" {
		t.Errorf("library: %v, %s", r.Course.Root.Ref, r.Course.Usage(p))
	}
}

func TestImportCourseFields(t *testing.T) {
	r := importFS(t, files(plain+`-- course/R.xml --
<course display_name="Title" language="fi" start="&quot;2015-05-05T13:30:00+00:00&quot;" end="2016-01-01T00:00"
  user_partitions="[{&quot;id&quot;: 7, &quot;name&quot;: &quot;A/B&quot;, &quot;groups&quot;: [{&quot;id&quot;: 1, &quot;name&quot;: &quot;A&quot;}]}]">
 <chapter url_name="c"/><wiki slug="x"/><textbook title="T"/>
</course>
-- chapter/c.xml --
<chapter display_name="One"/>
-- drafts/vertical/x.xml --
<vertical index_in_children_list="0" parent_url="i4x://O/C/sequential/s"/>
-- drafts/vertical/y.xml --
<vertical/>
`), olx.Options{})
	c := r.Course
	want := []course.Partition{{ID: 7, Name: "A/B", Scheme: "random", Groups: []course.Group{{ID: 1, Name: "A"}}}}
	if diff := cmp.Diff(want, c.Partitions); diff != "" {
		t.Error(diff)
	}
	if c.Name != "Title" || c.Language != "fi" || c.Start.Format("2006-01-02 15:04") != "2015-05-05 13:30" ||
		c.End.Format("2006-01-02") != "2016-01-01" {
		t.Errorf("%q %q %v %v", c.Name, c.Language, c.Start, c.End)
	}
	if len(c.Root.Children) != 1 || r.Report.Drafts != 1 || len(r.Report.Errors) != 0 {
		t.Errorf("%d children, report %+v", len(c.Root.Children), r.Report)
	}
	if diff := cmp.Diff(map[string]int{"course": 1, "chapter": 1, "wiki": 1, "textbook": 1}, r.Report.Blocks); diff != "" {
		t.Error(diff)
	}
}

func TestImportSource(t *testing.T) {
	one := files(plain + "-- course/R.xml --\n<course/>")
	source := func(fsys fstest.MapFS, key string) string {
		var opts olx.Options
		if key != "" {
			opts.CourseKey = courseKey(t, key)
		}
		return importFS(t, fsys, opts).Report.Source
	}
	first := source(one, "")
	if again := source(one, ""); again != first {
		t.Error("the same files, another hash")
	}
	if other := source(one, "course-v1:a+b+c"); other == first {
		t.Error("another key, the same hash")
	}
	one["static/x"] = &fstest.MapFile{Data: []byte("x")}
	if other := source(one, ""); other == first {
		t.Error("another file, the same hash")
	}
}

func TestImportNeverFails(t *testing.T) {
	deep := ""
	for range 80 {
		deep += `<vertical url_name="d">`
	}
	for range 80 {
		deep += `</vertical>`
	}
	cyclic := "-- vertical/a.xml --\n<vertical><vertical url_name='b'/></vertical>\n" +
		"-- vertical/b.xml --\n<vertical><vertical url_name='a'/></vertical>\n"
	doubling := ""
	for i := range 24 {
		doubling += "-- vertical/x" + string(rune('a'+i)) + ".xml --\n<vertical><vertical url_name='x" + string(rune('b'+i)) +
			"'/><vertical url_name='x" + string(rune('b'+i)) + "'/></vertical>\n"
	}
	for _, tt := range []struct{ name, xml, more, want string }{
		{"broken file", `<problem url_name="p"/>`, "-- problem/p.xml --\n<problem><p></problem>\n", "line 1"},
		{"missing file", `<html url_name="h"/>`, "", "missing"},
		{"missing HTML", `<html url_name="h"/>`, "-- html/h.xml --\n<html filename='h'/>\n", "missing"},
		{"missing filename", `<problem url_name="p" filename="q"/>`, "", "missing"},
		{"entity declared", `<problem url_name="p"/>`, "-- problem/p.xml --\n<!DOCTYPE p [<!ENTITY a 'b'>]><problem/>\n", "declaration"},
		{"no custom tag", `<customtag impl="nothing"/>`, "", "no template"},
		{"deep", deep, "", "deep"},
		{"contains itself", `<vertical url_name="a"/>`, cyclic, "itself"},
		{"doubling", `<vertical url_name="xa"/>`, doubling, "the rest is left out"},
		{"policy is no JSON", `<html url_name="h">x</html>`, "-- policies/R/policy.json --\n{,}\n", "policy is left out"},
		{"assets.json is no JSON", `<html url_name="h">x</html>`, "-- policies/assets.json --\n[]\n", "left out"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := inUnit(t, tt.xml, tt.more)
			if !said(r.Report.Errors, "", tt.want) {
				t.Errorf("%d errors: %+v", len(r.Report.Errors), r.Report.Errors[:min(3, len(r.Report.Errors))])
			}
			if r.Course.Block(course.Ref{Type: "vertical", ID: "v"}) == nil {
				t.Error("the unit around it is gone")
			}
		})
	}
}

func FuzzImport(f *testing.F) {
	f.Add(`<html url_name="a">x</html>`, `{"html/a": {"start": "x"}}`)
	f.Add(`<vertical url_name="v"/><problem filename="a"/><conditional sources="x"><show sources="i4x://a/b/c/d"/></conditional>`, `[]`)
	f.Add(`<video url_name="&quot;" youtube="1.0:x"><source src="/static/x"/></video><include file="course.xml"/>`, `{"a": {"b": null}}`)
	f.Fuzz(func(t *testing.T, xml, policy string) {
		m := files(plain)
		m["course/R.xml"] = &fstest.MapFile{Data: []byte(`<course><vertical url_name="v">` + xml + `</vertical></course>`)}
		m["vertical/v.xml"] = &fstest.MapFile{Data: []byte(`<vertical>` + xml + `</vertical>`)}
		m["policies/R/policy.json"] = &fstest.MapFile{Data: []byte(policy)}
		r, err := olx.Import(m, olx.Options{})
		if err != nil {
			if errs.From(err).Kind == errs.Internal {
				t.Errorf("no words for %v", err)
			}
			return
		}
		seen := map[course.Ref]bool{}
		r.Course.Blocks(func(b *course.Block) {
			if seen[b.Ref] {
				t.Errorf("%v is there twice", b.Ref)
			}
			seen[b.Ref] = true
			if b.Fate == "" || (b.Fate != course.Shown && b.Fate != course.Container) != (b.Reason != "") {
				t.Errorf("%v: fate %q, reason %q", b.Ref, b.Fate, b.Reason)
			}
		})
		if _, err := keys.ParseCourse(r.Report.CourseKey); err != nil {
			t.Error(err)
		}
	})
}
