package olx_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lectern/internal/course"
	"lectern/internal/course/olx"
	"lectern/internal/spectest"
)

// real opens and imports one of the real course exports.
func real(t *testing.T, name string) *olx.Result {
	t.Helper()
	tree, err := olx.Open(t.Context(), spectest.Shared(t, "courses", name+".tar.gz"), olx.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	return importFS(t, tree, olx.Options{})
}

// TestRealCourses compares with a survey of the same exports by other means. Its
// number of blocks counts the wiki too.
func TestRealCourses(t *testing.T) {
	for _, tt := range []struct {
		name, key        string
		blocks, problems int
		some             map[string]int
	}{
		{"dartmouthx-engx", "course-v1:DartmouthX+DART.ENGS.01.X+2015_T2", 760, 229,
			map[string]int{"html": 172, "video": 61, "split_test": 12}},
		{"dhis2-v2-analysis", "course-v1:hisp+GEN-D003-en+2022Q1", 384, 115,
			map[string]int{"html": 119, "video": 21, "word_cloud": 1, "drag-and-drop-v2": 13, "library_content": 8, "poll": 1}},
		{"edx-demo-test-course", "course-v1:edX+Test101+2016", 295, 34,
			map[string]int{"html": 64, "video": 3, "conditional": 10, "split_test": 1, "annotatable": 1, "edx_sga": 1}},
		{"harvardx-hx-boilerplate", "course-v1:HarvardX+HX102+3T2018", 97, 25, map[string]int{"html": 31, "video": 3, "poll": 1}},
		{"jyu-math-percent-fi", "course-v1:JYU+MA8-K7+2021K", 240, 47, map[string]int{"html": 95, "video": 13, "edx_sga": 12}},
		{"microsoft-kitchen-sink", "course-v1:Microsoft+KS101+course", 55, 14,
			map[string]int{"video": 1, "azure_media_services": 3}},
		{"mitx-latex2edx-demo", "course-v1:MITx+MIT.latex2edx+2014_Spring", 43, 15, map[string]int{"html": 2, "video": 1}},
		{"openedx-demo-course", "course-v1:OpenedX+DemoX+DemoCourse", 402, 29,
			map[string]int{"html": 266, "video": 11, "drag-and-drop-v2": 1, "openassessment": 2, "library_content": 1, "lti": 2}},
		{"openedx-demo-library", "library-v1:OpenedX+DemoRespiratoryQuestions", 7, 6, nil},
		{"openedx-olx-example", "course-v1:OpenedX+OLXex+2025", 44, 13,
			map[string]int{"html": 4, "video": 1, "lti_consumer": 1, "poll": 1, "edx_sga": 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := real(t, tt.name).Report
			total := 0
			for _, n := range r.Blocks {
				total += n
			}
			if r.CourseKey != tt.key || total != tt.blocks || r.Blocks["problem"] != tt.problems {
				t.Errorf("%s: %d blocks, %d problems; want %s: %d, %d",
					r.CourseKey, total, r.Blocks["problem"], tt.key, tt.blocks, tt.problems)
			}
			for typ, want := range tt.some {
				if r.Blocks[typ] != want {
					t.Errorf("%d of %s, want %d", r.Blocks[typ], typ, want)
				}
			}
			p := r.Problems
			if sum := p.Native + p.Python + p.External + p.Unsupported + p.Broken; sum != tt.problems {
				t.Errorf("%d problems classed: %+v", sum, p)
			}
			for _, e := range r.Errors {
				t.Errorf("%s: %s", e.Where, e.Message)
			}
		})
	}
}

// TestRealProblems compares the order of problems and their maximum scores with
// what Open edX's engine says about the same courses.
func TestRealProblems(t *testing.T) {
	var want struct {
		Courses map[string]struct {
			Problems []struct {
				URLName string  `json:"url_name"`
				Max     float64 `json:"max"`
			} `json:"problems"`
		} `json:"courses"`
	}
	spectest.JSON(t, &want, "data", "capa-course-expectations.json")
	for name, expected := range want.Courses {
		t.Run(name, func(t *testing.T) {
			var names, wantNames []string
			problems := map[string]*course.Block{}
			for _, b := range blocks(real(t, name)) {
				if b.Type == "problem" {
					names = append(names, b.ID)
					problems[b.ID] = b
				}
			}
			for _, p := range expected.Problems {
				wantNames = append(wantNames, p.URLName)
				b := problems[p.URLName]
				if b == nil || b.Class != "native" {
					continue
				}
				if weightless := b.Settings.Weight != nil && *b.Settings.Weight == 0; !weightless && b.MaxScore != p.Max {
					t.Errorf("%s: %v points, want %v", b.ID, b.MaxScore, p.Max)
				}
			}
			if diff := cmp.Diff(wantNames, names); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRealDemoCourse(t *testing.T) {
	r := real(t, "openedx-demo-course")
	if len(r.Report.Errors)+len(r.Report.DeadLinks)+len(r.Report.Warnings) != 0 {
		t.Errorf("%+v %+v %+v", r.Report.Errors, r.Report.DeadLinks, r.Report.Warnings)
	}
	i := slices.IndexFunc(blocks(r), func(b *course.Block) bool { return b.Type == "library_content" })
	if b := blocks(r)[i]; len(b.Children) != 6 || b.DrawSize() != 2 {
		t.Errorf("library: %d children, %d drawn", len(b.Children), b.DrawSize())
	}
	for _, b := range blocks(r) {
		if b.Type == "html" && strings.Contains(b.Data, "/asset-v1:OpenedX+DemoX") {
			t.Errorf("%s still has keys of its own files", b.ID)
		}
	}
}

func TestRealExperiments(t *testing.T) {
	for _, name := range []string{"dartmouthx-engx", "edx-demo-test-course"} {
		r := real(t, name)
		for _, b := range blocks(r) {
			switch b.Type {
			case "split_test":
				if p, branches, ok := r.Course.Experiment(b); !ok || len(branches) != len(p.Groups) {
					t.Errorf("%s: %s has %d branches for %d groups", name, b.ID, len(branches), len(p.Groups))
				}
			case "conditional":
				if _, err := r.Course.Conditions(b); err != nil {
					t.Logf("%s: %v", name, err) // some sources are gone from that course
				}
			}
		}
	}
}
