package keys_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lectern/internal/keys"
)

const hex24 = "519665f6223ebd6980884f2b"

// TestParseCourse replays the course-position examples K1-K41 of the opaque-key
// survey.
func TestParseCourse(t *testing.T) {
	plain := func(org, course, run string) keys.Course { return keys.Course{Org: org, Course: course, Run: run} }
	for _, tt := range []struct {
		id, in string
		want   keys.Course
		prints string // "" means as it was read
	}{
		{"K1", "course-v1:edX+DemoX+Demo_Course", plain("edX", "DemoX", "Demo_Course"), ""},
		{"K2", "course-v1:mit.eecs+6.002x+2014_T2", plain("mit.eecs", "6.002x", "2014_T2"), ""},
		{"K3", "course-v1:a~b+c-d+e.f", plain("a~b", "c-d", "e.f"), ""},
		{"K4", "course-v1:a:b+c+d", plain("a:b", "c", "d"), ""},
		{"K5", "course-v1:Ünï+Kurs+Läuf", plain("Ünï", "Kurs", "Läuf"), ""},
		{"K6", "course-v1:中文+课程+2024", plain("中文", "课程", "2024"), ""},
		{"K12", "course-v1:org+course+run+branch@draft",
			keys.Course{Org: "org", Course: "course", Run: "run", Branch: "draft"}, ""},
		{"K13", "course-v1:org+course+run+branch@draft-branch+version@" + hex24,
			keys.Course{Org: "org", Course: "course", Run: "run", Branch: "draft-branch", Version: hex24}, ""},
		{"K14", "course-v1:version@" + hex24, keys.Course{Version: hex24}, ""},
		{"K17", "course-v1:org+course+run+type@problem+block@x", plain("org", "course", "run"),
			"course-v1:org+course+run"},
		{"K23", "org/course/run", keys.Course{Org: "org", Course: "course", Run: "run", Deprecated: true}, ""},
		{"K24", "org/course/", keys.Course{Org: "org", Course: "course", Deprecated: true}, ""},
		{"K26", "org.x/c%20d/r-1", keys.Course{Org: "org.x", Course: "c%20d", Run: "r-1", Deprecated: true}, ""},
		{"K28", "slashes:DemoUniversity+DM01+2014", plain("DemoUniversity", "DM01", "2014"),
			"course-v1:DemoUniversity+DM01+2014"},
		{"K30", "library-v1:TestX+lib1", keys.Course{Org: "TestX", Course: "lib1", Library: true}, ""},
		{"K31", "library-v1:TestX+lib1+run", keys.Course{Org: "TestX", Course: "lib1", Library: true},
			"library-v1:TestX+lib1"},
		{"K32", "library-v1:TestX+lib1+branch@library",
			keys.Course{Org: "TestX", Course: "lib1", Branch: "library", Library: true}, ""},
		{"K37", "course-v1:org+course+version@" + hex24, keys.Course{Org: "org", Course: "course", Version: hex24},
			"course-v1:version@" + hex24},
	} {
		t.Run(tt.id, func(t *testing.T) {
			got, err := keys.ParseCourse(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("ParseCourse(%q) (-want +got):\n%s", tt.in, diff)
			}
			want := tt.prints
			if want == "" {
				want = tt.in
			}
			if got.String() != want {
				t.Errorf("String() = %q, want %q", got, want)
			}
		})
	}
}

func TestParseCourseInvalid(t *testing.T) {
	for id, list := range map[string][]string{
		"K7":  {"course-v1:o\u0301rg+c+r"},
		"K8":  {"course-v1:org+course"},
		"K9":  {"course-v1:org+course+"},
		"K10": {"course-v1:org+course+run+"},
		"K11": {"course-v1:org+course+run+x"},
		"K15": {"course-v1:version@519665f6223ebd6980884f2"},
		"K16": {"course-v1:version@519665F6223EBD6980884F2B"},
		"K18": {"course-v1:org+co urse+run"},
		"K19": {"course-v1:org+cou%rse+run"},
		"K20": {"course-v1:org+course+run\n", "course-v1:org+course+run ", " course-v1:org+course+run"},
		"K21": {"course-v1:", "course-v1", ""},
		"K22": {"COURSE-V1:org+course+run", "Course-v1:org+course+run", "course-v2:org+course+run"},
		"K25": {"org/course", "org/course/run/x", "/course/run", "//"},
		"K27": {"org/co:urse/run", "org/co~urse/run", "foo!/bar/baz", "org/course/run\n"},
		"K29": {"slashes:Demo/DM01/2014"},
		"K33": {"library-v1:per%ent+sign"},
		"K34": {"lib:MITx:reallyhard"},
		"K35": {"ccx-v1:edX+DemoX+Demo_Course+ccx@1"},
		"K36": {"course-v1:branch@x+course+run"},
		"K38": {"course-v1:edX DemoX Demo_Course"},
		"K39": {"course-v1%3AedX%2BDemoX%2BDemo_Course"},
		"K40": {"course-v1:org++run", "course-v1:+course+run", "course-v1:a/b/c", "course-v1:e+d@x+f",
			"course-v1:org+course+run+branch@", "course-v1:org+course+run+branch@a b"},
		"K41":     {"block-v1:edX+DemoX+Demo_Course+type@course+block@course"},
		"length":  {"course-v1:o+c+" + strings.Repeat("r", 242)},
		"utf8":    {"course-v1:o+c+r\xff", "course-v1:o+c+\uFFFD"},
		"twice":   {"course-v1:o+c+r+branch@a+branch@b", "library-v1:o+l+type@a", "library-v1:o"},
		"newline": {"library-v1:o+l\n"},
	} {
		for _, in := range list {
			if got, err := keys.ParseCourse(in); !errors.Is(err, keys.ErrCourse) {
				t.Errorf("%s: ParseCourse(%q) = %+v, %v; want ErrCourse", id, in, got, err)
			}
		}
	}
	if _, err := keys.ParseCourse("course-v1:o+c+" + strings.Repeat("ü", 241)); err != nil {
		t.Errorf("255 characters: %v", err)
	}
}

// TestParseUsage replays the usage-position examples K42-K85.
func TestParseUsage(t *testing.T) {
	demo := keys.Course{Org: "edX", Course: "DemoX", Run: "Demo_Course"}
	ocr := keys.Course{Org: "org", Course: "course", Run: "run"}
	old := keys.Course{Org: "org", Course: "course", Deprecated: true}
	draft, both, oldDraft := ocr, ocr, old
	draft.Branch, oldDraft.Branch = "draft", "draft"
	both.Branch, both.Version = "draft", hex24
	lib := keys.Course{Org: "org", Course: "lib", Library: true}
	libBranch := lib
	libBranch.Branch = "library"
	libUsage := func(c keys.Course) keys.Usage {
		return keys.Usage{Course: c, Type: "problem", ID: "name", Form: keys.FormLibrary}
	}
	lib2 := func(org, slug, typ, id string) keys.Usage {
		return keys.Usage{Course: keys.Course{Org: org, Course: slug, Library: true}, Type: typ, ID: id,
			Form: keys.FormLibraryV2}
	}
	for _, tt := range []struct {
		id, in string
		want   keys.Usage
		prints string
	}{
		{"K42", "block-v1:edX+DemoX+Demo_Course+type@problem+block@a0effb954cca4759994f1ac9e9434bf4",
			demo.Usage("problem", "a0effb954cca4759994f1ac9e9434bf4"), ""},
		{"K43", "block-v1:OpenedX+DemoX+DemoCourse+type@sequential+block@f5c59ce5928f42f4af485e187a93963e",
			keys.Course{Org: "OpenedX", Course: "DemoX", Run: "DemoCourse"}.
				Usage("sequential", "f5c59ce5928f42f4af485e187a93963e"), ""},
		{"K44", "block-v1:edX+DemoX+Demo_Course+type@vertical+block@vertical_0270f6de40fc",
			demo.Usage("vertical", "vertical_0270f6de40fc"), ""},
		{"K45", "block-v1:edX+DemoX+Demo_Course+type@course+block@course", demo.Usage("course", "course"), ""},
		{"K46", "block-v1:org+course+run+type@problem+block@name:12.33-44~x", ocr.Usage("problem", "name:12.33-44~x"), ""},
		{"K53", "block-v1:org+course+run+branch@draft+type@problem+block@lab2", draft.Usage("problem", "lab2"), ""},
		{"K54", "block-v1:org+course+run+branch@draft+version@" + hex24 + "+type@problem+block@lab2",
			both.Usage("problem", "lab2"), ""},
		{"K56", "block-v1:version@" + hex24 + "+type@problem+block@lab2",
			keys.Course{Version: hex24}.Usage("problem", "lab2"), ""},
		{"K59", "block-v1:ΩmegaX+Ωμέγα+r+type@html+block@έψιλον",
			keys.Course{Org: "ΩmegaX", Course: "Ωμέγα", Run: "r"}.Usage("html", "έψιλον"), ""},
		{"K60", "i4x://org/course/problem/name", old.Usage("problem", "name"), ""},
		{"K61", "i4x://org/course/problem/name@draft", oldDraft.Usage("problem", "name"), ""},
		{"K66", "i4x://org/course/problem/name:12%33-44", old.Usage("problem", "name:12%33-44"), ""},
		{"K68", "i4x://org/course/prob lem/name", old.Usage("prob lem", "name"), ""},
		{"K70", "i4x://org/course/problem/name~x", old.Usage("problem", "name~x"), ""},
		{"K72", "location:GradingUniv+GT101+2014+chapter+4420ef6679b34ee8ba0cfd6d514b1b38",
			keys.Course{Org: "GradingUniv", Course: "GT101", Run: "2014"}.
				Usage("chapter", "4420ef6679b34ee8ba0cfd6d514b1b38"),
			"block-v1:GradingUniv+GT101+2014+type@chapter+block@4420ef6679b34ee8ba0cfd6d514b1b38"},
		{"K73", "lib-block-v1:org+lib+type@problem+block@name", libUsage(lib), ""},
		{"K74", "lib-block-v1:org+lib+branch@library+type@problem+block@name", libUsage(libBranch), ""},
		{"K75", "lib-block-v1:org+lib+run+type@problem+block@name", libUsage(lib),
			"lib-block-v1:org+lib+type@problem+block@name"},
		{"K77", "lb:MITx:reallyhardproblems:problem:problem1",
			lib2("MITx", "reallyhardproblems", "problem", "problem1"), ""},
		{"K78", "lb:edX:demo-lib.2019:html:introduction", lib2("edX", "demo-lib.2019", "html", "introduction"), ""},
		{"K79", "lb:UnicodeX:i18n-lib:html:έψιλον", lib2("UnicodeX", "i18n-lib", "html", "έψιλον"), ""},
	} {
		t.Run(tt.id, func(t *testing.T) {
			got, err := keys.ParseUsage(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("ParseUsage(%q) (-want +got):\n%s", tt.in, diff)
			}
			want := tt.prints
			if want == "" {
				want = tt.in
			}
			if got.String() != want {
				t.Errorf("String() = %q, want %q", got, want)
			}
		})
	}
}

func TestParseUsageInvalid(t *testing.T) {
	const block = "block-v1:org+course+run+type@problem+block@x"
	for id, list := range map[string][]string{
		"K47": {"block-v1:org+course+run+type@problem+block@a%20b", "block-v1:org+course+run+type@pro%blem+block@x",
			"block-v1:org+course+run+type@problem+block@a b", "block-v1:org+course+run+type@problem+block@a/b"},
		"K48": {"block-v1:org+course+run+type@problem+block@", "block-v1:org+course+run+type@problem"},
		"K49": {"block-v1:org+course+run+block@x"}, // Open edX reads it and fails later
		"K50": {"block-v1:org+course+run+type@+block@x"},
		"K51": {"block-v1:org+course+type@problem+block@x"},
		"K52": {"block-v1:org+course+run+block@x+type@problem"},
		"K55": {"block-v1:org+course+run+version@" + hex24 + "+branch@draft+type@problem+block@x"},
		"K57": {block + "\n", block + " ", block + "/", block + "+", block + "+y", block + "@y"},
		"K58": {"block-v1:org+course+run+TYPE@problem+block@x", "BLOCK-V1:org+course+run+type@problem+block@x"},
		"K62": {"i4x:/org/course/problem/name"},
		"K63": {"i4x:;_;_org;_course;_problem;_name"},
		"K64": {"/i4x/org/course/problem/name"},
		"K65": {"i4x://org/course/problem/na/me"},
		"K67": {"i4x://org/cou:rse/problem/name"},
		"K69": {"i4x://org/course/problem/name with spaces"},
		"K71": {"i4x://org/course/problem/", "i4x://org/course/problem", "I4x://org/course/problem/name",
			"0i4x://org/course/problem/name", "i4x://org/course/problem/name@dr/aft", "i4x://org/course/problem/name\n"},
		"K76": {"lib-block-v1:org+lib+type@problem", "lib-block-v1:org+lib+block@name"},
		"K80": {"lb:Ünï:lib:html:x"},
		"K81": {"lb:org:lib:html", "lb:org:lib:html:a:b", "lb:org:lib:html:a b"},
		"K82": {"lb:org:lib:html:x\n"}, // Open edX lets the newline pass
		"K83": {"lct:org:lib:unit:u1", "lib-collection:org:lib:c", "asset-v1:org+course+run+type@asset+block@pic.png",
			"/c4x/org/course/asset/pic.png", "def-v1:" + hex24 + "+type@problem", "course-v1:org+course+run", "",
			"problem", "block-v1%3AedX%2BDemoX", "ccx-block-v1:org+course+run+ccx@1+type@problem+block@x"},
		"K84":    {"aside-usage-v2:block-v1$:org+course+run+type@problem+block@x::aside"}, // asides hold no content
		"K85":    {"block-v1:edX DemoX Demo_Course type@problem block@x"},
		"length": {block + strings.Repeat("x", 255)},
		"utf8":   {"i4x://org/course/p\xff/name", "i4x://org/course/p\x00/name"},
	} {
		for _, in := range list {
			if got, err := keys.ParseUsage(in); !errors.Is(err, keys.ErrUsage) {
				t.Errorf("%s: ParseUsage(%q) = %+v, %v; want ErrUsage", id, in, got, err)
			}
		}
	}
}

// TestMapInto replays the survey's table of usages opened in another course.
func TestMapInto(t *testing.T) {
	const b2 = "course-v1:edX+B+2"
	for _, tt := range []struct{ course, usage, want string }{ // want "" means ErrUsage
		{b2, "block-v1:edX+A+1+type@problem+block@x", "block-v1:edX+B+2+type@problem+block@x"},
		{b2, "i4x://edX/A/problem/x", "block-v1:edX+B+2+type@problem+block@x"},
		{"edX/B/2", "block-v1:edX+A+1+type@problem+block@x", "i4x://edX/B/problem/x"},
		{"edX/B/2", "i4x://edX/A/problem/x@draft", "i4x://edX/B/problem/x"},
		{"edX/B/2", "block-v1:edX+A+1+type@problem+block@a~b", "i4x://edX/B/problem/a~b"},
		{b2 + "+branch@draft", "block-v1:edX+A+1+type@problem+block@x",
			"block-v1:edX+B+2+branch@draft+type@problem+block@x"},
		{b2, "lib-block-v1:org+lib+type@problem+block@name", ""}, // Open edX: a key of nothing, 404 later
		{b2, "lb:o:l:problem:p", ""},                             // Open edX: 500
		{"library-v1:org+lib", "block-v1:edX+A+1+type@problem+block@x", "block-v1:org+lib+type@problem+block@x"},
		{b2, "i4x://edX/A/problem/x%20y", ""},
		{b2, "i4x://edX/A/prob lem/x", ""},
	} {
		t.Run(tt.course+" "+tt.usage, func(t *testing.T) {
			c, err := keys.ParseCourse(tt.course)
			if err != nil {
				t.Fatal(err)
			}
			u, err := keys.ParseUsage(tt.usage)
			if err != nil {
				t.Fatal(err)
			}
			got, err := u.MapInto(c)
			if tt.want == "" {
				if !errors.Is(err, keys.ErrUsage) {
					t.Errorf("MapInto = %s, %v; want ErrUsage", got, err)
				}
				return
			}
			if err != nil || got.String() != tt.want {
				t.Errorf("MapInto = %s, %v; want %s", got, err, tt.want)
			}
		})
	}
}

func TestHTMLID(t *testing.T) {
	for in, want := range map[string]string{
		"block-v1:edX+B+2+type@problem+block@a.b~c":  "a.b~c",
		"i4x://edX/6.002x/problem/H1P1:a%20b":        "i4x-edX-6_002x-problem-H1P1_a_20b",
		"i4x://org/cour-se/prob lem/näme":            "i4x-org-cour-se-prob_lem-näme",
		"i4x://org/course/problem/name@draft":        "i4x-org-course-problem-name",
		"lb:edX:demo-lib.2019:html:introduction":     "introduction",
		"lib-block-v1:o+l+type@problem+block@name.x": "name.x",
	} {
		u, err := keys.ParseUsage(in)
		if err != nil || u.HTMLID() != want {
			t.Errorf("%s: HTMLID() = %q, %v; want %q", in, u.HTMLID(), err, want)
		}
	}
}
