package olx_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"lectern/internal/course"
	"lectern/internal/course/olx"
)

func TestDefinitions(t *testing.T) {
	for _, tt := range []struct {
		name, xml, more string
		typ, id         string
		title, data     string // data must contain it
		warning         string
	}{
		{"pointer", `<html url_name="h"/>`,
			"-- html/h.xml --\n<html filename=\"h\" display_name=\"T\"/>\n-- html/h.html --\n<p>Hi<br></p>\n", "html", "h", "T", "<p>Hi<br></p>", ""},
		{"colon is a folder", `<html url_name="w1:h"/>`,
			"-- html/w1/h.xml --\n<html filename=\"h\"/>\n-- html/w1/h.html --\nx\n", "html", "w1:h", "", "x", ""},
		{"inline", `<html url_name="h" display_name="T">Text <b>bold</b> <script>a &lt; b</script></html>`, "", "html", "h", "T",
			"Text <b>bold</b> <script>a < b</script>", ""},
		{"html in its own XML", `<html url_name="h"/>`, "-- html/h.xml --\n<html display_name=\"T\"><p>in</p></html>\n", "html", "h", "T",
			"<p>in</p>", ""},
		{"only the HTML is there", `<html url_name="h"/>`, "-- html/h.html --\nalone\n", "html", "h", "", "alone", "missing"},
		{"filename of 2012", `<problem url_name="p" filename="q" display_name="Mine"/>`,
			"-- problem/q.xml --\n<problem display_name=\"Theirs\"><p>q</p></problem>\n", "problem", "p", "Mine", "<p>q</p>", ""},
		{"filename in problems/", `<problem url_name="p" filename="q"/>`, "-- problems/q.xml --\n<problem><p>q</p></problem>\n",
			"problem", "p", "", "<p>q</p>", ""},
		{"filename is a path", `<problem url_name="p" filename="sets/q"/>`, "-- sets/q.xml --\n<problem><p>q</p></problem>\n",
			"problem", "p", "", "<p>q</p>", ""},
		{"html filename", `<html url_name="h" filename="x"/>`, "-- html/x.html --\nfile\n", "html", "h", "", "file", ""},
		{"html filename with extension", `<html url_name="h" filename="x.html"/>`, "-- html/x.html --\nfile\n", "html", "h", "", "file", ""},
		{"html filename with .html.xml", `<html url_name="h" filename="x.xml"/>`, "-- html/x.html --\nfile\n", "html", "h", "", "file", ""},
		{"html filename with a path too long", `<html url_name="h" filename="a/b/x"/>`, "-- b/x.html --\nfile\n", "html", "h", "", "file", ""},
		{"html filename from the top", `<html url_name="h" filename="x"/>`, "-- x.html --\nfile\n", "html", "h", "", "file", ""},
		{"pointer with attributes", `<video url_name="v" display_name="Mine"/>`,
			"-- video/v.xml --\n<video display_name=\"Theirs\" youtube=\"1.00:abc\"/>\n", "video", "v", "Mine", `youtube="1.00:abc"`, "attributes of its own"},
		{"pure XBlock inline", `<poll url_name="p" xblock-family="xblock.v1" question="Q"/>`, "", "poll", "p", "", `question="Q"`, ""},
		{"slug", `<video slug="old"/>`, "-- video/old.xml --\n<video youtube=\"1.00:abc\"/>\n", "video", "old", "", "abc", ""},
		{"name is the title", `<video name="My &amp;&amp; video!" youtube="1.00:abc"/>`, "", "video", "My_video_", "My && video!", "abc", ""},
		{"display_name as name", `<html display_name="A b">x</html>`, "", "html", "A_b", "A b", "x", ""},
		{"Windows line ends and a BOM", `<html url_name="h"/>`,
			"-- html/h.xml --\n\ufeff<html filename=\"h\"\r\n/>\r\n-- html/h.html --\n\ufefftext\r\n", "html", "h", "", "text\r\n", ""},
		{"attribute white space", `<video url_name="v" youtube="a` + "\n\t" + `b&#10;c">x</video>`, "", "video", "v", "", `youtube="a  b&#10;c"`, ""},
		{"meta", `<html url_name="h"><meta>{"display_name": "From meta"}</meta>x</html>`, "", "html", "h", "From meta", "x", ""},
		{"meta of a page", `<html url_name="h"><meta name="viewport"/>x</html>`, "", "html", "h", "", `<meta name="viewport">x`, ""},
		{"custom tag", `<customtag url_name="c" impl="book" page="5 &lt; 6"/>`, "-- custom_tags/book --\n<a>p. $page of ${page}, $none</a>\n",
			"customtag", "c", "", "<a>p. 5 &lt; 6 of 5 &lt; 6, $none</a>", ""},
		{"custom tag, impl inside", `<customtag url_name="c" tag="x"><impl>book</impl></customtag>`, "-- custom_tags/book --\nT\n",
			"customtag", "c", "", "T", ""},
		{"custom tag by its name", `<slides url_name="c" page="7"/>`, "-- custom_tags/slides --\n$page\n", "customtag", "c", "", "7", ""},
		{"included", `<problem url_name="p"><include file="inc/a.xml"/></problem>`,
			"-- inc/a.xml --\n<div>outer<include file=\"inc/b.xml\"/></div>\n-- inc/b.xml --\n<p>inner</p>\n", "problem", "p", "",
			"<div>outer<p>inner</p></div>", ""},
		{"included from static", `<problem url_name="p"><include file="/sub/a.xml"/></problem>`,
			"-- static/sub/a.xml --\n<p>inner</p>\n", "problem", "p", "", "<p>inner</p>", ""},
		{"markdown is dropped", `<problem url_name="p" markdown="=== x"><p>y</p></problem>`, "", "problem", "p", "", "<p>y</p>", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := inUnit(t, tt.xml, tt.more)
			b := get(t, r, tt.typ, tt.id)
			if b.Name != tt.title || !strings.Contains(b.Data, tt.data) || b.Fate == course.Broken {
				t.Errorf("name %q, fate %s (%s), data\n%s", b.Name, b.Fate, b.Reason, b.Data)
			}
			if len(r.Report.Errors) > 0 {
				t.Errorf("errors %+v", r.Report.Errors)
			}
			if (tt.warning != "") != (len(r.Report.Warnings) > 0) || tt.warning != "" && !said(r.Report.Warnings, tt.id, tt.warning) {
				t.Errorf("warnings %+v", r.Report.Warnings)
			}
		})
	}
}

func TestNames(t *testing.T) {
	r := inUnit(t, `<html>no name</html><html>no name</html><problem><p>x</p></problem>
<problem url_name="p"><p>1</p></problem><problem url_name="p"><p>2</p></problem><problem url_name="p"><p>2</p></problem>
<html url_name="h"/><html url_name="h"/><video url_name="p" youtube="x"/>`, "-- html/h.xml --\n<html>shared</html>\n")
	v := get(t, r, "vertical", "v")
	patterns := []string{
		`^html_[0-9a-f]{12}$`, `^html_[0-9a-f]{12}_2$`, `^problem_[0-9a-f]{12}$`,
		`^p$`, `^problem_p_[0-9a-f]{12}$`, `^problem_p_[0-9a-f]{12}_2$`,
		`^h$`, `^html_h_[0-9a-f]{12}$`, `^p$`,
	}
	if len(v.Children) != len(patterns) {
		t.Fatalf("%d children", len(v.Children))
	}
	seen := map[course.Ref]bool{}
	for i, child := range v.Children {
		if !regexp.MustCompile(patterns[i]).MatchString(child.ID) || seen[child.Ref] {
			t.Errorf("child %d is %s, want %s, once", i, child.ID, patterns[i])
		}
		seen[child.Ref] = true
	}
	if v.Children[7].Data != "shared" {
		t.Errorf("the second use has lost its content: %q", v.Children[7].Data)
	}
	if !said(r.Report.Errors, "type@problem+block@p", "second block") || !said(r.Report.Errors, "problem_", "no name") ||
		!said(r.Report.Warnings, "type@html+block@h", "second time") {
		t.Errorf("report %+v", r.Report)
	}
	again := inUnit(t, `<html>no name</html>`, "")
	if id := get(t, again, "vertical", "v").Children[0].ID; id != v.Children[0].ID {
		t.Errorf("the name made of content changed from %s to %s", v.Children[0].ID, id)
	}
}

func TestContainers(t *testing.T) {
	r := importFS(t, files(plain+`-- course/R.xml --
<course><chapter url_name="c">
 <videosequence url_name="vs"><video url_name="v1" youtube="x"/></videosequence>
 <problemset url_name="ps"><problem url_name="p1"><p/></problem></problemset>
 <section url_name="se"><html url_name="h1">x</html></section>
 <sequential url_name="s"><wrapper url_name="w"><html url_name="h2">x</html></wrapper>
  <randomize url_name="r"><html url_name="h3">x</html><html url_name="h4">x</html></randomize>
  <vertical url_name="v">
   <library_content url_name="l" max_count="2" source_library_id="library-v1:a+b"><html url_name="h5">x</html></library_content>
   <itembank url_name="ib" max_count="-1"><html url_name="h6">x</html></itembank>
   <split_test url_name="st" user_partition_id="7" group_id_to_child="{&quot;1&quot;: &quot;i4x://a/b/html/h7&quot;}"><html url_name="h7">x</html></split_test>
   <conditional url_name="co" sources="i4x://old/one/problem/p1" attempted="True" message="m"><html url_name="h8">x</html>
     <show sources="i4x://old/one/html/h9; block-v1:a+b+c+type@html+block@h10"/></conditional>
  </vertical></sequential></chapter></course>
-- html/h9.xml --
<html>nine</html>
-- html/h10.xml --
<html>ten</html>
`), olx.Options{})
	for parent, want := range map[string][]string{
		"videosequence/vs": {"v1"}, "problemset/ps": {"p1"}, "section/se": {"h1"}, "wrapper/w": {"h2"},
		"randomize/r": {"h3", "h4"}, "library_content/l": {"h5"}, "itembank/ib": {"h6"}, "split_test/st": {"h7"},
		"conditional/co": {"h8", "h9", "h10"},
	} {
		typ, id, _ := strings.Cut(parent, "/")
		b := get(t, r, typ, id)
		var got []string
		for _, child := range b.Children {
			got = append(got, child.ID)
		}
		if !slices.Equal(got, want) || b.Fate != course.Container {
			t.Errorf("%s: %v, fate %s", parent, got, b.Fate)
		}
	}
	co := get(t, r, "conditional", "co")
	conditions, err := r.Course.Conditions(co)
	want := []course.Condition{{Source: course.Ref{Type: "problem", ID: "p1"}, Attribute: "attempted", Value: "True"}}
	if diff := cmp.Diff(want, conditions); err != nil || diff != "" || co.ConditionMessage() != "m" {
		t.Errorf("%v %s", err, diff)
	}
	if size := get(t, r, "library_content", "l").DrawSize(); size != 2 {
		t.Errorf("draws %d", size)
	}
}

func TestFates(t *testing.T) {
	r := inUnit(t, `<discussion url_name="d" discussion_id="x"/><p>stray</p><cpsx url_name="c"/><openassessment url_name="o"><rubric/></openassessment>
<imageannotation url_name="dd"/><html url_name="gone"/><video url_name="v" youtube="x"/>`, "")
	for typ, want := range map[string]course.Fate{
		"discussion": course.Hidden, "p": course.Hidden, "cpsx": course.Unsupported, "openassessment": course.Unsupported,
		"imageannotation": course.Unsupported, "html": course.Broken, "video": course.Shown, "vertical": course.Container,
	} {
		i := slices.IndexFunc(blocks(r), func(b *course.Block) bool { return b.Type == typ })
		if b := blocks(r)[i]; b.Fate != want || b.Scored {
			t.Errorf("%s: %s (%s), scored %v", typ, b.Fate, b.Reason, b.Scored)
		}
	}
	if diff := cmp.Diff(map[course.Fate]int{"hidden": 2, "unsupported": 3, "broken": 1, "shown": 1, "container": 4}, r.Report.Fates); diff != "" {
		t.Error(diff)
	}
	if len(r.Report.NotShown) != 3 || len(r.Report.Errors) != 1 {
		t.Errorf("%+v", r.Report)
	}
}

func blocks(r *olx.Result) []*course.Block {
	var out []*course.Block
	r.Course.Blocks(func(b *course.Block) { out = append(out, b) })
	return out
}

func TestPolicyAndInheritance(t *testing.T) {
	r := importFS(t, files(plain+`-- course/R.xml --
<course display_name="File" start="2020-01-01" graceperiod="1 day 2 hours" showanswer="always" unknown="kept">
 <chapter url_name="c" start="2021-01-01T00:00:00Z"><sequential url_name="s" format="Homework" graded="true" due="2021-02-01T00:00Z">
  <vertical url_name="v"><problem url_name="p" max_attempts="null" weight="2.5" submission_wait_seconds="55" rerandomize=""
     attempts_before_showanswer_button="3"><p/></problem><problem url_name="q" start="null" showanswer="'attempted'" max_attempts=""><p/></problem></vertical>
 </sequential></chapter></course>
-- policies/R/policy.json --
{"course/R": {"display_name": "Policy", "max_attempts": 4, "graceperiod": "5 minutes"},
 "sequential/s": {"due": "2022-02-01T00:00:00Z", "hide_after_due": true, "default_time_limit_minutes": 30},
 "problem/q": {"display_name": "Q", "show_reset_button": true, "group_access": {"7": [1, 2], "8": []}}}
`), olx.Options{})
	if r.Course.Name != "Policy" || r.Course.Root.Fields["unknown"] != "kept" {
		t.Errorf("course %q %v", r.Course.Name, r.Course.Root.Fields)
	}
	day := func(y int, m time.Month) *time.Time { d := time.Date(y, m, 1, 0, 0, 0, 0, time.UTC); return &d }
	weight := 2.5
	four := 4
	want := course.Settings{
		Start: day(2021, 1), Due: day(2022, 2), Grace: 5 * time.Minute, Graded: true, ShowAnswer: "always",
		ShowCorrectness: "always", Rerandomize: "always", Weight: &weight, SubmissionWait: 55 * time.Second,
		AttemptsBeforeShowAnswer: 3,
	}
	if diff := cmp.Diff(want, get(t, r, "problem", "p").Settings); diff != "" {
		t.Errorf("p: %s", diff)
	}
	want = course.Settings{
		Due: day(2022, 2), Grace: 5 * time.Minute, Graded: true, ShowAnswer: "'attempted'", ShowCorrectness: "always",
		Rerandomize: "never", GroupAccess: map[int][]int{7: {1, 2}}, ShowResetButton: true,
	}
	if diff := cmp.Diff(want, get(t, r, "problem", "q").Settings); diff != "" {
		t.Errorf("q: %s", diff)
	}
	want = course.Settings{
		Start: day(2021, 1), Due: day(2022, 2), Grace: 5 * time.Minute, Graded: true, Format: "Homework", HideAfterDue: true,
		ShowAnswer: "always", ShowCorrectness: "always", Rerandomize: "never", MaxAttempts: &four, TimeLimitMinutes: 30,
	}
	if diff := cmp.Diff(want, get(t, r, "sequential", "s").Settings); diff != "" {
		t.Errorf("s: %s", diff)
	}
}

func TestOldNames(t *testing.T) {
	r := inUnit(t, `<video url_name="v" from="00:00:10" to="00:01:00" Due="2013-01-01"/><discussion url_name="d" id="x" for="Week 1"/>`, "")
	v, d := get(t, r, "video", "v"), get(t, r, "discussion", "d")
	if v.Fields["start_time"] != "00:00:10" || v.Fields["end_time"] != "00:01:00" || v.Settings.Due == nil {
		t.Errorf("video %v, due %v", v.Fields, v.Settings.Due)
	}
	if d.Fields["discussion_id"] != "x" || d.Fields["discussion_target"] != "Week 1" {
		t.Errorf("discussion %v", d.Fields)
	}
}

func TestOldPolicyFile(t *testing.T) {
	r := importFS(t, files(plain+"-- course/R.xml --\n<course/>\n-- policies/R.json --\n{\"course/R\": {\"display_name\": \"Old\"}}\n"), olx.Options{})
	if r.Course.Name != "Old" {
		t.Errorf("name %q", r.Course.Name)
	}
}

func TestLegacyAttempts(t *testing.T) {
	old := `<problem url_name="a" attempts="3"><p/></problem><problem url_name="b" attempts=""><p/></problem>`
	tree := func(more string) fstest.MapFS {
		return files(unit + old + more + "</vertical></sequential></chapter></course>\n")
	}
	for _, tt := range []struct {
		name string
		fsys fstest.MapFS
		when olx.When
		want bool
	}{
		{"old course", tree(""), olx.Auto, true},
		{"newer course", tree(`<problem url_name="c" max_attempts="1"><p/></problem>`), olx.Auto, false},
		{"newer course, as told", tree(`<problem url_name="c" max_attempts="1"><p/></problem>`), olx.Always, true},
		{"old course, as told", tree(""), olx.Never, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := importFS(t, tt.fsys, olx.Options{LegacyAttempts: tt.when})
			n := get(t, r, "problem", "a").Settings.MaxAttempts
			if (n != nil) != tt.want || n != nil && *n != 3 || get(t, r, "problem", "b").Settings.MaxAttempts != nil {
				t.Errorf("max_attempts %v", n)
			}
		})
	}
}

func TestUnreadableValues(t *testing.T) {
	r := inUnit(t, `<html url_name="h" start="soon" due="" graceperiod="a while" group_access="[1]" submission_wait_seconds="x">x</html>`, "")
	s := get(t, r, "html", "h").Settings
	if s.Start != nil || s.Due != nil || s.Grace != 0 || !s.StaffOnly || s.SubmissionWait != 0 {
		t.Errorf("%+v", s)
	}
	for _, field := range []string{"start", "graceperiod", "group_access", "submission_wait_seconds"} {
		if !said(r.Report.Warnings, "html+block@h", field) {
			t.Errorf("nothing about %s in %+v", field, r.Report.Warnings)
		}
	}
}
